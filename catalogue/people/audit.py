"""The audit trail: written in the transaction that it records."""

from typing import Any

from catalogue.extensions import db
from catalogue.people.models import AuditEvent


def record(action: str, subject: str, actor_key: str = "", **detail: Any) -> None:
    """Note that ``actor_key`` did ``action`` to ``subject``: opaque keys only, never a name or an address."""
    db.session.add(AuditEvent(action=action, subject=subject, actor_key=actor_key, detail=detail))
