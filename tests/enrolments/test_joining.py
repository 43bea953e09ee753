"""An offer is joined through the front door, once, while it takes people; an enrolment is its owner's alone."""

from collections.abc import Callable

import pytest
from sqlalchemy import select

from catalogue.enrolments import actions
from catalogue.errors import Refused
from catalogue.extensions import db
from catalogue.frameworks.models import Seat
from catalogue.offers.models import Run, RunState
from catalogue.people.models import Person
from tests.enrolments.conftest import (
    SELF_PACED,
    WITH_RUNS,
    Ask,
    audited,
    first_run,
    mails,
    states,
    today,
    written,
    yesterday,
)
from tests.enrolments.taking_part import join
from tests.visitor import Visitor


def test_a_self_paced_offer_is_joined_and_shown_on_the_plan(learner: Visitor, ask: Ask) -> None:
    learner.get(f"/offers/{SELF_PACED}/enrol")
    learner.press("Confirm")
    learner.follow()
    assert "You are enrolled" in learner.text()
    learner.get("/enrolments")
    assert "Run a huddle worth 10 minutes" in learner.text()
    assert "0 of 3 steps done" in learner.text()
    assert [state for _person, state in ask(states)] == ["booked"]
    assert ask(mails) == [("lena.learner@test.example", "You are enrolled: Run a huddle worth 10 minutes")]
    assert ask(lambda: audited("enrolled")) == 1


@pytest.mark.both_databases
@pytest.mark.parametrize("number", ["0", "-1", str(2**31), str(10**30), "9" * 5000], ids=len)
def test_a_date_or_a_seat_of_a_number_that_there_cannot_be_is_no_choice(
    learner: Visitor, ask: Ask, change: Ask, number: str
) -> None:
    learner.get(f"/offers/{WITH_RUNS}/enrol")
    learner.press("Confirm", status=422, run=number)

    def only_for_a_seat() -> int:
        there = first_run()
        version = there.offer.published
        version.for_seats_only, version.seats = (
            True,
            [db.session.scalars(select(Seat).order_by(Seat.id).limit(1)).one()],
        )
        return there.id

    run_id = change(only_for_a_seat)
    learner.get(f"/offers/{WITH_RUNS}/enrol")
    learner.press("Confirm", status=422, run=run_id, seat=number)
    assert ask(states) == []


@pytest.mark.both_databases
def test_a_run_is_joined_by_its_date_and_a_place_is_taken(
    learner: Visitor, ask: Ask, set_run: Callable[..., int]
) -> None:
    run_id = set_run(places=3)
    page = learner.get(f"/offers/{WITH_RUNS}/enrol")
    assert "3 places left" in page.get_text()
    learner.press("Confirm", run=run_id)
    learner.follow()
    assert "You are enrolled" in learner.text()
    assert [state for _person, state in ask(states)] == ["booked"]
    learner.get("/enrolments")
    assert ask(lambda: first_run().place) in learner.text()


def test_others_see_one_place_fewer(
    learner: Visitor, new_learner: Callable[[str], Visitor], set_run: Callable[..., int]
) -> None:
    join(learner, set_run(places=3))
    assert "2 places left" in new_learner("Ola Other").get(f"/offers/{WITH_RUNS}/enrol").get_text()


def test_without_a_date_nothing_is_joined_and_the_field_says_so(learner: Visitor, ask: Ask) -> None:
    learner.get(f"/offers/{WITH_RUNS}/enrol")
    page = learner.press("Confirm", status=422)
    assert "Choose one of the dates" in page.get_text()
    assert ask(states) == []


