"""Whoever leads an integrated care system leads the areas that it followed, on every page of a lead."""

from collections.abc import Callable

import pytest
from sqlalchemy import select

from catalogue.extensions import db
from catalogue.people.actions import grant
from catalogue.people.models import Person, Role
from catalogue.systems.models import Organisation, System
from tests.enrolments.conftest import WITH_RUNS, AddPerson, Ask, SignIn, states
from tests.enrolments.test_lists import look
from tests.enrolments.test_nominations import nominate
from tests.visitor import Visitor


@pytest.fixture
def systems(change: Ask) -> list[int]:
    """Two areas that different systems followed, each with an organisation of the same number."""

    def make() -> list[int]:
        found = [
            db.session.scalars(select(System).where(System.key == key)).one() for key in ("devon", "nottinghamshire")
        ]
        for number, system in enumerate(found):
            db.session.add(Organisation(key=f"trust-{number}", name=f"Trust {number}", kind="trust", system=system))
        return [system.id for system in found]

    return list(change(make))


@pytest.fixture
def lead(add_person: AddPerson, sign_in: SignIn, change: Ask, systems: list[int]) -> Visitor:
    """The lead of what followed the first of the two systems."""
    person_id = add_person("Isa Integrated")

    def give() -> None:
        followed = db.session.get_one(System, systems[0])
        assert followed.successor_id is not None
        grant(db.session.get_one(Person, person_id), Role.LEAD, system_id=followed.successor_id)

    change(give)
    return sign_in(person_id)


@pytest.fixture
def names(ask: Ask, systems: list[int]) -> list[str]:
    return [ask(lambda key=key: db.session.get_one(System, key).name) for key in systems]


@pytest.mark.both_databases
def test_they_see_the_seats_of_their_areas_and_nominate(
    lead: Visitor, names: list[str], somebody_of: Callable[[str, int], Visitor], set_run: Callable[..., int], ask: Ask
) -> None:
    run_id = set_run(places=2)
    somebody_of("Ola One", 0)
    somebody_of("Tom Two", 1)
    lead.get("/seats")
    assert f"Seats of {names[0]}" in lead.text()
    assert names[1] not in lead.text()
    lead.get(f"/seats/{run_id}")
    assert "Ola One" in lead.text()
    assert "Tom Two" not in lead.text()
    nominate(lead, ask, run_id, "Tom Two", status=404)
    nominate(lead, ask, run_id, "Ola One")
    assert [state for _person, state in ask(states)] == ["nominated"]
    lead.get(f"/seats/{run_id}")
    lead.press("Take back : Ola One")
    assert [state for _person, state in ask(states)] == ["withdrawn"]


def test_they_nominate_from_a_list(
    lead: Visitor, somebody_of: Callable[[str, int], Visitor], set_run: Callable[..., int], ask: Ask
) -> None:
    run_id = set_run(places=2)
    for name, number in (("Ola One", 0), ("Tom Two", 1)):
        somebody_of(name, number)
    said = look(lead, run_id, "ola.one@test.example\ntom.two@test.example")
    assert "1 person gets a place, 1 cannot" in said
    lead.press("Nominate them")
    assert [state for _person, state in ask(states)] == ["nominated"]


def test_pages_of_offers_lead_them_to_nominate(lead: Visitor, names: list[str], set_run: Callable[..., int]) -> None:
    run_id = set_run(places=2)
    page = lead.get(f"/offers/{WITH_RUNS}/enrol")
    assert page.select_one(f"main a[href='/seats/{run_id}']") is not None
    assert f"Seats of {names[0]}" in lead.get("/offers/many-hands-one-plan").get_text()
    assert f"Seats of {names[1]}" not in lead.text()


def test_whoever_leads_an_organisation_leads_its_system(
    add_person: AddPerson, sign_in: SignIn, change: Ask, systems: list[int], names: list[str]
) -> None:
    person_id = add_person("Orla Organisation")

    def give() -> None:
        body = db.session.scalars(select(Organisation).where(Organisation.key == "trust-1")).one()
        grant(db.session.get_one(Person, person_id), Role.LEAD, body.id)

    change(give)
    assert f"Seats of {names[1]}" in sign_in(person_id).get("/seats").get_text()
