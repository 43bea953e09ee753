"""What somebody might write into an offer to have a script run where it is shown. Each would call ``fired``."""

HANDLERS = (
    "<script>fired()</script>", "<SCRIPT>fired()</SCRIPT>", "<script src=data:,fired()></script>",
    "<img src=x onerror=fired()>", "<img/src=x/onerror=fired()>", "<IMG SRC=x OnErRoR=fired()>",
    "<svg onload=fired()>", "<svg/onload=fired()>", "<svg><script>fired()</script></svg>",
    "<svg><animate onbegin=fired() attributeName=x dur=1s>", "<svg><a xlink:href=javascript:fired()>x</a></svg>",
    "<body onload=fired()>", "<body onpageshow=fired()>", "<input autofocus onfocus=fired()>",
    "<select autofocus onfocus=fired()>", "<textarea autofocus onfocus=fired()>", "<video src=x onerror=fired()>",
    "<video><source onerror=fired()></video>", "<audio src=x onerror=fired()>", "<details open ontoggle=fired()>x",
    "<marquee onstart=fired()>x</marquee>", "<iframe src=javascript:parent.fired()></iframe>",
    "<iframe srcdoc='<script>parent.fired()</script>'>", "<object data=javascript:fired()></object>",
    "<embed src=javascript:fired()>", "<math href=javascript:fired()>x</math>", "<style onload=fired()></style>",
    "<style>@import 'javascript:fired()'</style>", "<link rel=stylesheet href=x onerror=fired()>",
    "<meta http-equiv=refresh content='0;url=javascript:fired()'>", "<base href=javascript:/fired()//>",
    "<form action=javascript:fired()><button>x</button></form>", "<button formaction=javascript:fired()>x</button>",
    "<a href=javascript:fired()>x</a>", "<a href='jav&#x09;ascript:fired()'>x</a>",
    "<x tabindex=1 autofocus onfocus=fired()>",
    "<template><script>fired()</script></template>", "<noscript><p title='</noscript><img src=x onerror=fired()>'>",
    "<p style=animation-name:x onanimationstart=fired()>", "<!--><script>fired()</script>",
    "<![CDATA[><script>fired()</script>]]>",
    "<div onmouseover=fired()>x</div>", "<img src=x:x onerror=eval('fired()')>", "<scr<script>ipt>fired()</script>",
    "<<script>fired();//<</script>", "&lt;script&gt;fired()&lt;/script&gt;", "&#60;img src=x onerror=fired()&#62;",
    "%3Cscript%3Efired()%3C/script%3E", "\\u003cscript\\u003efired()\\u003c/script\\u003e", "{{ fired() }}",
    "{{ cycler.__init__.__globals__ }}<img src=x onerror=fired()>", "{% raw %}<script>fired()</script>{% endraw %}",
)  # fmt: skip
MARKDOWN = (
    "[x](javascript:fired())", "[x](JaVaScRiPt:fired())", "[x](javascript&colon;fired())",
    "[x](&#106;avascript:fired())",
    "[x](data:text/html,<script>fired()</script>)", "[x](vbscript:fired())", "![x](javascript:fired())",
    "![x](x\"onerror=\"fired())", "![x\" onerror=\"fired()](x)", "[x](https://a.example \"onmouseover=fired()\")",
    "[x][1]\n\n[1]: javascript:fired()", "<javascript:fired()>", "<https://a.example\"onclick=\"fired()>",
    "[x](  javascript:fired())", "[x](java\nscript:fired())", "`<img src=x onerror=fired()>`",
    "```\n<script>fired()</script>\n```", "<p>\n<img src=x onerror=fired()>\n</p>", "> <svg onload=fired()>",
    "# <img src=x onerror=fired()>", "* <details open ontoggle=fired()>", "**<script>fired()</script>**",
)  # fmt: skip
BREAKING_OUT = ("{}", '">{}', "'>{}", "</textarea></title>{}")
PAYLOADS = list(
    dict.fromkeys(shape.format(one) if shape != "{}" else one for shape in BREAKING_OUT for one in HANDLERS)
)
PAYLOADS += [*MARKDOWN, '" onfocus=fired() autofocus x="', "' onfocus=fired() autofocus x='", '" onmouseover="fired()']
PAYLOADS += ["</script><script>fired()</script>", "';fired();//", '";fired();//', "</style><script>fired()</script>"]
