"""The simulation plants what it says, and everybody in it keeps to the hours."""

from dataclasses import replace

import numpy as np
import pytest

from bench.simulation.__main__ import figures
from bench.simulation.advisers import RIVALS, Asked, Known, every_seat, oracle, shelved
from bench.simulation.life import ORACLE, closes, lived
from bench.simulation.population import People, arriving
from bench.simulation.settings import USUAL
from bench.simulation.world import DIMENSIONS, STEPS, STRENGTHS, World, planted

SMALL = replace(USUAL, people=3_000, weeks=10, offers=40, providers=5)


def one_offer(chance: float) -> World:
    """From level 1 to level 3 of the first dimension, claimed as mastered."""
    strength = np.full((1, DIMENSIONS), -1)
    strength[0, 0] = STRENGTHS.index("masters")
    start, end = np.ones_like(strength), np.full_like(strength, 3)
    claimed, true = np.zeros((2, 1, DIMENSIONS, STEPS))
    claimed[0, 0, 1:3], true[0, 0, 1:3] = 0.7, chance
    one = np.ones(1)
    return World(2 * one, np.zeros(1, int), one, one, one > 1, strength, start, end, claimed, true)


@pytest.mark.parametrize(("level", "moves"), [(0, 0.0), (1, 0.5 + 0.25), (2, 0.5), (3, 0.0)])
def test_an_offer_moves_people_step_by_step_as_planted(level: int, moves: float) -> None:
    levels, target = np.full((1, DIMENSIONS), level), np.full((1, DIMENSIONS), 4)
    people = People(target, target // 4, levels, np.zeros(1), np.zeros(1), np.array([6.0]))
    asked = Asked(levels, target, target // 4, people.hours)
    assert closes(one_offer(0.5), people, asked, np.ones((1, 1), dtype=bool))[0] == pytest.approx((4 - level) * moves)


def test_what_is_moved_beyond_the_target_closes_nothing() -> None:
    levels, target = np.full((1, DIMENSIONS), 1), np.full((1, DIMENSIONS), 2)
    people = People(target, target // 2, levels, np.zeros(1), np.zeros(1), np.array([6.0]))
    asked = Asked(levels, target, target // 2, people.hours)
    assert closes(one_offer(0.5), people, asked, np.ones((1, 1), dtype=bool))[0] == pytest.approx(0.5)


def test_every_adviser_keeps_to_the_hours_and_the_oracle_is_not_beaten_by_much() -> None:
    random = np.random.default_rng(1)
    world, people = planted(SMALL, random), arriving(100, SMALL, random)
    asked = Asked(people.level, people.target, people.importance, people.hours)
    known = Known(shelved(world, world.claimed), shelved(world, world.true), world.fame)
    closed = {}
    for adviser in (every_seat, oracle, *RIVALS.values()):
        chosen = adviser(asked, world, known, random)
        assert (chosen @ world.hours <= people.hours + 1e-6).all()
        closed[adviser.__name__] = closes(world, people, asked, chosen).sum()
    assert closed.pop(oracle.__name__) > max(closed.values())


def test_the_same_seed_is_the_same_life_and_evidence_brings_the_advice_nearer_to_the_oracle() -> None:
    world = planted(SMALL, np.random.default_rng([3]))
    one, told = lived(world, SMALL, 3), figures(SMALL, 3)
    assert one.counted[-1].max() >= 10
    assert told.per_hour == {name: sum(one.closed[name]) / sum(one.hours[name]) for name in one.closed}
    assert told.regret_late < told.regret_early
    assert told.per_hour[ORACLE] > told.per_hour["random"]
