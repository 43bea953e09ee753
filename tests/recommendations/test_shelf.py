"""Large catalogues and many learners: only some offers are looked at, and what is said holds for all of them."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings

from catalogue.recommendations import shelf as shelves
from catalogue.recommendations.candidates import Takes
from catalogue.recommendations.rules import Budget, Gap, choose, from_shelf, wants
from catalogue.recommendations.shelf import Shelf
from tests.recommendations.test_rules import CLOSE, budgets, candidate_lists, exact, gap_lists, offers_of, within
from tests.recommendations.test_rules_cases import random_instance

DIMENSIONS = [f"d{number}" for number in range(9)]


@pytest.fixture
def looks_at_few(monkeypatch):
    monkeypatch.setattr(shelves, "MOST", 2)
    monkeypatch.setattr(shelves, "SOME", 8)
    monkeypatch.setattr(shelves, "OF_A_STEP", 1)


@pytest.mark.usefixtures("looks_at_few")
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(gap_lists, candidate_lists(), budgets)
def test_the_bound_holds_for_the_offers_too_that_were_not_looked_at(gaps, candidates, budget):
    answer = choose(gaps, candidates, budget)
    best = exact(gaps, candidates, budget)
    assert answer.bound >= best - CLOSE
    assert best >= answer.value - CLOSE
    assert within(offers_of(answer, candidates), budget)


@pytest.mark.parametrize("offers", [40, 400])
def test_many_learners_at_once_are_answered_like_each_by_themselves(offers):
    _, candidates = random_instance(0, offers)
    shelf = Shelf.of(candidates, DIMENSIONS, 0, 4)
    learners = [random_instance(seed, 0)[0] for seed in range(1, 25)]
    spend = [Budget(4.0 + seed, 90.0 if seed % 3 else None, 1 if seed % 2 else None) for seed in range(24)]
    together = shelf.sets_for(wants(learners, 0, spend))
    for row, (gaps, budget) in enumerate(zip(learners, spend, strict=True)):
        alone = from_shelf(shelf, gaps, 0, budget)
        assert together.value[row] == pytest.approx(alone.value)
        assert together.bound[row] == pytest.approx(alone.bound, rel=0.01)


def test_a_shelf_for_all_levels_answers_like_one_for_the_gap_alone():
    gaps, candidates = random_instance(3, 300)
    for_all = from_shelf(Shelf.of(candidates, DIMENSIONS, 0, 4), gaps, 0, Budget(12.0))
    assert for_all.value == pytest.approx(choose(gaps, candidates, Budget(12.0)).value)


def test_whoever_has_no_gap_gets_nothing_beside_one_who_has():
    gaps, candidates = random_instance(3, 300)
    none = [replace(gap, target=gap.present) for gap in gaps]
    sets = Shelf.of(candidates, DIMENSIONS, 0, 4).sets_for(wants([none, gaps, none], 0, [Budget(12.0)] * 3))
    assert not sets.chosen[[0, 2]].any()
    assert sets.bound.tolist()[::2] == [0.0, 0.0]
    assert sets.value[1] > 0.0


def test_few_of_a_large_catalogue_are_looked_at_and_the_answer_is_close_to_the_best():
    _, candidates = random_instance(5, 5000)
    shelf = Shelf.of(candidates, DIMENSIONS, 0, 4)
    learners = [random_instance(seed, 0)[0] for seed in range(30, 50)]
    sets = shelf.sets_for(wants(learners, 0, [Budget(12.0)] * len(learners)))
    assert sets.columns.shape[1] < 300
    assert np.median(sets.value / sets.bound) > 0.98


def test_a_first_step_that_gains_little_is_looked_at_among_many_that_gain_more():
    gaps = [Gap("d0", 0, 4), Gap("d1", 0, 1)]
    _, tempting = random_instance(6, 300)
    others = [replace(offer, takes=tuple(t for t in offer.takes if t.dimension not in ("d0",))) for offer in tempting]
    first = replace(others[0], key="first", hours=1.0, takes=(Takes("d0", 0, 1, 0.01),))
    rest = replace(others[0], key="rest", hours=1.0, takes=(Takes("d0", 1, 4, 0.7),))
    answer = choose(gaps, [*others, first, rest], Budget(2.0))
    assert [choice.key for choice in answer.choices] == ["first", "rest"]
