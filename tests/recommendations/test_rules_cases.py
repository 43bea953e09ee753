"""The recommender, case by case, and on catalogues of the size it is for."""

from dataclasses import replace
from math import inf, nan

import numpy as np
import pytest

from catalogue.evidence.rules import MOST_CHANCE, STRENGTH
from catalogue.recommendations.candidates import Candidate, Takes
from catalogue.recommendations.rules import Budget, Gap, choose
from catalogue.recommendations.what_ifs import Kind, WhatIf, with_what_ifs

CLOSE = 1e-7


def offer(key: str, hours: float, *takes: tuple[str, int, int, float], **others: float | str) -> Candidate:
    return Candidate(key, hours, tuple(Takes(*each) for each in takes), **others)  # type: ignore[arg-type]


def test_a_higher_step_waits_for_the_lower():
    gaps = [Gap("teams", 1, 3)]
    higher = offer("a-higher", 1.0, ("teams", 2, 3, 0.7))
    lower = offer("b-lower", 1.0, ("teams", 1, 2, 0.2))

    assert choose(gaps, [higher], Budget(5.0)).choices == ()
    answer = choose(gaps, [higher, lower], Budget(5.0))
    assert [choice.key for choice in answer.choices] == ["b-lower", "a-higher"]
    assert answer.value == pytest.approx(2 * 0.2 + 2 * 0.7)
    assert [(gain.dimension, gain.step) for choice in answer.choices for gain in choice.gains] == [
        ("teams", 2),
        ("teams", 3),
    ]
    assert [choice.key for choice in choose(gaps, [higher, lower], Budget(1.0)).choices] == ["b-lower"]


def test_a_small_first_step_is_taken_for_what_it_unlocks():
    gaps = [Gap("teams", 0, 4), Gap("vision", 0, 1)]
    first = offer("first", 1.0, ("teams", 0, 1, 0.05))
    rest = offer("rest", 1.0, ("teams", 1, 4, 0.7))
    tempting = offer("tempting", 1.0, ("vision", 0, 1, 0.9))
    answer = choose(gaps, [first, rest, tempting], Budget(2.0))
    assert [choice.key for choice in answer.choices] == ["first", "rest"]


def test_an_offer_comes_after_what_any_part_of_it_waits_for():
    gaps = [Gap("teams", 0, 2), Gap("vision", 0, 1)]
    broad = offer("broad", 1.0, ("teams", 1, 2, 0.7), ("vision", 0, 1, 0.7))
    first = offer("first", 3.0, ("teams", 0, 1, 0.2))
    answer = choose(gaps, [broad, first], Budget(4.0))
    assert [choice.key for choice in answer.choices] == ["first", "broad"]


def test_where_offers_wait_for_each_other_the_second_gains_what_the_first_touched_too_early():
    gaps = [Gap("teams", 0, 2), Gap("vision", 0, 2)]
    one = offer("one", 1.0, ("teams", 1, 2, 0.7), ("vision", 0, 1, 0.45))
    other = offer("other", 1.0, ("teams", 0, 1, 0.45), ("vision", 1, 2, 0.7))
    answer = choose(gaps, [one, other], Budget(2.0))
    assert [choice.key for choice in answer.choices] == ["one", "other"]
    assert [choice.gain for choice in answer.choices] == pytest.approx([2 * 0.45, 2 * (0.45 + 0.7 + 0.7)])


def test_several_ranges_of_one_offer_combine_and_are_never_certain():
    gaps = [Gap("teams", 0, 1)]
    twice = offer("twice", 1.0, ("teams", 0, 1, 0.2), ("teams", 0, 2, 0.5))
    certain = offer("certain", 1.0, ("teams", 0, 1, 1.4))
    assert choose(gaps, [twice], Budget(1.0)).value == pytest.approx(1 - 0.8 * 0.5)
    assert choose(gaps, [certain], Budget(1.0)).value == pytest.approx(MOST_CHANCE)


