"""What every answer carries, and that nothing a partner writes is ever run."""

import re
from collections.abc import Callable
from itertools import product
from pathlib import Path

import pytest
from bs4 import BeautifulSoup
from flask import Flask, render_template, render_template_string
from werkzeug.http import parse_options_header

from catalogue.extensions import db
from catalogue.offers.models import Offer
from catalogue.pages import render_markdown
from catalogue.people import actions
from catalogue.people.models import Person
from catalogue.settings import Settings
from catalogue.transactions import run
from everyseat import create_app
from tests.visitor import ORIGIN, Visitor

PAGES = [
    "/", "/about", "/offers", "/offers/ten-minute-huddle", "/sign-in", "/sign-in/forgotten", "/assessments",
    "/enrolments", "/recommendations", "/admin", "/publish", "/map", "/tokens", "/transcript", "/api/v1/docs",
    "/track",
    "/nothing/there", "/healthz", "/lti/launch",
]  # fmt: skip


def policy(visitor: Visitor) -> dict[str, str]:
    header = visitor.response.headers["Content-Security-Policy"]
    return {name: value for name, _, value in (part.strip().partition(" ") for part in header.split(";"))}


@pytest.mark.parametrize("path", PAGES)
def test_every_page_carries_its_headers(learner: Visitor, path: str) -> None:
    learner.client.get(path, base_url=ORIGIN)
    answer = learner.client.get(path, base_url=ORIGIN)
    learner.response = answer
    csp = policy(learner)
    nonces = re.fullmatch(r"'nonce-([\w-]{20,})'", csp["script-src"])
    assert nonces
    assert "unsafe" not in answer.headers["Content-Security-Policy"]
    assert csp["default-src"] == csp["form-action"] == "'self'"
    assert csp["object-src"] == csp["base-uri"] == csp["frame-ancestors"] == "'none'"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["Referrer-Policy"] == "same-origin"
    assert "camera=()" in answer.headers["Permissions-Policy"]
    page = BeautifulSoup(answer.data, "html.parser")
    assert all(script.get("nonce") == nonces[1] for script in page.select("script"))
    assert not page.select("[style], style"), "the policy does not allow styles in a page"
    assert not [tag for tag in page.find_all(True) for name in tag.attrs if name.lower().startswith("on")]


def test_a_nonce_serves_once(visitor: Visitor) -> None:
    visitor.get("/")
    first = policy(visitor)["script-src"]
    visitor.get("/")
    assert policy(visitor)["script-src"] != first


def test_only_the_platform_that_launched_may_show_a_page_in_a_frame(app: Flask, add_person: Callable[..., int]) -> None:
    person_id = add_person()
    with app.app_context():
        token = run(
            lambda: actions.begin_sign_in(
                db.session.get_one(Person, person_id), "platform:1", frame_origin="https://moodle.example"
            )
        )
    framed = Visitor(app, token)
    framed.get("/assessments")
    assert policy(framed)["frame-ancestors"] == "https://moodle.example"


def test_files_of_ours_may_be_kept_but_are_what_they_say(visitor: Visitor) -> None:
    visitor.get("/static/everyseat.css")
    headers = visitor.response.headers
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Content-Type"].startswith("text/css")
    assert "no-store" not in headers["Cache-Control"]


@pytest.mark.parametrize("path", ["/static/../settings.py", "/static/%2e%2e/settings.py", "/static/..%2fapp.py"])
def test_no_other_file_is_served(visitor: Visitor, path: str) -> None:
    visitor.get(path, status=404)


def test_the_session_is_kept_where_only_this_site_in_this_frame_sees_it(visitor: Visitor) -> None:
    visitor.get("/sign-in")
    (cookie,) = visitor.response.headers.getlist("Set-Cookie")
    name, _, rest = cookie.partition("=")
    attributes = {part.strip().partition("=")[0]: part.strip().partition("=")[2] for part in rest.split(";")[1:]}
    assert name == "__Host-everyseat"
    assert attributes == {"Secure": "", "HttpOnly": "", "Path": "/", "SameSite": "None", "Partitioned": ""}


@pytest.mark.parametrize("env", ["production", "development"])
def test_browsers_are_told_to_stay_on_https_in_production_alone(database_url: str, tmp_path: Path, env: str) -> None:
    settings = Settings(
        env=env,  # type: ignore[arg-type]
        secret_key="x" * 40, public_url="https://everyseat.example", database_url=database_url, instance=tmp_path,
    )  # fmt: skip
    visitor = Visitor(create_app(settings))
    for path in ("/", "/static/everyseat.css"):
        visitor.get(path)
        assert ("Strict-Transport-Security" in visitor.response.headers) == (env == "production")


def test_text_is_escaped_in_every_kind_of_template(app: Flask) -> None:
    script = "<script>alert(1)</script>"
    with app.test_request_context(base_url=ORIGIN):
        shown = [
            render_template_string("{{ text }}", text=script),
            render_template("nhsuk/components/button/template.jinja", params={"text": script}),
            render_template_string("{{ button({'text': text}) }}{{ tag({'text': text}) }}", text=script),
            render_template("error.html", title=script, message=script, reference=script),
        ]
    for html in shown:
        assert "alert(1)" in html
        assert "<script>alert" not in html


