"""Things are kept as long as the table says, and no longer: tested by moving the clock."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import time_machine
from flask import Flask
from sqlalchemy import delete, func, select, update

from catalogue.clock import now, today
from catalogue.extensions import db
from catalogue.interchange.models import OfferImport
from catalogue.people import actions, chain
from catalogue.people.models import AuditEvent, AuditHead, Person, Role, SignIn
from catalogue.privacy.placing import NAME_OF_NOBODY
from catalogue.privacy.retention import PERIODS, Period, keep_to_periods, periods
from catalogue.resources import resource_dir
from catalogue.systems.models import Organisation
from catalogue.transactions import run
from lti.privacy import PERIODS as LTI_PERIODS
from tests.people.test_audit_chain import some_events
from tests.privacy.marked import mark_everything
from tests.visitor import Visitor

BY_TABLE = [period for period in (*PERIODS, *LTI_PERIODS) if period.due is not None]
Ask = Callable[[Callable[[], Any]], Any]
DAY = timedelta(days=1)


@pytest.fixture
def held(app: Flask, add_person: Callable[..., int]) -> Iterator[int]:
    """Somebody with a row in every table, all of it from now, and ended where it can end."""
    person_id = add_person("Somebody")

    def make() -> None:
        mark_everything(person_id, "zqxmark")
        person = db.session.get_one(Person, person_id)
        db.session.execute(update(SignIn).where(SignIn.person_id == person_id).values(ended_at=now()))
        actions.begin_sign_in(person, "password")  # their last one
        tables = db.metadata.tables
        db.session.execute(update(tables["delivery"]).values(finished_at=now(), state="parked"))
        db.session.execute(update(tables["grant"]).values(ends_on=today()))
        db.session.execute(update(tables["enrolment"]).values(nominated_by_id=person_id))
        provider_id = db.session.scalars(select(Organisation.id).order_by(Organisation.id).limit(1)).one()
        db.session.add(OfferImport(provider_id=provider_id, name="offers.csv"))

    with app.app_context():
        run(make)
        yield person_id


def due(period: Period) -> int:
    table = db.metadata.tables[period.table]
    assert period.due is not None
    before = now() - period.time
    return db.session.scalar(select(func.count()).select_from(table).where(period.due(table, before))) or 0


def rows(period: Period) -> int:
    return db.session.scalar(select(func.count()).select_from(db.metadata.tables[period.table])) or 0


@pytest.mark.both_databases
@pytest.mark.parametrize("period", BY_TABLE, ids=lambda period: period.what)
def test_what_is_kept_goes_when_its_time_is_over_and_not_before(held: int, period: Period) -> None:
    with time_machine.travel(now() + period.time - 2 * DAY, tick=False):
        assert due(period) == 0
    with time_machine.travel(now() + period.time + 2 * DAY, tick=False):
        there, waiting = rows(period), due(period)
        assert waiting >= 1, "nothing was due: the test proves nothing"
        assert run(lambda: period.some(now() - period.time)) == waiting
        assert due(period) == 0
        assert rows(period) == (there - waiting if period.then is None else there)


def test_all_that_is_due_is_done_in_one_go_and_a_second_one_finds_nothing(held: int) -> None:
    with time_machine.travel(now() + timedelta(days=7 * 366), tick=False):
        assert keep_to_periods()
        assert {period.what: due(period) for period in BY_TABLE} == dict.fromkeys((p.what for p in BY_TABLE), 0)
        assert keep_to_periods() == {}


def test_each_persons_last_sign_in_stays(held: int) -> None:
    with time_machine.travel(now() + timedelta(days=400), tick=False):
        keep_to_periods()
        assert db.session.scalar(select(func.count()).where(SignIn.person_id == held)) == 1


def test_people_who_do_not_come_back_are_erased_and_those_who_do_or_hold_a_role_are_not(
    app: Flask, add_person: Callable[..., int]
) -> None:
    gone, back, keeper = add_person("Gone"), add_person("Back"), add_person("Keeper", Role.ADMINISTRATOR)
    with app.app_context():
        with time_machine.travel(now() + timedelta(days=3 * 366), tick=False):
            run(lambda: actions.begin_sign_in(db.session.get_one(Person, back), "password"))
        with time_machine.travel(now() + timedelta(days=5 * 365), tick=False):
            keep_to_periods()
            assert db.session.get_one(Person, gone).name == "Gone"
        with time_machine.travel(now() + timedelta(days=6 * 366), tick=False):
            keep_to_periods()
            names = {number: db.session.get_one(Person, number).name for number in (gone, back, keeper)}
    assert names == {gone: NAME_OF_NOBODY, back: "Back", keeper: "Keeper"}


@pytest.mark.both_databases
def test_the_audit_trail_is_forgotten_from_its_beginning_and_stays_a_chain(app: Flask) -> None:
    with app.app_context():
        some_events(5)
        with time_machine.travel(now() + timedelta(days=4 * 365), tick=False):
            some_events(3)
            kept = chain.verify().end
        with time_machine.travel(now() + timedelta(days=7 * 365), tick=False):
            keep_to_periods()
            verdict = chain.verify(kept)
            assert verdict.fault == ""
            left = db.session.scalars(select(AuditEvent.action).order_by(AuditEvent.number)).all()
            assert left == ["tried"] * 3 + ["audit events forgotten"]
            run(lambda: db.session.execute(delete(AuditEvent).where(AuditEvent.number == int(kept.split(":")[0]) - 2)))
            assert chain.verify().fault, "a beginning that somebody else took away"
            run(
                lambda: db.session.execute(
                    update(AuditHead).where(AuditHead.id == 2).values(number=AuditHead.number + 1)
                )
            )
            assert "Where the chain begins" in chain.verify().fault


def test_a_broken_trail_is_not_forgotten(app: Flask) -> None:
    with app.app_context():
        some_events(3)
        run(lambda: db.session.execute(update(AuditEvent).values(action="other")))
        with time_machine.travel(now() + timedelta(days=7 * 365), tick=False):
            assert keep_to_periods() == {}
            assert db.session.scalar(select(func.count()).where(AuditEvent.action == "other"))


def test_the_page_on_privacy_tells_every_period(app: Flask, visitor: Visitor) -> None:
    visitor.get("/privacy")
    with app.app_context():
        for period in periods():
            assert period.what in visitor.text()
            assert period.kept in visitor.text()
            assert period.why in visitor.text()


def test_the_document_on_privacy_tells_the_same_periods(app: Flask) -> None:
    text = (Path(resource_dir("templates")).parent / "docs" / "privacy.md").read_text("utf-8")
    told = [line for line in text.splitlines() if line.startswith("| ")]
    with app.app_context():
        for period in periods():
            line = f"| {period.what} | {period.kept} | {period.then_words} | {period.why} |"
            assert line in told, f"docs/privacy.md does not say: {line}"
