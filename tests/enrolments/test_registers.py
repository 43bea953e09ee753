"""The provider and the administrator tick who completed; to anybody else the register is not there."""

from collections.abc import Callable

import pytest
from sqlalchemy import select

from catalogue.enrolments.models import Completion
from catalogue.extensions import db
from catalogue.people.models import Role
from catalogue.systems.models import Organisation
from tests.enrolments.conftest import WITH_RUNS, AddPerson, Ask, SignIn, audited, states, written
from tests.enrolments.taking_part import join, number_of
from tests.visitor import Visitor


@pytest.fixture
def stranger(add_person: AddPerson, sign_in: SignIn, ask: Ask, organisation_of: Callable[[str], int]) -> Visitor:
    """A partner of another provider."""
    ours = organisation_of(WITH_RUNS)
    theirs = ask(
        lambda: db.session.scalars(
            select(Organisation.id).where(Organisation.id != ours).order_by(Organisation.id).limit(1)
        ).one()
    )
    return sign_in(add_person("Stan Stranger", Role.PARTNER, organisation_id=theirs))


def tick(visitor: Visitor, name: str) -> None:
    visitor.get(f"/offers/{WITH_RUNS}/register")
    visitor.press(f"Mark as completed : {name}")


@pytest.mark.both_databases
@pytest.mark.parametrize(("who", "by"), [("partner", "provider"), ("administrator", "administrator")])
def test_the_provider_and_the_administrator_tick_who_completed(
    who: str, by: str, learner: Visitor, ask: Ask, set_run: Callable[..., int], request: pytest.FixtureRequest
) -> None:
    path = join(learner, set_run())
    keeper: Visitor = request.getfixturevalue(who)
    tick(keeper, "Lena Learner")
    keeper.follow()
    assert "Lena Learner has completed this offer." in keeper.page.get_text()
    assert ask(lambda: db.session.scalars(select(Completion.by)).one()) == by
    assert ask(lambda: audited("completed")) == 1
    learner.get(path)
    assert "Completed on" in learner.text()
    learner.post(f"{path}/withdraw", {"csrf_token": learner.csrf_token(), "why": "work"}, status=409)


def test_a_tick_posted_twice_completes_once(
    learner: Visitor, partner: Visitor, ask: Ask, set_run: Callable[..., int]
) -> None:
    number = number_of(join(learner, set_run()))
    fields = {"csrf_token": partner.csrf_token()}
    for _ in range(3):
        partner.post(f"/offers/{WITH_RUNS}/register/{number}", fields)
    assert ask(written)["completion"] == 1
    assert ask(lambda: audited("completed")) == 1


def test_somebody_on_the_waiting_list_cannot_be_ticked(
    learner: Visitor, partner: Visitor, ask: Ask, set_run: Callable[..., int]
) -> None:
    number = number_of(join(learner, set_run(places=0)))
    partner.post(f"/offers/{WITH_RUNS}/register/{number}", {"csrf_token": partner.csrf_token()}, status=409)
    assert "Only somebody who holds a place can complete an offer." in partner.text()
    assert ask(written)["completion"] == 0


@pytest.mark.both_databases
@pytest.mark.parametrize("who", ["stranger", "learner"])
def test_to_anybody_else_the_register_is_not_there(
    who: str,
    new_learner: Callable[[str], Visitor],
    ask: Ask,
    set_run: Callable[..., int],
    request: pytest.FixtureRequest,
) -> None:
    number = number_of(join(new_learner("Ada First"), set_run()))
    other: Visitor = request.getfixturevalue(who)
    other.get(f"/offers/{WITH_RUNS}/register", status=404)
    assert "Ada First" not in other.page.get_text()
    other.post(f"/offers/{WITH_RUNS}/register/{number}", {"csrf_token": other.csrf_token()}, status=404)
    assert [state for _person, state in ask(states)] == ["booked"]


def test_a_partner_ticks_nobody_on_an_offer_that_is_not_theirs_by_way_of_their_own(
    learner: Visitor, partner: Visitor, ask: Ask
) -> None:
    number = number_of(join(learner))
    partner.post(f"/offers/{WITH_RUNS}/register/{number}", {"csrf_token": partner.csrf_token()}, status=404)
    assert [state for _person, state in ask(states)] == ["booked"]
