"""Who gets which place of a run: pure decisions on seats that are kept for some, places for everyone, and a line.

The same for joining, for nominations, for whoever is next when a place comes free, and for seats that are released.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace


@dataclass(frozen=True, slots=True)
class Kept:
    """Seats of a run that are kept for some people, by the allocation's id: how many, and how many are used."""

    id: int
    seats: int
    used: int

    @property
    def unused(self) -> int:
        return max(0, self.seats - self.used)


@dataclass(frozen=True, slots=True)
class Standing:
    """How a run stands: its places, how many are taken (of kept seats too), and the seats that are still kept.

    ``kept`` is in the order in which they are used by somebody who may use several.
    """

    places: int
    taken: int
    kept: tuple[Kept, ...] = ()

    @property
    def free(self) -> int:
        """Places that nobody holds, whoever they are kept for."""
        return max(0, self.places - self.taken)

    @property
    def unused(self) -> int:
        return sum(kept.unused for kept in self.kept)

    @property
    def open(self) -> int:
        """Places that are free for somebody for whom no seat is kept."""
        return max(0, self.free - self.unused)

    @property
    def committed(self) -> int:
        """Places that are taken or kept: a run has no fewer."""
        return self.taken + self.unused

    def free_for(self, own: Collection[int]) -> int:
        """What is free for somebody who may use these allocations: seats of their own, else what is open to all."""
        mine = sum(kept.unused for kept in self.kept if kept.id in own)
        return min(mine, self.free) or self.open

    def _with(self, seats: Sequence[int | None]) -> "Standing":
        """As it stands once these are taken: each of an allocation by its id, or open to everyone."""
        kept = tuple(replace(one, used=one.used + seats.count(one.id)) for one in self.kept)
        return Standing(self.places, self.taken + len(seats), kept)


@dataclass(frozen=True, slots=True)
class Unit:
    """Who gets places together: one person, or a team. ``own`` are the allocations that each of them may use."""

    ids: tuple[int, ...]
    own: tuple[Collection[int], ...] = field(default=())


def seats_for(standing: Standing, unit: Unit) -> list[int | None] | None:
    """A seat for each of them, an allocation's (its id) before one that is open to all (none); or nothing for all.

    As many as can be sit on seats of their own: whoever may use several of them makes room for whoever may use one.
    """
    left = {kept.id: kept.unused for kept in standing.kept}
    sitting: dict[int, list[int]] = {allocation: [] for allocation in left}

    def seat(member: int, tried: set[int]) -> bool:
        """Seat somebody, moving others where they may sit elsewhere (an augmenting path)."""
        for allocation, seats in left.items():
            if allocation not in unit.own[member] or allocation in tried:
                continue
            tried.add(allocation)
            if len(sitting[allocation]) < seats:
                sitting[allocation].append(member)
                return True
            for other in list(sitting[allocation]):
                if seat(other, tried):
                    sitting[allocation].remove(other)
                    sitting[allocation].append(member)
                    return True
        return False

    without = [member for member in range(len(unit.ids)) if not seat(member, set())]
    if len(without) > standing.open or len(unit.ids) > standing.free:
        return None
    found: list[int | None] = [None] * len(unit.ids)
    for allocation, members in sitting.items():
        for member in members:
            found[member] = allocation
    return found


def given(standing: Standing, waiting: Sequence[Unit]) -> list[tuple[Unit, list[int | None]]]:
    """Who of those waiting gets places now, in their order; a team that does not fit as a whole is passed over."""
    gets = []
    for unit in waiting:
        if not standing.free:
            break
        seats = seats_for(standing, unit)
        if seats is not None:
            gets.append((unit, seats))
            standing = standing._with(seats)
    return gets


def at_once(standing: Standing, waiting: Sequence[Unit], newcomer: Unit) -> list[int | None] | None:
    """The seats of whoever comes last, once all who wait and could have a place have theirs; or nothing."""
    if seats_for(standing, newcomer) is None:
        return None
    for _unit, seats in given(standing, waiting):
        standing = standing._with(seats)
    return seats_for(standing, newcomer)


def units(waiting: Sequence[tuple[int, int | None]], own: Mapping[int, Collection[int]]) -> Iterator[Unit]:
    """Those who wait, as (enrolment, team) in the order of the list; a team stands where its first member does."""
    seen: set[int] = set()
    members: dict[int, list[int]] = {}
    for enrolment_id, team_id in waiting:
        if team_id is not None:
            members.setdefault(team_id, []).append(enrolment_id)
    for enrolment_id, team_id in waiting:
        if team_id in seen:
            continue
        if team_id is not None:
            seen.add(team_id)
        ids = (enrolment_id,) if team_id is None else tuple(members[team_id])
        yield Unit(ids, tuple(own.get(one, ()) for one in ids))
