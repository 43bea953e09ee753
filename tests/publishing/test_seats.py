"""Seats of a run that are kept for systems and partners, on a page of the run."""

from typing import Any

from sqlalchemy import select

from catalogue.enrolments.models import SeatAllocation
from catalogue.extensions import db
from catalogue.offers.models import Offer
from catalogue.systems.models import System
from tests.conftest import Ask
from tests.publishing.conftest import Work


def run_id_of(work: Work) -> Any:
    return db.session.get_one(Offer, work.offer_id).runs[0].id


def kept() -> list[tuple[str, int, str]]:
    rows = db.session.execute(
        select(System.key, SeatAllocation.seats, SeatAllocation.release_on)
        .join(System, System.id == SeatAllocation.system_id)
        .order_by(System.key)
    )
    return [(key, seats, str(day)) for key, seats, day in rows]


def bodies() -> dict[str, str]:
    return {system.key: f"system:{system.id}" for system in db.session.scalars(select(System))}


def test_seats_are_kept_changed_and_given_back(work: Work, ask: Ask) -> None:
    at, body = f"{work.at}/runs/{ask(lambda: run_id_of(work))}/seats", ask(bodies)
    work.partner.get(at)
    work.partner.press("Add a row", status=200)
    first = {"rows-0-body": body["nottinghamshire"], "rows-0-seats": "4", "rows-0-release_on": "2030-01-01"}
    second = {"rows-1-body": body["bristol-north-somerset-and-south-gloucestershire"], "rows-1-seats": "2",
              "rows-1-release_on": "2030-02-01"}  # fmt: skip
    work.partner.press("Save", **first, **second)
    assert ask(kept) == [
        ("bristol-north-somerset-and-south-gloucestershire", 2, "2030-02-01"), ("nottinghamshire", 4, "2030-01-01"),
    ]  # fmt: skip
    work.partner.follow()
    work.partner.press("Save", **{"rows-1-body": "", "rows-1-seats": "", "rows-1-release_on": "", "rows-0-seats": "3"})
    assert ask(kept) == [("nottinghamshire", 3, "2030-01-01")]


def test_what_cannot_be_kept_is_said_beside_the_row_and_what_was_typed_stays(work: Work, ask: Ask) -> None:
    at, body = f"{work.at}/runs/{ask(lambda: run_id_of(work))}/seats", ask(bodies)
    row = {"rows-0-body": body["nottinghamshire"], "rows-0-seats": "5", "rows-0-release_on": "2030-01-01"}
    for wrong, field, words in (
        ({"rows-0-seats": "1000"}, "seats", "more than the"),
        ({"rows-0-seats": "some"}, "seats", "whole number"),
        ({"rows-0-body": "system:0"}, "body", "Choose for whom"),
        ({"rows-0-release_on": ""}, "release_on", "first day"),
    ):
        work.partner.get(at)
        page = work.partner.press("Save", status=422, **row | wrong)
        assert words in page.select_one(f"#rows-0-{field}-error").get_text(), field  # type: ignore[union-attr]
        assert page.select_one("#rows-0-seats")["value"] == (row | wrong)["rows-0-seats"]  # type: ignore[index]
    assert ask(kept) == []
    work.other.get(at, status=404)
