"""People who have assessed themselves, offers that stand against their need, and the map as its download has it."""

import csv
import io
from datetime import timedelta
from typing import Any

from sqlalchemy import select

from catalogue.clock import today
from catalogue.extensions import db
from catalogue.offers import actions as offers
from catalogue.offers.content import OfferContent
from catalogue.offers.models import Offer, Run
from catalogue.offers.references import References
from catalogue.people.models import Person
from catalogue.spreadsheets import BYTE_ORDER_MARK, plain
from catalogue.systems.models import Membership, Organisation, System
from tests.assessments.closed import closed_assessment
from tests.visitor import Visitor

NOTTINGHAMSHIRE, CUMBRIA, YORKSHIRE = "nottinghamshire", "west-north-and-east-cumbria", "west-yorkshire"
CARE = ("care", "partnership")
"""A place on the map where the seed has no offer; a receptionist at level 1 has one level to go in ``care``."""


def a_trust(system: str, key: str = "") -> Organisation:
    """The organisation of that key, made where there is none, in a system."""
    key = key or f"trust-{system}"
    found = db.session.scalar(select(Organisation).where(Organisation.key == key))
    if found is None:
        home = db.session.scalars(select(System).where(System.key == system)).one()
        found = Organisation(key=key, name=key, kind="trust", system=home)
        db.session.add(found)
        db.session.flush()
    return found


def assessed_people(system: str, count: int, level: int = 1) -> list[Person]:
    """So many people of a trust in a system who have finished an assessment, as receptionists at this level."""
    people = [Person(name="Somebody") for _ in range(count)]
    db.session.add_all(Membership(person=person, organisation=a_trust(system)) for person in people)
    db.session.flush()
    for person in people:
        closed_assessment(person.id, level=level)
    return people


def an_offer(key: str, *, dimension: str = CARE[0], condition: str = CARE[1], **more: Any) -> Offer:
    """A published offer of six hours in one place of the map; ``more`` is further content of it."""
    provider = db.session.scalars(select(Organisation).where(Organisation.key == "example-larkfold")).one()
    offer = offers.add_offer(provider, key, key)
    content = {
        "title": key, "summary": "A day.", "outcomes": ["You can."], "description": "A day.", "mode": "in-person",
        "hours": 6, "conditions": [condition],
        "mapping": [{"dimension": dimension, "from": "essential", "to": "proficient", "strength": "builds"}],
    } | more  # fmt: skip
    offers.publish(offer, OfferContent.model_validate(content), References())
    return offer


def a_run(offer: Offer, places: int, in_days: int = 30, **more: Any) -> Run:
    day = today() + timedelta(days=in_days)
    run = Run(offer=offer, key=f"{in_days}", starts_on=day, ends_on=day, place="Leeds", places=places, **more)
    db.session.add(run)
    db.session.flush()
    return run


Cells = dict[tuple[str, str, str], dict[str, str]]
"""Rows of a download by system (empty for systems together), dimension and condition."""


def downloaded(visitor: Visitor, path: str) -> Cells:
    visitor.get(path)
    answer = visitor.response
    assert answer.mimetype == "text/csv"
    assert answer.headers["Content-Disposition"].startswith('attachment; filename="every-seat-')
    assert answer.text.startswith(BYTE_ORDER_MARK)
    rows = csv.DictReader(io.StringIO(answer.text.removeprefix(BYTE_ORDER_MARK), newline=""))
    read = [{name: plain(cell) for name, cell in row.items()} for row in rows]
    return {(row["system"], row["dimension"], row["condition"]): row for row in read}


def figures(row: dict[str, str]) -> dict[str, str]:
    """What a row says in figures, and its state."""
    names = ("state", "people assessed", "people with a gap", "levels to go", "offers", "free places", "hours")
    return {name: row[name] for name in names}
