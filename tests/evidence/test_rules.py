"""Movements become batches, and batches become effects."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import brentq

from catalogue.evidence.rules import (
    NOBODY,
    STRENGTH,
    Claim,
    Effect,
    Measured,
    Movements,
    batches,
    effects,
    effects_of_others,
    paule_mandel,
)

OFFER, DIMENSION = 7, 3
NOTHING_TAKEN = np.zeros((0, 2), dtype=np.intp)
"""By whom does not matter to batches."""


def movements(takers: int, others: int, *, moved: float = 1.0, drift: float = 0.0, before: int = 1) -> Movements:
    """Takers who moved by so much more than the others, who moved by ``drift``, all give or take a level."""
    count = takers + others
    offer = np.where(np.arange(count) < takers, OFFER, NOBODY)
    start = np.full(count, float(before))
    either_way = np.where(np.arange(count) % 2, 1.0, -1.0)
    after = start + drift + either_way + np.where(offer == OFFER, moved, 0.0)
    zeros = np.zeros(count, dtype=np.intp)
    return Movements(zeros + DIMENSION, offer, start, after, zeros, offer == OFFER, NOTHING_TAKEN)


def together(*some: Movements) -> Movements:
    names = ("dimension", "offer", "before", "after", "likeness", "new", "taken")
    return Movements(*(np.concatenate([getattr(one, name) for one in some]) for name in names))


def test_nine_people_tell_nothing_and_ten_do() -> None:
    assert batches(movements(9, 50)) == []
    [batch] = batches(movements(10, 50))
    assert (batch.offer, batch.dimension, batch.people, batch.starts) == (OFFER, DIMENSION, 10, {1: 10})


def test_takers_without_ten_others_like_them_do_not_count() -> None:
    assert batches(movements(30, 9)) == []
    lonely = movements(30, 0, before=2)
    [batch] = batches(together(movements(10, 50), lonely))
    assert batch.people == 10


def test_those_who_counted_before_do_not_count_again() -> None:
    told = movements(20, 50)
    told.new[:11] = False
    assert batches(told) == []
    told.new[10] = True
    assert batches(told)[0].people == 10


def test_what_everybody_moves_is_not_the_offers() -> None:
    [batch] = batches(movements(20, 50, moved=0.5, drift=0.75))
    assert batch.moved == pytest.approx(20 * 0.5)


def test_nobody_is_nobody() -> None:
    assert batches(movements(0, 50)) == []
    assert batches(movements(0, 0)) == []


def test_people_are_compared_with_those_on_the_same_step_alone() -> None:
    """At the lower level everybody moves up by one, at the upper one nobody moves."""
    both = together(
        movements(10, 20, moved=0.5, drift=1.0, before=0), movements(10, 20, moved=0.5, drift=0.0, before=2)
    )
    [batch] = batches(both)
    assert batch.moved == pytest.approx(20 * 0.5)
    assert batch.starts == {0: 10, 2: 10}


def test_variance_is_that_of_the_sum() -> None:
    """Over many draws the sum varies as it says: within a quarter, in 400 of them."""
    random = np.random.default_rng(1)
    sums, said = [], []
    for _ in range(400):
        drawn = movements(30, 60)
        after = drawn.before + random.choice([-1.0, 0.0, 1.0], size=90)
        [batch] = batches(replace(drawn, after=after))
        sums.append(batch.moved)
        said.append(batch.variance)
    assert np.var(sums) == pytest.approx(np.mean(said), rel=1 / 4)


def measured(offer: int, mean: float, people: int = 50, *, variance: float = 0.5) -> Measured:
    return Measured(offer, DIMENSION, people, mean * people, variance * people, {1: people})


def claim(offer: int, strength: str = "builds", start: int = 1, end: int = 2) -> Claim:
    return Claim(offer, DIMENSION, strength, start, end)


def by_offer(found: list[Effect]) -> dict[int, Effect]:
    return {effect.offer: effect for effect in found}


def test_a_claim_of_two_steps_is_of_the_first_and_then_of_both() -> None:
    both = claim(1, "masters", 1, 3)
    assert both.levels(1) == pytest.approx(0.7 + 0.7**2)
    assert both.levels(2) == pytest.approx(0.7)
    assert both.levels(0) == both.levels(3) == 0.0


def test_one_that_does_nothing_is_said_to_do_less_the_more_people_show_it() -> None:
    means = [effects([measured(1, 0.0, people)], [claim(1, "masters")])[0].mean for people in (10, 50, 200, 1000)]
    assert means == sorted(means, reverse=True)
    assert 0.0 < means[-1] < 0.05 < means[0] < STRENGTH["masters"]


def test_few_people_are_drawn_further_than_many() -> None:
    usual = [measured(offer, 0.45, 400) for offer in range(10)]
    found = by_offer(effects([*usual, measured(10, 0.9, 10), measured(11, 0.9, 400)], [claim(n) for n in range(12)]))
    assert 0.45 < found[10].mean < found[11].mean < 0.9
    assert found[10].high - found[10].low > found[11].high - found[11].low


def test_an_offer_that_does_harm_is_said_to() -> None:
    [effect] = effects([measured(1, -0.4, 2000)], [claim(1)])
    assert effect.high < 0.0


def test_a_mapping_that_is_gone_has_no_effect() -> None:
    assert effects([measured(1, 0.5)], []) == []


def test_others_ratings_are_drawn_to_each_other_on_their_own_scale() -> None:
    found = effects_of_others([measured(offer, 0.2) for offer in range(6)])
    assert [effect.people for effect in found] == [50] * 6
    assert found[0].mean == pytest.approx(0.2)
    [alone] = effects_of_others([measured(1, 0.2)])
    assert 0.0 < alone.mean < 0.2


@given(
    st.lists(st.tuples(st.floats(-2.0, 2.0), st.floats(0.001, 1.0)), min_size=5, max_size=30),
)
@settings(deadline=None)
def test_the_spread_between_is_where_the_squares_add_up(units: list[tuple[float, float]]) -> None:
    means, variances = (np.array(each) for each in zip(*units, strict=True))

    def beyond(between: float) -> float:
        weights = 1.0 / (variances + between)
        return float(weights @ (means - weights @ means / weights.sum()) ** 2) - (len(means) - 1)

    found = paule_mandel(means, variances)
    if beyond(0.0) <= 0.0:
        assert found == 0.0
    else:
        assert found == pytest.approx(brentq(beyond, 0.0, 100.0, xtol=1e-12), rel=1e-4, abs=1e-6)


@given(st.lists(st.tuples(st.floats(-1.0, 2.0), st.integers(10, 500)), min_size=1, max_size=20))
@settings(deadline=None)
def test_a_drawn_figure_lies_between_its_own_and_the_others(units: list[tuple[float, int]]) -> None:
    there = [measured(offer, mean, people) for offer, (mean, people) in enumerate(units)]
    for effect in effects(there, [claim(offer) for offer in range(len(units))]):
        own = units[effect.offer][0]
        lowest, highest = min([own, 0.45, *(mean for mean, _ in units)]), max([own, 0.45, *(mean for mean, _ in units)])
        assert lowest - 1e-9 <= effect.mean <= highest + 1e-9
        assert effect.low < effect.mean < effect.high
