"""How often pages on systems, organisations and their people ask the database."""

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from catalogue.enrolments.models import (
    Enrolment,
    EnrolmentState,
    SeatAllocation,
    Team,
)
from catalogue.extensions import db
from catalogue.offers.models import Offer, Run
from catalogue.people.actions import grant
from catalogue.people.models import Grant, Person, Role
from catalogue.privacy.models import EqualityReport
from catalogue.recommendations.models import GroupAdvice
from catalogue.systems.models import LocalPartner, Membership, MembershipRequest, Organisation, System
from tests.catalogue.query_counts.asking import asks_a_fixed_number
from tests.visitor import Visitor


def more_in_a_system(first: int, count: int) -> None:
    """So many more organisations, partners, leads and people of a system, of which the administrator is a lead too.

    As many organisations ask the administrator whether they belong to them, and as many people are asked.
    """
    system = db.session.scalars(select(System).where(System.key == "devon")).one()
    home = db.session.scalars(select(Organisation).where(Organisation.key == "torbay-and-south-devon")).one()
    adam = db.session.scalars(select(Person).where(Person.name == "Adam Administrator")).one()
    grant(adam, Role.LEAD, system_id=system.id)
    for number in range(first, first + count):
        there = Organisation(key=f"more-{number}", name=f"More {number}", kind="trust", system=system)
        person = Person(name=f"Person {number}")
        db.session.add_all([Membership(person=person, organisation=place) for place in (there, home)])
        db.session.add(LocalPartner(system=system, organisation=there))
        another = Person(name=f"Another {number}")
        db.session.add_all(
            MembershipRequest(person=who, organisation=where, asked_as="a key", asked_by=person)
            for who, where in ((adam, there), (another, home))
        )
        db.session.flush()
        grant(person, Role.LEAD, system_id=system.id)
        db.session.add(Grant(person_id=adam.id, role=Role.ADMINISTRATOR, organisation_id=there.id))
        mine = Organisation(key=f"mine-{number}", name=f"Mine {number}", kind="trust", system=system)
        db.session.add(Membership(person=adam, organisation=mine))


@pytest.mark.parametrize(
    ("path", "most"),
    [
        ("/admin/systems", 8), ("/admin/systems/devon", 10), ("/admin/systems/ics-devon", 10),
        ("/admin/organisations?q=more", 5), ("/organisations/torbay-and-south-devon/people", 7),
        ("/your-system", 8), ("/your-system/devon", 8), ("/organisations", 6), ("/organisations/more-1/answer", 4),
    ],
)  # fmt: skip
def test_pages_on_systems_ask_a_fixed_number_of_times(
    app: Flask, administrator: Visitor, statements: Callable[[], Any], path: str, most: int
) -> None:
    asks_a_fixed_number(app, administrator, statements, more_in_a_system, path, most)


def more_advice(first: int, count: int) -> None:
    """So many more offers in the advice for a system that the administrator leads, and organisations with their own."""
    more_in_a_system(first, count)
    system = db.session.scalars(select(System).where(System.key == "devon")).one()
    offers = db.session.scalars(select(Offer).order_by(Offer.id).limit(first + count)).all()
    content = {
        "hours": 12, "levels": ["None", "Some"], "closes": 30, "at_most": 40, "missing": [],
        "offers": [
            {"id": offer.id, "title": "An offer", "hours": 2.0, "seats": 3, "people": 10,
             "takes": [{"dimension": "Teams", "from": 0, "to": 1}]}
            for offer in offers
        ],
    }  # fmt: skip
    for old in db.session.scalars(select(GroupAdvice).where(GroupAdvice.organisation_id.is_(None))):
        db.session.delete(old)
    db.session.flush()
    bodies = db.session.scalars(select(Organisation).where(Organisation.system_id == system.id)).all()
    had = set(db.session.scalars(select(GroupAdvice.organisation_id)))
    for body in (None, *bodies):
        if body is None or body.id not in had:
            db.session.add(
                GroupAdvice(
                    system=system, organisation=body, quarter=date(2026, 1, 1), made_on=date(2026, 1, 1), people=10,
                    content=content,
                )
            )  # fmt: skip


@pytest.mark.parametrize(
    ("path", "most"), [("/your-system/devon/advice", 16), ("/organisations/torbay-and-south-devon/advice", 16)]
)
def test_pages_of_advice_for_groups_ask_a_fixed_number_of_times(
    app: Flask, administrator: Visitor, statements: Callable[[], Any], path: str, most: int
) -> None:
    asks_a_fixed_number(app, administrator, statements, more_advice, path, most)


def more_told(first: int, count: int) -> None:
    """So many more offers of which answers to equality questions are told."""
    for offer in db.session.scalars(select(Offer).order_by(Offer.id).offset(first).limit(count)):
        db.session.add(
            EqualityReport(offer_id=offer.id, question="sex", answered=40, told={"female": 20, "male": 10}, offsets={})
        )


def test_the_page_on_equality_asks_a_fixed_number_of_times(
    app: Flask, administrator: Visitor, statements: Callable[[], Any]
) -> None:
    asks_a_fixed_number(app, administrator, statements, more_told, "/admin/equality", 6)


def more_seats(first: int, count: int) -> None:
    """So many more people of a system on a run, as many to choose from, and as many seats kept for partners."""
    a_run = db.session.scalars(select(Run).join(Run.offer).where(Offer.example).order_by(Run.id).limit(1)).one()
    system = db.session.scalars(select(System).order_by(System.id).limit(1)).one()
    lead = db.session.scalars(select(Person).where(Person.name == "Lee Lead")).one()
    grant(lead, Role.LEAD, system_id=system.id)
    a_run.places = 1000
    for number in range(first, first + count):
        trust = Organisation(key=f"trust-{number}", name=f"Trust {number}", kind="trust", system=system)
        going, other = Person(name=f"Going {number}"), Person(name=f"Other {number}")
        team = Team(run_id=a_run.id, name=f"Team {number}", by_person_id=lead.id)
        db.session.add_all([trust, going, other, team])
        db.session.add_all([Membership(person=person, organisation=trust) for person in (going, other)])
        db.session.flush()
        kept = SeatAllocation(run=a_run, organisation=trust, seats=2, release_on=a_run.starts_on)
        db.session.add(
            Enrolment(
                person=going, offer=a_run.offer, version=a_run.offer.published, run=a_run, allocation=kept,
                state=EnrolmentState.NOMINATED, nominated_by_id=lead.id, team_id=team.id,
            )
        )  # fmt: skip


@pytest.mark.parametrize(("page", "most"), [("/seats", 9), ("/seats/{}", 17), ("/seats/{}/list", 9)])
def test_pages_of_leads_ask_a_fixed_number_of_times(
    app: Flask, add_person: Callable[..., int], sign_in: Callable[[int], Visitor], statements: Callable[[], Any],
    page: str, most: int,
) -> None:  # fmt: skip
    lead = sign_in(add_person("Lee Lead"))
    with app.app_context():
        run_id = db.session.scalars(select(Run.id).join(Run.offer).where(Offer.example).order_by(Run.id)).first()
    asks_a_fixed_number(app, lead, statements, more_seats, page.format(run_id), most)
