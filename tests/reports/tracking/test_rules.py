"""What has become of an enrolment, rates, and what is told of people to those who may not see them."""

from collections import Counter
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise, product
from statistics import median_low

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from catalogue.clock import midnight
from catalogue.enrolments.models import ON_IT, EnrolmentState
from catalogue.people.rules import FEWEST_TOLD_OF
from catalogue.reports.models import Every
from catalogue.reports.tracking import rules
from catalogue.reports.tracking.rules import ENDED, Outcome, Told

DAY = date(2026, 6, 30)
days = st.dates(date(2020, 1, 1), date(2030, 12, 31))
states = st.sampled_from(EnrolmentState)


@pytest.mark.parametrize(
    ("days_ago", "over"), [(0, False), (rules.OVERDUE_AFTER - 1, False), (rules.OVERDUE_AFTER + 1, True), (900, True)]
)
def test_at_ones_own_pace_one_is_overdue_after_so_many_days(days_ago: int, over: bool) -> None:
    joined = midnight(DAY - timedelta(days=days_ago)) + timedelta(hours=12)
    assert rules.is_overdue(EnrolmentState.BOOKED, joined, None, DAY) == over


def test_the_last_day_in_london_still_counts() -> None:
    last = DAY - timedelta(days=rules.OVERDUE_AFTER)
    assert not rules.is_overdue(EnrolmentState.BOOKED, midnight(last), None, DAY)
    assert rules.is_overdue(EnrolmentState.BOOKED, midnight(last) - timedelta(seconds=1), None, DAY)
    assert midnight(date(2026, 7, 1)) == datetime(2026, 6, 30, 23, tzinfo=UTC)


@given(states, days, days)
def test_on_a_run_one_is_overdue_when_it_is_over_and_however_long_ago_one_joined(
    state: EnrolmentState, ends_on: date, today: date
) -> None:
    joined = midnight(date(2019, 1, 1))
    assert rules.is_overdue(state, joined, ends_on, today) == (state in ON_IT and ends_on < today)


@given(states, st.booleans())
def test_each_enrolment_has_one_outcome(state: EnrolmentState, overdue: bool) -> None:
    became = rules.outcome_of(state, overdue=overdue and state in ON_IT)
    assert (became == Outcome.OVERDUE) == (overdue and state in ON_IT)
    assert (became in ENDED) == (state in (EnrolmentState.COMPLETED, EnrolmentState.WITHDRAWN, EnrolmentState.NO_SHOW))


@given(st.dictionaries(st.sampled_from(Outcome), st.integers(0, 1000)))
def test_rates_are_shares_of_what_has_ended_and_come_to_all_of_it(counts: dict[Outcome, int]) -> None:
    found = rules.rates(counts)
    shares = [found.completion, found.drop_out, found.no_show]
    if not sum(counts.get(outcome, 0) for outcome in ENDED):
        assert shares == [None, None, None]
    else:
        assert sum(share for share in shares if share is not None) == pytest.approx(1)


@given(st.lists(st.integers(0, 50), min_size=1, max_size=60))
def test_quartiles_are_values_with_that_share_at_or_below_them(values: list[int]) -> None:
    found = rules.quartiles(Counter(values))
    assert found is not None
    assert found[1] == median_low(values)
    for share, quartile in zip((0.25, 0.5, 0.75), found, strict=True):
        assert sum(value <= quartile for value in values) >= share * len(values)
        assert sum(value < quartile for value in values) < share * len(values)
    assert rules.quartiles({}) is None


@given(days, st.one_of(st.none(), days))
def test_a_trend_ends_with_the_month_and_begins_no_earlier_than_asked(day: date, first: date | None) -> None:
    months = rules.months_until(day, first)
    assert months[-1] == day.replace(day=1)
    assert 1 <= len(months) <= rules.MONTHS
    assert all(before < after and after.day == 1 for before, after in pairwise(months))
    if first and first <= day:
        assert months[0] >= first.replace(day=1)


