"""The audit trail: written in the transaction that it records, and sealed into a chain as that is committed."""

from typing import Any

from sqlalchemy.orm import Session

from catalogue.extensions import db, turn_to_write
from catalogue.people import chain  # noqa: F401 seals what is written
from catalogue.people.models import AuditEvent


def record(action: str, subject: str, actor_key: str = "", **detail: Any) -> None:
    """Note that ``actor_key`` did ``action`` to ``subject``: opaque keys only, never a name or an address."""
    db.session.add(AuditEvent(action=action, subject=subject, actor_key=actor_key, detail=detail))


def record_reading(what: str, subject: str, actor_key: str, **detail: Any) -> None:
    """Note that ``actor_key`` is shown somebody else's record: the event is "``what`` read", of ``subject``.

    For a page, once it is known that it may be shown: the event is committed at once, in a session of its own, whether
    or not the page comes to an end, and what the page has loaded stays loaded. Never within a transaction that writes:
    use ``record`` there. ``subject`` is the key of the person, or what the page is about (``run:7``), with how many
    ``people`` it shows.
    """
    with turn_to_write(), Session(db.engine) as session:
        session.add(AuditEvent(action=f"{what} read", subject=subject, actor_key=actor_key, detail=detail))
        session.commit()
