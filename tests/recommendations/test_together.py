"""Plans for a group against every plan of small groups, and on groups of the size that they are for."""

from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from catalogue.recommendations.together import Plan, plan_for
from catalogue.recommendations.together_certificate import Offers, People

CLOSE = 1e-7
LEVELS, DIMENSIONS = 2, 2


def worth_of(weights: np.ndarray, left: np.ndarray) -> float:
    """Of one person: an account of its own, step by step."""
    total = 0.0
    for dimension in range(weights.shape[1]):
        for level in range(len(weights)):
            if weights[level, dimension] and left[level, dimension] == 1.0:
                break  # nothing touches it: those above wait
            total += weights[level, dimension] * (1.0 - left[level, dimension])
    return total


@st.composite
def groups(draw: st.DrawFn) -> tuple[np.ndarray, np.ndarray, np.ndarray, Offers]:
    count, offers = draw(st.integers(1, 3)), draw(st.integers(1, 3))

    def array(values: list[float], *shape: int) -> np.ndarray:
        size = int(np.prod(shape))
        return np.array(draw(st.lists(st.sampled_from(values), min_size=size, max_size=size))).reshape(shape)

    weights = array([0.0, 1.0, 2.0, 3.0], count, LEVELS, DIMENSIONS)
    left = array([1.0, 1.0, 1.0, 0.55], count, LEVELS, DIMENSIONS)
    allowed = array([1.0, 1.0, 1.0, 0.0], count, offers) > 0.0
    missed = array([1.0, 0.3, 0.55, 0.8], LEVELS, DIMENSIONS, offers)
    seats = array([1.0, 2.0, np.inf, 0.0], offers)
    return weights, left, allowed, Offers(missed, array([1.0, 2.0, 3.0, 0.0], offers), seats)


def every_plan(allowed: np.ndarray, offers: Offers, hours: float, most: int) -> list[tuple[tuple[bool, ...], ...]]:
    sets = [
        [
            some
            for some in product((False, True), repeat=len(offers.hours))
            if not np.any(np.array(some) & ~row) and np.dot(some, offers.hours) <= hours + 1e-8
        ]
        for row in allowed
    ]
    return [
        plan
        for plan in product(*sets)
        if (np.sum(plan, axis=0) <= offers.seats).all() and np.any(plan, axis=0).sum() <= most
    ]


def value_of(plan: tuple[tuple[bool, ...], ...], weights: np.ndarray, left: np.ndarray, offers: Offers) -> float:
    return sum(
        worth_of(weights[row], left[row] * offers.missed[:, :, np.array(some)].prod(axis=2))
        - worth_of(weights[row], left[row])
        for row, some in enumerate(plan)
    )


def keeps_within(plan: Plan, people: People, offers: Offers, hours: float) -> None:
    assert (plan.people_on <= offers.seats).all()
    assert (plan.taken @ offers.hours <= hours + 1e-8).all()
    assert not (plan.taken & ~people.allowed[plan.row]).any()
    assert np.bincount(plan.row, plan.count).tolist() == people.count.tolist()


@settings(max_examples=120, deadline=None)
@given(groups(), st.sampled_from([2.0, 1.0, 4.0, 6.0]), st.sampled_from([None, 1, 2]))
def test_a_plan_is_worth_no_more_than_the_best_and_the_best_no_more_than_the_bound(group, hours, most):
    weights, left, allowed, offers = group
    people = People.alike(weights, left, allowed)
    plan = plan_for(people, offers, hours, most)
    keeps_within(plan, people, offers, hours)
    assert most is None or (plan.people_on > 0).sum() <= most
    own = sum(
        count * (worth_of(people.weights[row], people.left[row] * offers.missed[:, :, taken].prod(axis=2))
                 - worth_of(people.weights[row], people.left[row]))
        for row, count, taken in zip(plan.row, plan.count, plan.taken, strict=True)
    )  # fmt: skip
    assert plan.value == pytest.approx(own)
    best = max(value_of(one, weights, left, offers) for one in every_plan(allowed, offers, hours, most or 3))
    assert plan.bound >= best - CLOSE
    assert best >= plan.value - CLOSE
    assert plan.total >= plan.bound - CLOSE


@settings(max_examples=80, deadline=None)
@given(groups())
def test_under_seats_alone_and_without_order_a_plan_reaches_half_of_the_best(group):
    weights, left, allowed, offers = group
    weights, left = weights[:, :1], left[:, :1]
    offers = Offers(offers.missed[:1], offers.hours, offers.seats)
    plan = plan_for(People.alike(weights, left, allowed), offers, 100.0)
    best = max(value_of(one, weights, left, offers) for one in every_plan(allowed, offers, 100.0, 3))
    assert plan.value >= 0.5 * best - CLOSE


def instance(seed: int, people: int, offers: int) -> tuple[People, Offers]:
    random = np.random.default_rng(seed)
    levels, dimensions = 4, 9
    present = random.integers(0, levels, (people, 1, dimensions))
    target = np.minimum(levels, present + random.integers(0, 3, present.shape))
    level = np.arange(levels)[None, :, None]
    weights = np.where((level >= present) & (level < target), (target - present) * random.integers(1, 4), 0.0)
    missed = np.ones((levels, dimensions, offers))
    for offer in range(offers):
        for dimension in random.choice(dimensions, random.integers(1, 4), replace=False):
            start = random.integers(0, levels)
            missed[start : start + random.integers(1, 3), dimension, offer] = 1.0 - random.choice([0.2, 0.45, 0.7])
    seats = np.where(random.random(offers) < 0.15, np.inf, random.integers(5, 40, offers))
    there = np.ones((people, offers), dtype=bool)
    return People.alike(weights, np.ones_like(weights), there), Offers(
        missed, random.choice([1.0, 2.0, 3.0, 6.0, 12.0], offers), seats
    )


def test_of_a_few_hundred_people_the_plan_is_close_to_the_best():
    people, offers = instance(3, 300, 40)
    plan = plan_for(people, offers, 12.0)
    keeps_within(plan, people, offers, 12.0)
    assert plan.value > 0.75 * plan.bound
    few = plan_for(people, offers, 12.0, most_offers=5)
    assert (few.people_on > 0).sum() == 5
    assert few.value < plan.value
    assert few.bound == pytest.approx(plan.bound)


def test_people_who_are_alike_share_seats_and_are_split_where_these_run_out():
    weights = np.ones((12, 1, 1))
    offers = Offers(np.array([[[0.3, 0.55]]]), np.array([2.0, 2.0]), np.array([5.0, np.inf]))
    people = People.alike(weights, np.ones_like(weights), np.ones((12, 2), dtype=bool))
    assert people.count.tolist() == [12]
    plan = plan_for(people, offers, 2.0)
    assert plan.people_on.tolist() == [5, 7]
    assert plan.value == pytest.approx(5 * 0.7 + 7 * 0.45)
