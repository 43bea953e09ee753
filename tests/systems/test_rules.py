"""What may be told of how many people belong where, and what systems and organisations may be."""

from datetime import date

from hypothesis import given
from hypothesis import strategies as st

from catalogue.systems.rules import fault_of_dates, key_of, leads_back, onward, told

IDS = st.integers(1, 6)
COUNTS = st.dictionaries(st.integers(1, 6), st.integers(0, 30), max_size=6)


@given(COUNTS, st.integers(0, 40))
def test_of_fewer_than_ten_people_nothing_is_told(people: dict[int, int], shared: int) -> None:
    together = max(max(people.values(), default=0), sum(people.values()) - shared)
    said = told(people, together)
    for key, count in said.by_organisation.items():
        assert count == (people[key] if people[key] >= 10 else None)
    assert said.together in (None, together)
    assert said.together is None or together >= 10


@given(COUNTS)
def test_what_is_not_told_of_one_organisation_cannot_be_taken_from_the_sum(people: dict[int, int]) -> None:
    """Where nobody belongs to two, the sum less what is told is what the rest comes to."""
    said = told(people, sum(people.values()))
    if said.together is None:
        return
    rest = [people[key] for key, count in said.by_organisation.items() if count is None]
    left = said.together - sum(count for count in said.by_organisation.values() if count is not None)
    assert left == sum(rest)
    assert left == 0 or (left >= 10 and len(rest) >= 2)


@given(st.dictionaries(IDS, st.one_of(st.none(), IDS)), IDS, IDS)
def test_whatever_follows_nothing_follows_itself(
    successors: dict[int, int | None], system_id: int, successor_id: int
) -> None:
    if leads_back(successors, system_id, successor_id):
        return
    after, seen = successor_id, []
    while after is not None and after not in seen:
        assert after != system_id
        seen.append(after)
        after = successors.get(after)


@given(st.dictionaries(IDS, st.one_of(st.none(), IDS)), IDS)
def test_what_followed_a_system_is_each_once_and_each_followed_the_one_before(
    successors: dict[int, int | None], system_id: int
) -> None:
    found = onward(successors, system_id)
    assert len(found) == len(set(found))
    assert [successors.get(one) for one in [system_id, *found]][: len(found)] == found


@given(st.text(max_size=200), st.integers(0, 4))
def test_a_key_is_free_fits_its_column_and_an_address(name: str, others: int) -> None:
    taken: set[str] = set()
    for _ in range(others + 1):
        key = key_of(name, taken)
        assert key not in taken
        assert 0 < len(key) <= 100
        assert all(letter.isascii() and (letter.isalnum() or letter == "-") for letter in key)
        taken.add(key)


def test_nothing_ends_before_it_starts() -> None:
    assert fault_of_dates(date(2022, 7, 2), date(2022, 7, 1))
    assert not fault_of_dates(date(2022, 7, 1), date(2022, 7, 1))
    assert not fault_of_dates(None, date(2022, 7, 1))
