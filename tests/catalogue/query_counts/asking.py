"""Asking a page with little and with much to show."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from flask import Flask
from sqlalchemy import select

from catalogue.clock import now
from catalogue.enrolments.models import (
    Enrolment,
    EnrolmentState,
)
from catalogue.evidence.models import EvidenceEffect, Measure
from catalogue.extensions import db
from catalogue.offers.models import Mapping, Offer, OfferVersion, Run
from catalogue.people.models import Person
from catalogue.transactions import run
from tests.visitor import Visitor


def asks_a_fixed_number(
    app: Flask, visitor: Visitor, statements: Callable[[], Any], more: Callable[[int, int], None], path: str, most: int
) -> None:
    """Whether ``more(first, count)`` has added 2 or 30 of what the page shows."""
    sent: list[list[str]] = []
    for first, count in ((1, 2), (3, 30)):
        with app.app_context():
            run(lambda first=first, count=count: more(first, count))  # type: ignore[misc]
        visitor.get(path)
        with statements() as asked:
            visitor.get(path)
        sent.append(asked)
    assert len(sent[1]) <= len(sent[0]), "\n".join(sent[1])
    assert len(sent[0]) <= most, "\n".join(sent[0])


def offer_with_runs() -> Offer:
    return db.session.scalars(select(Offer).where(Offer.example, Offer.runs.any()).order_by(Offer.slug).limit(1)).one()


def people_on(offer_id: int, person_id: int, count: int) -> None:
    """So many people on each run of an offer, and the person on so many offers."""
    offer = db.session.get_one(Offer, offer_id)
    for number in range(count):
        for a_run in offer.runs:
            person = Person(name=f"Person {number} of {a_run.key}")
            db.session.add(
                Enrolment(
                    person=person, offer_id=offer.id, version_id=offer.published.id, run=a_run,
                    state=(EnrolmentState.BOOKED, EnrolmentState.WAITLISTED, EnrolmentState.COMPLETED)[number % 3],
                )
            )  # fmt: skip
    others = db.session.scalars(select(Offer).where(Offer.id != offer.id).order_by(Offer.id).limit(count)).all()
    for other in others:
        db.session.add(
            Enrolment(
                person_id=person_id, offer_id=other.id, version_id=other.published.id,
                run=other.runs[0] if other.runs else None, state=EnrolmentState.BOOKED,
            )
        )  # fmt: skip


def more_offers(count: int) -> None:
    """So many more offers like one that there is, each with ten runs."""
    model = offer_with_runs()
    version = model.published
    kept = {
        column.key: getattr(version, column.key)
        for column in OfferVersion.__table__.columns
        if column.key not in ("id", "offer_id")
    }
    for number in range(count):
        offer = Offer(slug=f"copy-{number}", provider_id=model.provider_id, partners=list(model.partners))
        db.session.add(offer)
        db.session.flush()
        db.session.add(
            OfferVersion(
                offer_id=offer.id, **kept, conditions=list(version.conditions), seats=list(version.seats),
                mappings=[
                    Mapping(dimension_id=m.dimension_id, from_level=m.from_level, to_level=m.to_level,
                            strength=m.strength)
                    for m in version.mappings
                ],
            )
        )  # fmt: skip
    today = now().date()
    for mapping in db.session.scalars(select(Mapping).join(Mapping.version).where(OfferVersion.state == "published")):
        known = {"people": 12, "mean": 0.4, "low": 0.1, "high": 0.7, "factor": 0.8}
        place = (mapping.version.offer_id, mapping.dimension.framework.key, mapping.dimension.key)
        for measure in Measure:
            row = dict(zip(("offer_id", "framework", "dimension"), place, strict=True), measure=measure)
            if db.session.scalar(select(EvidenceEffect.id).filter_by(**row)) is None:
                db.session.add(EvidenceEffect(**row, **known))
    for offer in db.session.scalars(select(Offer).where(Offer.runs.any())):
        for number in range(10):
            starts_on = today + timedelta(days=30 + number)
            db.session.add(
                Run(offer_id=offer.id, key=f"more-{number}", starts_on=starts_on, ends_on=starts_on,
                    place="Leeds", places=20)
            )  # fmt: skip
