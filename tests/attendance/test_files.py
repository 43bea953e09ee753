"""Attendance from a file: what it would change is shown first, what is wrong says where and what to do about it."""

import csv
import io
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalogue.attendance.forms import carried, entries_carried
from catalogue.attendance.marking import Entry
from catalogue.clock import today
from catalogue.enrolments.models import Enrolment, EnrolmentState
from catalogue.extensions import db
from catalogue.offers.models import Run
from catalogue.people.models import Person
from tests.attendance.conftest import Course, add_course, marked, marks, put_on, state_of
from tests.conftest import Ask
from tests.enrolments.conftest import WITH_RUNS, AddPerson
from tests.visitor import ORIGIN, Visitor


def at(course: Course) -> str:
    return f"/offers/{WITH_RUNS}/register/runs/{course.run_id}"


def downloaded(visitor: Visitor, course: Course) -> list[list[str]]:
    visitor.get(f"{at(course)}/attendance.csv")
    assert visitor.response.mimetype == "text/csv"
    return list(csv.reader(io.StringIO(visitor.response.get_data(as_text=True).removeprefix("\ufeff"))))


def send(visitor: Visitor, course: Course, rows: list[list[Any]] | bytes, status: int = 200) -> None:
    if isinstance(rows, list):
        written = io.StringIO()
        csv.writer(written).writerows(rows)
        rows = written.getvalue().encode()
    fields = {"csrf_token": visitor.csrf_token(), "file": (io.BytesIO(rows), "attendance.csv")}
    answer = visitor.client.post(
        f"{at(course)}/file", data=fields, base_url=ORIGIN, headers={"Referer": f"{ORIGIN}/"},
        content_type="multipart/form-data",
    )  # fmt: skip
    visitor._took(answer, status, "POST", at(course))


@pytest.mark.both_databases
def test_a_list_is_downloaded_filled_in_looked_at_and_written_at_once(
    course: Course,
    facilitator: Visitor,
    ask: Ask,
) -> None:
    marked(facilitator, course.path(0), **{f"mark_{course.ben}": "no"})
    rows = downloaded(facilitator, course)
    assert rows[0][:2] == ["enrolment", "name"]
    assert rows[1:] == [[str(course.ada), "Ada", "", "", ""], [str(course.ben), "Ben", "no", "", ""]]
    rows[1][2:4], rows[2][2:4] = ["yes", "Y"], ["no", "x"]
    send(facilitator, course, rows)
    assert "3 marks would be written, and 1 other stands already. Nothing has been saved yet." in facilitator.text()
    assert len(ask(marks)) == 1
    press_all(facilitator, course, 302)
    assert len(ask(marks)) == 4
    assert [ask(lambda one=one: state_of(one)) for one in (course.ada, course.ben)] == ["completed", "attended"]


def test_what_is_wrong_says_in_which_row_and_column_and_what_to_do(
    course: Course,
    facilitator: Visitor,
    ask: Ask,
) -> None:
    head = downloaded(facilitator, course)[0]
    send(
        facilitator, course,
        [head, [course.ada, "Ada", "perhaps", "yes", "yes"], [course.ben, "Ada", "yes", "", ""],
         [999_999, "Eve", "yes", "", ""], [course.ada, "Ada", "", "no", ""], ["", "", "", "", ""], ["", "Ben", "yes"]],
    )  # fmt: skip
    text = facilitator.text()
    for words in (
        f"Row 2, {head[2]} : “perhaps” is neither yes nor no. Write yes, no, or nothing.",
        f"Row 2, {head[4]} : This session has not begun.",
        f"Row 3, name : Enrolment {course.ben} is not “Ada”.",
        "Row 4, enrolment : “999999” is nobody on this run.",
        "Row 5, enrolment : This person stands in the file twice.",
        "Row 7, enrolment : There is no number of an enrolment.",
        "1 mark would be written",
    ):
        assert words in text, words
    facilitator.press("Save 1 mark")
    assert ask(marks) == [(course.sessions[1], course.ada, True)]


@pytest.fixture
def plain(change: Ask, add_person: AddPerson) -> Course:
    """A run without sessions, which began yesterday. Ada and Ben are on it."""
    run_id, sessions = change(lambda: add_course(0, None, begun_days_ago=1))
    people = [add_person("Ada"), add_person("Ben")]
    return Course(run_id, sessions, *(change(lambda who=who: put_on(who, WITH_RUNS, run_id)) for who in people))


@pytest.mark.both_databases
def test_of_a_run_without_sessions_a_file_says_who_completed_it(
    plain: Course, facilitator: Visitor, ask: Ask, change: Ask, add_person: AddPerson
) -> None:
    eve = add_person("Eve")
    away = change(lambda: put_on(eve, WITH_RUNS, plain.run_id, state=EnrolmentState.NO_SHOW))
    facilitator.get(f"/offers/{WITH_RUNS}/register")
    (link,) = [one for one in facilitator.page.select("main a") if "Completions from a file" in one.get_text()]
    facilitator.get(str(link["href"]))
    assert "these dates have no sessions" in facilitator.text()
    rows = downloaded(facilitator, plain)
    assert rows == [
        ["enrolment", "name", "completed"], [str(plain.ada), "Ada", ""], [str(plain.ben), "Ben", ""],
        [str(away), "Eve", ""],
    ]  # fmt: skip
    rows[1][2], rows[2][2], rows[3][2] = "yes", "no", "yes"
    send(facilitator, plain, [*rows, [999_999, "Zoe", "yes"]])
    said = facilitator.text()
    assert "1 completion would be written, and 1 other stands already. Nothing has been saved yet." in said
    assert "Row 4, completed : It is noted that they did not come. Say on the register" in said
    assert "Row 5, enrolment : “999999” is nobody on this run." in said
    assert ask(lambda: state_of(plain.ada)) == "booked"
    report, answer = facilitator.page, facilitator.response
    for _twice in range(2):
        facilitator.page, facilitator.response = report, answer
        press_all(facilitator, plain, 302)
    assert [ask(lambda one=one: state_of(one)) for one in (plain.ada, plain.ben)] == ["completed", "booked"]
    rows[1][2] = "no"
    send(facilitator, plain, rows[:3])
    assert "They have completed it already. Take the completion back on the register." in facilitator.text()