@pytest.mark.parametrize("gaps", [[], [Gap("teams", 3, 3)], [Gap("teams", 4, 2)], [Gap("teams", 0, 4, 0.0)]])
def test_nothing_to_close_is_an_empty_set_and_certain(gaps):
    answer = choose(gaps, [offer("course", 1.0, ("teams", 0, 4, 0.7))], Budget(10.0))
    assert answer.choices == ()
    assert (answer.value, answer.hours, answer.total) == (0.0, 0.0, 0.0)
    assert (answer.share_closed, answer.share_possible, answer.certificate) == (0.0, 0.0, 1.0)


def test_no_offers_close_nothing_and_that_is_certain():
    answer = choose([Gap("teams", 0, 4)], [], Budget(10.0))
    assert answer.choices == ()
    assert (answer.share_closed, answer.share_possible, answer.certificate) == (0.0, 0.0, 1.0)


def test_offers_without_hours_cost_nothing():
    gaps = [Gap("teams", 0, 2)]
    free = offer("free", 0.0, ("teams", 0, 2, 0.2))
    course = offer("course", 3.0, ("teams", 0, 2, 0.7))
    assert [choice.key for choice in choose(gaps, [free, course], Budget(0.0)).choices] == ["free"]
    assert [choice.key for choice in choose(gaps, [free, course], Budget(3.0)).choices] == ["free", "course"]


def test_ties_go_by_key():
    gaps = [Gap("teams", 0, 2)]
    twins = [offer(key, 2.0, ("teams", 0, 2, 0.45)) for key in ("c", "a", "b")]
    assert [choice.key for choice in choose(gaps, twins, Budget(4.0)).choices] == ["a", "b"]


def test_money_and_providers_limit_the_set_but_not_the_bound():
    gaps = [Gap("teams", 0, 1), Gap("vision", 0, 1)]
    dear = offer("dear", 1.0, ("teams", 0, 1, 0.7), price=500.0, provider="college")
    cheap = offer("cheap", 1.0, ("teams", 0, 1, 0.45), price=20.0, provider="college")
    also = offer("also", 1.0, ("vision", 0, 1, 0.2), price=20.0, provider="college")
    candidates = [dear, cheap, also]
    limited = choose(gaps, candidates, Budget(2.0, price=100.0))
    assert [choice.key for choice in limited.choices] == ["cheap", "also"]
    single = choose(gaps, candidates, Budget(2.0, per_provider=1))
    assert [choice.key for choice in single.choices] == ["dear"]
    for answer in (limited, single):
        assert answer.bound >= choose(gaps, candidates, Budget(2.0)).value - CLOSE


def test_what_more_hours_would_add():
    gaps = [Gap("teams", 0, 1), Gap("vision", 0, 1)]
    candidates = [offer("short", 2.0, ("teams", 0, 1, 0.7)), offer("long", 4.0, ("vision", 0, 1, 0.45))]
    _answer, found = with_what_ifs(gaps, candidates, Budget(2.0))
    assert found == [WhatIf(Kind.MORE_HOURS, 6.0, pytest.approx((0.7 + 0.45) / 2), ("long",))]
    assert with_what_ifs(gaps, candidates, Budget(6.0))[1] == []
    assert with_what_ifs(gaps, candidates, Budget(398.0))[1] == [], "nobody can ask for more than 400 hours"


