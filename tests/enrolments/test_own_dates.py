"""A person's own dates in their calendar, the last days to join and to leave, and reminders."""

from collections.abc import Callable
from datetime import date, datetime, timedelta

import pytest
from flask import Flask
from hypothesis import given
from hypothesis import strategies as st
from icalendar import Calendar
from sqlalchemy import select

from catalogue.clock import now
from catalogue.enrolments.actions import withdraw_for
from catalogue.enrolments.jobs import keep_days
from catalogue.enrolments.models import CalendarFeed, Enrolment
from catalogue.enrolments.reminding import BEFORE, is_due
from catalogue.errors import Refused
from catalogue.extensions import db
from catalogue.frameworks.models import Seat
from catalogue.offers.models import RunSession
from catalogue.people.models import Person
from tests.enrolments.conftest import WITH_RUNS, Ask, first_run, letters, states, today
from tests.enrolments.taking_part import join
from tests.visitor import Visitor


def events(visitor: Visitor, path: str, status: int = 200) -> list[dict[str, object]]:
    visitor.get(path, status)
    made = Calendar.from_ical(visitor.response.data)
    return [{key: event.decoded(key) for key in ("summary", "dtstart", "status")} for event in made.walk("VEVENT")]


def meet(change: Ask, *starts: datetime) -> None:
    def add() -> None:
        for number, start in enumerate(starts, 1):
            db.session.add(
                RunSession(run=first_run(), key=f"s{number}", title=f"Session {number}", starts_at=start,
                           ends_at=start + timedelta(hours=2))
            )  # fmt: skip

    change(add)


def test_an_enrolment_has_a_file_with_its_sessions_for_whoever_it_is_alone(
    learner: Visitor, new_learner: Callable[[str], Visitor], set_run: Callable[..., int], change: Ask
) -> None:
    path = join(learner, set_run(places=1))
    (whole,) = events(learner, f"{path}/calendar.ics")
    assert whole["status"] == "CONFIRMED"
    start = now().replace(microsecond=0) + timedelta(days=30)
    meet(change, start, start + timedelta(days=7))
    first, second = events(learner, f"{path}/calendar.ics")
    assert first["dtstart"] == start
    assert str(second["summary"]).endswith(": Session 2")
    other = new_learner("Ola Other")
    other.get(f"{path}/calendar.ics", status=404)
    other.get(f"{join(other, set_run())}/calendar.ics", status=404)  # who waits has no date


def test_all_dates_have_a_private_address_until_it_is_ended(
    learner: Visitor, visitor: Visitor, set_run: Callable[..., int], ask: Ask
) -> None:
    join(learner, set_run(places=1))
    learner.get("/enrolments/calendar")
    page = learner.press("Make the address", 200)
    made = page.select_one("#made")
    assert made is not None
    path = "/" + made.get_text().split("/", 3)[3]
    assert len(events(visitor, path)) == 1
    kept = ask(lambda: db.session.scalars(select(CalendarFeed)).one().token_hash)
    assert kept not in path
    learner.get("/enrolments/calendar")
    learner.press("Make a new address", 200)
    visitor.get(path, status=404)
    learner.press("End the address")
    assert ask(lambda: db.session.scalars(select(CalendarFeed)).all()) == []


def test_after_the_last_day_nobody_applies_and_before_it_the_day_is_said(
    learner: Visitor, set_run: Callable[..., int], ask: Ask
) -> None:
    run_id = set_run(places=3, apply_by=today())
    page = learner.get(f"/offers/{WITH_RUNS}/enrol")
    assert "apply by" in page.get_text()
    set_run(apply_by=today() - timedelta(days=1))
    learner.press("Confirm", 422, run=run_id)
    assert "The last day to apply for this run was" in learner.text()
    assert not learner.get(f"/offers/{WITH_RUNS}/enrol").select(f"input[name=run][value='{run_id}']")
    assert ask(states) == []


@pytest.mark.both_databases
def test_after_the_last_day_the_provider_alone_takes_somebody_off(
    learner: Visitor, new_learner: Callable[[str], Visitor], set_run: Callable[..., int], ask: Ask, change: Ask
) -> None:
    run_id = set_run(places=1, withdraw_by=today())
    path = join(learner, run_id)
    waiting = new_learner("Wim Waits")
    join(waiting, run_id)
    assert "by yourself until" in learner.get(path).get_text()
    learner.get(f"{path}/withdraw")
    set_run(withdraw_by=today() - timedelta(days=1))
    learner.press("Yes, withdraw", 409, why="work")
    assert "they can take you off the list" in learner.text()
    assert "they can take you off the list" in learner.get(f"{path}/withdraw").get_text()
    assert not learner.page.select("main button")

    def act(reason: str) -> int:
        enrolment = db.session.get_one(Enrolment, int(path.rsplit("/", 1)[1]))
        return len(
            withdraw_for(enrolment, db.session.scalars(select(Person).order_by(Person.id).limit(1)).one(), reason)
        )

    with pytest.raises(Refused, match="Say why"):
        change(lambda: act(" "))
    assert change(lambda: act("Ill, said on the phone")) == 1
    assert [state for _person, state in ask(states)] == ["withdrawn", "booked"]


def test_leaving_takes_a_reason_which_is_kept(learner: Visitor, set_run: Callable[..., int], ask: Ask) -> None:
    path = join(learner, set_run(places=1))
    learner.get(f"{path}/withdraw")
    assert "Choose the reason that fits best" in learner.press("Yes, withdraw", 422, words="No train").get_text()
    learner.press("Yes, withdraw", why="dates")
    reason = ask(lambda: db.session.scalars(select(Enrolment.reason)).one())
    assert reason == "The dates do not suit me: No train"


