"""What may be told of answers, so that none can be traced: gone through in full for small groups."""

from collections import Counter, defaultdict
from collections.abc import Sequence
from datetime import date
from itertools import combinations_with_replacement, product
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalogue.feedback.report import Asked, Said, written
from catalogue.feedback.rules import (
    ANONYMOUS,
    FEWEST,
    RANGE_FROM,
    Figure,
    Group,
    View,
    Weight,
    others_view,
    parts,
    told,
    view,
    weigh,
    whole,
)
from catalogue.feedback.rules import to_the_half as half
from tests.drills import many

SCALE = range(5)
ANSWERS = st.lists(st.integers(0, 4), max_size=12)
COUNTS = st.fixed_dictionaries({group: st.integers(0, 6) for group in ANONYMOUS})
ONE = Asked(1, "care", "Leading with care", (11,))


def report(groups: Sequence[Group], answers: Sequence[int]) -> dict[str, Any]:
    """What is published where each rater, of the group at the same place, answers one statement like this."""
    said = [Said(group, {"11": answer}, {"1": answer}) for group, answer in zip(groups, answers, strict=True)]
    return written("f", date(2026, 1, 1), [ONE], Counter(groups), said, own={1: 3.0}, shuffle=lambda _words: None)


def all_told(groups: Sequence[Group]) -> dict[str, list[tuple[int, ...]]]:
    """Every set of raw answers that these raters can give, by the whole report that it leads to."""
    found: dict[str, list[tuple[int, ...]]] = defaultdict(list)
    for answers in product(SCALE, repeat=len(groups)):
        found[repr(report(groups, answers))].append(answers)
    return found


def by_size(most: int) -> list[tuple[Group, ...]]:
    return [groups for size in range(1, most + 1) for groups in combinations_with_replacement(ANONYMOUS, size)]


@pytest.mark.parametrize("groups", by_size(many(5, 6)), ids="-".join)
def test_every_report_is_explained_by_two_sets_of_answers_that_differ_for_each_rater(groups: tuple[Group, ...]) -> None:
    """How much it matters is here what is answered, the hardest case: one figure must not help against the other."""
    for published, sets in all_told(groups).items():
        for place in range(len(groups)):
            assert len({answers[place] for answers in sets}) >= 2, f"{published} tells what {groups[place]} answered"


@pytest.mark.parametrize("groups", by_size(many(4, 5)), ids="-".join)
def test_no_report_gives_away_the_mean_of_a_group_of_fewer_than_three(groups: tuple[Group, ...]) -> None:
    for published, sets in all_told(groups).items():
        for group, count in Counter(groups).items():
            if count < FEWEST:
                sums = {sum(a for a, g in zip(answers, groups, strict=True) if g == group) for answers in sets}
                assert len(sums) >= 2, f"{published} tells the mean of the {group}"


@pytest.mark.parametrize("size", range(FEWEST, many(7, 8)))
def test_every_figure_is_explained_by_two_sets_of_answers_that_differ_for_each_rater(size: int) -> None:
    found: dict[Figure | None, list[set[int]]] = defaultdict(lambda: [set() for _ in range(size)])
    for answers in product(SCALE, repeat=size):
        for place, answer in enumerate(answers):
            found[told(answers)][place].add(answer)
    assert all(len(possible) >= 2 for raters in found.values() for possible in raters)


def test_two_answers_are_not_told_and_three_are() -> None:
    assert told([4, 4]) is None
    assert told([4, 4, 4]) == Figure(3, 4.0)


def test_three_and_four_are_told_as_a_whole_number_and_five_to_the_half_with_a_range() -> None:
    assert told([0, 1, 4]) == Figure(3, 2.0)
    assert told([0, 2, 4, 4]) == Figure(4, 3.0)
    assert told([0, 2, 3, 4, 4]) == Figure(5, 2.5, 0, 4)


def test_a_range_that_would_be_everybodys_answer_is_not_told() -> None:
    assert told([4] * 8) == Figure(8, 4.0)
    assert told([3, 3, 3, 3, 4]) == Figure(5, 3.0)


@given(ANSWERS)
def test_the_order_of_answers_is_in_no_figure(answers: list[int]) -> None:
    assert told(answers) == told(sorted(answers))


@given(ANSWERS)
def test_a_mean_is_never_further_off_than_it_is_rounded(answers: list[int]) -> None:
    figure = told(answers)
    if figure is not None:
        step = 1 if figure.count < RANGE_FROM else 0.5
        assert abs(figure.mean - sum(answers) / len(answers)) <= step / 2
        assert (2 * figure.mean).is_integer()


