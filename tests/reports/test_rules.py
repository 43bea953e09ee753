"""What a cell comes to, and that nothing tells what fewer than ten people need."""

from itertools import product

from hypothesis import example, given, settings
from hypothesis import strategies as st

from catalogue.people.rules import FEWEST_TOLD_OF
from catalogue.reports.rules import Assessed, Need, State, Supply, may_be_shown, state_of, together

DIMENSIONS = ("care", "team")
Sizes = list[int]


@given(st.integers(0, 50), st.integers(0, 9), st.integers(0, 100), st.integers(0, 9))
def test_a_cell_has_one_state_that_follows_from_its_figures(people: int, offers: int, places: int, own: int) -> None:
    supply = Supply(offers, min(own, offers), places if offers else 0, 6.0 * offers)
    state = state_of(Need(people, 2 * people), supply)
    assert (state == State.NO_NEED) == (people == 0)
    assert (state == State.GAP) == (people > 0 and offers == 0)
    enough = supply.places >= people or supply.self_paced > 0
    assert (state == State.MET) == (people > 0 and offers > 0 and enough)
    assert state_of(None, supply) == State.NOT_SHOWN


@given(st.integers(1, 50), st.integers(0, 9), st.integers(0, 100))
def test_one_more_offer_never_leaves_a_gap(people: int, offers: int, places: int) -> None:
    more = Supply(offers, 0, places, 6.0) + Supply(1, 0, 0, 6.0)
    assert state_of(Need(people, people), more) != State.GAP


def world_of(sizes: Sizes, needs: list[tuple[int, int]]) -> list[Assessed]:
    """Systems of so many people, so many of whom have a gap in each of the two dimensions."""
    return [
        Assessed(size, {key: Need(people, 2 * people) for key, people in zip(DIMENSIONS, need, strict=True) if people})
        for size, need in zip(sizes, needs, strict=True)
    ]


def told(systems: list[Assessed], *, whole: bool) -> object:
    """All that anybody is shown of these systems: those that are shown one by one, and the sum."""
    rest = sum(system.people for system in systems if not may_be_shown(system))
    total = together(systems, DIMENSIONS, different_people=rest, whole=whole)
    in_sum = total and (total.people, [total.need(key) for key in DIMENSIONS])
    return [system for system in systems if may_be_shown(system)], in_sum


worlds = st.lists(st.integers(0, 12), min_size=1, max_size=4).flatmap(
    lambda sizes: st.tuples(
        st.just(sizes), st.tuples(*(st.tuples(st.integers(0, size), st.integers(0, size)) for size in sizes)).map(list)
    )
)


@settings(deadline=None, max_examples=60)
@given(worlds, st.booleans())
@example(([12, 9], [(5, 5), (4, 4)]), True)
@example(([9, 9], [(0, 3), (0, 3)]), True)
@example(([9, 9], [(9, 3), (9, 3)]), True)
@example(([9, 1, 12], [(8, 3), (1, 0), (2, 2)]), True)
def test_no_figure_of_a_system_that_is_not_shown_follows_from_what_is(
    world: tuple[Sizes, list[tuple[int, int]]], whole: bool
) -> None:
    """However well somebody knows how many people each system has: for each figure that they may not see there is a
    second one with which everything that they see would be the same."""
    sizes, needs = world
    seen = told(world_of(sizes, needs), whole=whole)
    hidden = [number for number, size in enumerate(sizes) if 0 < size < FEWEST_TOLD_OF]
    for dimension in range(len(DIMENSIONS)):
        possible: dict[int, set[int]] = {number: set() for number in hidden}
        for figures in product(*(range(sizes[number] + 1) for number in hidden)):
            other = [list(need) for need in needs]
            for number, figure in zip(hidden, figures, strict=True):
                other[number][dimension] = figure
            if told(world_of(sizes, [(first, second) for first, second in other]), whole=whole) == seen:
                for number, figure in zip(hidden, figures, strict=True):
                    possible[number].add(figure)
        assert all(len(values) >= 2 for values in possible.values()), (dimension, possible)


@given(worlds)
def test_the_sum_has_all_that_is_shown_and_all_of_the_rest_or_nothing_of_it(
    world: tuple[Sizes, list[tuple[int, int]]],
) -> None:
    systems = world_of(*world)
    shown = sum(system.people for system in systems if may_be_shown(system))
    rest = sum(system.people for system in systems if not may_be_shown(system))
    total = together(systems, DIMENSIONS, different_people=rest, whole=True)
    assert (total.people if total else 0) in {shown, shown + rest}
    if total and total.people != shown:
        assert rest >= FEWEST_TOLD_OF
    part = together(systems, DIMENSIONS, different_people=rest, whole=False)
    assert (part.people if part else 0) == shown, "a sum over some systems has those alone that are shown"


def test_people_of_several_small_systems_count_once_towards_ten() -> None:
    systems = world_of([6, 6], [(3, 3), (3, 3)])
    assert together(systems, DIMENSIONS, different_people=9, whole=True) is None
    assert together(systems, DIMENSIONS, different_people=10, whole=True) is not None
