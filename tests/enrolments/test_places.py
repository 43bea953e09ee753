"""Who gets which place: never more than there are, what is kept goes to nobody else, in order, and teams as a whole."""

from dataclasses import replace
from itertools import product

from hypothesis import given, settings
from hypothesis import strategies as st

from catalogue.enrolments.places import Kept, Standing, Unit, at_once, seats_for, units
from catalogue.enrolments.places import given as who_gets

ALLOCATIONS = (1, 2, 3)
eligible = st.frozensets(st.sampled_from(ALLOCATIONS), max_size=3)


@st.composite
def stood(draw: st.DrawFn) -> Standing:
    """A run on which no more is taken and kept than it has places."""
    kept = []
    for allocation in ALLOCATIONS[: draw(st.integers(0, 3))]:
        seats = draw(st.integers(0, 5))
        kept.append(Kept(allocation, seats, draw(st.integers(0, seats))))
    others = draw(st.integers(0, 6))
    taken = others + sum(one.used for one in kept)
    spare = draw(st.integers(0, 6))
    return Standing(taken + sum(one.unused for one in kept) + spare, taken, tuple(kept))


@st.composite
def lines(draw: st.DrawFn) -> list[Unit]:
    sizes = draw(st.lists(st.sampled_from([1, 1, 1, 2, 3]), max_size=8))
    numbers = iter(range(1, 100))
    return [
        Unit(tuple(next(numbers) for _ in range(size)), tuple(draw(eligible) for _ in range(size))) for size in sizes
    ]


def after(standing: Standing, seats: list[int | None]) -> Standing:
    kept = tuple(replace(one, used=one.used + seats.count(one.id)) for one in standing.kept)
    return replace(standing, taken=standing.taken + len(seats), kept=kept)


def fits(standing: Standing, unit: Unit) -> bool:
    """By trying every way to sit: the slow truth."""
    ways = product(*[[*(one.id for one in standing.kept if one.id in own), None] for own in unit.own])
    return any(
        all(way.count(one.id) <= one.unused for one in standing.kept) and way.count(None) <= standing.open
        for way in ways
    )


@given(standing=stood(), line=lines())
def test_never_more_than_there_are_places_and_seats(standing: Standing, line: list[Unit]) -> None:
    for _unit, seats in who_gets(standing, line):
        standing = after(standing, seats)
    assert standing.taken <= standing.places
    assert standing.committed <= standing.places
    assert all(one.used <= one.seats for one in standing.kept)


@given(standing=stood(), line=lines())
def test_a_kept_seat_goes_to_nobody_for_whom_it_is_not_kept(standing: Standing, line: list[Unit]) -> None:
    gets = who_gets(standing, line)
    for unit, seats in gets:
        assert all(seat is None or seat in own for seat, own in zip(seats, unit.own, strict=True))
    assert sum(seats.count(None) for _unit, seats in gets) <= standing.open


@settings(max_examples=200)
@given(standing=stood(), line=lines())
def test_in_order_among_those_who_could_have_had_it_and_teams_as_a_whole(standing: Standing, line: list[Unit]) -> None:
    gets = {unit.ids: seats for unit, seats in who_gets(standing, line)}
    for unit in line:
        assert (unit.ids in gets) == fits(standing, unit), "whoever fits when it is their turn has it, nobody else"
        if unit.ids in gets:
            assert len(gets[unit.ids]) == len(unit.ids), "a team all or none"
            standing = after(standing, gets[unit.ids])
    assert not any(fits(standing, unit) for unit in line if unit.ids not in gets), "nothing is left that somebody could"


@settings(max_examples=200)
@given(standing=stood(), own=st.lists(eligible, min_size=1, max_size=4))
def test_a_team_sits_where_there_is_any_way_to_sit(standing: Standing, own: list[frozenset[int]]) -> None:
    team = Unit(tuple(range(len(own))), tuple(own))
    assert (seats_for(standing, team) is not None) == fits(standing, team)


@given(standing=stood(), own=eligible)
def test_seats_of_ones_own_come_first(standing: Standing, own: frozenset[int]) -> None:
    seats = seats_for(standing, Unit((1,), (own,)))
    mine = [one.id for one in standing.kept if one.id in own and one.unused]
    assert seats == ([mine[0]] if mine else [None] if standing.open else None)
    assert (standing.free_for(own) > 0) == (seats is not None), "what is shown as free can be had"


@given(standing=stood(), line=lines(), own=eligible)
def test_whoever_comes_last_takes_nothing_from_those_who_wait(
    standing: Standing, line: list[Unit], own: frozenset[int]
) -> None:
    newcomer = Unit((99,), (own,))
    seats = at_once(standing, line, newcomer)
    assert {unit.ids: seats for unit, seats in who_gets(standing, [*line, newcomer])}.get((99,)) == seats


@given(standing=stood(), line=lines())
def test_releasing_gives_unused_seats_in_order(standing: Standing, line: list[Unit]) -> None:
    for _unit, seats in who_gets(standing, line):
        standing = after(standing, seats)
    gone = {unit.ids for unit, _seats in who_gets(standing, line)}
    line = [unit for unit in line if unit.ids not in gone]
    released = replace(standing, kept=())
    alone = [Unit(unit.ids, tuple(frozenset() for _ in unit.ids)) for unit in line if len(unit.ids) == 1]
    gets = who_gets(released, alone)
    assert released.open == standing.open + standing.unused
    assert [unit for unit, _seats in gets] == alone[: released.open]


def test_a_team_stands_where_its_first_member_does() -> None:
    found = list(units([(1, None), (2, 7), (3, None), (4, 7)], {4: {1}}))
    assert [unit.ids for unit in found] == [(1,), (2, 4), (3,)]
    assert found[1].own == ((), {1})
