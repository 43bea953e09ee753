"""From answers to levels: the promises that the scoring makes."""

from hypothesis import given
from hypothesis import strategies as st

from catalogue.assessments.rules import Standing, holds, level_from, strongest, widest_gap

AGREEMENT = st.integers(0, 4)
LEVEL = st.lists(st.one_of(AGREEMENT, st.none()), min_size=1, max_size=5)
ANSWERS = st.lists(LEVEL, min_size=1, max_size=6).map(lambda levels: dict(enumerate(levels, start=1)))


@given(ANSWERS, st.data())
def test_a_better_answer_never_lowers_a_level(answers: dict[int, list[int | None]], data: st.DataObject) -> None:
    level = data.draw(st.sampled_from(sorted(answers)))
    index = data.draw(st.integers(0, len(answers[level]) - 1))
    old = answers[level][index]
    better = {**answers, level: list(answers[level])}
    better[level][index] = data.draw(st.integers(0 if old is None else old, 4))
    assert level_from(better) >= level_from(answers)


@given(ANSWERS)
def test_a_level_stands_only_on_levels_that_are_held(answers: dict[int, list[int | None]]) -> None:
    reached = level_from(answers)
    assert all(holds(answers[level]) for level in answers if level <= reached)
    assert reached == max(answers) or not holds(answers[reached + 1])


@given(ANSWERS)
def test_the_order_of_the_statements_does_not_matter(answers: dict[int, list[int | None]]) -> None:
    assert level_from({level: given[::-1] for level, given in answers.items()}) == level_from(answers)


def test_agreeing_with_all_of_a_level_holds_it() -> None:
    assert holds([3, 3, 3])


def test_one_weaker_answer_can_be_made_up_for() -> None:
    assert holds([2, 4, 3])
    assert not holds([2, 3, 3])


def test_no_level_is_held_against_ones_own_plain_word() -> None:
    assert not holds([1, 4, 4, 4])


def test_a_statement_not_answered_counts_as_not_held() -> None:
    assert not holds([4, None])
    assert not holds([])


def test_nothing_held_is_the_level_below_the_first() -> None:
    assert level_from({1: [0, 4], 2: [4, 4]}) == 0


def test_a_higher_level_does_not_count_over_a_lower_one_that_is_not_held() -> None:
    assert level_from({1: [4], 2: [1], 3: [4]}) == 1


def _standing(present: int, target: int, importance: int = 1) -> Standing:
    return Standing(present * 10 + target, f"{present} of {target}", "key", present, target, importance)


def test_the_widest_gap_is_named_first_and_the_more_important_of_equals() -> None:
    assert widest_gap([_standing(1, 2), _standing(1, 4), _standing(2, 4)]) == _standing(1, 4)
    assert widest_gap([_standing(1, 3), _standing(1, 3, 3)]) == _standing(1, 3, 3)
    assert widest_gap([_standing(3, 2), _standing(2, 2)]) is None


def test_the_strongest_dimension_is_the_highest_level() -> None:
    assert strongest([_standing(1, 1), _standing(3, 4), _standing(3, 2)]) == _standing(3, 2)
    assert strongest([]) is None
