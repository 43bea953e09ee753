"""The audit trail is a chain: whatever is done to it past the service is noticed."""

import random
from collections.abc import Callable
from typing import Any

import pytest
from click.testing import Result
from flask import Flask
from sqlalchemy import delete, func, insert, select, text, update

from catalogue.clock import now
from catalogue.extensions import db
from catalogue.people import audit, chain
from catalogue.people.audit_cli import audit_group
from catalogue.people.models import AuditEvent, AuditHead
from catalogue.transactions import run
from tests.drills import at_once, dice, many, say

pytestmark = pytest.mark.both_databases
EDITS = many(60, 1_000)
Ask = Callable[[Callable[[], Any]], Any]


def command(app: Flask, *words: str) -> Result:
    return app.test_cli_runner().invoke(audit_group, words)


def last() -> int:
    return db.session.scalar(select(func.max(AuditEvent.number))) or 0


def some_events(count: int) -> None:
    for number in range(count):
        run(lambda number=number: audit.record("tried", f"thing:{number}", f"{number:032}", what=["a", number], at=1.5))


def test_what_is_seeded_is_one_unbroken_chain(app: Flask) -> None:
    result = command(app, "verify")
    assert result.exit_code == 0, result.output
    with app.app_context():
        assert f"It ends with {last()}:" in result.output


def test_an_event_is_sealed_as_its_transaction_is_committed(change: Ask, ask: Ask) -> None:
    before = ask(last)
    change(lambda: [audit.record("tried", f"thing:{number}") for number in range(3)])
    rows = ask(
        lambda: db.session.execute(
            select(AuditEvent.subject, AuditEvent.number, func.length(AuditEvent.seal))
            .where(AuditEvent.action == "tried")
            .order_by(AuditEvent.number)
        ).all()
    )
    assert [tuple(row) for row in rows] == [(f"thing:{n}", before + 1 + n, 64) for n in range(3)]
    assert ask(chain.verify).fault == ""


def test_what_is_taken_back_leaves_nothing_in_the_chain(app: Flask, change: Ask, ask: Ask) -> None:
    before = ask(last)

    def half() -> None:
        audit.record("stays", "thing:1")
        savepoint = db.session.begin_nested()
        audit.record("goes", "thing:2")
        db.session.flush()
        savepoint.rollback()
        with db.session.begin_nested():
            audit.record("stays too", "thing:3")

    def nothing() -> None:
        audit.record("goes", "thing:4")
        db.session.flush()
        raise RuntimeError

    change(half)
    with pytest.raises(RuntimeError):
        change(nothing)
    with app.app_context():
        assert last() == before + 2
        assert db.session.scalar(select(func.count()).where(AuditEvent.action == "goes")) == 0
        assert chain.verify().fault == ""


def test_many_at_once_make_one_chain(app: Flask, ask: Ask) -> None:
    before, writers, each = ask(last), 8, many(5, 50)

    def write() -> None:
        with app.app_context():
            for number in range(each):
                run(lambda number=number: [audit.record("at once", f"thing:{number}") for _ in range(2)])

    at_once([write] * writers, writers)
    assert ask(last) == before + 2 * writers * each
    assert ask(chain.verify).fault == ""


def test_a_chain_without_its_head_row_is_begun_where_there_are_no_events(change: Ask, ask: Ask) -> None:
    change(lambda: [db.session.execute(delete(table)) for table in (AuditEvent, AuditHead)])
    assert ask(chain.verify).fault == ""
    change(lambda: audit.record("tried", "thing"))
    verdict = ask(chain.verify)
    assert (verdict.events, verdict.fault) == (1, "")


def other(value: Any, chance: random.Random) -> Any:
    """A value of the same kind, and not the same."""
    if isinstance(value, str):
        at = chance.randrange(len(value) or 1)
        return chance.choice([value[:at] + "0" + value[at + 1 :], value[::-1], "", "x"]) if value else "x"
    if isinstance(value, dict):
        return chance.choice([value | {"more": 1}, {**value, "what": ["b"]}, {"nothing": None}])
    if isinstance(value, int):
        return value + chance.choice([-1, 1, 1_000])
    return now()


def edit(chance: random.Random) -> str:
    """Do something to the chain that the service did not; returns what."""
    events = db.session.execute(
        select(AuditEvent).where(AuditEvent.number > max(last() - 30, 1)).order_by(AuditEvent.number)
    ).scalars()  # fmt: skip
    kept = [{column.key: getattr(e, column.key) for column in AuditEvent.__table__.columns} for e in events]
    head = db.session.get_one(AuditHead, 1)
    number, seal = head.number, head.seal
    db.session.expunge_all()
    one, another = chance.sample(kept, 2)
    what = chance.choice(["change"] * 6 + ["remove", "put in", "swap", "cut", "cut and set back", "head", "no head"])
    where = AuditEvent.id == one["id"]
    if what == "change":
        column = chance.choice(list(one))
        value = other(one[column], chance)
        if column in ("id", "number"):  # there may be one of that already
            value = chance.choice([-1, 0, 10_000_000]) + chance.randrange(100) * 10_000_000
        if value == one[column]:
            value = "y"
        db.session.execute(update(AuditEvent).where(where).values({column: value}))
        return f"change {column}"
    if what == "remove":
        db.session.execute(delete(AuditEvent).where(where))
    elif what == "put in":
        values = {**one, "id": 9_000_000, "number": chance.choice([None, number + 1])}
        db.session.execute(insert(AuditEvent).values(values))
    elif what == "swap":
        for at, to in ((one, 8_000_000), (another, one["number"]), (one, another["number"])):
            db.session.execute(update(AuditEvent).where(AuditEvent.id == at["id"]).values(number=to))
    elif what == "cut":
        db.session.execute(delete(AuditEvent).where(AuditEvent.number >= one["number"]))
    elif what == "cut and set back":
        db.session.execute(delete(AuditEvent).where(AuditEvent.number > one["number"]))
        if one["number"] == number:
            db.session.execute(delete(AuditEvent).where(AuditEvent.number == number))
        db.session.execute(update(AuditHead).values(number=one["number"], seal=one["seal"]))
    elif what == "head":
        values = chance.choice([{"number": number - 1}, {"number": number + 1}, {"id": 2}, {"seal": seal[::-1]}])
        db.session.execute(update(AuditHead).values(values))
    else:
        db.session.execute(delete(AuditHead))
    return what