@given(COUNTS)
def test_every_group_that_answered_is_in_one_part_of_three_or_more_or_is_withheld(counts: dict[Group, int]) -> None:
    found = parts(counts)
    placed = [group for part in found.told for group in part] + list(found.withheld)
    assert sorted(placed) == sorted(group for group in ANONYMOUS if counts[group])
    assert all(sum(counts[group] for group in part) >= FEWEST for part in found.told)
    assert sum(counts[group] for group in found.withheld) < FEWEST
    assert all(len(part) == 1 or all(counts[group] < FEWEST for group in part) for part in found.told)


@given(COUNTS, st.randoms())
def test_a_report_says_of_an_answer_only_what_its_part_says(counts: dict[Group, int], random: Any) -> None:
    """Whatever else is answered elsewhere, a part's figures stay: there is nothing to subtract."""
    groups = [group for group in ANONYMOUS for _ in range(counts[group])]
    first = report(groups, [random.randrange(5) for _ in groups])
    shown = parts(counts)
    for part in shown.told:
        key = "+".join(part)
        assert [one["key"] for one in first["parts"]].count(key) == 1
    said = {one["key"] for one in first["parts"]}
    assert said == {"+".join(part) for part in shown.told}
    assert set(first["dimensions"][0]["figures"]) == said


def test_small_groups_are_pooled_with_each_other_or_withheld() -> None:
    peers, reports, others = ANONYMOUS
    assert parts({peers: 4, reports: 2, others: 1}).told == ((peers,), (reports, others))
    assert parts({peers: 4, reports: 2}).withheld == (reports,)
    assert parts({peers: 1, reports: 1, others: 1}).told == ((peers, reports, others),)
    assert parts({peers: 1, others: 1}) == parts({others: 1, peers: 1})
    assert parts({peers: 2}).told == ()


def test_what_a_rater_cannot_say_is_left_out_of_their_number() -> None:
    assert whole([4, None, 3]) == 4
    assert whole([None, None]) is None
    assert whole([2, 3]) == 3


def test_the_line_manager_is_told_alone_and_is_in_no_other_figure() -> None:
    content = report([Group.MANAGER, *[Group.PEERS] * 3], [0, 4, 4, 4])
    (row,) = content["dimensions"]
    assert {key: figure["mean"] for key, figure in row["figures"].items()} == {"manager": 0.0, "peers": 4.0}
    assert row["importance"] == 4.0


def test_what_two_people_say_reaches_no_part_of_a_report() -> None:
    for answers in product(SCALE, repeat=2):
        content = report([Group.PEERS, Group.OTHERS], answers)
        assert content["parts"] == content["comments"] == []
        assert (content["dimensions"][0]["others"], content["dimensions"][0]["importance"]) == (None, None)


@pytest.mark.parametrize(("count", "told_words"), [(2, []), (3, ["a", "a", "a"])])
def test_comments_are_told_from_three_people_on(count: int, told_words: list[str]) -> None:
    said = [Said(Group.REPORTS, {"11": 3}, {"1": 3}, {"well": "a"})] * count
    content = written("f", date(2026, 1, 1), [ONE], Counter(), said, own={}, shuffle=lambda _words: None)
    assert [words for one in content["comments"] for words in one["said"]] == told_words


def test_a_blind_spot_is_one_apart_and_a_hidden_strength_the_other_way() -> None:
    assert view(4.0, 3.0) == View.BLIND_SPOT
    assert view(2.0, 3.0) == View.HIDDEN_STRENGTH
    assert view(3.4, 3.0) is None
    assert view(None, 3.0) is view(3.0, None) is None


def test_others_count_by_what_is_told_of_them() -> None:
    assert others_view([Figure(3, 4.0), Figure(9, 2.0), None]) == 3.0
    assert others_view([None]) is None


def test_what_matters_and_falls_short_comes_first() -> None:
    assert weigh(4.0, 2.0) == Weight.WORK_ON
    assert weigh(4.0, 3.5) == Weight.KEEP
    assert weigh(1.0, 3.5) == Weight.ENOUGH
    assert weigh(1.0, 2.0) == Weight.WAIT
    assert weigh(None, 2.0) is None


def test_of_a_system_nine_peoples_figures_are_not_told_and_tens_are_to_the_half() -> None:
    assert half([3.0] * 9) is None
    assert half([3.0] * 9 + [4.0]) == 3.0
