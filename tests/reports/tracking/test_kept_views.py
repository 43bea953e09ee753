"""Views that people keep, and the letters that bring their figures."""

import re
import threading
from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any

import pytest
import time_machine
from flask import Flask
from sqlalchemy import select

from catalogue.clock import today
from catalogue.extensions import db
from catalogue.outbox import Delivery
from catalogue.people.models import Grant, Person, Role
from catalogue.reports.models import SavedView
from catalogue.reports.tracking.jobs import send_due
from tests.conftest import Ask
from tests.reports.standing import CUMBRIA, NOTTINGHAMSHIRE
from tests.reports.tracking.conftest import World
from tests.visitor import Visitor


def letters(ask: Ask) -> list[dict[str, Any]]:
    mail = select(Delivery).where(Delivery.kind == "mail").order_by(Delivery.id)
    return ask(lambda: [delivery.payload for delivery in db.session.scalars(mail)])  # type: ignore[no-any-return]


def kept(ask: Ask) -> list[tuple[str, str | None, date | None]]:
    reading = select(SavedView).order_by(SavedView.id)
    return ask(lambda: [(v.name, v.every, v.next_on) for v in db.session.scalars(reading)])  # type: ignore[no-any-return]


def keep(visitor: Visitor, query: str = "", name: str = "Mine", every: str = "") -> None:
    visitor.get(f"/track?{query}")
    visitor.press("Keep it", name=name, every=every)


def on_the_day(app: Flask, ask: Ask) -> None:
    """What the hourly job does on the day on which the first view is due."""
    (day, *_) = [next_on for _name, _every, next_on in kept(ask) if next_on]
    with time_machine.travel(datetime(day.year, day.month, day.day, 12).astimezone(), tick=False), app.app_context():
        send_due()


def test_a_view_is_kept_found_again_and_removed(world: World, administrator: Visitor, ask: Ask) -> None:
    keep(administrator, "system=nottinghamshire&state=overdue&names=1", "Late in Notts")
    page = administrator.follow()
    link = page.find("a", string="Late in Notts")
    administrator.get(str(link["href"]))  # type: ignore[index]
    assert len(administrator.page.select("tr[id^=row-]")) == 1
    assert "Person 1" not in administrator.response.text, "names are asked for each time"
    keep(administrator, "state=completed", "Late in Notts")
    assert len(kept(ask)) == 1, "the same name takes its place"
    administrator.get("/track/views")
    administrator.press("Remove Late in Notts")
    assert not kept(ask)
    assert not letters(ask)


def test_a_view_without_a_name_is_asked_for_one_and_what_was_asked_stays(world: World, administrator: Visitor) -> None:
    administrator.get("/track?system=nottinghamshire")
    administrator.press("Keep it", status=422, every="week")
    assert "Give the view a name" in administrator.text()
    assert administrator.page.select_one("select[name=system] option[selected][value=nottinghamshire]")
    assert administrator.page.select_one("input[name=every][value=week][checked]")


@pytest.mark.parametrize(("every", "words"), [("week", "every Monday"), ("month", "on the first of every month")])
def test_the_letter_has_figures_in_words_and_a_link_and_names_nobody(
    app: Flask, world: World, administrator: Visitor, ask: Ask, every: str, words: str
) -> None:
    keep(administrator, "system=nottinghamshire", "About Ada Brown", every)
    (_name, _every, due), *_ = kept(ask)
    assert due is not None
    assert due > today()
    with app.app_context():
        send_due()
    assert not letters(ask), "before its day"
    on_the_day(app, ask)
    (letter,) = letters(ask)
    assert letter["to"] == "adam.administrator@test.example"
    assert "4 enrolments by 3 people: 1 completed" in letter["text"]
    assert "System: Nottinghamshire" in letter["text"]
    assert words in letter["text"]
    for personal in ("Ada", "Adam", "Person 0", *world.people[NOTTINGHAMSHIRE]):
        assert personal not in letter["subject"] + letter["text"].replace("adam.administrator", "")
    (path,) = re.findall(r"https?://[^/]+(/track\?\S+)", letter["text"])
    Visitor(app).get(path, status=302)
    assert "4 enrolments" in administrator.get(path).get_text(" ")
    (_name, _every, again), *_ = kept(ask)
    assert again is not None
    assert due < again <= due + timedelta(days=31)
    on_the_day_before = datetime(due.year, due.month, due.day, 13).astimezone()
    with time_machine.travel(on_the_day_before, tick=False), app.app_context():
        send_due()
    assert len(letters(ask)) == 1, "once on its day"


@pytest.mark.both_databases
def test_two_workers_at_once_send_each_letter_once(
    app: Flask, world: World, administrator: Visitor, ask: Ask, change: Ask
) -> None:
    for number in range(4):
        keep(administrator, name=f"View {number}", every="week")
    change(lambda: [setattr(view, "next_on", today()) for view in db.session.scalars(select(SavedView))])
    start = threading.Barrier(3)

    def work() -> None:
        start.wait()
        with app.app_context():
            send_due()

    workers = [threading.Thread(target=work) for _ in range(3)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert len(letters(ask)) == 4
    assert all(next_on and next_on > today() for _name, _every, next_on in kept(ask))


def test_letters_end_when_the_right_ends(
    app: Flask, world: World, who: Callable[..., Visitor], ask: Ask, change: Ask
) -> None:
    lead = who(Role.LEAD, CUMBRIA)
    keep(lead, every="week")
    yesterday = today() - timedelta(days=1)
    change(
        lambda: [
            setattr(g, "ends_on", yesterday) for g in db.session.scalars(select(Grant).where(Grant.role == Role.LEAD))
        ]
    )
    on_the_day(app, ask)
    assert not letters(ask)
    assert kept(ask) == [("Mine", None, None)]
    lead.get("/track/views", status=404)


def test_a_lead_gets_the_figures_of_their_own_people(
    app: Flask, world: World, who: Callable[..., Visitor], ask: Ask
) -> None:
    keep(who(Role.LEAD, CUMBRIA), every="month")
    on_the_day(app, ask)
    assert "4 enrolments by 3 people" in letters(ask)[0]["text"]


def test_letters_to_who_answers_for_offers_have_no_count_below_ten(
    app: Flask, world: World, who: Callable[..., Visitor], ask: Ask
) -> None:
    keep(who(Role.PARTNER, organisation_id=world.providers[0]), every="month")
    on_the_day(app, ask)
    (letter,) = letters(ask)
    assert "Of groups of fewer than 10 people nothing is told." in letter["text"]
    assert not re.search(r"\b[1-9] ", letter["text"].split("\n\n")[1])


def test_whose_address_is_not_known_is_told_so(world: World, administrator: Visitor, change: Ask) -> None:
    change(lambda: [setattr(person, "email", "") for person in db.session.scalars(select(Person))])
    administrator.get("/track")
    administrator.press("Keep it", status=422, name="Mine", every="week")
    assert "We have no email address of yours" in administrator.text()


def test_a_view_is_its_persons_alone(
    world: World, administrator: Visitor, who: Callable[..., Visitor], ask: Ask
) -> None:
    keep(administrator, every="week")
    (view_id,) = ask(lambda: list(db.session.scalars(select(SavedView.id))))
    other = who(Role.LEAD, CUMBRIA)
    other.get("/track/views")
    assert "Mine" not in other.text()
    other.post(f"/track/views/{view_id}/remove", {"csrf_token": other.csrf_token()}, status=404)
    assert len(kept(ask)) == 1
