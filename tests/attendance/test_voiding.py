"""A completion that was made in error is taken back with a reason: it stays in the record, and another can follow."""

from collections.abc import Callable

import pytest
from sqlalchemy import select

from catalogue.enrolments.completing import void
from catalogue.enrolments.models import Completion, Enrolment, EnrolmentState
from catalogue.enrolments.signals import voided
from catalogue.errors import Refused
from catalogue.extensions import db
from catalogue.people.models import AuditEvent, Person
from tests.attendance.conftest import completes, put_on, state_of, voids
from tests.conftest import Ask
from tests.enrolments.conftest import WITH_RUNS, AddPerson, SignIn, audited
from tests.visitor import Visitor

REGISTER = f"/offers/{WITH_RUNS}/register"


@pytest.fixture
def completed(change: Ask, ask: Ask, add_person: AddPerson) -> tuple[int, int]:
    """Ada, who has completed the offer with runs: her id, and that of the enrolment."""
    ada = add_person("Ada")
    completion = change(lambda: completes(ada, WITH_RUNS))
    return ada, int(ask(lambda: db.session.get_one(Completion, completion).enrolment_id))


def rows() -> list[tuple[bool, str]]:
    found = db.session.scalars(select(Completion).order_by(Completion.id))
    return [(row.voided_at is not None, row.void_reason) for row in found]


@pytest.mark.both_databases
@pytest.mark.parametrize("who", ["partner", "administrator"])
def test_who_may_takes_a_completion_back_with_a_reason_and_completing_again_makes_a_new_one(
    who: str, completed: tuple[int, int], ask: Ask, sign_in: SignIn, request: pytest.FixtureRequest
) -> None:
    ada, enrolment = completed
    keeper: Visitor = request.getfixturevalue(who)
    keeper.get(REGISTER)
    keeper.get(f"{REGISTER}/{enrolment}/void")
    keeper.press("Take it back", status=422)
    assert "Say why" in keeper.text()
    keeper.press("Take it back", reason="Ticked in the wrong row")
    keeper.follow()
    assert "Completion taken back on" in keeper.text()
    assert "Ticked in the wrong row" in keeper.text()
    assert ask(lambda: state_of(enrolment)) == "booked"
    assert ask(lambda: audited("completion voided")) == 1
    assert not ask(lambda: [e for e in db.session.scalars(select(AuditEvent)) if "Ticked" in str(e.detail)])
    hers = sign_in(ada)
    hers.get(f"/enrolments/{enrolment}")
    assert "was taken back on" in hers.text()
    assert "Ticked in the wrong row" in hers.text()
    keeper.press("Mark as completed : Ada")
    assert ask(rows) == [(True, "Ticked in the wrong row"), (False, "")]
    hers.get(f"/enrolments/{enrolment}")
    assert "was taken back on" not in hers.text()


def test_to_nobody_else_the_page_is_there(
    completed: tuple[int, int], facilitator: Visitor, other_partner: Visitor, learner: Visitor, ask: Ask
) -> None:
    path = f"{REGISTER}/{completed[1]}/void"
    facilitator.get(REGISTER)
    assert "Take back" not in facilitator.text()
    for stranger in (facilitator, other_partner, learner):
        stranger.get(path, status=404)
        stranger.post(path, {"csrf_token": stranger.csrf_token(), "reason": "Mine"}, status=404)
    assert ask(rows) == [(False, "")]


def test_taking_it_back_twice_changes_nothing_and_keeps_the_first_reason(
    completed: tuple[int, int], partner: Visitor, ask: Ask, change: Ask
) -> None:
    completion = ask(lambda: db.session.scalars(select(Completion.id)).one())
    for reason in ("first", "second"):
        change(lambda reason=reason: voids(completion, reason))
    assert ask(rows) == [(True, "first")]
    assert ask(lambda: audited("completion voided")) == 1
    partner.get(f"{REGISTER}/{completed[1]}/void", status=302)


def test_without_a_reason_nothing_is_taken_back(completed: tuple[int, int], ask: Ask, change: Ask) -> None:
    completion = ask(lambda: db.session.scalars(select(Completion.id)).one())
    with pytest.raises(Refused):
        change(lambda: voids(completion, "  "))
    assert ask(rows) == [(False, "")]


@pytest.mark.both_databases
def test_it_is_heard_in_the_same_transaction(completed: tuple[int, int], ask: Ask, change: Ask) -> None:
    completion = ask(lambda: db.session.scalars(select(Completion.id)).one())

    def fail(_sender: object, completion: Completion) -> None:
        raise RuntimeError(completion.void_reason)

    with voided.connected_to(fail), pytest.raises(RuntimeError, match="in error"):
        change(lambda: voids(completion, "in error"))
    assert ask(rows) == [(False, "")]
    assert ask(lambda: state_of(completed[1])) == "completed"


@pytest.mark.both_databases
def test_whoever_has_joined_again_since_stays_on_the_offer_by_that_alone(
    completed: tuple[int, int], ask: Ask, change: Ask, set_run: Callable[..., int], add_person: AddPerson
) -> None:
    ada, first = completed
    run_id = set_run(places=1)
    waits = add_person("Wim Waits")

    def on_the_run() -> int:
        db.session.get_one(Enrolment, first).run_id = run_id
        return put_on(waits, WITH_RUNS, run_id, state=EnrolmentState.WAITLISTED)

    waiting = change(on_the_run)
    again = change(lambda: put_on(ada, WITH_RUNS))
    completion = ask(lambda: db.session.scalars(select(Completion.id)).one())

    def promoted() -> list[int]:
        row = db.session.get_one(Completion, completion)
        return [one.id for one in void(row, "in error", db.session.get_one(Person, ada))]

    assert change(promoted) == [waiting]
    assert [ask(lambda number=number: state_of(number)) for number in (first, again)] == ["withdrawn", "booked"]
