"""The life cycle of a draft, whoever does what in whatever order; differences of texts; Markdown from partners."""

import re
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from catalogue.pages import SCHEMES, TAGS, render_markdown
from catalogue.publishing.difference import Kind, difference
from catalogue.publishing.models import DraftState
from catalogue.publishing.rules import DOERS, UNDER_REVIEW, Act, Part, after, can, is_due, why_not, why_not_dates

parts_of_somebody = st.sets(st.sampled_from(Part))


class LifeOfADraft(RuleBasedStateMachine):
    """Whatever people try, only what was submitted and then approved is published, and nobody writes meanwhile."""

    def __init__(self) -> None:
        super().__init__()
        self.state: DraftState | None = DraftState.DRAFT
        self.done: list[tuple[Act, frozenset[Part]]] = []

    @rule(act=st.sampled_from(Act), parts=parts_of_somebody)
    def somebody_tries(self, act: Act, parts: set[Part]) -> None:
        if self.state is None:
            self.state, self.done = DraftState.DRAFT, []  # another draft is begun
        allowed = can(act, self.state, parts)
        assert not (allowed and why_not(self.state, act)), "it can be done, and there is a reason why not"
        if not allowed:
            assert why_not(self.state, act) or not DOERS[act] & parts
            return
        if self.state in UNDER_REVIEW:
            assert act not in (Act.WRITE, Act.SUBMIT, Act.DISCARD), "it was changed while it was under review"
        self.state = after(self.state, act)
        self.done.append((act, frozenset(parts)))

    @invariant()
    def what_is_published_was_submitted_and_approved_since_it_was_last_written(self) -> None:
        acts = [act for act, _parts in self.done]
        if acts and acts[-1] == Act.PUBLISH:
            assert acts[-2] == Act.APPROVE
            assert acts[-3] == Act.SUBMIT

    @invariant()
    def who_decided_may_decide_and_who_submitted_answers_for_it(self) -> None:
        for act, parts in self.done:
            if act in (Act.APPROVE, Act.ASK):
                assert Part.DECIDES in parts
            if act in (Act.SUBMIT, Act.TAKE_BACK, Act.DISCARD):
                assert Part.ANSWERS in parts


TestLifeOfADraft = LifeOfADraft.TestCase

days = st.dates(date(2026, 1, 1), date(2027, 1, 1))


@given(st.none() | days, st.none() | days, days)
def test_what_is_retired_was_in_the_catalogue_for_a_day_at_least(
    publish_on: date | None, retire_on: date | None, today: date
) -> None:
    if not why_not_dates(publish_on, retire_on, today) and retire_on is not None:
        published = today if is_due(publish_on, today) or publish_on is None else publish_on
        assert retire_on - published >= timedelta(days=1)


@given(st.text(), st.text())
def test_a_difference_holds_both_texts_whole(before: str, after_it: str) -> None:
    pieces = difference(before, after_it)
    assert "".join(piece.text for piece in pieces if piece.kind != Kind.ADDED) == before
    assert "".join(piece.text for piece in pieces if piece.kind != Kind.REMOVED) == after_it


def test_a_difference_of_long_texts_is_taken_line_by_line() -> None:
    lines = [f"line {number} of many words to compare\n" for number in range(3000)]
    changed = [*lines[:1500], "one new line\n", *lines[1500:]]
    assert [piece.text for piece in difference("".join(lines), "".join(changed)) if piece.kind != Kind.SAME] == [
        "one new line\n"
    ]


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("[go](https://a.example)", 'href="https://a.example"'),
        ("[go](http://a.example)", 'href="http://a.example"'),
        ("[write](mailto:a@a.example)", 'href="mailto:a@a.example"'),
        ("**bold**", "<strong>bold</strong>"),
        ("- one\n- two", "<li>one</li>"),
    ],
)
def test_markdown_shows(text: str, shown: str) -> None:
    assert shown in render_markdown(text)


@pytest.mark.parametrize(
    "text",
    ["[go](ftp://a.example)", "[call](tel:123)", "[x](javascript:alert(1))", "[x](data:text/html,x)", "<sms:123>",
     "![picture](https://a.example/p.png)", "<img src=x onerror=alert(1)>", "<b>bold</b>", "<script>x</script>"],
)  # fmt: skip
def test_markdown_does_not_show(text: str) -> None:
    html = render_markdown(text)
    assert not re.search(r"<(img|script|b)\b|<[^>]*(href|src)=", html), html


@given(st.text(alphabet=st.sampled_from("<>[]()!:/\"'`*_#&;= \njavscriptdhomef0123"), max_size=60))
def test_markdown_of_anything_has_known_tags_and_safe_links_alone(text: str) -> None:
    html = render_markdown(text)
    assert set(re.findall(r"</?([a-z0-9]+)", html)) <= TAGS
    for scheme in re.findall(r'href="([a-z]+):', html):
        assert scheme in SCHEMES
    assert not re.search(r"<[^>]*\son\w+=", html)
