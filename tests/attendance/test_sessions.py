"""The register of a session: several keep it at once, nobody's marks are lost, and being there counts."""

import pytest
from sqlalchemy import select

from catalogue.clock import now
from catalogue.enrolments.models import Completion
from catalogue.extensions import db
from catalogue.offers.models import Run
from catalogue.people.models import Account, SignIn
from tests.attendance.conftest import Course, marked, marks, put_on, state_of
from tests.conftest import PASSWORD, Ask
from tests.enrolments.conftest import WITH_RUNS, AddPerson, audited
from tests.people.door import enter
from tests.quick_secrets import QUICK_TO_HASH
from tests.visitor import Visitor


@pytest.mark.both_databases
@pytest.mark.parametrize("who", ["partner", "facilitator", "administrator"])
def test_who_was_there_is_marked_and_enough_sessions_complete_the_offer(
    who: str, course: Course, ask: Ask, request: pytest.FixtureRequest
) -> None:
    keeper: Visitor = request.getfixturevalue(who)
    marked(keeper, course.path(0), **{f"mark_{course.ada}": "yes", f"mark_{course.ben}": "no"})
    keeper.follow()
    assert "Saved: 2 marks." in keeper.page.get_text()
    assert [ask(lambda one=one: state_of(one)) for one in (course.ada, course.ben)] == ["attended", "booked"]
    marked(keeper, course.path(1), **{f"mark_{course.ada}": "yes"})
    assert ask(lambda: state_of(course.ada)) == "completed"
    assert ask(lambda: db.session.scalars(select(Completion.by)).one()) == "rule"
    assert ask(lambda: audited("attendance marked")) == 3


def test_a_mark_is_put_right_and_taken_away(course: Course, facilitator: Visitor, ask: Ask) -> None:
    for said, state in (("yes", "attended"), ("no", "booked"), ("yes", "attended"), ("", "booked")):
        marked(facilitator, course.path(0), **{f"mark_{course.ada}": said})
        assert ask(lambda: state_of(course.ada)) == state
    assert ask(marks) == []


def test_whoever_has_completed_keeps_their_marks_and_gets_new_ones(
    course: Course, facilitator: Visitor, ask: Ask, change: Ask
) -> None:
    for number in (0, 1):
        marked(facilitator, course.path(number), **{f"mark_{course.ada}": "yes"})
    facilitator.get(course.path(0))
    assert "so this mark stays" in facilitator.text()
    fields = {"csrf_token": facilitator.csrf_token(), f"shown-{course.ada}": "yes", f"mark-{course.ada}": "no"}
    facilitator.post(course.path(0), fields, status=409)
    assert len(ask(marks)) == 2


def test_a_session_of_tomorrow_is_not_kept_today(course: Course, facilitator: Visitor, ask: Ask) -> None:
    facilitator.get(course.path(2))
    assert "You can keep this register from" in facilitator.text()
    fields = {"csrf_token": facilitator.csrf_token(), f"shown-{course.ada}": "", f"mark-{course.ada}": "yes"}
    facilitator.post(course.path(2), fields, status=409)
    assert ask(marks) == []


@pytest.mark.both_databases
def test_two_who_save_at_once_lose_nobodys_marks(
    course: Course, facilitator: Visitor, partner: Visitor, ask: Ask
) -> None:
    """Both have the page open; each marks somebody else, and one person differently."""
    facilitator.get(course.path(0))
    partner.get(course.path(0))
    facilitator.press("Save", **{f"mark-{course.ada}": "yes"})
    partner.press("Save", status=409, **{f"mark-{course.ada}": "no", f"mark-{course.ben}": "yes"})
    text = partner.text()
    assert "Ada was marked by Fay Facilitator meanwhile" in text
    assert "It says “There” now. You chose “Not there”." in text
    assert "1 other mark is saved." in text
    first = course.sessions[0]
    assert ask(marks) == [(first, course.ada, True), (first, course.ben, True)]
    partner.press("Save")
    assert ask(marks) == [(first, course.ada, False), (first, course.ben, True)]


