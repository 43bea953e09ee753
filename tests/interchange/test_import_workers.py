"""What workers do with a file that was sent in, whatever happens meanwhile."""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from flask import Flask
from sqlalchemy import select

from catalogue.extensions import db
from catalogue.interchange import actions, importing, write
from catalogue.interchange.claiming import LEASE
from catalogue.interchange.models import ImportState, OfferImport
from catalogue.interchange.plan import PlannedRow
from catalogue.people import actions as people
from catalogue.people.models import Grant, Person
from catalogue.transactions import run
from tests.interchange.importing import as_csv, import_rows, rows
from tests.interchange.workers import imports_there, send, state, sweep, work
from tests.visitor import Visitor


def test_how_far_a_dry_run_is_stands_on_its_page(app: Flask, partner: Visitor, monkeypatch: pytest.MonkeyPatch) -> None:
    at = send(partner, as_csv(rows(4)))
    seen: list[str] = []

    def look() -> None:
        page = partner.get(f"{at}?still=1")
        assert page.select_one("meta[http-equiv=refresh]") is None, "somebody asked for it to keep still"
        bar = page.select_one("main progress")
        assert bar is not None
        seen.append(f"{bar.get('value')} of {bar.get('max')}: {bar.get_text()}")

    def plan_all(*given: Any) -> Iterator[list[PlannedRow]]:
        for chunk in write.plan_all(*given):
            look()
            yield chunk

    monkeypatch.setattr(write, "CHUNK", 2)
    monkeypatch.setattr(importing, "plan_all", plan_all)
    work(app)
    assert seen == ["0 of 4: 0 rows of 4 checked.", "2 of 4: 2 rows of 4 checked."]
    partner.get(at)
    assert "4 offers new" in partner.text()


def test_what_came_out_otherwise_than_shown_is_said(app: Flask, administrator: Visitor) -> None:
    at = send(administrator, as_csv(rows(3)))
    work(app)
    with app.app_context():
        import_rows(rows(2)[1:])
    administrator.get(at)
    administrator.press("Import the 3 good rows")
    work(app)
    administrator.get(at)
    assert "1 offer came out otherwise than we had shown you" in administrator.text()
    assert "in the order of the file, number 2." in administrator.text()


def test_who_does_not_work_there_any_more_imports_nothing(app: Flask, partner: Visitor, administrator: Visitor) -> None:
    at = send(partner, as_csv(rows(1)))
    work(app)
    partner.get(at)
    partner.press("Import the 1 good row")
    with app.app_context():
        run(lambda: [db.session.delete(grant) for grant in db.session.scalars(_grants("Petra Partner"))])
    before = state(app)
    work(app)
    assert state(app) == before
    partner.get(at, status=404)
    administrator.get(at)
    assert "does not work on the offers of this provider any more" in administrator.text()


def _grants(name: str) -> Any:
    return select(Grant).join(Person, Person.id == Grant.person_id).where(Person.name == name)


def test_a_lost_wake_up_is_found_and_one_worker_at_a_time_has_an_import(
    app: Flask, partner: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    at = send(partner, as_csv(rows(1)))
    while app.extensions["huey"].dequeue() is not None:
        pass  # it is lost
    reading: list[str] = []

    def die(*_args: object) -> None:
        reading.append("begun")
        raise SystemExit

    with monkeypatch.context() as killed:
        killed.setattr(importing, "rows_of", die)
        sweep(app)
        with pytest.raises(SystemExit):
            work(app)
        sweep(app)
        work(app)
    assert reading == ["begun"], "another worker took what one has claimed"
    with time_machine.travel(datetime.now(UTC) + LEASE + timedelta(seconds=1)):
        sweep(app)
        work(app)
    partner.get(at)
    assert "1 offer new" in partner.text()


@pytest.mark.both_databases
def test_an_import_that_several_workers_hear_of_is_done_by_one(
    app: Flask, administrator: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    at = send(administrator, as_csv(rows(3)))
    work(app)
    administrator.get(at)
    administrator.press("Import the 3 good rows")
    import_id, written = int(at.rsplit("/", 1)[1]), []

    def write_all(*given: Any) -> Iterator[list[PlannedRow]]:
        written.append(given)
        return write.write_all(*given)

    monkeypatch.setattr(importing, "write_all", write_all)
    together = threading.Barrier(4)

    def one() -> None:
        with app.app_context():
            together.wait()
            importing.work_on(import_id)

    with ThreadPoolExecutor(4) as pool:
        for done in [pool.submit(one) for _ in range(4)]:
            done.result()
    assert len(written) == 1
    administrator.get(at)
    assert "What was imported" in administrator.text()


def test_a_fault_of_ours_is_said_and_ends_the_import(
    app: Flask, partner: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    at = send(partner, as_csv(rows(1)))
    work(app)
    partner.get(at)
    partner.press("Import the 1 good row")
    before = state(app)

    def break_down(*_args: object) -> None:
        raise RuntimeError("out of order")

    monkeypatch.setattr(importing, "rows_of", break_down)
    work(app)
    partner.get(at)
    assert "Something went wrong on our side, and nothing was changed." in partner.text()
    assert state(app) == before


def test_one_that_is_thrown_away_under_way_ends_there(app: Flask, partner: Visitor) -> None:
    at = send(partner, as_csv(rows(1)))
    partner.get(at)
    partner.press("Throw away")
    work(app)
    assert imports_there(app) == 0


def test_files_that_nobody_decides_on_are_forgotten(app: Flask, partner: Visitor) -> None:
    send(partner, as_csv(rows(1)))
    with app.app_context():
        run(actions.forget_old_imports)
    assert imports_there(app) == 1
    with time_machine.travel(datetime.now(UTC) + actions.KEPT + timedelta(days=1)), app.app_context():
        run(actions.forget_old_imports)
    assert imports_there(app) == 0


def test_somebody_suspended_has_no_rights_left(app: Flask, partner: Visitor) -> None:
    at = send(partner, as_csv(rows(1)))
    with app.app_context():
        person_id = db.session.scalars(select(Person.id).where(Person.name == "Petra Partner")).one()
        run(lambda: people.suspend(db.session.get_one(Person, person_id)))
    work(app)
    with app.app_context():
        assert db.session.scalars(select(OfferImport.state)).one() == ImportState.REFUSED
    assert at
