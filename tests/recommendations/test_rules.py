"""The recommender against an independent account of what a set is worth, and against exact optima."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import combinations
from math import e, prod

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import Bounds, LinearConstraint, milp

from catalogue.evidence.rules import MOST_CHANCE, STRENGTH
from catalogue.recommendations.candidates import Candidate, Takes
from catalogue.recommendations.rules import Budget, Gap, Recommendation, choose
from catalogue.recommendations.what_ifs import Kind, with_what_ifs

# Proven for the better of greedy by gain per hour and greedy by gain, under a budget of hours alone and
# without order (Khuller, Moss & Naor 1999; for any monotone submodular function, Leskovec et al. 2007).
FLOOR = 0.5 * (1 - 1 / e)
CLOSE = 1e-7
DIMENSIONS = ("vision", "teams", "systems")

Element = tuple[str, int]


def weights(gaps: Iterable[Gap]) -> dict[Element, float]:
    return {
        (gap.dimension, step): (gap.target - gap.present) * gap.importance * gap.priority
        for gap in gaps
        for step in range(gap.present + 1, gap.target + 1)
    }


def probability(offer: Candidate, element: Element) -> float:
    dimension, step = element
    misses = (
        1 - min(max(takes.probability, 0.0), 1.0)
        for takes in offer.takes
        if takes.dimension == dimension and takes.start < step <= takes.end
    )
    return min(1 - prod(misses), MOST_CHANCE)


def touched(gaps: Sequence[Gap], offers: Iterable[Candidate]) -> list[dict[Element, float]]:
    table = ({element: probability(offer, element) for element in weights(gaps)} for offer in offers)
    return [{element: p for element, p in row.items() if p > 0} for row in table]


def unlocked(element: Element, gaps: Sequence[Gap], reached: set[Element]) -> bool:
    dimension, step = element
    return all(lower in reached for lower in weights(gaps) if lower[0] == dimension and lower[1] < step)


def achieved(gaps: Sequence[Gap], rows: Sequence[dict[Element, float]]) -> dict[Element, float]:
    """What a set is worth, element by element, where a higher step waits for the lower."""
    reached = {element for row in rows for element in row}
    return {
        element: weight * (1 - prod(1 - row.get(element, 0.0) for row in rows))
        if unlocked(element, gaps, reached)
        else 0.0
        for element, weight in weights(gaps).items()
    }


def set_value(gaps: Sequence[Gap], rows: Sequence[dict[Element, float]]) -> float:
    return sum(achieved(gaps, rows).values())


def added_in_turn(gaps: Sequence[Gap], rows: Sequence[dict[Element, float]]) -> list[dict[Element, float]]:
    """What each offer adds to those before it."""
    before, added = dict.fromkeys(weights(gaps), 0.0), []
    for count in range(1, len(rows) + 1):
        after = achieved(gaps, rows[:count])
        added.append({element: after[element] - before[element] for element in after})
        before = after
    return added


def within(offers: Sequence[Candidate], budget: Budget) -> bool:
    of_one = max((sum(o.provider == offer.provider for o in offers) for offer in offers), default=0)
    return (
        sum(offer.hours for offer in offers) <= budget.hours + 1e-8
        and (budget.price is None or sum(offer.price for offer in offers) <= budget.price + 1e-8)
        and (budget.per_provider is None or of_one <= budget.per_provider)
    )


def exact(gaps: Sequence[Gap], offers: Sequence[Candidate], budget: Budget) -> float:
    """The best value over every set within the budget."""
    rows = touched(gaps, offers)
    sets = (chosen for size in range(len(offers) + 1) for chosen in combinations(range(len(offers)), size))
    return max(
        set_value(gaps, [rows[i] for i in chosen]) for chosen in sets if within([offers[i] for i in chosen], budget)
    )


def offers_of(recommendation: Recommendation, candidates: Iterable[Candidate]) -> list[Candidate]:
    by_key = {offer.key: offer for offer in candidates}
    return [by_key[choice.key] for choice in recommendation.choices]


def offer(key: str, hours: float, *takes: tuple[str, int, int, float], **others: float | str) -> Candidate:
    return Candidate(key, hours, tuple(Takes(*each) for each in takes), **others)  # type: ignore[arg-type]


factors = st.sampled_from([1.0, 0.5, 1.7, 3.0, 0.3, 0.0])
# One gap for each dimension and, mostly, several offers: lists of any length would mostly be too short.
gap_lists = st.tuples(
    *(
        st.builds(Gap, st.just(dimension), st.integers(0, 1), st.sampled_from([2, 3, 4, 1]), factors)
        for dimension in DIMENSIONS
    )
).map(list)
takes = st.builds(
    lambda dimension, start, up, p: Takes(dimension, start, start + up, p),
    st.sampled_from(DIMENSIONS),
    st.sampled_from([0, 1, 2, -1, 0]),
    st.sampled_from([1, 2, 4]),
    st.sampled_from([*STRENGTH.values(), 0.05, 0.1, 0.3, 1.3, -0.2]),
)


def candidate_lists(most_takes: int = 3, most: int = 9) -> st.SearchStrategy[list[Candidate]]:
    def of_length(length: int) -> st.SearchStrategy[list[Candidate]]:
        each = (
            st.builds(
                Candidate,
                st.just(f"offer-{number}"),
                st.sampled_from([1.0, 2.0, 0.5, 1.5, 3.0, 0.1, 5.0, 0.0]),
                st.lists(takes, min_size=1, max_size=most_takes).map(tuple),
                st.sampled_from([0.0, 40.0, 25.0, 100.0]),
                st.sampled_from(["college", "trust"]),
            )
            for number in range(length)
        )
        return st.tuples(*each).map(list)

    return st.sampled_from([most, most - 1, most - 2, *range(most)]).flatmap(of_length)


hours = st.sampled_from([4.0, 2.5, 3.3, 6.0, 8.0, 1.0, 0.0])
prices = st.sampled_from([None, 140.0, 90.0, 60.0, 0.0])
budgets = st.builds(Budget, hours, prices, st.sampled_from([None, 2, 3, 1]))
single_steps = st.tuples(
    *(st.builds(Gap, st.just(dimension), st.just(1), st.just(2), factors) for dimension in DIMENSIONS)
).map(list)


@settings(max_examples=150, deadline=None)
@given(gap_lists, candidate_lists(), budgets)
def test_the_bound_is_above_the_best_set_and_the_best_set_above_the_answer(gaps, candidates, budget):
    answer = choose(gaps, candidates, budget)
    best = exact(gaps, candidates, budget)
    assert answer.bound >= best - CLOSE
    assert best >= answer.value - CLOSE
    assert answer.total == pytest.approx(sum(weights(gaps).values()))
    assert 0 <= answer.share_closed <= answer.share_possible + CLOSE <= 1 + 2 * CLOSE
    assert 0 <= answer.certificate <= 1


@settings(max_examples=200, deadline=None)
@given(gap_lists, candidate_lists(), budgets)
def test_the_gains_are_what_each_choice_adds_to_those_before_it(gaps, candidates, budget):
    answer = choose(gaps, candidates, budget)
    rows = touched(gaps, offers_of(answer, candidates))
    for choice, added in zip(answer.choices, added_in_turn(gaps, rows), strict=True):
        told = {(gain.dimension, gain.step): gain.value for gain in choice.gains}
        assert told == pytest.approx({element: gain for element, gain in added.items() if gain > 0})
        assert choice.gain == pytest.approx(sum(told.values()))
        assert choice.gain > 0
    assert answer.value == pytest.approx(sum(choice.gain for choice in answer.choices))
    assert answer.value == pytest.approx(set_value(gaps, rows))


@settings(max_examples=200, deadline=None)
@given(gap_lists, candidate_lists(), budgets)
def test_the_set_keeps_within_hours_money_and_providers(gaps, candidates, budget):
    answer = choose(gaps, candidates, budget)
    chosen = offers_of(answer, candidates)
    assert within(chosen, budget)
    assert answer.hours == pytest.approx(sum(candidate.hours for candidate in chosen))
    assert len({choice.key for choice in answer.choices}) == len(answer.choices)


@settings(max_examples=150, deadline=None)
@given(gap_lists, candidate_lists(most_takes=1), budgets)
def test_with_one_range_each_no_offer_comes_before_what_it_waits_for(gaps, candidates, budget):
    answer = choose(gaps, candidates, budget)
    rows = touched(gaps, offers_of(answer, candidates))
    value_of = achieved(gaps, rows)
    for choice, row in zip(answer.choices, rows, strict=True):
        told = {(gain.dimension, gain.step) for gain in choice.gains}
        assert told == {element for element in row if value_of[element] > 0}


@settings(max_examples=150, deadline=None)
@given(single_steps, candidate_lists(), hours)
def test_under_hours_alone_and_without_order_the_proven_floor_holds(gaps, candidates, hours):
    answer = choose(gaps, candidates, Budget(hours))
    assert answer.value >= FLOOR * exact(gaps, candidates, Budget(hours)) - CLOSE


@settings(max_examples=100, deadline=None)
@given(
    st.lists(
        st.tuples(st.integers(0, 8), st.sampled_from([0.2, 0.45, 0.7]), st.sampled_from([0.5, 1.0, 3.0])),
        min_size=1,
        max_size=14,
    ),
    st.integers(0, 20),
)
def test_where_no_two_offers_overlap_it_brackets_the_exact_knapsack(offers, hours):
    gaps = [Gap(f"d{i:02}", 0, 1, importance) for i, (_, _, importance) in enumerate(offers)]
    candidates = [offer(f"o{i:02}", h, (f"d{i:02}", 0, 1, p)) for i, (h, p, _) in enumerate(offers)]
    worth = np.array([p * importance for _, p, importance in offers])
    solution = milp(
        -worth,
        constraints=LinearConstraint(np.array([[h for h, _, _ in offers]], dtype=float), ub=hours),
        bounds=Bounds(0, 1),
        integrality=np.ones(len(offers)),
    )
    assert solution.success
    best = -solution.fun
    answer = choose(gaps, candidates, Budget(hours))
    assert answer.bound >= best - CLOSE
    assert best >= answer.value - CLOSE
    assert answer.value >= FLOOR * best - CLOSE


@settings(max_examples=100, deadline=None)
@given(gap_lists, candidate_lists(), budgets, hours)
def test_more_hours_never_lower_the_bound(gaps, candidates, budget, more):
    now, then = (choose(gaps, candidates, each) for each in (budget, replace(budget, hours=budget.hours + more)))
    assert then.bound >= now.bound * 0.99 - CLOSE  # each bound is found to within a fraction of a per cent


@settings(max_examples=60, deadline=None)
@given(gap_lists, candidate_lists(), budgets)
def test_what_would_change_is_what_the_other_question_would_answer(gaps, candidates, budget):
    answer, found = with_what_ifs(gaps, candidates[1:], budget, with_set_aside=candidates)
    assert answer == choose(gaps, candidates[1:], budget)
    for one in found:
        asked = {Kind.ANY_PRICE: replace(budget, price=None), Kind.ANY_PROVIDER: replace(budget, per_provider=None)}
        then = choose(
            gaps, candidates[one.kind != Kind.SET_ASIDE :], asked.get(one.kind, replace(budget, hours=one.hours))
        )
        assert one.share == then.share_closed
        if one.kind == Kind.FEWER_HOURS:
            assert one.hours <= answer.hours - 1.0
            assert one.share >= 0.95 * answer.share_closed
        else:
            assert one.share >= answer.share_closed + 0.01
        keys = [choice.key for choice in then.choices]
        assert list(one.new) == [key for key in keys if key not in {choice.key for choice in answer.choices}]


@settings(max_examples=100, deadline=None)
@given(st.data(), gap_lists, candidate_lists(), budgets)
def test_the_order_of_the_candidates_does_not_matter(data, gaps, candidates, budget):
    shuffled = data.draw(st.permutations(candidates))
    assert choose(gaps, shuffled, budget) == choose(gaps, candidates, budget)


@settings(max_examples=100, deadline=None)
@given(gap_lists, candidate_lists(), budgets)
def test_offers_that_cannot_help_change_nothing(gaps, candidates, budget):
    everything = [(dimension, 0, 4, 0.9) for dimension in DIMENSIONS]
    useless = [offer("Z0", 0.1, ("elsewhere", 0, 4, 0.9)), offer("Z1", 99.0, *everything)]
    for gap in gaps:
        below = (gap.dimension, gap.present - 3, gap.present, 0.9)
        above = (gap.dimension, max(gap.present, gap.target), 9, 0.9)
        useless += [offer(f"A{gap.dimension}", 0.1, below), offer(f"Z{gap.dimension}", 0.1, below, above)]
    assert choose(gaps, [*candidates, *useless], budget) == choose(gaps, candidates, budget)


@settings(max_examples=100, deadline=None)
@given(single_steps, candidate_lists())
def test_where_everything_fits_everything_useful_is_taken_and_no_bound_is_lower(gaps, candidates):
    answer = choose(gaps, candidates, Budget(100.0))
    assert answer.value == pytest.approx(exact(gaps, candidates, Budget(100.0)))
    assert answer.certificate == pytest.approx(1.0, abs=1e-3)
