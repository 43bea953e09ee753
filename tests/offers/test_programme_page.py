"""The page of a programme: what it is made of, when a cohort meets, a system's seats, who goes, and how far one is."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from catalogue.clock import today
from catalogue.enrolments.models import Enrolment, EnrolmentState, SeatAllocation, StepDone
from catalogue.extensions import db
from catalogue.offers.models import Offer, Run
from catalogue.people.actions import grant
from catalogue.people.models import Person, Role
from catalogue.systems.models import Membership, Organisation, System
from tests.conftest import Ask
from tests.visitor import Visitor

AT = "/offers/many-hands-one-plan"
TRUST = "example-riverside-trust"


def programme() -> Offer:
    return db.session.scalars(select(Offer).where(Offer.slug == "many-hands-one-plan")).one()


def on_it(name: str, *, shown: bool = False, trust: str = TRUST) -> Person:
    """Somebody of a trust who takes part in the first cohort."""
    offer = programme()
    person = Person(name=name)
    organisation = db.session.scalars(select(Organisation).where(Organisation.key == trust)).one()
    db.session.add_all([person, Membership(person=person, organisation=organisation)])
    db.session.flush()
    db.session.add(
        Enrolment(
            person_id=person.id, offer_id=offer.id, version_id=offer.published.id, run_id=offer.runs[0].id,
            state=EnrolmentState.BOOKED, name_shown=shown,
        )
    )  # fmt: skip
    db.session.flush()
    return person


def words(page: Any) -> str:
    return page.get_text(" ", strip=True)  # type: ignore[no-any-return]


@pytest.mark.both_databases
def test_anybody_sees_the_steps_their_providers_and_when_the_cohort_meets(visitor: Visitor) -> None:
    page = visitor.get(AT)
    said = words(page)
    assert "What your part of the plan asks of you: choose 2 of 3" in said
    assert "The courage to challenge (7 hours) Example: Marlpit Coaching" in said
    assert [int(item["value"]) for item in page.select(".app-programme__list li")] == list(range(1, 8))
    assert page.select_one("a[href='/offers/courage-to-challenge']") is not None
    assert "Your line manager has to agree" in said
    assert "attend 2 sessions, do its steps and assess yourself again" in said.lower()
    assert "What is in the way" in said
    assert page.select_one("svg.app-timeline[role=img][aria-label]") is not None
    assert "Seats of" not in said
    assert "Who goes with you" not in said


def test_a_step_that_is_not_offered_any_more_is_said_to_be_so(visitor: Visitor, change: Ask) -> None:
    def retire() -> None:
        offer = db.session.scalars(select(Offer).where(Offer.slug == "courage-to-challenge")).one()
        offer.published.state = "retired"  # type: ignore[assignment]

    change(retire)
    page = visitor.get(AT)
    assert "Example: Marlpit Coaching: not offered at the moment" in words(page)
    assert page.select_one("a[href='/offers/courage-to-challenge']") is None


def test_a_lead_sees_the_seats_of_their_system_and_no_other(
    change: Ask, add_person: Callable[..., int], sign_in: Callable[[int], Visitor]
) -> None:
    def keep() -> None:
        systems = {one.key: one for one in db.session.scalars(select(System))}
        run, day = programme().runs[0], today() + timedelta(days=20)
        for key, seats in (("nottinghamshire", 5), ("northumberland-tyne-and-wear", 7)):
            db.session.add(SeatAllocation(run_id=run.id, system_id=systems[key].id, seats=seats, release_on=day))
        grant(db.session.get_one(Person, person_id), Role.LEAD, system_id=systems["nottinghamshire"].id)

    person_id = add_person("Lee Lead")
    change(keep)
    lead = sign_in(person_id)
    page = lead.get(AT)
    said = words(page)
    assert "5 seats, 0 used or offered, kept until" in said
    assert "5 places free for your people now" in said
    assert "7 seats" not in said
    link = next(link for link in page.select("main a") if "Nominate" in link.get_text())
    assert "Nominate" in lead.get(str(link["href"])).get_text()


@pytest.mark.both_databases
def test_others_of_ones_system_are_counted_and_only_those_named_who_wish_to(
    change: Ask, sign_in: Callable[[int], Visitor]
) -> None:
    def enrol() -> int:
        on_it("Nora Named", shown=True)
        on_it("Sid Silent")
        on_it("Ellis Elsewhere", shown=True, trust="example-saltbeck")
        return on_it("Me Myself").id

    person_id = change(enrol)
    said = words(sign_in(person_id).get(AT))
    assert "2 other people of Nottinghamshire: Nora Named, and 1 person without a name here" in said
    assert "Sid Silent" not in said
    assert "Ellis Elsewhere" not in said


def test_somebody_on_it_sees_how_far_they_are(change: Ask, sign_in: Callable[[int], Visitor]) -> None:
    def enrol() -> int:
        person = on_it("Me Myself")
        enrolment = db.session.scalars(select(Enrolment).where(Enrolment.person_id == person.id)).one()
        db.session.add(StepDone(enrolment_id=enrolment.id, step_id=programme().published.steps[0].id))
        return person.id

    page = sign_in(change(enrol)).get(AT)
    tags = [tag.get_text(strip=True) for tag in page.select(".app-programme__list .nhsuk-tag")]
    assert tags == ["Done", *["To do"] * 6]
    assert "Nobody else of your system is on it yet" in words(page)


def test_the_address_names_a_cohort(visitor: Visitor, change: Ask) -> None:
    def another() -> int:
        day = today() + timedelta(days=200)
        run = Run(offer_id=programme().id, key="second", name="Second cohort", starts_on=day, ends_on=day,
                  place="Derby", places=3)  # fmt: skip
        db.session.add(run)
        db.session.flush()
        return run.id

    run_id = change(another)
    assert [heading.get_text(strip=True) for heading in visitor.get(AT).select("h2")][1] == "First cohort"
    assert visitor.get(f"{AT}?run={run_id}").select("h2")[1].get_text(strip=True) == "Second cohort"
    assert visitor.get(f"{AT}?run=999999").select("h2")[1].get_text(strip=True) == "First cohort"
    assert visitor.get(f"{AT}?run=x").select("h2")[1].get_text(strip=True) == "First cohort"
