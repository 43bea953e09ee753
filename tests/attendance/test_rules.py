"""What is still needed to complete an offer: nothing more for who has done more, and k of n are k of n."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalogue.attendance.rules import Asked, Done, Outcome, Part, asked, outcome, progress, run_state, still_needed
from catalogue.offers.models import RunState

TODAY = date(2026, 3, 10)


@st.composite
def parts(draw: st.DrawFn) -> tuple[Part, ...]:
    sizes = draw(st.lists(st.integers(1, 5), max_size=4))
    made, first = [], 1
    for size in sizes:
        steps = {number: f"Step {number}" for number in range(first, first + size)}
        made.append(Part(steps, draw(st.integers(1, size)), "A group" if size > 1 else ""))
        first += size
    return tuple(made)


@st.composite
def what_is_asked(draw: st.DrawFn) -> Asked:
    return asked(
        draw(parts()), sessions_needed=draw(st.none() | st.integers(1, 8)), sessions=draw(st.integers(0, 6)),
        reassessment=draw(st.booleans()), self_paced=draw(st.booleans()), provider="The provider", begins_on=None,
    )  # fmt: skip


what_is_done = st.builds(
    Done, st.frozensets(st.integers(1, 22)), st.integers(0, 8), reassessed=st.booleans(), took_part=st.booleans()
)


def with_more(done: Done, more: Done) -> Done:
    return Done(
        done.steps | more.steps, done.attended + more.attended, done.reassessed or more.reassessed,
        done.took_part or more.took_part,
    )  # fmt: skip


@given(what_is_asked(), what_is_done, what_is_done)
def test_whoever_has_done_more_never_needs_more(asks: Asked, done: Done, more: Done) -> None:
    before, total = progress(asks, done)
    after, same_total = progress(asks, with_more(done, more))
    assert 0 <= before <= after <= total == same_total
    if not still_needed(asks, done, TODAY):
        assert not still_needed(asks, with_more(done, more), TODAY)


@given(what_is_asked(), what_is_done)
def test_nothing_is_missing_exactly_where_all_that_counts_is_done(asks: Asked, done: Done) -> None:
    counted, total = progress(asks, done)
    assert (not still_needed(asks, done, TODAY)) == (counted == total)


@given(what_is_asked())
def test_something_is_always_asked_and_all_of_it_is_enough(asks: Asked) -> None:
    everything = Done(frozenset(range(1, 23)), 8, reassessed=True, took_part=True)
    assert asks.total > 0
    assert still_needed(asks, Done(), TODAY)
    assert still_needed(asks, everything, TODAY) == []


@given(st.integers(1, 8).flatmap(lambda n: st.tuples(st.just(n), st.integers(1, n))), st.frozensets(st.integers(1, 8)))
def test_k_of_n_steps_are_any_k_of_them(sizes: tuple[int, int], done: frozenset[int]) -> None:
    size, choose = sizes
    electives = Part({number: f"Step {number}" for number in range(1, size + 1)}, choose, "Electives")
    asks = asked(
        (electives,), sessions_needed=None, sessions=0, reassessment=False, self_paced=True, provider="", begins_on=None
    )
    assert (not still_needed(asks, Done(done), TODAY)) == (len(done & electives.steps.keys()) >= choose)


def test_what_is_missing_is_said_in_words() -> None:
    asks = Asked(
        (Part({1: "Listen"}, 1), Part({2: "Coach", 3: "Lead", 4: "Improve"}, 2, "Electives")),
        sessions=3, reassessment=True, begins_on=TODAY + timedelta(days=2),
    )  # fmt: skip
    assert still_needed(asks, Done(frozenset({3}), 1), TODAY) == [
        "it begins on 12 March 2026", "Listen", "1 more of Electives, from: Coach; Improve", "2 more sessions",
        "a new self-assessment",
    ]  # fmt: skip
    assert progress(asks, Done(frozenset({3}), 1)) == (2, 7)


def test_nobody_has_to_attend_more_sessions_than_there_are() -> None:
    asks = asked((), sessions_needed=4, sessions=3, reassessment=False, self_paced=False, provider="P", begins_on=None)
    assert still_needed(asks, Done(attended=3), TODAY) == []


def test_where_neither_steps_nor_sessions_say_it_the_provider_does() -> None:
    asks = asked((), sessions_needed=4, sessions=0, reassessment=False, self_paced=False, provider="P", begins_on=None)
    assert still_needed(asks, Done(attended=9), TODAY) == ["the word of P that you took part"]


@pytest.mark.parametrize(
    ("state", "starts", "ends", "becomes"),
    [
        ("open", 1, 2, "open"),
        ("full", 0, 2, "full"),  # people join, and leave, on the first day still
        ("full", -1, 0, "in-progress"),
        ("scheduled", -1, 3, "in-progress"),
        ("in-progress", -2, -1, "completed"),
        ("open", -1, -1, "completed"),
        ("completed", 3, 4, "open"),  # the dates were moved
        ("cancelled", -5, -4, "cancelled"),
    ],
)
def test_a_run_stands_by_its_dates(state: str, starts: int, ends: int, becomes: str) -> None:
    found = run_state(RunState(state), TODAY + timedelta(days=starts), TODAY + timedelta(days=ends), TODAY)
    assert found == becomes


MARKS = st.sampled_from([None, True, False])


@given(MARKS, MARKS, MARKS)
def test_only_what_a_form_changed_is_written_and_nothing_of_anybody_elses(
    shown: bool | None, chosen: bool | None, held: bool | None
) -> None:
    what = outcome(shown, chosen, held)
    if what == Outcome.WRITE:
        assert chosen != shown == held
    if what == Outcome.NOTHING:
        assert chosen in (shown, held)
    if what == Outcome.CONFLICT:
        assert len({shown, chosen, held}) == 3, "three different answers, of three that there are"


@given(MARKS, MARKS, MARKS)
def test_the_same_form_again_changes_nothing(shown: bool | None, chosen: bool | None, held: bool | None) -> None:
    if outcome(shown, chosen, held) == Outcome.WRITE:
        assert outcome(shown, chosen, chosen) == Outcome.NOTHING