def test_what_fewer_hours_would_leave_and_what_other_limits_cost():
    gaps = [Gap("teams", 0, 1), Gap("vision", 0, 1)]
    main = offer("main", 2.0, ("teams", 0, 1, 0.7), provider="college")
    little = offer("little", 3.0, ("vision", 0, 1, 0.02), provider="college")
    answer, found = with_what_ifs(gaps, [main, little], Budget(5.0))
    assert answer.hours == 5.0
    assert found == [WhatIf(Kind.FEWER_HOURS, 2.5, pytest.approx(0.35), ())]
    dear = offer("dear", 1.0, ("vision", 0, 1, 0.45), price=90.0, provider="college")
    limited = Budget(3.0, price=10.0, per_provider=1)
    kinds = {one.kind: one.new for one in with_what_ifs(gaps, [main, dear], limited)[1]}
    assert kinds == {}, "each limit alone still holds it back"
    kinds = {one.kind: one.new for one in with_what_ifs(gaps, [main, dear], replace(limited, price=None))[1]}
    assert kinds == {Kind.ANY_PROVIDER: ("dear",)}
    kinds = {one.kind: one.new for one in with_what_ifs(gaps, [main, dear], replace(limited, per_provider=None))[1]}
    assert kinds == {Kind.ANY_PRICE: ("dear",)}
    late = offer("late", 1.0, ("vision", 0, 1, 0.7))
    _, found = with_what_ifs(gaps, [main], Budget(3.0), any_day=[main, late], with_set_aside=[main])
    assert [(one.kind, one.new) for one in found] == [(Kind.ANY_DAY, ("late",))]


@pytest.mark.parametrize(
    ("build", "said"),
    [
        (lambda: Budget(-1.0), "hours"),
        (lambda: Budget(nan), "hours"),
        (lambda: Budget(inf), "hours"),
        (lambda: Budget(1.0, price=-1.0), "price"),
        (lambda: Budget(1.0, price=nan), "price"),
        (lambda: Budget(1.0, per_provider=-1), "per_provider"),
        (lambda: Gap("teams", 0, 1, importance=-0.1), "importance"),
        (lambda: Gap("teams", 0, 1, priority=inf), "priority"),
        (lambda: Gap("teams", 0, 1, 1e200, 1e200), "weight"),
        (lambda: Takes("teams", 2, 2, 0.5), "upwards"),
        (lambda: Takes("teams", 2, 1, 0.5), "upwards"),
        (lambda: Takes("teams", 0, 1, nan), "probability"),
        (lambda: Candidate("course", nan, ()), "hours"),
        (lambda: Candidate("course", -1.0, ()), "hours"),
        (lambda: Candidate("course", 1.0, (), price=inf), "price"),
        (lambda: choose([Gap("teams", 0, 1)] * 2, [], Budget(1.0)), "dimension"),
        (lambda: choose([], [Candidate("course", 1.0, ())] * 2, Budget(1.0)), "key"),
    ],
)
def test_what_makes_no_sense_is_refused(build, said):
    with pytest.raises(ValueError, match=said):
        build()


def random_instance(seed: int, offers: int) -> tuple[list[Gap], list[Candidate]]:
    """A person part of the way in nine dimensions of five levels, and offers that each serve one to three."""
    random = np.random.default_rng(seed)
    names = [f"d{number}" for number in range(9)]
    present = random.integers(0, 4, size=9)
    gaps = [
        Gap(name, int(start), int(random.integers(start, 5)), float(random.choice([0.5, 1.0, 2.0])))
        for name, start in zip(names, present, strict=True)
    ]
    candidates = []
    for number in range(offers):
        ranges = []
        for name in random.choice(names, size=random.integers(1, 4), replace=False):
            start = int(random.integers(0, 4))
            end = int(random.integers(start + 1, min(start + 3, 5)))
            p = random.choice(list(STRENGTH.values())) * random.uniform(0.5, 1.2)
            ranges.append((str(name), start, end, float(p)))
        candidates.append(offer(f"o{number:04}", float(random.choice([1, 1.5, 2, 3, 4, 6, 8, 12])), *ranges))
    return gaps, candidates


def test_on_catalogues_of_two_hundred_offers_most_answers_are_close_to_the_best():
    answers = [choose(*random_instance(seed, 200), Budget(12.0)) for seed in range(25)]
    assert np.median([answer.certificate for answer in answers]) > 0.9
    assert min(answer.certificate for answer in answers) > 0.8


def test_a_catalogue_of_two_thousand_offers_is_no_harder():
    gaps, candidates = random_instance(1, 2000)
    assert choose(gaps, candidates, Budget(12.0)).certificate > 0.9
