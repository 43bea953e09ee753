"""What can become of a commitment, and when somebody is reminded: pure decisions."""

from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from catalogue.plans.rules import KEPT, NEXT, OPEN, REMIND_BEFORE, CommitmentState, is_due, months_after

days = st.dates(date(2020, 1, 1), date(2040, 1, 1))


@st.composite
def lives(draw: st.DrawFn) -> list[CommitmentState]:
    """Whatever somebody may say of a commitment, one after the other."""
    life = [CommitmentState.MADE]
    while NEXT[life[-1]] and draw(st.booleans()):
        life.append(draw(st.sampled_from(NEXT[life[-1]])))
    return life


@given(life=lives())
def test_a_life_begins_made_never_repeats_and_is_kept_only_after_it_was_tried(life: list[CommitmentState]) -> None:
    assert len(set(life)) == len(life), "each state once, as the database holds it too"
    assert len(life) <= 3
    if life[-1] in KEPT:
        assert life == [CommitmentState.MADE, CommitmentState.TESTED, life[-1]]


def test_every_state_has_its_place_and_can_be_come_to() -> None:
    assert set(NEXT) == set(CommitmentState)
    assert {state for after in NEXT.values() for state in after} == set(CommitmentState) - {CommitmentState.MADE}
    assert set(CommitmentState) == {*OPEN, *KEPT, CommitmentState.ABANDONED}
    assert set(OPEN).isdisjoint(KEPT)


@given(by=days, since=days, today=days)
def test_one_is_reminded_in_the_last_week_and_only_of_what_was_set_before_it(
    by: date, since: date, today: date
) -> None:
    due = is_due(by, since, today)
    assert not due or (timedelta() <= by - today <= REMIND_BEFORE and since < by - REMIND_BEFORE)


@given(by=days, ahead=st.integers(8, 400))
def test_what_is_set_in_time_is_reminded_of_on_each_day_of_its_last_week(by: date, ahead: int) -> None:
    since = by - timedelta(days=ahead)
    assert [is_due(by, since, by - timedelta(days=left)) for left in range(9)] == [True] * 8 + [False]


@given(day=days, months=st.integers(0, 36))
def test_so_many_months_on_is_the_same_day_or_the_last_of_a_shorter_month(day: date, months: int) -> None:
    then = months_after(day, months)
    assert (then.year - day.year) * 12 + then.month - day.month == months
    assert then.day == day.day or (then.day < day.day and (then + timedelta(days=1)).day == 1)
