"""How often registers and files of completions ask the database."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from catalogue.attendance.models import Attendance
from catalogue.clock import now
from catalogue.extensions import db
from catalogue.offers.models import Offer, Run, RunSession
from catalogue.people.models import Person
from catalogue.records.models import CompletionImport, CourseCode
from catalogue.systems.models import Membership, Organisation
from catalogue.transactions import run
from tests.attendance.conftest import add_course, put_on
from tests.catalogue.query_counts.asking import asks_a_fixed_number, offer_with_runs
from tests.visitor import Visitor


def more_marks(first: int, count: int) -> None:
    """So many more people on a run, each marked at its three sessions, and one more on a programme's steps."""
    found = db.session.scalar(select(Run).where(Run.key == "course"))
    if found is None:
        add_course(3, 2, begun_days_ago=3)
        found = db.session.scalars(select(Run).where(Run.key == "course")).one()
    marker = db.session.scalars(select(Person).where(Person.name == "Adam Administrator")).one()
    for number in range(first, first + count):
        person = Person(name=f"Person {number}")
        db.session.add(person)
        db.session.flush()
        enrolment = put_on(person.id, found.offer.slug, found.id)
        db.session.add_all(
            Attendance(enrolment_id=enrolment, session_id=one.id, attended=True, by_person_id=marker.id)
            for one in found.sessions
        )


@pytest.mark.parametrize(
    ("page", "most"),
    [("", 15), ("/runs/{run}/sessions/{session}", 13), ("/runs/{run}/list", 12), ("/runs/{run}/attendance.csv", 12),
     ("/runs/{run}/absent", 10)],
)  # fmt: skip
def test_registers_ask_a_fixed_number_of_times(
    app: Flask, administrator: Visitor, statements: Callable[[], Any], page: str, most: int
) -> None:
    with app.app_context():
        run(lambda: more_marks(0, 1))
        course = db.session.scalars(select(Run).where(Run.key == "course")).one()
        numbers = {"run": course.id, "session": course.sessions[0].id}
        path = f"/offers/{course.offer.slug}/register" + page.format(**numbers)
    asks_a_fixed_number(app, administrator, statements, more_marks, path, most)


def more_registers(first: int, count: int) -> None:
    """So many more runs of a provider that are over, each with two sessions and somebody whom nobody has marked."""
    offer = offer_with_runs()
    for number in range(first, first + count):
        day = now() - timedelta(days=number)
        sessions = [
            RunSession(key=key, title=key, starts_at=day, ends_at=day + timedelta(hours=1)) for key in ("one", "two")
        ]
        a_run = Run(
            offer=offer, key=f"over-{number}", starts_on=day.date(), ends_on=day.date(), place="Leeds", places=5,
            sessions=sessions,
        )  # fmt: skip
        db.session.add_all([a_run, person := Person(name=f"Person {number}")])
        db.session.flush()
        put_on(person.id, offer.slug, a_run.id)


def test_the_page_of_a_provider_asks_a_fixed_number_of_times(
    app: Flask, administrator: Visitor, statements: Callable[[], Any]
) -> None:
    with app.app_context():
        path = f"/publish?provider={offer_with_runs().provider.key}"
    asks_a_fixed_number(app, administrator, statements, more_registers, path, 12)


def more_codes(first: int, count: int) -> None:
    """So many more rows in the file on the way in, each of somebody else, and as many codes."""
    organisation = db.session.scalars(select(Organisation).where(Organisation.key == "example-riverside-trust")).one()
    offers = db.session.scalars(select(Offer).order_by(Offer.id).offset(first).limit(count)).all()
    rows = []
    for number, offer in enumerate(offers, first):
        person = Person(name=f"Person {number}")
        db.session.add(Membership(person=person, organisation=organisation, staff_number=str(number)))
        db.session.add(CourseCode(source="esr", organisation_id=organisation.id, code=f"c{number}", offer=offer))
        rows.append(f"{number},c{number},04/03/2026")
    kept = db.session.get(CompletionImport, 1) or CompletionImport(
        source="esr", organisation=organisation, name="esr.csv", counts={}
    )
    kept.content = "\n".join(["Employee Number,Class Code,Completion Date", *rows]).encode()
    db.session.add(kept)


@pytest.mark.parametrize(
    ("path", "most"), [("/completions/imports/1", 16), ("/completions/codes/example-riverside-trust", 7)]
)
def test_pages_on_completions_from_files_ask_a_fixed_number_of_times(
    app: Flask, administrator: Visitor, statements: Callable[[], Any], path: str, most: int
) -> None:
    asks_a_fixed_number(app, administrator, statements, more_codes, path, most)
