"""Nothing that is told of answers says how any one person, or a handful of people, answered."""

from collections.abc import Mapping
from itertools import product

from hypothesis import given
from hypothesis import strategies as st

from catalogue.equality.rules import NOT_SAID, QUESTIONS, due, told

ANSWERS = ("yes", "no", "perhaps", NOT_SAID)
Counts = Mapping[str, int]
COUNTS = st.fixed_dictionaries(dict.fromkeys(ANSWERS, st.integers(0, 40)))
FEW = st.fixed_dictionaries(dict.fromkeys(ANSWERS, st.integers(0, 14)))
OFFSETS = st.fixed_dictionaries(dict.fromkeys(ANSWERS, st.integers(0, 9)))


def together(offers: list[Counts]) -> Counts:
    return {answer: sum(counts[answer] for counts in offers) for answer in ANSWERS}


def could_be(counts: Counts, said: Mapping[str, int]) -> bool:
    """Whether some offsets tell this of these counts, for whoever knows every rule and none of the offsets."""
    everyone = sum(counts.values())
    for answer, count in counts.items():
        others = everyone - count >= 10
        if answer in said:
            if not (others and said[answer] <= count <= said[answer] + 18):
                return False
        elif others and count > 18:
            return False
    return True


def moved(offers: list[Counts]) -> list[tuple[int, str, list[Counts]]]:
    """Each cell with the counts as they would be if one person more or fewer were in it: alone, or from elsewhere."""
    cells = list(product(range(len(offers)), ANSWERS))
    found = []
    for at, answer in cells:
        for step, beside in product((-1, 1), [None, *cells]):
            changed = [dict(counts) for counts in offers]
            changed[at][answer] += step
            if beside is not None:
                changed[beside[0]][beside[1]] -= step
            if changed[at][answer] != offers[at][answer] and min(min(counts.values()) for counts in changed) >= 0:
                found.append((at, answer, changed))
    return found


@given(COUNTS, OFFSETS)
def test_fewer_than_ten_are_never_told_of_nor_all_but_fewer_than_ten(counts: Counts, offsets: Counts) -> None:
    for answer, at_least in told(counts, offsets).items():
        assert at_least % 10 == 0
        assert 10 <= at_least <= counts[answer]
        assert sum(counts.values()) - counts[answer] >= 10


@given(COUNTS, OFFSETS)
def test_what_is_told_is_what_could_be_told(counts: Counts, offsets: Counts) -> None:
    assert could_be(counts, told(counts, offsets)), "the other tests count on it"


@given(st.lists(st.one_of(COUNTS, FEW), min_size=1, max_size=4), st.data())
def test_no_count_can_be_worked_out_from_all_that_is_told_of_all_offers(
    offers: list[Counts], data: st.DataObject
) -> None:
    """Of each cell, told or not: the same would be told if one person more, or one fewer, were in it."""
    said = [told(counts, data.draw(OFFSETS)) for counts in offers]
    over_all = told(together(offers), data.draw(OFFSETS))
    open_cells = {
        (at, answer)
        for at, answer, changed in moved(offers)
        if could_be(together(changed), over_all) and all(could_be(*pair) for pair in zip(changed, said, strict=True))
    }
    assert open_cells == set(product(range(len(offers)), ANSWERS))


@given(st.lists(st.sampled_from(ANSWERS), max_size=80), OFFSETS)
def test_what_is_told_changes_only_when_ten_more_have_answered(given_: list[str], offsets: Counts) -> None:
    answered_then, said, changes = 0, {}, []
    for number in range(len(given_) + 1):
        counts = {answer: given_[:number].count(answer) for answer in ANSWERS}
        if due(number, answered_then):
            answered_then, said = number, told(counts, offsets)
            changes.append(number)
        assert set(said) <= {answer for answer, count in counts.items() if count >= 10}
    assert all(after - before >= 10 for before, after in zip([0, *changes], changes, strict=False))


def test_every_question_can_be_passed_over_and_fits_its_column() -> None:
    for name, question in QUESTIONS.items():
        assert list(question.answers)[-1] == NOT_SAID
        assert len(name) <= 40
        assert all(len(answer) <= 60 for answer in question.answers)
