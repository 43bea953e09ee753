"""Keeping views."""

from datetime import date

from sqlalchemy import select

from catalogue.clock import now
from catalogue.errors import NotThere
from catalogue.extensions import db
from catalogue.people.models import Person
from catalogue.reports.models import Every, SavedView
from catalogue.reports.tracking.rules import next_day


def keep_view(person: Person, name: str, query: str, every: Every | None, today: date) -> SavedView:
    """Keep what a person looks at under a name; a second one of the same name takes the place of the first."""
    kept = db.session.scalar(
        select(SavedView).where(SavedView.person_id == person.id, SavedView.name == name).with_for_update()
    )
    if kept is None:
        kept = SavedView(person_id=person.id, name=name)
        db.session.add(kept)
    kept.query, kept.created_at = query, now()
    kept.every, kept.next_on = every, next_day(every, today) if every else None
    db.session.flush()
    return kept


def forget_view(view: SavedView) -> None:
    db.session.delete(view)
    db.session.flush()


def own_view(person_id: int, view_id: int) -> SavedView:
    """A view, if it is this person's, held until the commit; raises ``NotThere``."""
    found = db.session.scalar(
        select(SavedView).where(SavedView.id == view_id, SavedView.person_id == person_id).with_for_update()
    )
    if found is None:
        raise NotThere
    return found
