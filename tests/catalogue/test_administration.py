"""The administrators' page: all that they administer, under headings, one step from Track."""

from tests.visitor import Visitor


def test_everything_stands_once_under_its_heading_and_opens(administrator: Visitor) -> None:
    administrator.get("/track")
    assert administrator.page.select_one("main a[href='/admin']"), "Track leads there"
    administrator.get("/admin")
    sections = administrator.page.select("nav[aria-label=Administration] section")
    headings = [section.select_one("h2").get_text() for section in sections]  # type: ignore[union-attr]
    assert headings == [
        "People and organisations", "Offers and frameworks", "What people need, and what they have done",
        "Learning platforms", "Privacy and audit",
    ]  # fmt: skip
    links = [str(link["href"]) for section in sections for link in section.select("a")]
    assert len(links) == len(set(links)) > 12
    for path in links:
        administrator.get(path)
