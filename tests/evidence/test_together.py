"""What offers keep of their claims is told apart for those who took several."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from catalogue.evidence.rules import NOBODY, STRENGTH, UNCLEAR, Claim, Movements
from catalogue.evidence.together import Equations, equations, kept

DIMENSION = 3
A, B, C = 5, 7, 9
Group = tuple[int, tuple[int, ...], float]
"""So many people who took these offers, and how far each moved."""


def movements(*groups: Group, before: int = 1, seed: int = 1, noise: float = 0.3) -> Movements:
    """With a hundred people besides who took nothing and stayed about where they were."""
    random = np.random.default_rng(seed)
    offer, after, taken = list[int](), list[float](), list[tuple[int, int]]()
    for people, offers, moved in ((100, (), 0.0), *groups):
        for _ in range(people):
            taken += [(len(offer), one) for one in offers]
            offer.append(NOBODY if not offers else offers[0] if len(offers) == 1 else UNCLEAR)
            after.append(before + moved)
    count = len(offer)
    zeros = np.zeros(count, dtype=np.intp)
    moved = np.array(after) + random.normal(0.0, noise, size=count)
    return Movements(
        zeros + DIMENSION, np.array(offer), zeros + float(before), moved, zeros,
        np.array(offer) >= 0, np.array(taken, dtype=np.intp).reshape(-1, 2),
    )  # fmt: skip


def claim(offer: int, strength: str = "masters", start: int = 1, end: int = 2) -> Claim:
    return Claim(offer, DIMENSION, strength, start, end)


def parts(some: Movements, *claims: Claim, nights: int = 5) -> dict[int, float]:
    found: dict[int, float] = {}
    for _ in range(nights):
        every = kept({DIMENSION: equations(some, claims, found)}, claims)
        found = {offer: part for (offer, _dimension), part in every.items()}
    return found


def test_who_took_one_and_not_the_other_tells_two_apart() -> None:
    """Few took either alone; most took both. What moves people is A."""
    found = parts(movements((30, (A,), 0.7), (30, (B,), 0.0), (300, (A, B), 0.7)), claim(A), claim(B))
    assert found[A] >= 0.8
    assert found[B] <= 0.4


def test_two_that_nobody_took_alone_share_what_they_did() -> None:
    found = parts(movements((200, (A, B), 0.9)), claim(A), claim(B))
    assert found[A] == found[B]


def test_an_offer_of_which_nothing_is_known_is_believed() -> None:
    assert parts(movements(), claim(A)) == {A: 1.0}


def test_nine_people_change_nothing_and_ten_do() -> None:
    assert parts(movements((9, (A,), 0.0)), claim(A)) == {A: 1.0}
    assert parts(movements((10, (A,), 0.0)), claim(A))[A] < 1.0


def test_an_offer_without_takers_is_held_to_those_that_claim_the_same() -> None:
    """Twelve offers keep half of what they claim; of the thirteenth nothing is known, and one claims less."""
    some = movements(*((60, (offer,), 0.35) for offer in range(12)))
    found = parts(some, *(claim(offer) for offer in range(13)), claim(20, "touches"))
    assert found[12] == pytest.approx(0.5, abs=0.11)
    assert found[20] == 1.0


def test_one_that_does_nothing_loses_what_it_claims_the_more_people_show_it() -> None:
    found = [parts(movements((people, (A,), 0.0)), claim(A))[A] for people in (10, 40, 200)]
    assert found == sorted(found, reverse=True)
    assert found[-1] <= 0.1


def test_no_offer_is_held_to_do_harm() -> None:
    assert parts(movements((100, (A,), -0.5)), claim(A))[A] == 0.0


def test_claiming_more_makes_nobody_move_more() -> None:
    chances = [STRENGTH[strength] * parts(movements((3000, (A,), 0.2)), claim(A, strength))[A] for strength in STRENGTH]
    assert chances == pytest.approx([0.2] * 3, abs=0.04)


def test_one_that_rides_along_with_one_that_works_is_found_out() -> None:
    """B claims as much as A. Whoever takes it takes A as well, and moves as far as with A alone."""
    found = parts(movements((200, (A,), 0.7), (200, (A, B), 0.7), noise=0.1), claim(A), claim(B))
    assert found[A] == pytest.approx(1.0, abs=0.11)
    assert found[B] <= 0.1


def test_ratings_that_are_a_level_off_do_not_make_an_offer_look_weak() -> None:
    """Every third rating is a level off, so that of those who rate themselves at 1 many stand elsewhere, and A, which
    keeps all that it claims, moves two thirds of them only."""
    random = np.random.default_rng(1)
    level = random.integers(0, 4, size=6000)
    takes = np.arange(len(level)) % 2 == 0
    moves = takes & (level == 1) & (random.random(len(level)) < STRENGTH["masters"])
    before, after = (one + random.choice([-1, 0, 0, 0, 0, 1], size=len(level)) for one in (level, level + moves))
    before = np.maximum(before, 0)
    zeros = np.zeros(len(level), dtype=np.intp)
    offer = np.where(takes, np.where(before == 1, A, UNCLEAR), NOBODY)
    taken = np.stack((np.flatnonzero(takes), np.full(takes.sum(), A)), axis=1)
    some = Movements(zeros + DIMENSION, offer, before.astype(float), after.astype(float), zeros, takes, taken)
    assert parts(some, claim(A))[A] == pytest.approx(1.0, abs=0.11)


def test_what_reaches_nobody_where_they_stand_is_claimed_of_nobody() -> None:
    found = equations(movements((50, (A,), 0.5), (50, (A, B), 0.5)), [claim(A), claim(B, start=2, end=3)], {})
    assert found.people.tolist() == [100, 50], "a step waits for the one below it, which A claims too"
    alone = equations(movements((50, (B,), 0.5)), [claim(B, start=3, end=4)], {})
    assert (alone.people.tolist(), alone.rows) == ([0], 0)


def test_parts_are_told_to_a_tenth() -> None:
    for part in parts(movements((40, (A,), 0.3), (40, (B,), 0.2)), claim(A), claim(B)).values():
        assert part == round(part, 1)


levels = st.integers(0, 3).flatmap(lambda start: st.tuples(st.just(start), st.integers(start + 1, 4)))
believed = st.tuples(st.sampled_from(list(STRENGTH)), levels, st.floats(0.0, 1.3))


def expected(claims: list[Claim], parts: list[float], before: int) -> float:
    """How many levels a set of offers moves somebody, one step after the other."""
    moved, chance = 0.0, 1.0
    for step in range(before, 4):
        own = [
            STRENGTH[one.strength] * part
            for one, part in zip(claims, parts, strict=True)
            if one.start <= step < one.end
        ]
        chance *= 1 - np.prod([1 - min(one, 0.95) for one in own])
        moved += chance
    return moved


@given(st.lists(believed, min_size=1, max_size=4), st.integers(0, 3))
@settings(deadline=None)
def test_equations_lie_straight_where_the_parts_are_believed_to_be(
    some: list[tuple[str, tuple[int, int], float]], before: int
) -> None:
    """Whoever moves as is believed asks for no other parts, and slopes are those of what is expected."""
    claims = [Claim(offer, DIMENSION, strength, *span) for offer, (strength, span, _part) in enumerate(some)]
    parts = np.array([part for _strength, _span, part in some])
    moved = expected(claims, parts.tolist(), before)
    everybody = movements((1, tuple(range(len(claims))), moved), before=before, noise=0.0)
    found = equations(everybody, claims, dict(enumerate(parts.tolist())))
    assert found.moved == pytest.approx(found.gram @ parts, abs=1e-9)
    for offer, slope in enumerate(np.sqrt(np.diag(found.gram))):
        if parts[offer] * STRENGTH[claims[offer].strength] < 0.94:
            further = parts + 1e-6 * (np.arange(len(parts)) == offer)
            assert slope == pytest.approx((expected(claims, further.tolist(), before) - moved) / 1e-6, abs=1e-4)


@given(st.lists(st.sets(st.integers(0, 3), min_size=1), min_size=1, max_size=12), st.integers(0, 99))
@settings(deadline=None)
def test_equations_are_those_of_people_one_by_one(sets: list[set[int]], seed: int) -> None:
    every = [claim(offer, strength) for offer, strength in enumerate(["touches", "builds", "masters", "builds"])]
    groups = [(1, tuple(sorted(some)), 0.5) for some in sets]
    whole = equations(movements(*groups, seed=seed, noise=0.05), every, {})
    single: list[Equations] = [equations(movements(group, noise=0.05), every, {}) for group in groups]
    assert np.allclose(whole.gram, sum(one.gram for one in single))
    assert whole.people.tolist() == sum(one.people for one in single).tolist()
    assert whole.rows == len(sets)