ADDRESSES = [
    "javascript:alert(1)", "JaVaScRiPt:alert(1)", "java\tscript:alert(1)", "java\nscript:alert(1)",
    " javascript:alert(1)",
    "&#106;avascript:alert(1)", "&#x6A;avascript:alert(1)", "javascript&colon;alert(1)", "javascript&#58;alert(1)",
    "\x01javascript:alert(1)", "vbscript:msgbox(1)", "data:text/html,<script>alert(1)</script>",
    "data:text/html;base64,PHNjcmlwdD5hbGVydCgxKTwvc2NyaXB0Pg==", "data:image/svg+xml,<svg onload=alert(1)>",
    "file:///etc/passwd", "javascript:alert(1)//https://", "jar:javascript:alert(1)!/", "blob:https://x/1",
]  # fmt: skip
LINKS = [
    "[click]({0})", "[click](<{0}>)", "<{0}>", "[click][1]\n\n[1]: {0}", "![picture]({0})", "[![p]({0})]({0})",
    '<a href="{0}">click</a>', "<iframe src='{0}'></iframe>",
]  # fmt: skip
RAW = [
    "<script>alert(1)</script>", "<SCRIPT SRC=//evil.example/x.js></SCRIPT>", "<img src=x onerror=alert(1)>",
    "<svg onload=alert(1)>", "<svg><script>alert(1)</script></svg>", "<body onload=alert(1)>", "<iframe srcdoc=x>",
    "<math><mi//xlink:href='javascript:alert(1)'>", "<a href=x onclick=alert(1)>x</a>",
    "<details open ontoggle=alert(1)>",
    "<form action=javascript:alert(1)><button>", "<object data=javascript:alert(1)>", "<embed src=javascript:alert(1)>",
    "<base href=//evil.example/>", "<link rel=stylesheet href=//evil.example>",
    "<style>@import '//evil.example'</style>",
    "<meta http-equiv=refresh content='0;url=javascript:alert(1)'>",
    "<template><script>alert(1)</script></template>", "<p style='background:url(javascript:alert(1))'>x</p>",
]  # fmt: skip
AROUND = ["{0}", "> {0}", "- {0}", "# {0}"]
PAYLOADS = [link.format(address) for link, address in product(LINKS, ADDRESSES)] + [
    around.format(raw) for around, raw in product(AROUND, RAW)
]
HARMLESS = {"http", "https", "mailto", "tel"}


def harmful(html: str) -> list[str]:
    """What a browser could run, or load from elsewhere without being asked."""
    found = []
    for tag in BeautifulSoup(html, "html.parser").find_all(True):
        if tag.name in {
            "script",
            "iframe",
            "object",
            "embed",
            "style",
            "link",
            "meta",
            "base",
            "form",
            "svg",
            "math",
            "img",
        }:
            found.append(f"<{tag.name}>")
        for name, value in tag.attrs.items():
            scheme = re.match(r"([a-z][a-z0-9+.-]*):", re.sub(r"[\x00-\x20]", "", str(value)), re.IGNORECASE)
            if name.lower().startswith("on") or name.lower() in {"style", "srcdoc"}:
                found.append(name)
            elif name in {"href", "src", "action"} and scheme and scheme[1].lower() not in HARMLESS:
                found.append(str(value))
    return found


def test_there_are_two_hundred_payloads() -> None:
    assert len(set(PAYLOADS)) >= 200
    assert harmful("<p><a href=' java\nscript:alert(1)'>x</a></p>"), "the detector is blind"
    assert all(harmful(raw) for raw in RAW), "a payload that would do no harm unescaped proves nothing"


@pytest.mark.parametrize("payload", PAYLOADS)
def test_no_text_of_a_partner_runs(payload: str) -> None:
    assert harmful(str(render_markdown(payload))) == []


def test_a_partners_words_are_shown_as_words_on_the_page(app: Flask, visitor: Visitor) -> None:
    def spoil() -> str:
        offer = db.session.query(Offer).order_by(Offer.id).limit(1).one()
        version = offer.published
        for name in ("title", "summary", "place"):
            setattr(version, name, f"<script>alert('{name}')</script>")
        version.description = "\n\n".join(RAW)
        version.outcomes = [f"<img src=x onerror=alert(1)>{text}" for text in version.outcomes]
        offer.source = "<svg onload=alert(1)>"
        return offer.slug

    with app.app_context():
        slug = run(spoil)
    page = visitor.get(f"/offers/{slug}")
    assert "<script>alert('title')</script>" in visitor.text()
    main = page.select_one("main")
    assert main is not None
    assert harmful(main.decode_contents()) == []


def test_markdown_that_does_no_harm_stays() -> None:
    html = str(render_markdown("**Bold** and [a link](https://example.org)\n\n- one\n- two"))
    page = BeautifulSoup(html, "html.parser")
    assert page.select_one("strong") is not None
    assert len(page.select("li")) == 2
    link = page.select_one("a")
    assert link is not None
    assert {"noopener", "noreferrer"} <= set(link["rel"])


def test_what_an_answer_is_is_said(visitor: Visitor) -> None:
    for path, kind in (("/", "text/html"), ("/healthz", "application/json"), ("/lti/jwks.json", "application/json")):
        visitor.get(path)
        assert parse_options_header(visitor.response.headers["Content-Type"])[0] == kind
