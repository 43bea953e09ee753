"""What a provider that knows nothing of us sends: XCRI-CAP 1.2 as the specification describes it."""

HEAD = """<?xml version="1.0" encoding="UTF-8"?>
<catalog xmlns="http://xcri.org/profiles/1.2/catalog" xmlns:dc="http://purl.org/dc/elements/1.1/"
 xmlns:mlo="http://purl.org/net/mlo" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"
 xmlns:xhtml="http://www.w3.org/1999/xhtml" xmlns:cdp="http://xcri.co.uk" generated="2026-11-25T09:30:00Z">
<provider>
<dc:description>A college by the sea.</dc:description>
<dc:identifier>https://college.example/</dc:identifier>
<dc:title>Seaside College</dc:title>
<mlo:url>https://college.example/</mlo:url>
<mlo:location><mlo:town>Whitby</mlo:town><mlo:postcode>YO21 1AA</mlo:postcode></mlo:location>
"""
TAIL = "</provider>\n</catalog>\n"
COURSE = """<course>
<dc:description>
<xhtml:div><xhtml:h2>About</xhtml:h2><xhtml:p>For <xhtml:strong>anyone</xhtml:strong> who
 leads. <xhtml:a href="https://college.example/more">More</xhtml:a></xhtml:p>
<xhtml:ul><xhtml:li>Two days</xhtml:li><xhtml:li>One <xhtml:em>visit</xhtml:em></xhtml:li></xhtml:ul>
<xhtml:script>alert(1)</xhtml:script></xhtml:div>
</dc:description>
<dc:identifier>https://college.example/courses/lead</dc:identifier>
<dc:identifier xsi:type="cdp:internalID">LEAD-1</dc:identifier>
<dc:subject>Leadership</dc:subject>
<dc:subject identifier="compassion">Compassion at work</dc:subject>
<dc:subject>ward MANAGER</dc:subject>
<dc:title>Leading by the sea</dc:title>
<mlo:url>https://college.example/lead?a=1&amp;b=2</mlo:url>
<abstract>Lead, with a view.</abstract>
<learningOutcome><xhtml:ul><xhtml:li>Listen first</xhtml:li><xhtml:li>Act on it</xhtml:li></xhtml:ul></learningOutcome>
<learningOutcome>Say why</learningOutcome>
<mlo:objective>To lead well.</mlo:objective>
<mlo:prerequisite>A team of your own.</mlo:prerequisite>
<presentation>
<dc:identifier>https://college.example/lead/may</dc:identifier>
<mlo:start dtf="2027-05-01T08:30:00Z">May</mlo:start>
<end dtf="2027-05-02">2 May</end>
<mlo:duration interval="PT12H30M">Two days</mlo:duration>
<studyMode identifier="PT">Part time</studyMode>
<attendanceMode identifier="CM">Campus</attendanceMode>
<mlo:places>20</mlo:places>
<mlo:cost>The fee is £1,250.00, or £1,250.00 in two parts</mlo:cost>
<venue><provider><dc:title>The Pavilion</dc:title>
<mlo:location><mlo:street>1 West Cliff</mlo:street><mlo:town>Whitby</mlo:town></mlo:location></provider></venue>
</presentation>
<presentation>
<mlo:start>1 June 2027</mlo:start>
<mlo:duration interval="P1W">A week</mlo:duration>
<attendanceMode>Campus</attendanceMode>
<mlo:places>as many as come</mlo:places>
</presentation>
<presentation>
<mlo:start>When enough have enrolled</mlo:start>
</presentation>
</course>
"""
BARE = """<course>
<dc:identifier>https://college.example/courses/bare</dc:identifier>
<dc:title>Bare</dc:title>
</course>
"""
AT_ANY_TIME = """<course>
<dc:description>Read at home.</dc:description>
<dc:identifier>https://college.example/courses/home</dc:identifier>
<dc:title>At home</dc:title>
<presentation>
<mlo:start>Any time</mlo:start>
<mlo:duration interval="P3Y">Three years</mlo:duration>
<attendanceMode identifier="DS">Distance without attendance</attendanceMode>
<mlo:cost>Free</mlo:cost>
</presentation>
</course>
"""


def feed(*courses: str) -> bytes:
    return (HEAD + "".join(courses) + TAIL).encode()