@given(days, st.sampled_from(Every))
def test_the_next_day_of_a_report_is_a_monday_or_a_first_within_its_time(day: date, every: Every) -> None:
    after = rules.next_day(every, day)
    assert day < after <= day + timedelta(days=31 if every == Every.MONTH else 7)
    assert (after.day == 1) if every == Every.MONTH else (after.weekday() == 0)


people = st.fixed_dictionaries(
    {outcome: st.one_of(st.integers(0, 3), st.integers(7, 12), st.integers(0, 300)) for outcome in Outcome}
)


@given(people)
def test_no_figure_that_is_told_is_of_fewer_than_ten_and_nobody_is_told_of_twice(counts: dict[Outcome, int]) -> None:
    told = rules.told(counts)
    assert all(count >= FEWEST_TOLD_OF for count in told.counts.values())
    assert told.others == 0 or told.others >= FEWEST_TOLD_OF
    assert all(told.counts[outcome] == counts[outcome] for outcome in told.counts)
    assert told.people == sum(counts.values()) or not told.whole
    assert sum(counts.values()) - told.people < FEWEST_TOLD_OF or not told.others


few = st.lists(st.sampled_from([0, 1, 4, 8, 9, 10, 12]), min_size=len(Outcome), max_size=len(Outcome))


@settings(deadline=None, max_examples=40)
@given(few)
def test_no_count_that_is_not_told_follows_from_what_is(sizes: list[int]) -> None:
    """Whoever knows the rule and everything that is told finds a second value for each count that is not told."""
    counts = dict(zip(Outcome, sizes, strict=True))
    seen = rules.told(counts)
    hidden = [outcome for outcome in Outcome if outcome not in seen.counts]
    total = sum(counts[outcome] for outcome in hidden)
    for outcome in hidden:
        possible = set()
        for value in range(FEWEST_TOLD_OF):
            rest = [other for other in hidden if other != outcome]
            sums = {total - value} if seen.others else range(9 * len(rest) + 1)
            for left in sums:
                if not 0 <= left <= 9 * len(rest):
                    continue
                other = dict(seen.counts) | {outcome: value} | spread(left, rest)
                if rules.told(other) == seen:
                    possible.add(value)
                    break
        assert len(possible) >= 2, (outcome, counts, seen)


def spread(total: int, outcomes: list[Outcome]) -> dict[Outcome, int]:
    """So many people over these outcomes, with fewer than ten in each."""
    found = {}
    for outcome in outcomes:
        found[outcome] = min(total, FEWEST_TOLD_OF - 1)
        total -= found[outcome]
    return found


@settings(deadline=None, max_examples=60)
@given(st.lists(people, max_size=4), st.data())
def test_sums_and_differences_of_sums_are_of_groups_of_ten_or_more(
    offers: list[dict[Outcome, int]], data: st.DataObject
) -> None:
    """Whatever offers somebody asks for together, what is told is what is told of each; so is what two answers differ
    by, however they were chosen."""
    each = [rules.told(counts) for counts in offers]
    larger = data.draw(st.sets(st.sampled_from(range(len(each))))) if each else set()
    smaller = data.draw(st.sets(st.sampled_from(sorted(larger)))) if larger else set()
    first, second = (rules.together(each[n] for n in chosen) for chosen in (larger, smaller))
    for outcome in Outcome:
        differ = first.counts.get(outcome, 0) - second.counts.get(outcome, 0)
        assert differ == 0 or differ >= FEWEST_TOLD_OF
    assert first.others - second.others == 0 or first.others - second.others >= FEWEST_TOLD_OF
    assert first.people - second.people == 0 or first.people - second.people >= FEWEST_TOLD_OF


def test_what_is_told_of_small_offers_is_nothing_at_all() -> None:
    for sizes in product((0, 1), repeat=len(Outcome)):
        counts = dict(zip(Outcome, sizes, strict=True))
        assert rules.told(counts) == Told({}, 0, whole=False)
