"""Places, who gets one, and what can be joined: pure decisions."""

from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from catalogue.enrolments.models import EnrolmentState
from catalogue.enrolments.rules import free_places, overlaps, state_for, why_not
from catalogue.offers.models import Mode, RunState
from catalogue.offers.rules import can_be_joined

counts = st.integers(0, 2_000)
days = st.dates(date(2020, 1, 1), date(2040, 1, 1))
spans = st.tuples(days, st.integers(0, 400)).map(lambda span: (span[0], span[0] + timedelta(days=span[1])))
with_dates = st.sampled_from([mode for mode in Mode if mode != Mode.SELF_PACED])
run_states = st.sampled_from(list(RunState))


@given(places=counts, booked=counts)
def test_free_places_are_what_is_left_and_never_fewer_than_none(places: int, booked: int) -> None:
    free = free_places(places, booked)
    assert free >= 0
    assert free == places - booked if booked <= places else free == 0


@given(places=counts, booked=counts, waiting=counts)
def test_a_place_goes_only_to_somebody_before_whom_nobody_waits(places: int, booked: int, waiting: int) -> None:
    state = state_for(places, booked, waiting)
    if state == EnrolmentState.BOOKED:
        assert free_places(places, booked) >= 1
        assert waiting == 0
    else:
        assert state == EnrolmentState.WAITLISTED
        assert free_places(places, booked) == 0 or waiting > 0


@given(places=st.integers(0, 50), people=st.integers(0, 120))
def test_whoever_comes_one_by_one_fills_the_places_and_then_the_list(places: int, people: int) -> None:
    booked = waiting = 0
    for _ in range(people):
        if state_for(places, booked, waiting) == EnrolmentState.BOOKED:
            booked += 1
        else:
            waiting += 1
    assert booked == min(places, people)
    assert booked + waiting == people


@given(
    places=st.integers(0, 20),
    booked=st.integers(0, 20),
    waiting=st.integers(0, 40),
    leaving=st.lists(st.booleans(), max_size=40),
)
def test_withdrawals_promote_and_never_overbook(places: int, booked: int, waiting: int, leaving: list[bool]) -> None:
    """As the actions do it: after each withdrawal as many are promoted as there are places, and people."""
    booked = min(places, booked)
    waiting = waiting if booked == places else 0
    for holds_a_place in leaving:
        if holds_a_place and booked:
            booked -= 1
        elif waiting:
            waiting -= 1
        promoted = min(free_places(places, booked), waiting)
        booked, waiting = booked + promoted, waiting - promoted
        assert booked <= places
        assert not waiting or booked == places


@given(state=st.none() | run_states, starts_on=st.none() | days, today=days)
def test_at_ones_own_pace_one_can_always_start(state: RunState | None, starts_on: date | None, today: date) -> None:
    assert why_not(Mode.SELF_PACED, state, starts_on, today) == ""


@given(mode=with_dates, state=run_states, starts_on=days, today=days)
def test_a_run_is_joined_or_the_reason_is_a_sentence(mode: Mode, state: RunState, starts_on: date, today: date) -> None:
    reason = why_not(mode, state, starts_on, today)
    assert (reason == "") == can_be_joined(starts_on, state, today), "the pages and the action agree"
    assert reason == "" or (reason[0].isupper() and reason.endswith("."))


@given(mode=with_dates, today=days)
def test_without_a_date_one_is_asked_to_choose(mode: Mode, today: date) -> None:
    assert why_not(mode, None, None, today) == "Choose one of the dates."


@given(mode=with_dates, starts_on=days, today=days)
def test_a_cancelled_run_is_called_cancelled_whenever_it_was_to_start(mode: Mode, starts_on: date, today: date) -> None:
    assert "cancelled" in why_not(mode, RunState.CANCELLED, starts_on, today)


@given(mode=with_dates, today=days)
def test_a_run_takes_people_on_its_first_day_and_not_after(mode: Mode, today: date) -> None:
    assert why_not(mode, RunState.OPEN, today, today) == ""
    assert "begun" in why_not(mode, RunState.OPEN, today - timedelta(days=1), today)


@given(first=spans, second=spans)
def test_spans_overlap_where_they_share_a_day(first: tuple[date, date], second: tuple[date, date]) -> None:
    def all_days(span: tuple[date, date]) -> set[int]:
        return set(range(span[0].toordinal(), span[1].toordinal() + 1))

    assert overlaps(first, second) == bool(all_days(first) & all_days(second))
    assert overlaps(first, second) == overlaps(second, first)
    assert overlaps(first, first)
