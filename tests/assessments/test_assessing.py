"""Assessing oneself, through the front door."""

from collections.abc import Callable

import pytest
from bs4 import BeautifulSoup

from tests.visitor import Visitor

STATEMENTS = 113


def choose_seat(learner: Visitor, name: str = "Ward manager") -> None:
    page = learner.get("/assessments/start")
    option = next(option for option in page.select("select option") if option.get_text(strip=True) == name)
    learner.press("Start the statements", seat=option["value"])


def answer_all(page: BeautifulSoup, agreement: int) -> dict[str, int]:
    return {str(radio["name"]): agreement for radio in page.select("input[type=radio]")}


def dimension_pages(learner: Visitor) -> list[str]:
    page = learner.get("/assessments/answer")
    return [str(link["href"]) for link in page.select(".nhsuk-task-list__link")]


def assess(learner: Visitor, agreement: int = 3) -> str:
    """Answer every statement alike and finish; returns the address of the result."""
    choose_seat(learner)
    for path in dimension_pages(learner):
        page = learner.get(path)
        learner.press("Save and go on", **answer_all(page, agreement))
    learner.get("/assessments/answer")
    learner.press("Finish and see your result")
    return str(learner.response.headers["Location"])


def test_who_sees_what_is_said_before_the_first_answer(learner: Visitor) -> None:
    page = learner.get("/assessments/before-you-start")
    said = learner.text()
    for who in ("You", "Whom you share with", "Your teacher", "Your organisation", "Us"):
        assert who in said
    assert "never an answer or a level" in said
    assert "Every Seat statements, aligned to the Healthcare Leadership Model" in said
    assert "Not the NHS instrument, not validated" in said
    assert page.select_one("a[href='/assessments/start']")


def test_the_whole_form_has_every_statement_once(learner: Visitor) -> None:
    choose_seat(learner)
    names = [name for path in dimension_pages(learner) for name in answer_all(learner.get(path), 0)]
    assert len(names) == len(set(names)) == STATEMENTS


def test_leaving_and_coming_back_loses_nothing(learner: Visitor) -> None:
    choose_seat(learner)
    path = dimension_pages(learner)[0]
    page = learner.get(path)
    first, second = list(answer_all(page, 0))[:2]
    learner.press("Save and come back later", **{first: 4, second: 1, "note": "The Tuesday huddle"})
    page = learner.get(path)
    assert page.select_one(f"input[name={first}][value='4'][checked]")
    assert page.select_one(f"input[name={second}][value='1'][checked]")
    assert "The Tuesday huddle" in page.select_one("textarea").get_text()  # type: ignore[union-attr]
    learner.get("/assessments")
    assert "under way" in learner.text()


def test_a_page_half_answered_is_saved_and_says_what_is_open(learner: Visitor) -> None:
    choose_seat(learner)
    path = dimension_pages(learner)[0]
    page = learner.get(path)
    fields = answer_all(page, 3)
    left_out, _ = fields.popitem()
    learner.press("Save and go on", **fields)
    page = learner.follow()
    assert "not answered yet" in learner.text()
    assert page.select_one(f"a[href='#{left_out}']")
    assert page.select_one(f"#{left_out}"), "the link leads to the statement"
    assert len(page.select("input[type=radio][checked]")) == len(fields)


def test_it_cannot_be_finished_with_statements_open(learner: Visitor) -> None:
    choose_seat(learner)
    token = learner.csrf_token()
    learner.post("/assessments/finish", {"csrf_token": token}, status=409)
    assert "not answered yet" in learner.text()
    learner.get("/assessments/answer")
    assert "Go on with" in learner.text()


def test_the_result_says_it_in_words_in_a_table_and_in_a_picture(learner: Visitor) -> None:
    path = assess(learner, agreement=3)
    page = learner.get(path)
    assert "You are strongest in" in learner.text() or "You meet what" in learner.text()
    rows = page.select("table tbody tr")
    assert len(rows) == 9
    assert all("Exemplary" in row.get_text() for row in rows)
    picture = page.select_one("img.app-radar")
    assert picture is not None
    assert "table" in str(picture["alt"])
    learner.get(str(picture["src"]))
    svg = learner.response.data
    assert learner.response.mimetype == "image/svg+xml"
    assert b"<script" not in svg
    assert b"Engaging" in svg


def test_disagreeing_gives_the_level_below_the_first_and_names_the_widest_gap(learner: Visitor) -> None:
    path = assess(learner, agreement=1)
    page = learner.get(path)
    assert "Your widest gap is" in learner.text()
    assert all("Insufficient" in row.get_text() for row in page.select("table tbody tr"))


def test_a_second_assessment_shows_what_has_changed(learner: Visitor) -> None:
    assess(learner, agreement=1)
    path = assess(learner, agreement=3)
    learner.get(path)
    assert "up 4 levels" in learner.text()


def test_changing_the_seat_keeps_the_answers(learner: Visitor) -> None:
    choose_seat(learner)
    path = dimension_pages(learner)[0]
    page = learner.get(path)
    name = next(iter(answer_all(page, 0)))
    learner.press("Save and come back later", **{name: 4})
    page = learner.get("/assessments/start")
    other = next(o for o in page.select("select option") if o.get_text(strip=True) == "District nurse")
    learner.press("Change seat", seat=other["value"])
    assert learner.get(path).select_one(f"input[name={name}][value='4'][checked]")
    learner.get("/assessments/answer")
    assert "district nurse" in learner.text()


def test_no_seat_chosen_is_said_at_the_field(learner: Visitor) -> None:
    learner.get("/assessments/start")
    page = learner.press("Start the statements", status=422, seat="")
    assert page.select_one("#seat-error")
    assert page.select_one(".nhsuk-error-summary a[href='#seat']")


def test_an_answer_off_the_scale_is_refused_and_nothing_is_saved(learner: Visitor) -> None:
    choose_seat(learner)
    path = dimension_pages(learner)[0]
    name = next(iter(answer_all(learner.get(path), 0)))
    learner.press("Save and go on", status=422, **{name: 7})
    assert not learner.get(path).select("input[type=radio][checked]")


@pytest.mark.parametrize("what", ["", "/radar.svg"])
def test_nobody_else_sees_a_result(
    what: str, learner: Visitor, administrator: Visitor, add_person: Callable[..., int],
    sign_in: Callable[[int], Visitor],
) -> None:  # fmt: skip
    path = assess(learner)
    administrator.get(path + what, status=404)
    sign_in(add_person("Somebody Else")).get(path + what, status=404)
