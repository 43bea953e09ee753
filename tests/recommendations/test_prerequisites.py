"""Offers to complete first: against every set of offers that can be taken, and case by case."""

from dataclasses import replace
from datetime import date, timedelta
from itertools import combinations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from catalogue.recommendations import prerequisites, shelf
from catalogue.recommendations.candidates import Candidate
from catalogue.recommendations.prerequisites import MOST_SETS, Span, bundled, done_on, ordered, whole
from catalogue.recommendations.rules import Budget, Gap, choose
from tests.recommendations.test_rules import (
    CLOSE,
    added_in_turn,
    budgets,
    candidate_lists,
    gap_lists,
    offer,
    offers_of,
    set_value,
    touched,
    within,
)


@st.composite
def needing(draw: st.DrawFn) -> list[Candidate]:
    """Offers of which some need others: mostly earlier ones, at times each other, or what is not there."""
    offers = draw(candidate_lists(most=8))
    made = []
    for number, one in enumerate(offers):
        others = [other.key for other in offers[:number]] or ["elsewhere"]
        unlikely = [*others * 4, "elsewhere", *(other.key for other in offers[number + 1 :])]
        needs = draw(st.lists(st.sampled_from(unlikely), max_size=2, unique=True)) if draw(st.booleans()) else []
        made.append(replace(one, needs=tuple(needs)))
    return made


def closed(offers: list[Candidate]) -> bool:
    keys = {one.key for one in offers}
    return all(keys.issuperset(one.needs) for one in offers)


def can_be_taken(offers: list[Candidate]) -> bool:
    return closed(offers) and len(ordered({one.key: one.needs for one in offers})) == len(offers)


def best_of_all(gaps: list[Gap], offers: list[Candidate], budget: Budget) -> float:
    rows = dict(zip([one.key for one in offers], touched(gaps, offers), strict=True))
    return max(
        set_value(gaps, [rows[one.key] for one in some])
        for size in range(len(offers) + 1)
        for some in map(list, combinations(offers, size))
        if can_be_taken(some) and within(some, budget)
    )


@settings(max_examples=100, deadline=None)
@given(gap_lists, needing(), budgets)
def test_the_answer_can_be_taken_in_its_order_and_lies_between_what_is_proven(gaps, candidates, budget):
    answer = choose(gaps, candidates, budget)
    best = best_of_all(gaps, candidates, budget)
    assert answer.bound >= best - CLOSE
    assert best >= answer.value - CLOSE
    chosen = offers_of(answer, candidates)
    assert within(chosen, budget)
    assert answer.hours == pytest.approx(sum(one.hours for one in chosen))
    for number, one in enumerate(chosen):
        assert {other.key for other in chosen[:number]}.issuperset(one.needs)
    rows = touched(gaps, chosen)
    for choice, added in zip(answer.choices, added_in_turn(gaps, rows), strict=True):
        assert choice.gain == pytest.approx(sum(added.values()))
    assert answer.value == pytest.approx(set_value(gaps, rows))
    assert all(choice.gain or any(choice.key in one.needs for one in chosen) for choice in answer.choices)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(gap_lists, needing(), budgets)
def test_the_bound_holds_for_sets_too_that_were_not_looked_at(monkeypatch, gaps, candidates, budget):
    monkeypatch.setattr(shelf, "MOST", 2)
    monkeypatch.setattr(shelf, "OF_A_STEP", 1)
    answer = choose(gaps, candidates, budget)
    best = best_of_all(gaps, candidates, budget)
    assert answer.bound >= best - CLOSE
    assert best >= answer.value - CLOSE
    assert can_be_taken(offers_of(answer, candidates))


@settings(max_examples=40, deadline=None)
@given(st.data(), gap_lists, needing(), budgets)
def test_the_order_of_the_candidates_does_not_matter(data, gaps, candidates, budget):
    shuffled = data.draw(st.permutations(candidates))
    assert choose(gaps, shuffled, budget) == choose(gaps, candidates, budget)


@settings(max_examples=100, deadline=None)
@given(needing())
def test_bundles_are_the_sets_that_can_be_taken_each_once(candidates):
    got = bundled(candidates, lambda _one: 1.0)
    assert len({one.key for one in got}) == len(got)
    sets = [frozenset(part.key for part in one.offers) for one in got]
    assert len(set(sets)) == len(sets)
    for one in got:
        assert can_be_taken(list(one.offers))
        assert (one.hours, one.price) == pytest.approx(
            (sum(part.hours for part in one.offers), sum(part.price for part in one.offers))
        )


GAPS = [Gap("teams", 0, 2), Gap("vision", 0, 1)]
FIRST = offer("first", 2.0)
THEN = replace(offer("then", 4.0, ("teams", 0, 2, 0.7)), needs=("first",))


def keys(gaps: list[Gap], candidates: list[Candidate], budget: Budget) -> list[str]:
    return [choice.key for choice in choose(gaps, candidates, budget).choices]


