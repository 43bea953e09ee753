"""Seats that are kept for the people of a system or of a partner, until their day."""

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from catalogue.enrolments import seating
from catalogue.enrolments.allocations import due, release, set_allocations
from catalogue.enrolments.models import Enrolment, SeatAllocation
from catalogue.enrolments.runs import change_run
from catalogue.errors import Refused
from catalogue.extensions import db
from catalogue.offers.models import RunState
from catalogue.people.models import Person
from catalogue.systems.models import Organisation
from tests.enrolments.conftest import WITH_RUNS, Ask, audited, first_run, states, today
from tests.enrolments.taking_part import join
from tests.visitor import Visitor

pytestmark = pytest.mark.both_databases
LATER = timedelta(days=10)


def person() -> Person:
    return db.session.scalars(select(Person).order_by(Person.id).limit(1)).one()


@pytest.fixture
def keep(change: Ask, learner: Visitor) -> Callable[..., Any]:
    """Allocate: by system's id, how many seats, until a day."""

    def allocate(*rows: tuple[int | None, int | None, int, date]) -> Any:
        return change(lambda: [one.id for one in set_allocations(first_run(), rows, person())])

    return allocate


def waiting(found: list[tuple[int, str]]) -> list[str]:
    return [state for _person, state in found]


def test_a_kept_seat_is_for_its_system_alone_and_pages_say_so(
    systems: list[int], keep: Callable[..., Any], somebody_of: Callable[[str, int], Visitor], learner: Visitor,
    set_run: Callable[..., int], ask: Ask,
) -> None:  # fmt: skip
    run_id = set_run(places=3)
    keep((systems[0], None, 2, today() + LATER))
    first, second = somebody_of("Ola One", 0), somebody_of("Tom Two", 1)
    assert "1 place left" in second.get(f"/offers/{WITH_RUNS}/enrol").get_text()
    assert "2 places left" in first.get(f"/offers/{WITH_RUNS}/enrol").get_text()
    join(second, run_id)
    assert "full: join the waiting list" in learner.get(f"/offers/{WITH_RUNS}/enrol").get_text()
    assert ask(lambda: first_run().state) == RunState.FULL, "for whom no seat is kept"
    join(learner, run_id)
    join(first, run_id)
    assert waiting(ask(states)) == ["booked", "waitlisted", "booked"]
    used = ask(lambda: [(one.used, one.unused, one.kept) for one in seating.allocated([run_id])[run_id]])
    assert used == [(1, 1, True)]
    assert ask(lambda: seating.standing(first_run()).committed) == 3


def test_a_seat_that_is_left_goes_to_the_first_who_waits_and_may_use_it(
    systems: list[int], keep: Callable[..., Any], somebody_of: Callable[[str, int], Visitor], learner: Visitor,
    set_run: Callable[..., int], ask: Ask,
) -> None:  # fmt: skip
    run_id = set_run(places=1)
    keep((systems[0], None, 1, today() + LATER))
    holder = somebody_of("Ola One", 0)
    path = join(holder, run_id)
    join(learner, run_id)
    for name, number in (("Tom Two", 1), ("Una One", 0)):
        join(somebody_of(name, number), run_id)
    holder.get(f"{path}/withdraw")
    holder.press("Yes, withdraw", why="work")
    assert waiting(ask(states)) == ["withdrawn", "waitlisted", "waitlisted", "booked"]


def test_a_partners_people_use_its_seats(
    keep: Callable[..., Any], systems: list[int], somebody_of: Callable[[str, int], Visitor],
    set_run: Callable[..., int], ask: Ask,
) -> None:  # fmt: skip
    run_id = set_run(places=1)
    trust = ask(lambda: db.session.scalars(select(Organisation.id).where(Organisation.key == "trust-1")).one())
    keep((None, trust, 1, today() + LATER))
    join(somebody_of("Ola One", 0), run_id)
    join(somebody_of("Tom Two", 1), run_id)
    assert waiting(ask(states)) == ["waitlisted", "booked"]