def test_every_edit_is_noticed(app: Flask) -> None:
    chance = dice()
    done: dict[str, int] = {}
    with app.app_context():
        run(lambda: db.session.execute(text("DELETE FROM audit_event")))  # few, so that each look is short
        run(lambda: db.session.execute(text("UPDATE audit_head SET number = 0, seal = ''")))
        some_events(40)
        assert chain.verify().fault == ""
        for _ in range(EDITS):
            what = edit(chance)
            assert chain.verify().fault, f"{what} was not noticed"
            db.session.rollback()
            done[what] = done.get(what, 0) + 1
        assert chain.verify().fault == "", "what was done to it has been undone"
        say(f"audit, {db.engine.dialect.name}: {EDITS} edits and deletions, all noticed ({len(done)} kinds)")


def test_where_the_chain_is_broken_is_said_in_words(app: Flask) -> None:
    with app.app_context():
        some_events(3)
        run(lambda: db.session.execute(update(AuditEvent).where(AuditEvent.number == last() - 1).values(action="x")))
        number = last() - 1
    result = command(app, "verify")
    assert result.exit_code == 1
    assert f"Number {number} is not what was sealed" in result.output


def test_an_end_that_was_put_back_shows_against_one_that_was_kept(app: Flask) -> None:
    """Who kept the head of an earlier day can set the chain back to it, unless a later one was kept elsewhere."""
    with app.app_context():
        some_events(1)
        then = db.session.get_one(AuditHead, 1)
        number, seal = then.number, then.seal
        db.session.rollback()
        some_events(2)
    kept = command(app, "verify").output.rsplit(maxsplit=1)[-1]
    assert command(app, "verify", "--against", kept).exit_code == 0
    with app.app_context():

        def set_back() -> None:
            db.session.execute(delete(AuditEvent).where(AuditEvent.number > number))
            db.session.execute(update(AuditHead).values(number=number, seal=seal))

        run(set_back)
    assert command(app, "verify").exit_code == 0
    result = command(app, "verify", "--against", kept)
    assert result.exit_code == 1
    assert "its end was cut off" in result.output
    with app.app_context():
        some_events(2)  # as many as were there, others
    result = command(app, "verify", "--against", kept)
    assert result.exit_code == 1
    assert "written anew" in result.output
    assert command(app, "verify", "--against", "yesterday").exit_code == 2


def test_what_an_older_secret_sealed_stays_right_while_that_is_kept(app: Flask, settings: Any) -> None:
    old, new = "o" * 40, "n" * 40

    def with_secrets(secrets: str) -> None:
        app.extensions["settings"] = settings.model_copy(update={"encryption_keys": secrets})

    with app.app_context():
        with_secrets(old)
        some_events(2)
        with_secrets(f"{new},{old}")
        some_events(2)
        assert chain.verify().fault == ""
        with_secrets(new)
        assert "secret" in chain.verify().fault


def test_events_from_before_the_chain_are_sealed_once_by_a_command(app: Flask) -> None:
    with app.app_context():
        some_events(3)
        run(lambda: db.session.execute(update(AuditEvent).values(number=None, seal="")))
        run(lambda: db.session.execute(update(AuditHead).values(number=0, seal="")))
        some_events(1)
        there = db.session.scalar(select(func.count()).select_from(AuditEvent))
        assert last() == 1, "a transaction seals its own alone: it never has to wait for all that was there before"
    assert "without a seal" in command(app, "verify").output
    assert command(app, "seal").exit_code == 0
    result = command(app, "verify")
    assert result.exit_code == 0
    assert f"{there + 1:,} events" in result.output
    assert command(app, "seal").exit_code == 1


def test_a_reading_is_an_event_of_its_own(app: Flask, ask: Ask) -> None:
    with app.test_request_context():
        audit.record_reading("register", "run:7", "k" * 32, people=3)
        db.session.rollback()
    (read,) = ask(
        lambda: db.session.execute(
            select(AuditEvent.subject, AuditEvent.actor_key, AuditEvent.detail).where(
                AuditEvent.action == "register read"
            )
        ).all()
    )
    assert tuple(read) == ("run:7", "k" * 32, {"people": 3})
    assert ask(chain.verify).fault == ""