def test_joining_again_leads_to_the_enrolment_that_there_is(learner: Visitor, ask: Ask) -> None:
    path = join(learner)
    learner.get(f"/offers/{SELF_PACED}/enrol", status=302)
    assert learner.response.headers["Location"] == path
    learner.post(f"/offers/{SELF_PACED}/enrol", {"csrf_token": learner.csrf_token()})
    assert learner.response.headers["Location"] == path
    assert len(ask(states)) == 1
    assert len(ask(mails)) == 1


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"state": RunState.CANCELLED}, "This run has been cancelled. Choose another date."),
        ({"starts_on": yesterday()}, "This run has begun already. Choose another date."),
        ({"state": RunState.SCHEDULED}, "This run does not take people at the moment. Choose another date."),
        ({"state": RunState.COMPLETED}, "This run does not take people at the moment. Choose another date."),
    ],
)
def test_a_run_that_cannot_be_joined_is_not_offered_and_the_action_refuses_it_in_plain_words(
    values: dict[str, object],
    words: str,
    learner: Visitor,
    ask: Ask,
    set_run: Callable[..., int],
    change: Ask,
) -> None:
    learner.get(f"/offers/{WITH_RUNS}/enrol")
    opened = learner.page.select_one("input[name=csrf_token]")
    assert opened is not None
    run_id = set_run(**values)
    before = ask(written)
    page = learner.get(f"/offers/{WITH_RUNS}/enrol")
    assert not page.select(f"input[name=run][value='{run_id}']")
    learner.post(f"/offers/{WITH_RUNS}/enrol", {"csrf_token": opened["value"], "run": run_id}, status=422)
    assert words in learner.page.select_one(".nhsuk-error-summary").get_text()  # type: ignore[union-attr]

    def act() -> None:
        person = db.session.scalars(select(Person).where(Person.name == "Lena Learner")).one()
        actions.enrol(person, first_run().offer, run_id)

    with pytest.raises(Refused) as refusal:
        change(act)
    assert str(refusal.value) == words
    assert ask(written) == before
    assert ask(mails) == []


def test_a_run_is_joined_until_the_day_it_starts(learner: Visitor, ask: Ask, set_run: Callable[..., int]) -> None:
    join(learner, set_run(starts_on=today()))
    assert [state for _person, state in ask(states)] == ["booked"]


def test_a_run_that_is_not_there_is_not_joined(learner: Visitor, ask: Ask) -> None:
    learner.get(f"/offers/{WITH_RUNS}/enrol")
    learner.press("Confirm", status=404, run=2_000_000_000)
    assert ask(states) == []


def test_a_run_of_another_offer_is_not_joined(learner: Visitor, ask: Ask) -> None:
    def another() -> int:
        return db.session.scalars(
            select(Run.id).where(Run.offer_id != first_run().offer_id).order_by(Run.id).limit(1)
        ).one()

    learner.get(f"/offers/{WITH_RUNS}/enrol")
    learner.press("Confirm", status=404, run=ask(another))
    assert ask(states) == []


def test_two_runs_on_the_same_days_are_said_to_clash(
    learner: Visitor, change: Ask, set_run: Callable[..., int]
) -> None:
    def same_days() -> str:
        mine = first_run()
        other = db.session.scalars(select(Run).where(Run.offer_id != mine.offer_id).order_by(Run.id).limit(1)).one()
        other.starts_on, other.ends_on = mine.starts_on, mine.ends_on
        return other.offer.slug

    slug = change(same_days)
    join(learner, set_run())
    assert "clashes with" in learner.get(f"/offers/{slug}/enrol").get_text()


def test_nobody_enrols_who_is_not_signed_in(visitor: Visitor, ask: Ask) -> None:
    visitor.get(f"/offers/{SELF_PACED}/enrol", status=302)
    assert "/sign-in" in visitor.response.headers["Location"]
    visitor.post(f"/offers/{SELF_PACED}/enrol", {"csrf_token": visitor.csrf_token()})
    assert ask(states) == []


@pytest.mark.both_databases
@pytest.mark.parametrize("below", ["", "/withdraw", "/steps/step-1"])
def test_anothers_enrolment_is_not_there(
    below: str, learner: Visitor, new_learner: Callable[[str], Visitor], ask: Ask
) -> None:
    path = join(learner) + below
    before = ask(written)
    other = new_learner("Ola Other")
    other.get(path, status=404)
    if below:
        other.post(path, {"csrf_token": other.csrf_token(), "why": "work"}, status=404)
    assert {key: value for key, value in ask(written).items() if key != "audit_event"} == {
        key: value for key, value in before.items() if key != "audit_event"
    }
    assert [state for _person, state in ask(states)] == ["booked"]


def test_an_enrolment_that_nobody_has_is_not_there(learner: Visitor) -> None:
    for number in (0, 999_999, 2_147_483_647, 2_147_483_648, 10**30):
        learner.get(f"/enrolments/{number}", status=404)
