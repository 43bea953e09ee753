"""Grades that need a person: an administrator sees them, and why."""

import pytest
from flask import Flask
from sqlalchemy import select

from catalogue.extensions import db
from catalogue.offers.models import Offer
from lti.grading.queries import PAGE, in_words
from tests.lti.parked_grades.conftest import park_more
from tests.lti.platform import Platform
from tests.statements import statements_sent
from tests.visitor import Visitor


def headings(visitor: Visitor) -> list[str]:
    return [heading.get_text() for heading in visitor.page.select("main h2")]


@pytest.mark.both_databases
@pytest.mark.usefixtures("refused")
def test_an_administrator_sees_what_it_is_about_and_why_and_no_name(
    app: Flask, administrator: Visitor, slugs: list[str]
) -> None:
    with app.app_context():
        title = db.session.scalars(select(Offer).where(Offer.slug == slugs[0])).one().published.title
    administrator.get("/admin")
    assert administrator.page.find("a", string="Grades to look at")
    administrator.get("/admin/grades")
    text = administrator.text()
    for seen in ("Test Moodle", "LTI Launch Test Course", title, "User ID there 4", "100 of 100", "1 try"):
        assert seen in text
    assert "The platform could not take it. Perhaps this person is in the course no longer" in text
    assert "cannot be graded" in text
    for unseen in ("Sam", "Student", "student@example.com"):
        assert unseen not in administrator.page.get_text()


@pytest.mark.usefixtures("refused")
def test_the_pages_of_platforms_lead_there_with_the_count(app: Flask, administrator: Visitor) -> None:
    park_more(app, 2)
    for page in ("/admin/platforms", "/admin/platforms/1"):
        administrator.get(page)
        link = administrator.page.select_one("main a[href='/admin/grades']")
        assert link is not None
        assert "3 grades" in link.get_text()


def test_where_there_are_none_the_page_says_so(administrator: Visitor, platform: Platform) -> None:
    administrator.get("/admin/grades")
    assert "There are none" in administrator.text()
    assert administrator.page.select("main form") == []
    administrator.get("/admin/platforms")
    assert administrator.page.select_one("main a[href='/admin/grades']") is None


@pytest.mark.both_databases
@pytest.mark.usefixtures("refused")
def test_many_are_read_page_by_page_newest_first(app: Flask, administrator: Visitor) -> None:
    park_more(app, 2 * PAGE)
    numbers: list[int] = []
    administrator.get("/admin/grades")
    for _ in range(3):
        numbers += [int(heading.rsplit(" ", 1)[1]) for heading in headings(administrator)]
        onwards = administrator.page.find("a", string="Older ones")
        if onwards is not None:
            administrator.get(str(onwards["href"]))
    assert len(numbers) == 2 * PAGE + 1
    assert numbers == sorted(set(numbers), reverse=True)
    assert administrator.page.find("a", string="Older ones") is None


@pytest.mark.parametrize("before", ["x", "0", "-1", "9" * 30, "1' or 1=1"])
@pytest.mark.usefixtures("refused")
def test_a_page_that_is_none_is_the_first(app: Flask, administrator: Visitor, before: str) -> None:
    park_more(app, PAGE)
    administrator.get("/admin/grades")
    first = headings(administrator)
    assert len(first) == PAGE
    administrator.get("/admin/grades", query_string={"before": before})
    assert headings(administrator) == first
    assert administrator.page.find("a", string="Back to the newest") is None


@pytest.mark.usefixtures("refused")
def test_however_many_there_are_the_page_asks_as_often(app: Flask, administrator: Visitor) -> None:
    administrator.get("/admin/grades")
    with statements_sent(app) as few:
        administrator.get("/admin/grades")
    park_more(app, 20)
    with statements_sent(app) as many:
        administrator.get("/admin/grades")
    assert len(many) == len(few), "\n".join(many)


@pytest.mark.parametrize(
    ("last_error", "words"),
    [
        ("ServiceRefused: POST https://m.example/x: answer 403: no", "does not let Every Seat write grades"),
        ("ServiceRefused: POST https://m.example/x: answer 404: ", "has no place for this grade any more"),
        ("ServiceRefused: GET https://m.example/x: answer 418: ", "The platform refused it."),
        ("ServiceRefused: the platform does not let us make a line item", "The platform does not let us make a line"),
        ("ScoreConflict: the platform holds another grade (5 of 10)", "The platform holds another grade (5 of 10)."),
        ("POST https://m.example/x: answer 503: busy", "could not be sent for three days"),
        ("the platform is suspended", "could not be sent for three days"),
        ("KeyError: 'timestamp'", "Something went wrong in Every Seat."),
    ],
)
def test_the_reason_is_in_plain_words(last_error: str, words: str) -> None:
    assert words in in_words(last_error)