def test_who_left_meanwhile_and_dates_that_have_not_begun_are_not_completed_from_a_file(
    plain: Course, facilitator: Visitor, ask: Ask, change: Ask
) -> None:
    rows = downloaded(facilitator, plain)
    send(facilitator, plain, [rows[0], [plain.ada, "Ada", "yes"], [plain.ben, "Ben", "yes"]])
    report, answer = facilitator.page, facilitator.response
    change(lambda: setattr(db.session.get_one(Enrolment, plain.ada), "state", EnrolmentState.WITHDRAWN))
    facilitator.page, facilitator.response = report, answer
    press_all(facilitator, plain, 409)
    assert "1 other completion is saved" in facilitator.text()
    assert "is not on this run any more. Your file says that they completed it." in facilitator.text()

    def move() -> None:
        run = db.session.get_one(Run, plain.run_id)
        run.starts_on = run.ends_on = today() + timedelta(days=2)
        db.session.get_one(Enrolment, plain.ada).state = EnrolmentState.BOOKED

    change(move)
    send(facilitator, plain, [rows[0], [plain.ada, "Ada", "yes"]])
    assert "These dates have not begun" in facilitator.text()
    facilitator.page, facilitator.response = report, answer
    press_all(facilitator, plain, 409)
    assert ask(lambda: state_of(plain.ada)) == "booked"


@pytest.mark.parametrize(
    ("sent", "said"),
    [
        (b"", "The file needs the columns"),
        (b"name\r\nAda\r\n", "The file needs the columns"),
        (b"enrolment,name,4. Day 4\r\n", "There is nothing here for the column"),
        (b"\xff\xfe\x00", "encoding"),
    ],
)
def test_a_file_that_cannot_be_read_is_refused_in_plain_words(
    course: Course,
    facilitator: Visitor,
    sent: bytes,
    said: str,
) -> None:
    send(facilitator, course, sent, status=422)
    assert said in facilitator.text()


def test_what_somebody_has_marked_meanwhile_is_not_written_over(
    course: Course,
    facilitator: Visitor,
    partner: Visitor,
    ask: Ask,
) -> None:
    head = downloaded(facilitator, course)[0]
    send(facilitator, course, [head, [course.ada, "Ada", "yes", "", ""], [course.ben, "Ben", "yes", "", ""]])
    report, answer = facilitator.page, facilitator.response
    marked(partner, course.path(0), **{f"mark_{course.ada}": "no"})
    facilitator.page, facilitator.response = report, answer
    press_all(facilitator, course, 409)
    assert "Ada was marked by Pia Partner meanwhile" in facilitator.text()
    first = course.sessions[0]
    assert ask(marks) == [(first, course.ada, False), (first, course.ben, True)]


def press_all(visitor: Visitor, course: Course, status: int) -> None:
    """Save, with every mark of the report: its fields have one name."""
    fields = [("entry", str(field["value"])) for field in visitor.page.select("input[name=entry]")]
    token = visitor.csrf_token()
    answer = visitor.client.post(
        f"{at(course)}/file/write", data={"csrf_token": token, "entry": [value for _name, value in fields]},
        base_url=ORIGIN, headers={"Referer": f"{ORIGIN}/"},
    )  # fmt: skip
    visitor._took(answer, status, "POST", at(course))


def test_a_name_that_a_spreadsheet_would_run_goes_out_harmless_and_is_known_again(
    course: Course,
    facilitator: Visitor,
    ask: Ask,
    change: Ask,
) -> None:
    def rename() -> None:
        from catalogue.enrolments.models import Enrolment

        person = db.session.get_one(Person, db.session.get_one(Enrolment, course.ada).person_id)
        person.name = "=HYPERLINK(1)"

    change(rename)
    rows = downloaded(facilitator, course)
    mine = next(row for row in rows if row[0] == str(course.ada))
    assert mine[1] == "'=HYPERLINK(1)"
    mine[2] = "yes"
    send(facilitator, course, rows)
    assert "1 mark would be written" in facilitator.text()


ANSWERS = st.sampled_from([None, True, False])


@given(st.builds(Entry, st.integers(1, 10**9 - 1), st.none() | st.integers(1, 10**9 - 1), ANSWERS, ANSWERS))
def test_what_a_page_carries_comes_back_as_it_was(entry: Entry) -> None:
    assert entries_carried([carried(entry)]) == [entry]


@given(st.text(max_size=40))
def test_anything_else_is_no_answer(text: str) -> None:
    assert all(carried(entry) == text for entry in entries_carried([text]))