def test_two_runs_clash_where_their_sessions_share_a_day_and_not_else(
    learner: Visitor, change: Ask, set_run: Callable[..., int]
) -> None:
    def same_days() -> str:
        mine = first_run()
        other = db.session.scalars(
            select(type(mine)).where(type(mine).offer_id != mine.offer_id).order_by(type(mine).id).limit(1)
        ).one()
        other.starts_on, other.ends_on = mine.starts_on, mine.starts_on + timedelta(days=60)
        day = datetime.combine(mine.starts_on, datetime.min.time(), now().tzinfo) + timedelta(days=40, hours=10)
        db.session.add(RunSession(run=other, key="s", title="S", starts_at=day, ends_at=day + timedelta(hours=1)))
        return other.offer.slug

    slug = change(same_days)
    join(learner, set_run())
    assert "clashes with" not in learner.get(f"/offers/{slug}/enrol").get_text()
    start = now() + timedelta(days=1)

    def on_the_day() -> None:
        session = db.session.scalars(select(RunSession).where(RunSession.key == "s")).one()
        start = datetime.combine(first_run().starts_on, datetime.min.time(), now().tzinfo) + timedelta(hours=10)
        session.starts_at, session.ends_at = start, start + timedelta(hours=1)

    change(on_the_day)
    assert "clashes with" in learner.get(f"/offers/{slug}/enrol").get_text()
    assert start


def test_colleagues_of_the_system_see_each_other_where_they_wish_it(
    somebody_of: Callable[[str, int], Visitor], systems: list[int], set_run: Callable[..., int]
) -> None:
    run_id = set_run(places=5)
    for name, number, shown in (("Ola One", 0, "y"), ("Una One", 0, ""), ("Tom Two", 1, "y")):
        visitor = somebody_of(name, number)
        visitor.get(f"/offers/{WITH_RUNS}/enrol")
        visitor.press("Confirm", run=run_id, **({"name_shown": shown} if shown else {}))
    ugo = somebody_of("Ugo One", 0)
    page = ugo.get(join(ugo, run_id)).get_text()
    assert "2 other people of" in page
    assert "Ola One, and 1 person without a name here" in page
    assert "Una One" not in page
    assert "Tom Two" not in page


def test_who_only_waits_is_told_how_many_of_their_system_go_and_no_names(
    somebody_of: Callable[[str, int], Visitor], systems: list[int], set_run: Callable[..., int]
) -> None:
    run_id = set_run(places=1)
    ola = somebody_of("Ola One", 0)
    ola.get(f"/offers/{WITH_RUNS}/enrol")
    ola.press("Confirm", run=run_id, name_shown="y")
    ugo = somebody_of("Ugo One", 0)
    page = ugo.get(join(ugo, run_id)).get_text()
    assert "on the waiting list" in page
    assert "1 other person of" in page
    assert "Ola One" not in page


def test_only_the_seats_that_it_is_for_may_join_where_it_says_so(
    learner: Visitor, asks: Callable[..., None], set_run: Callable[..., int], ask: Ask, change: Ask
) -> None:
    two = change(lambda: [seat.id for seat in db.session.scalars(select(Seat).order_by(Seat.id).limit(2))])
    asks(for_seats_only=True)

    def for_the_first() -> None:
        version = first_run().offer.published
        version.seats.append(db.session.get_one(Seat, two[0]))

    change(for_the_first)
    run_id = set_run(places=2)
    learner.get(f"/offers/{WITH_RUNS}/enrol")
    assert "Choose your seat" in learner.press("Confirm", 422, run=run_id).get_text()
    assert "This is only for people in these seats" in learner.press("Confirm", 422, run=run_id, seat=two[1]).get_text()
    learner.press("Confirm", run=run_id, seat=two[0])
    assert ask(lambda: db.session.scalars(select(Enrolment.seat_id)).one()) == two[0]


@pytest.mark.both_databases
def test_reminders_come_a_week_and_a_day_before_once_each(
    learner: Visitor, set_run: Callable[..., int], ask: Ask, change: Ask, app: Flask
) -> None:
    join(learner, set_run(places=1))

    def long_ago() -> None:
        db.session.scalars(select(Enrolment)).one().changed_at = now() - timedelta(days=40)

    change(long_ago)
    for days in (9, 7, 6, 1, 0):
        set_run(starts_on=today() + timedelta(days=days), ends_on=today() + timedelta(days=days))
        for _ in range(2):
            with app.app_context():
                keep_days()
    told = [letter.partition(":")[0] for letter in ask(lambda: letters("lena.learner@test.example"))]
    assert told == ["You are enrolled", "In a week", "Tomorrow"]


days = st.dates(date(2020, 1, 1), date(2040, 1, 1))


@given(kind=st.sampled_from(list(BEFORE)), day=days, since=st.integers(0, 60), ahead=st.integers(-5, 60))
def test_nobody_is_reminded_of_what_they_have_only_just_heard(kind: str, day: date, since: int, ahead: int) -> None:
    today, came = day - timedelta(days=ahead), day - timedelta(days=since)
    if is_due(kind, day, came, today):
        assert 0 <= ahead <= BEFORE[kind].days
        assert since > BEFORE[kind].days
        assert kind != "week" or ahead > 1