def test_on_its_day_what_is_unused_goes_to_those_who_wait_in_order_once(
    systems: list[int], keep: Callable[..., Any], new_learner: Callable[[str], Visitor], set_run: Callable[..., int],
    ask: Ask, change: Ask,
) -> None:  # fmt: skip
    run_id = set_run(places=3)
    keep((systems[0], None, 2, today() + LATER))
    for name in ("Ada First", "Bo Second", "Cy Third", "Di Fourth"):
        join(new_learner(name), run_id)
    assert waiting(ask(states)) == ["booked", "waitlisted", "waitlisted", "waitlisted"]
    assert ask(due) == []

    def its_day() -> None:
        db.session.scalars(select(SeatAllocation)).one().release_on = today()

    change(its_day)
    late = new_learner("Ed Fifth")
    join(late, run_id)
    assert waiting(ask(states))[-1] == "waitlisted", "those who wait come first, also before the hour of the release"
    assert ask(due) == [run_id]
    assert len(change(lambda: [one.id for one in release(run_id)])) == 2
    assert waiting(ask(states)) == ["booked", "booked", "booked", "waitlisted", "waitlisted"]
    assert ask(due) == []
    assert change(lambda: len(release(run_id))) == 0
    assert ask(lambda: audited("seats released")) == 1


def test_what_cannot_be_kept_is_refused_in_plain_words(
    systems: list[int], keep: Callable[..., Any], somebody_of: Callable[[str, int], Visitor], learner: Visitor,
    set_run: Callable[..., int], ask: Ask, change: Ask,
) -> None:  # fmt: skip
    run_id, day = set_run(places=4), today() + LATER
    refusals = [
        ([(systems[0], None, 3, day), (systems[1], None, 2, day)], "more than the 4 places"),
        ([(systems[0], None, 1, day), (systems[0], None, 1, day)], "one row"),
        ([(None, None, 1, day)], "Say for whom"),
        ([(systems[0], 1, 1, day)], "Say for whom"),
        ([(systems[0], None, -1, day)], "0 or more"),
        ([(2_000_000_000, None, 1, day)], "no such system"),
    ]
    for rows, words in refusals:
        with pytest.raises(Refused, match=words):
            keep(*rows)
    assert ask(lambda: db.session.scalars(select(SeatAllocation)).all()) == []
    keep((systems[0], None, 2, day))
    join(somebody_of("Ola One", 0), run_id)
    with pytest.raises(Refused, match=r"used already: 1. Enter 1 or more"):
        keep((systems[0], None, 0, day))
    with pytest.raises(Refused, match="used already"):
        keep()
    join(learner, run_id)
    with pytest.raises(Refused, match="2 of the 4 places are taken, so 2 can still be kept"):
        keep((systems[0], None, 4, day))
    values = {"places": 2}
    with pytest.raises(Refused, match="2 of them taken already and 1 kept for others"):
        change(lambda: change_run(first_run(), values, person()))
    keep((systems[0], None, 3, day))


def test_fewer_kept_seats_make_room_for_those_who_wait(
    systems: list[int], keep: Callable[..., Any], learner: Visitor, set_run: Callable[..., int], ask: Ask
) -> None:
    run_id = set_run(places=2)
    keep((systems[0], None, 2, today() + LATER))
    join(learner, run_id)
    assert waiting(ask(states)) == ["waitlisted"]
    assert len(keep((systems[0], None, 1, today() + LATER))) == 1
    assert waiting(ask(states)) == ["booked"]
    assert keep() == []
    assert ask(lambda: db.session.scalars(select(SeatAllocation)).all()) == []
    assert ask(lambda: first_run().state) == RunState.OPEN
    assert ask(lambda: db.session.scalars(select(Enrolment.allocation_id)).all()) == [None]
