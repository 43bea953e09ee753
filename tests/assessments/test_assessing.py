"""Assessing oneself, through the front door."""

from collections.abc import Callable

import pytest
from bs4 import BeautifulSoup

from tests.printed import words_of
from tests.visitor import Visitor

STATEMENTS = 113


def choose_seat(learner: Visitor, name: str = "Ward manager", form: str = "full") -> None:
    page = learner.get("/assessments/start")
    option = next(option for option in page.select("select option") if option.get_text(strip=True) == name)
    button = page.select_one("main form button").get_text(strip=True)  # another one where there is a draft
    learner.press(button, seat=option["value"], form=form)


def answer_all(page: BeautifulSoup, agreement: int) -> dict[str, int]:
    return {str(radio["name"]): agreement for radio in page.select("input[type=radio][name^=s]")}


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
    learner.press("Change seat or form", seat=other["value"])
    assert learner.get(path).select_one(f"input[name={name}][value='4'][checked]")
    learner.get("/assessments/answer")
    assert "district nurse" in learner.text()


def test_no_seat_chosen_is_said_at_the_field(learner: Visitor) -> None:
    learner.get("/assessments/start")
    page = learner.press("Start", status=422, seat="")
    assert page.select_one("#seat-error")
    assert page.select_one(".nhsuk-error-summary a[href='#seat']")


def test_an_answer_off_the_scale_is_refused_and_nothing_is_saved(learner: Visitor) -> None:
    choose_seat(learner)
    path = dimension_pages(learner)[0]
    name = next(iter(answer_all(learner.get(path), 0)))
    learner.press("Save and go on", status=422, **{name: 7})
    assert not learner.get(path).select("input[type=radio][checked]")


@pytest.mark.parametrize("what", ["", "/radar.svg", "/sheet.pdf"])
def test_nobody_else_sees_a_result(
    what: str, learner: Visitor, administrator: Visitor, add_person: Callable[..., int],
    sign_in: Callable[[int], Visitor],
) -> None:  # fmt: skip
    path = assess(learner)
    administrator.get(path + what, status=404)
    sign_in(add_person("Somebody Else")).get(path + what, status=404)


def test_the_short_form_asks_once_for_each_level_and_says_what_that_stands_for(learner: Visitor) -> None:
    choose_seat(learner, form="short")
    pages = [learner.get(path) for path in dimension_pages(learner)]
    assert [len(answer_all(page, 0)) for page in pages] == [4] * 9
    legend = pages[1].select_one("fieldset.app-scale")
    assert "Caring for the team" in legend.get_text()
    assert len(legend.select("ul li")) == 3, "the statements of the level are there to judge by"


def test_the_short_form_comes_to_levels_by_the_same_rule(learner: Visitor) -> None:
    choose_seat(learner, form="short")
    for path in dimension_pages(learner):
        names = sorted(answer_all(learner.get(path), 0))
        learner.press("Save and go on", **dict(zip(names, (4, 3, 2, 4), strict=True)))
    learner.get("/assessments/answer")
    learner.press("Finish and see your result")
    learner.follow()
    cells = [row.select("td")[0].get_text(" ", strip=True) for row in learner.page.select("tbody tr")]
    assert cells == ["Proficient"] * 9, "Strong is neither agreed to nor held, and Exemplary builds on it"
    assert "in the short form" in learner.text()


def test_changing_the_form_on_the_way_loses_no_answer(learner: Visitor) -> None:
    choose_seat(learner)
    first = dimension_pages(learner)[0]
    learner.get(first)
    learner.press("Save and come back later", **answer_all(learner.page, 3))
    choose_seat(learner, form="short")
    learner.get("/assessments/answer")
    assert "0 of 36 questions" in learner.text()
    choose_seat(learner)
    learner.get("/assessments/answer")
    assert "10 of 113 questions" in learner.text()


def test_what_is_important_to_my_role_weighs_more_than_what_the_seat_says(learner: Visitor) -> None:
    choose_seat(learner, form="short")
    for number, path in enumerate(dimension_pages(learner)):
        page = learner.get(path)
        if not number:
            assert "Leave it, and we go by what your seat asks" in learner.text()
        importance = {"importance": "3" if number == 8 else "1"}
        learner.press("Save and go on", **answer_all(page, 0), **importance)
    assert learner.get(path).select_one("input[name=importance][checked]")["value"] == "3", "it is kept"
    learner.get("/assessments/answer")
    learner.press("Finish and see your result")
    learner.follow()
    rows = [row.get_text(" ", strip=True) for row in learner.page.select("tbody tr")]
    assert ["essential to your role" in row for row in rows] == [False] * 8 + [True]
    learner.get("/recommendations")
    assert learner.page.select_one("main h1")


def test_an_importance_that_is_not_offered_is_refused_and_the_answers_stay(learner: Visitor) -> None:
    choose_seat(learner, form="short")
    path = dimension_pages(learner)[0]
    page = learner.get(path)
    learner.press("Save and go on", status=422, **answer_all(page, 4), importance="9")
    assert len(learner.page.select("input[type=radio][name^=s][checked]")) == 4


def test_results_stand_beside_each_other(learner: Visitor) -> None:
    learner.get("/assessments/compare", status=404)
    assess(learner, 0)
    learner.get("/assessments/compare", status=404)
    assess(learner, 4)
    assert learner.get("/assessments").select_one("a[href='/assessments/compare']")
    learner.get("/assessments/compare")
    said = learner.text()
    assert "you have gone up in" in said
    cells = [[cell.get_text(" ", strip=True) for cell in row.select("td")] for row in learner.page.select("tbody tr")]
    assert all("Insufficient" in row[0] and "Exemplary" in row[1] for row in cells)


def test_a_sheet_for_a_conversation_has_the_notes_only_where_they_are_asked_for(
    learner: Visitor,
) -> None:
    choose_seat(learner)
    for number, path in enumerate(dimension_pages(learner)):
        page = learner.get(path)
        note = {"note": "I stayed late *twice* with #panic()"} if not number else {}
        learner.press("Save and go on", **answer_all(page, 2 if number else 4), **note)
    learner.get("/assessments/answer")
    learner.press("Finish and see your result")
    result = learner.response.headers["Location"]
    learner.get(f"{result}/sheet.pdf")
    assert learner.response.content_type == "application/pdf"
    said = words_of(learner.response.data)
    assert "A conversation about leading" in said
    assert "Ward manager" in said
    assert "I stayed late" not in said
    learner.get(f"{result}/sheet.pdf?notes=yes")
    assert "I stayed late *twice* with #panic()" in words_of(learner.response.data)
