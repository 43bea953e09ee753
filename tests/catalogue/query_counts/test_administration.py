"""How often pages of administrators and providers ask the database."""

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select, update

from catalogue.extensions import db
from catalogue.interchange.models import OfferFeed, OfferImport
from catalogue.people.models import Grant, IdentityProvider, Person, Role, StaffIdentity
from catalogue.systems.models import Membership, Organisation
from lti.models import Deployment, Platform, Refusal
from lti.platforms.actions import add_platform
from lti.platforms.rules import Registration
from tests.catalogue.query_counts.asking import asks_a_fixed_number
from tests.conftest import Ask
from tests.visitor import Visitor


def more_imports(first: int, count: int) -> None:
    """So many more files, rows of the report of the first one, and feeds, each asked for by somebody else."""
    provider = db.session.scalars(
        select(Organisation).where(Organisation.publishes).order_by(Organisation.id).limit(1)
    ).one()
    row = {"number": 2, "key": "c1", "title": "Leading", "kind": "new", "changes": [], "missing": [], "runs": [],
           "more_runs": 0, "faults": []}  # fmt: skip
    report = {"total": count, "good": count, "counts": {"new": count}, "rows": [row] * count, "notes": []}
    for number in range(first, first + count):
        person = Person(name=f"Person {number}")
        db.session.add(person)
        feed = OfferFeed(provider=provider, person=person, url=f"https://example.org/{number}")
        db.session.add(feed)
        db.session.flush()
        for feed_id in (None, feed.id):
            db.session.add(OfferImport(provider=provider, feed_id=feed_id, name=f"{number}.csv", state="read"))
    db.session.get_one(OfferImport, 1).report = report


@pytest.mark.parametrize(("path", "most"), [("/publish/import", 6), ("/publish/feeds", 7), ("/publish/imports/1", 5)])
def test_pages_on_imports_ask_a_fixed_number_of_times(
    app: Flask, administrator: Visitor, statements: Callable[[], Any], path: str, most: int
) -> None:
    asks_a_fixed_number(app, administrator, statements, more_imports, path, most)


def more_people(first: int, count: int) -> None:
    """So many more people of as many organisations, each with roles; and as many roles of the first one."""
    adam = db.session.scalars(select(Person).order_by(Person.id).limit(1)).one()
    for number in range(first, first + count):
        there = Organisation(key=f"org-{number}", name=f"Organisation {number}", kind="trust")
        db.session.add(Membership(person=adam, organisation=there))
        for person in (adam, Person(name=f"Person {number}")):
            db.session.add(person)
            db.session.flush()
            db.session.add(Grant(person_id=person.id, role=Role.LEAD, organisation_id=there.id))


@pytest.mark.parametrize(("path", "most"), [("/admin/people", 8), ("/admin/people/adam", 9)])
def test_pages_on_people_ask_a_fixed_number_of_times(
    app: Flask, administrator: Visitor, statements: Callable[[], Any], change: Ask, path: str, most: int
) -> None:
    change(lambda: db.session.execute(update(Person).values(key="adam")))
    asks_a_fixed_number(app, administrator, statements, more_people, path, most)


def more_providers(first: int, count: int) -> None:
    """So many more identity providers, through each of which the first person signs in too."""
    adam = db.session.scalars(select(Person).order_by(Person.id).limit(1)).one()
    for number in range(first, first + count):
        for kind in ("own", "other"):
            there = IdentityProvider(key=f"{kind}-{number}", name=kind, issuer="https://x.example", client_id="1")
            db.session.add(there)
            if kind == "own":
                db.session.add(StaffIdentity(person=adam, provider=there, subject="1"))


@pytest.mark.parametrize(("path", "most"), [("/admin/sign-on", 4), ("/your-sign-ins", 7), ("/your-authenticator", 5)])
def test_pages_on_ways_in_ask_a_fixed_number_of_times(
    app: Flask, administrator: Visitor, statements: Callable[[], Any], path: str, most: int
) -> None:
    asks_a_fixed_number(app, administrator, statements, more_providers, path, most)


def more_platforms(first: int, count: int) -> None:
    """So many more platforms, and as many deployments and refusals of the first one."""
    for number in range(first, first + count):
        site = f"https://moodle-{number}.example"
        add_platform(
            Registration(f"Moodle {number}", site, "1", "1", f"{site}/certs", f"{site}/auth", f"{site}/token"),
            development=False,
        )
    platform = db.session.scalars(select(Platform).order_by(Platform.id).limit(1)).one()
    for number in range(first, first + count):
        db.session.add(Deployment(platform=platform, deployment_id=f"more-{number}"))
        db.session.add(Refusal(reference="X", platform_id=platform.id, reason="odd", deployment_id=f"odd-{number}"))


@pytest.mark.parametrize(("path", "most"), [("/admin/platforms", 12), ("/admin/platforms/1", 9)])
def test_pages_on_platforms_ask_a_fixed_number_of_times(
    app: Flask, administrator: Visitor, statements: Callable[[], Any], path: str, most: int
) -> None:
    asks_a_fixed_number(app, administrator, statements, more_platforms, path, most)
