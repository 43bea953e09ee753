"""The times at which the people of a run meet: kept by their keys, so that a register stays with its session."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time

from sqlalchemy.exc import IntegrityError

from catalogue.clock import LONDON
from catalogue.errors import Refused
from catalogue.extensions import db
from catalogue.offers.models import Run, RunSession

MOST_SESSIONS = 100


@dataclass(frozen=True, slots=True)
class SessionValues:
    """One session as it is to be. Times are London's."""

    key: str
    title: str
    day: date
    starts: time
    ends: time
    place: str = ""

    @classmethod
    def of(cls, session: RunSession) -> "SessionValues":
        starts, ends = session.starts_at.astimezone(LONDON), session.ends_at.astimezone(LONDON)
        return cls(session.key, session.title, starts.date(), starts.time(), ends.time(), session.place)

    @property
    def columns(self) -> dict[str, object]:
        """Raises ``Refused`` where it would not end after it starts, as on the night when the clocks change."""
        starts_at, ends_at = (
            datetime.combine(self.day, at, LONDON).astimezone(UTC) for at in (self.starts, self.ends)
        )  # fmt: skip
        if starts_at >= ends_at:
            raise Refused(f"The session “{self.title}” has to end after it starts.")
        return {"title": self.title, "starts_at": starts_at, "ends_at": ends_at, "place": self.place}


def set_sessions(run: Run, wanted: Iterable[SessionValues], *, end_others: bool = True) -> bool:
    """Let a run, which is held where it is not new, have these sessions; returns whether anything has changed.

    Those of other keys end with ``end_others``. Raises ``Refused`` for a session outside the run, and for ending one
    for which a register has been kept.
    """
    there = {session.key: session for session in run.sessions}
    changed = False
    for values in wanted:
        if not run.starts_on <= values.day <= run.ends_on:
            raise Refused(f"The session “{values.title}” is not on one of the days of these dates.")
        session = there.pop(values.key, None)
        if session is None:
            run.sessions.append(RunSession(key=values.key, **values.columns))
            changed = True
            continue
        for column, value in values.columns.items():
            changed = changed or getattr(session, column) != value
            setattr(session, column, value)
    db.session.flush()
    for session in there.values() if end_others else ():
        _end(run, session)
        changed = True
    return changed


def _end(run: Run, session: RunSession) -> None:
    title = session.title
    try:
        with db.session.begin_nested():
            db.session.delete(session)
            db.session.flush()
    except IntegrityError as kept:
        raise Refused(f"A register has been kept for “{title}”: it cannot be taken out.") from kept
    db.session.expire(run, ["sessions"])