def test_the_same_form_twice_changes_nothing_the_second_time(course: Course, facilitator: Visitor, ask: Ask) -> None:
    facilitator.get(course.path(0))
    page, response = facilitator.page, facilitator.response
    facilitator.press("Save", **{f"mark-{course.ada}": "yes"})
    facilitator.page, facilitator.response = page, response
    facilitator.press("Save", **{f"mark-{course.ada}": "yes"})
    facilitator.follow()
    assert "Nothing was changed." in facilitator.page.get_text()
    assert ask(lambda: audited("attendance marked")) == 1


@pytest.mark.both_databases
def test_what_was_chosen_is_kept_when_the_sign_in_has_run_out(
    course: Course, facilitator: Visitor, ask: Ask, change: Ask
) -> None:
    facilitator.get(course.path(0))

    def end() -> None:
        for sign_in in db.session.scalars(select(SignIn)):
            sign_in.ended_at = now()
        account = db.session.scalars(select(Account).where(Account.email == "fay.facilitator@test.example")).one()
        account.password_hash = QUICK_TO_HASH.hash(PASSWORD)

    change(end)
    facilitator.press("Save", status=403, **{f"mark-{course.ada}": "yes", f"mark-{course.ben}": "no"})
    assert "nothing is lost" in facilitator.text()
    assert ask(marks) == []
    kept, answer = facilitator.page, facilitator.response
    enter(facilitator, "fay.facilitator@test.example")  # in another window
    facilitator.page, facilitator.response = kept, answer
    facilitator.press("Save what I chose", status=400)
    assert "Nothing has been saved yet, and nothing is lost." in facilitator.text()
    facilitator.press("Save what I chose")
    assert len(ask(marks)) == 2


def test_what_another_site_sends_is_not_given_back_to_be_saved(course: Course, facilitator: Visitor) -> None:
    fields = {f"shown-{course.ada}": "", f"mark-{course.ada}": "yes"}
    answer = facilitator.client.post(
        course.path(0), data=fields, base_url="https://127.0.0.1:8000", headers={"Referer": "https://evil.example/"}
    )
    assert answer.status_code == 400
    assert "Save what I chose" not in answer.text


def test_to_nobody_else_is_the_register_there(
    course: Course, other_partner: Visitor, learner: Visitor, visitor: Visitor, ask: Ask
) -> None:
    run = course.path(0).rsplit("/", 2)[0]
    for stranger in (other_partner, learner):
        for path in (course.path(0), f"{run}/list", f"{run}/attendance.csv", f"{run}/file", f"{run}/absent"):
            stranger.get(path, status=404)
        fields = {"csrf_token": stranger.csrf_token(), f"shown-{course.ada}": "", f"mark-{course.ada}": "yes"}
        stranger.post(course.path(0), fields, status=404)
        stranger.post(f"{run}/file/write", fields, status=404)
    visitor.get(course.path(0), status=302)
    assert ask(marks) == []


def test_nobody_is_marked_by_way_of_another_run_or_offer(
    course: Course, facilitator: Visitor, add_person: AddPerson, change: Ask, ask: Ask
) -> None:
    other_run = ask(
        lambda: db.session.scalars(select(Run.id).where(Run.id != course.run_id).order_by(Run.id).limit(1)).one()
    )
    eve = add_person("Eve")
    elsewhere = change(lambda: put_on(eve, WITH_RUNS, other_run))
    fields = {"csrf_token": facilitator.csrf_token(), f"shown-{elsewhere}": "", f"mark-{elsewhere}": "yes"}
    facilitator.post(course.path(0), fields, status=409)
    assert "is not on this run any more" in facilitator.text()
    facilitator.get(course.path(0).replace(f"/runs/{course.run_id}/", f"/runs/{other_run}/"), status=404)
    facilitator.get(course.path(0).replace(WITH_RUNS, "ten-minute-huddle"), status=404)
    assert ask(marks) == []


def test_the_list_to_print_has_everybody_and_every_session(course: Course, facilitator: Visitor) -> None:
    marked(facilitator, course.path(0), **{f"mark_{course.ada}": "yes"})
    facilitator.get(f"/offers/{WITH_RUNS}/register")
    assert "1 person marked" in facilitator.text()
    facilitator.get(f"/offers/{WITH_RUNS}/register/runs/{course.run_id}/list")
    for words in ("Ada", "Ben", "Day 1", "Day 3", "There"):
        assert words in facilitator.text()
