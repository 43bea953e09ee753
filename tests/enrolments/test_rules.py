"""What can be joined, by whom, and until when: pure decisions."""

from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from catalogue.enrolments.rules import answer_by, not_for, overlaps, run_state, why_not
from catalogue.offers.models import Mode, RunState
from catalogue.offers.rules import JOINABLE, can_be_joined

days = st.dates(date(2020, 1, 1), date(2040, 1, 1))
spans = st.tuples(days, st.integers(0, 400)).map(lambda span: (span[0], span[0] + timedelta(days=span[1])))
with_dates = st.sampled_from([mode for mode in Mode if mode != Mode.SELF_PACED])
run_states = st.sampled_from(list(RunState))


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


@given(mode=with_dates, today=days, ago=st.integers(1, 400))
def test_after_the_last_day_to_apply_nobody_joins(mode: Mode, today: date, ago: int) -> None:
    starts_on = today + timedelta(days=1)
    assert why_not(mode, RunState.OPEN, starts_on, today, apply_by=today) == ""
    assert "last day to apply" in why_not(mode, RunState.OPEN, starts_on, today, today - timedelta(days=ago))


@given(state=run_states, free=st.booleans())
def test_only_a_run_that_takes_people_is_said_to_be_open_or_full(state: RunState, *, free: bool) -> None:
    kept = run_state(state, free=free)
    assert kept == ((RunState.OPEN if free else RunState.FULL) if state in JOINABLE else state)


@given(today=days, starts_in=st.none() | st.integers(-10, 60))
def test_an_answer_is_awaited_a_fortnight_at_most_and_not_beyond_the_start(today: date, starts_in: int | None) -> None:
    last = answer_by(today, None if starts_in is None else today + timedelta(days=starts_in))
    assert today <= last <= today + timedelta(days=14)
    if starts_in is not None and starts_in >= 0:
        assert last <= today + timedelta(days=starts_in)


def test_an_offer_says_for_whom_it_is() -> None:
    seats = {1: "Ward", 2: "Board"}
    assert not_for([], None, None) == ""
    assert not_for(["First steps"], "the plan for stroke", (1, seats)) == "Complete this first: First steps."
    assert "which part" in not_for([], "  ", None)
    assert "Ward, Board" in not_for([], None, (3, seats))
    assert "Ward, Board" in not_for([], None, (None, seats))
    assert not_for([], "the plan for stroke", (2, seats)) == ""


@given(first=spans, second=spans)
def test_spans_overlap_where_they_share_a_day(first: tuple[date, date], second: tuple[date, date]) -> None:
    def all_days(span: tuple[date, date]) -> set[int]:
        return set(range(span[0].toordinal(), span[1].toordinal() + 1))

    assert overlaps(first, second) == bool(all_days(first) & all_days(second))
    assert overlaps(first, second) == overlaps(second, first)
    assert overlaps(first, first)
