"""How long things are kept, and what happens then: one table, which works by itself once a day.

The page on privacy and ``docs/privacy.md`` show this same table.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import structlog
from flask import Flask, current_app
from sqlalchemy import ColumnElement, Table, and_, delete, func, or_, select, update

from catalogue.clock import now
from catalogue.enrolments.models import ACTIVE, Enrolment
from catalogue.extensions import db
from catalogue.people import audit, chain
from catalogue.people.models import Grant, Person, SignIn
from catalogue.privacy import erasing
from catalogue.systems.rules import ASKED_FOR
from catalogue.transactions import run

log = structlog.get_logger()
AT_A_TIME = 1_000
"""Rows in one transaction: nobody waits long for it."""
YEAR = timedelta(days=365.25)


@dataclass(frozen=True, slots=True, kw_only=True)
class Period:
    """What is kept for how long.

    ``due`` says of rows of ``table`` whether their time was up before a moment; ``then`` is what is set in them, or
    none where they are deleted. What takes more than that is ``act``, which does some of it and returns how many.
    """

    what: str
    kept: str
    """How long, in words: those that the page shows."""
    then_words: str
    why: str
    time: timedelta = timedelta()
    table: str = ""
    due: Callable[[Table, datetime], ColumnElement[bool]] | None = None
    then: Mapping[str, Any] | None = None
    act: Callable[[datetime], int] | None = None

    def some(self, before: datetime) -> int:
        """Within a transaction, do what is due, or a part of it; returns how much."""
        if self.act is not None:
            return self.act(before)
        if self.due is None:
            return 0  # done where it is used, and only told of here
        table = db.metadata.tables[self.table]
        ids = db.session.scalars(select(table.c.id).where(self.due(table, before)).limit(AT_A_TIME)).all()
        among = table.c.id.in_(ids)
        db.session.execute(
            delete(table).where(among) if self.then is None else update(table).where(among).values(self.then)
        )
        return len(ids)


def _ended(table: Table, before: datetime) -> ColumnElement[bool]:
    return or_(table.c.ended_at < before, table.c.expires_at < before)


def _sign_ins(table: Table, before: datetime) -> ColumnElement[bool]:
    """But for each person's last: it says for how long they have not been here."""
    return and_(_ended(table, before), table.c.id.not_in(select(func.max(SignIn.id)).group_by(SignIn.person_id)))


def _unused(before: datetime) -> int:
    """People who have not been here since, who take part in nothing and answer for nothing."""
    seen = select(SignIn.person_id).where(SignIn.created_at >= before)
    active = select(Enrolment.person_id).where(Enrolment.state.in_(ACTIVE))
    granted = select(Grant.person_id)
    query = select(Person).where(
        Person.created_at < before, Person.email != "",
        Person.id.not_in(seen), Person.id.not_in(active), Person.id.not_in(granted),
    )  # fmt: skip
    people = db.session.scalars(query.order_by(Person.id).limit(10)).all()
    for person in people:
        erasing.erase(person, "")
    return len(people)


def _old_events(before: datetime) -> int:
    count = chain.forget(before, AT_A_TIME)
    if count:
        audit.record("audit events forgotten", "audit", count=count)
    return count


