"""Dates are kept by the provider's people, and who holds a place or waits for one hears what changes."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import select

from catalogue.clock import today
from catalogue.extensions import db
from catalogue.offers.models import Run
from tests.publishing.conftest import WITH_RUNS, Ask, Work, letters
from tests.visitor import Visitor

LINK = "https://meet.example/secret-room"


def add_run(work: Work, places: int) -> int:
    work.editor.get(f"{work.at}/runs/new")
    day = today() + timedelta(days=40)
    work.editor.press(
        "Save", starts_on=day, ends_on=day, start_time="09:30", end_time="12:00", place="Leeds", venue="Hall 1",
        join_link=LINK, accessibility="Step-free", price_pounds="12.50", places=places,
    )  # fmt: skip
    work.editor.get(f"{work.at}/runs")
    return int(
        next(str(link["href"]).split("/")[-1] for link in reversed(work.editor.page.select("main a[href*='/runs/']"))
             if "Change" in link.get_text())
    )  # fmt: skip


def enrol(visitor: Visitor, run_id: int) -> str:
    visitor.get(f"/offers/{WITH_RUNS}/enrol")
    visitor.press("Confirm", run=run_id)
    return str(visitor.response.headers["Location"]).split("?")[0]


@pytest.mark.both_databases
def test_more_places_go_to_those_who_wait_and_a_cancelled_run_sets_everybody_free(
    work: Work, ask: Ask, add_person: Callable[..., int], sign_in: Callable[[int], Visitor], visitor: Visitor
) -> None:
    before = ask(lambda: set(db.session.scalars(select(Run.id))))
    add_run(work, 1)
    run_id = (ask(lambda: set(db.session.scalars(select(Run.id)))) - before).pop()
    first, second, third = (sign_in(add_person(name)) for name in ("Fay First", "Sue Second", "Tim Third"))
    booked, waiting = enrol(first, run_id), enrol(second, run_id)
    third_waits = enrol(third, run_id)
    first.get(booked)
    assert LINK in first.response.text
    second.get(waiting)
    assert LINK not in second.response.text
    visitor.get(f"/offers/{WITH_RUNS}")
    assert LINK not in visitor.response.text

    at = f"{work.at}/runs/{run_id}"
    work.partner.get(at)
    work.partner.press("Save", status=422, places=0)
    assert "1 of them taken already" in work.partner.text()
    work.partner.press("Save", places=2)
    second.get(waiting)
    assert LINK in second.response.text
    assert ask(letters)[-1][0] == "sue.second@test.example"
    work.partner.get(f"{at}/cancel")
    assert "2 people hold a place and 1 person waits" in work.partner.text()
    work.partner.press("Yes, cancel these dates")
    told = [(to, subject.split(":")[0]) for to, subject, _text in ask(letters)[-3:]]
    assert {to for to, _ in told} == {f"{name}@test.example" for name in ("fay.first", "sue.second", "tim.third")}
    assert {what for _, what in told} == {"Cancelled"}
    third.get(third_waits)
    assert "This ended on" in third.text()
    count = len(ask(letters))
    work.partner.post(f"{at}/cancel", {"csrf_token": work.partner.csrf_token()})
    assert len(ask(letters)) == count
    other_run = next(
        iter(sorted(before & ask(lambda: set(db.session.scalars(select(Run.id).where(Run.offer_id == work.offer_id))))))
    )
    enrol(first, other_run)


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ({"ends_on": "2020-01-01"}, "The last day must not be before the first"),
        ({"starts_on": "31/12/2026"}, "Enter a real date"),
        ({"ends_on": "9999-12-31"}, "Enter a real date"),
        ({"start_time": "25:00"}, "Enter a time between"),
        ({"start_time": "10:00", "end_time": "09:00"}, "It must end after it starts"),
        ({"join_link": "http://a.example/x"}, "Enter an address that starts with https://"),
        ({"join_link": "javascript:alert(1)"}, "Enter an address that starts with https://"),
        ({"places": "-1"}, "Enter places between"),
        ({"places": "9" * 30}, "Enter a whole number"),
        ({"place": " "}, "Say where it is"),
        ({"price_pounds": "infinity"}, "Enter a number"),
    ],
)
def test_what_is_wrong_with_dates_is_said_at_its_field(work: Work, typed: dict[str, str], said: str) -> None:
    work.editor.get(f"{work.at}/runs/new")
    day = today() + timedelta(days=40)
    work.editor.press("Save", status=422, **{"starts_on": day, "ends_on": day, "place": "Leeds", "places": 5, **typed})
    assert said in work.editor.text()