def test_what_an_offer_needs_comes_with_it_and_before_it_although_it_closes_nothing_itself():
    answer = choose(GAPS, [FIRST, THEN], Budget(6.0))
    assert [(choice.key, choice.hours) for choice in answer.choices] == [("first", 2.0), ("then", 4.0)]
    assert answer.choices[0].gain == 0.0
    assert answer.hours == 6.0


def test_what_an_offer_needs_takes_hours_money_and_its_providers_place():
    assert keys(GAPS, [FIRST, THEN], Budget(5.9)) == []
    dear = replace(FIRST, price=10.0)
    assert keys(GAPS, [dear, THEN], Budget(6.0, price=9.0)) == []
    both = [replace(one, provider="college") for one in (FIRST, THEN)]
    assert keys(GAPS, both, Budget(6.0, per_provider=1)) == []
    assert keys(GAPS, both, Budget(6.0, per_provider=2)) == ["first", "then"]


def test_what_needs_something_that_cannot_be_taken_is_left_out_and_so_are_those_that_need_each_other():
    assert keys(GAPS, [THEN], Budget(12.0)) == []
    last = replace(offer("last", 1.0, ("vision", 0, 1, 0.7)), needs=("then",))
    assert keys(GAPS, [last, THEN], Budget(12.0)) == []
    assert keys(GAPS, [replace(FIRST, needs=("then",)), THEN], Budget(12.0)) == []


def test_nothing_is_taken_for_an_offer_that_is_not_taken():
    other = offer("other", 1.0, ("teams", 0, 2, 0.7))
    first = replace(FIRST, hours=8.0)
    assert keys(GAPS, [first, THEN, other], Budget(13.0)) == ["other", "first", "then"]
    assert keys(GAPS, [first, THEN, other], Budget(12.0)) == ["other"]


def test_a_chain_is_taken_as_far_as_it_pays():
    last = replace(offer("last", 6.0, ("vision", 0, 1, 0.7)), needs=("then",))
    assert keys(GAPS, [last, THEN, FIRST], Budget(12.0)) == ["first", "then", "last"]
    assert keys(GAPS, [last, THEN, FIRST], Budget(11.0)) == ["first", "then"]


def test_of_a_family_with_many_sets_those_that_gain_most_are_looked_at():
    gaps = [Gap(f"d{number}", 0, 1) for number in range(12)]
    hub = offer("hub", 1.0)
    rest = [
        replace(offer(f"o{number:02}", 1.0, (f"d{number}", 0, 1, 0.05 * (number + 1))), needs=("hub",))
        for number in range(12)
    ]
    got = bundled([hub, *rest], lambda one: sum(takes.probability for takes in one.takes))
    assert len(got) == MOST_SETS
    assert keys(gaps, [hub, *rest], Budget(6.0)) == ["hub", "o11", "o10", "o09", "o08", "o07"]


def test_what_gains_nothing_and_is_needed_for_nothing_takes_no_room_among_the_sets():
    useless = [replace(offer(f"useless-{number}", 1.0), needs=("first",)) for number in range(20)]
    assert keys(GAPS, [FIRST, THEN, *useless], Budget(6.0)) == ["first", "then"]


def test_where_nothing_needs_anything_the_candidates_stay_as_they_are():
    candidates = [FIRST, offer("other", 1.0, ("teams", 0, 2, 0.7))]
    assert bundled(candidates, lambda _one: pytest.fail("asked")) == candidates


def test_a_key_may_occur_once_among_offers_that_need_others_too():
    with pytest.raises(ValueError, match="key"):
        choose(GAPS, [FIRST, THEN, THEN], Budget(1.0))


def test_an_offer_is_found_with_all_that_it_needs():
    last = replace(offer("last", 1.0), needs=("then", "elsewhere"))
    assert [one.key for one in whole([FIRST, THEN, last, offer("other", 1.0)], "last")] == ["last", "then", "first"]
    assert whole([], "last") == []


def test_the_day_by_which_something_can_be_done_waits_for_what_comes_first():
    day = date(2026, 3, 2)

    def run(first: int, last: int) -> Span:
        return Span(day + timedelta(first), day + timedelta(last))

    needs: dict[str, tuple[str, ...]] = {"first": (), "then": ("first",), "own-pace": ("first",), "never": ("then",)}
    spans = {
        "first": [run(5, 9), run(3, 20)], "then": [run(8, 8), run(9, 12), run(30, 31)], "own-pace": None,
        "never": [run(1, 2)],
    }  # fmt: skip
    found = done_on(needs, spans, day)
    assert {key: (when - day).days for key, when in found.items()} == {"first": 9, "then": 12, "own-pace": 9}


def test_the_sets_of_a_family_are_no_more_than_are_looked_at(monkeypatch):
    monkeypatch.setattr(prerequisites, "MOST_SETS", 1)
    assert [one.key for one in bundled([FIRST, THEN], lambda _one: 1.0)] == ["first"]