PERIODS = (
    Period(
        what="Sign-ins", kept="90 days after they ended; the last one of each person for as long as the person",
        then_words="Deleted", why="To find out what happened where an account was misused.",
        time=timedelta(days=90), table="sign_in", due=_sign_ins,
    ),
    Period(
        what="Links to set a password", kept="30 days after they expired", then_words="Deleted",
        why="To answer who asks why a link does not work.",
        time=timedelta(days=30), table="password_reset", due=lambda table, before: table.c.expires_at < before,
    ),
    Period(
        what="Break-glass links", kept="1 year after they expired", then_words="Deleted",
        why="To find out what happened where one was misused; the audit trail says more.",
        time=YEAR, table="break_glass_link", due=lambda table, before: table.c.expires_at < before,
    ),
    Period(
        what="Tokens of programs", kept="1 year after they ended or expired", then_words="Deleted",
        why="To say which program did what.", time=YEAR, table="api_token", due=_ended,
    ),
    Period(
        what="Roles", kept="2 years after they ended", then_words="Deleted",
        why="To say why somebody could see what they saw.",
        time=2 * YEAR, table="grant", due=lambda table, before: table.c.ends_on < before.date(),
    ),
    Period(
        what="Questions whether somebody works for an organisation", kept="Until they answer, or for 90 days",
        then_words="Deleted", why="To give them the time to answer.",
        time=ASKED_FOR, table="membership_request", due=lambda table, before: table.c.asked_at < before,
    ),
    Period(
        what="Messages", kept="Their words until they are sent; that there was one, 90 days", then_words="Deleted",
        why="To see that messages go out, and to look into those that did not.",
        time=timedelta(days=90), table="delivery",
        due=lambda table, before: and_(table.c.kind == "mail", table.c.finished_at < before),
    ),
    Period(
        what="Names and addresses of line managers", kept="1 year after they answered, or should have",
        then_words="Made anonymous: that it was approved stays",
        why="To settle who approved what while it is paid for and taken part in.",
        time=YEAR, table="approval", then={"manager_name": "", "manager_email": "", "reason": ""},
        due=lambda table, before: and_(
            table.c.answer_by < before.date(),
            or_(table.c.decided_at.is_(None), table.c.decided_at < before),
            or_(table.c.manager_name != "", table.c.manager_email != "", table.c.reason != ""),
        ),
    ),
    Period(
        what="Names and addresses of managers with whom a plan was shared",
        kept="1 year after it was shared with them last", then_words="Made anonymous: what they wrote stays",
        why="So that whoever shared the plan knows who wrote what.",
        time=YEAR, table="plan_share", then={"manager_name": "", "manager_email": ""},
        due=lambda table, before: and_(
            or_(table.c.ended_at < before, table.c.until < before.date()),
            or_(table.c.manager_name != "", table.c.manager_email != ""),
        ),
    ),
    Period(
        what="Why somebody declined, withdrew or did not come, and what they answer for", kept="2 years after it ended",
        then_words="Made anonymous: the words go, that it was so stays",
        why="To plan the next runs, and to answer questions about a place.",
        time=2 * YEAR, table="enrolment", then={"reason": "", "plan_part": "", "nominated_by_id": None},
        due=lambda table, before: and_(
            table.c.state.not_in([state.value for state in ACTIVE]), table.c.changed_at < before,
            or_(table.c.reason != "", table.c.plan_part != "", table.c.nominated_by_id.is_not(None)),
        ),
    ),
    Period(
        what="Who was asked for feedback, and what they answered",
        kept="Until the round closes: 60 days at most", then_words="Deleted, in the transaction that makes the report",
        why="To make the report, once.",
    ),
    Period(
        what="Reports of feedback, and names and addresses of facilitators", kept="6 years after the round closed",
        then_words="Deleted", why="To set the next round beside them.", time=6 * YEAR, table="feedback_round",
        due=lambda table, before: table.c.closed_at < before,
    ),
    Period(
        what="Files with offers, and reports of them", kept="1 year after the last change", then_words="Deleted",
        why="To see what a file changed.",
        time=YEAR, table="offer_import", due=lambda table, before: table.c.changed_at < before,
    ),
    Period(
        what="Statements from other systems about people we do not know", kept="1 year", then_words="Deleted",
        why="So that they count for somebody who is known a little later.",
        time=YEAR, table="xapi_statement",
        due=lambda table, before: and_(table.c.person_id.is_(None), table.c.stored_at < before),
    ),
    Period(
        what="Statements from other systems about people we know", kept="6 years", then_words="Deleted",
        why="They are the proof of completions.", time=6 * YEAR, table="xapi_statement",
        due=lambda table, before: table.c.stored_at < before,
    ),
    Period(
        what="People who do not come back: accounts, assessments, plans, enrolments, completions, badges",
        kept="6 years after the last sign-in, unless they hold a role or take part in something",
        then_words="Erased, as on request",
        why="Learning is proved, and evaluated, for as long as programmes run and a little longer.",
        time=6 * YEAR, act=_unused,
    ),
    Period(
        what="The audit trail", kept="6 years", then_words="Deleted from its beginning: the rest stays a chain",
        why="To show who did what, for as long as a claim can be made (Limitation Act 1980).",
        time=6 * YEAR, act=_old_events,
    ),
)  # fmt: skip


def register_periods(app: Flask, periods: Iterable[Period] = PERIODS) -> None:
    app.extensions["periods"] = list(periods)


def add_periods(app: Flask, periods: Iterable[Period]) -> None:
    """Those of whoever stands on top of the catalogue."""
    app.extensions["periods"].extend(periods)


def periods() -> list[Period]:
    found: list[Period] = current_app.extensions["periods"]
    return found


def keep_to_periods() -> dict[str, int]:
    """Do all that is due, a bounded part of it in each transaction; returns how many by what they were."""
    done: dict[str, int] = {}
    for period in periods():
        before = now() - period.time
        while count := run(lambda period=period, before=before: period.some(before)):  # type: ignore[misc]
            done[period.what] = done.get(period.what, 0) + count
    if done:
        log.info("kept to periods", **{"rows": sum(done.values())})
    return done
