"""From a day to a day: which spans meet, and what they are together."""

from collections.abc import Callable
from datetime import date, timedelta

import pytest
from flask import Flask
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from catalogue.clock import today
from catalogue.extensions import db
from catalogue.people import actions
from catalogue.people.models import Grant, Person, Role
from catalogue.people.rules import Span, fault_of_place, overlap, together
from catalogue.systems.models import Organisation, System
from tests.conftest import Ask

DAYS = st.dates(date(2026, 1, 1), date(2026, 3, 1))
END = st.none() | DAYS


@st.composite
def spans(draw: st.DrawFn) -> Span:
    first, last = draw(END), draw(END)
    return (last, first) if first and last and last < first else (first, last)


def within(day: date, span: Span) -> bool:
    return Grant(starts_on=span[0], ends_on=span[1]).in_force(day)


@given(spans(), spans())
def test_spans_overlap_where_a_day_is_in_both(one: Span, other: Span) -> None:
    days = [date(2025, 12, 1) + timedelta(days=number) for number in range(200)]
    assert overlap(one, other) == overlap(other, one) == any(within(day, one) and within(day, other) for day in days)


@given(spans(), spans(), DAYS)
def test_what_they_are_together_holds_what_each_holds_and_no_more_where_they_overlap(
    one: Span, other: Span, day: date
) -> None:
    both = together(one, other)
    assert both == together(other, one)
    held = within(day, one) or within(day, other)
    assert within(day, both) if held else (not overlap(one, other) or not within(day, both))


@given(st.sampled_from(Role), st.booleans(), st.booleans())
def test_where_a_role_can_hold_depends_on_it(role: Role, organisation: bool, system: bool) -> None:
    fine = not fault_of_place(role, organisation=organisation, system=system)
    assert fine == ((organisation, system) in {
        Role.LEARNER: {(False, False), (True, False), (False, True)},
        Role.ADMINISTRATOR: {(False, False), (True, False), (False, True)},
        Role.LEAD: {(True, False), (False, True)},
        Role.PARTNER: {(True, False)}, Role.EDITOR: {(True, False)}, Role.FACILITATOR: {(True, False)},
        Role.REVIEWER: {(False, False)},
    }[role])  # fmt: skip


DAY = timedelta(days=1)


@pytest.mark.both_databases
def test_to_give_a_role_again_takes_nothing_away(add_person: Callable[..., int], change: Ask) -> None:
    person_id = add_person("Ray Role")
    first, last = today() + 10 * DAY, today() + 20 * DAY

    def give(first: date | None, last: date | None) -> list[Span]:
        person = db.session.get_one(Person, person_id)
        actions.grant(person, Role.REVIEWER, starts_on=first, ends_on=last)
        return sorted((one.starts_on or date.min, one.ends_on or date.max) for one in person.all_grants)

    assert change(lambda: give(first, last)) == [(first, last)]
    assert change(lambda: give(first + DAY, last - DAY)) == [(first, last)]
    assert change(lambda: give(first + DAY, last + DAY)) == [(first, last + DAY)]
    apart = (today(), first - DAY)
    assert change(lambda: give(*apart)) == [apart, (first, last + DAY)]
    assert change(lambda: give(None, None)) == [(date.min, date.max)]


@pytest.mark.both_databases
def test_a_role_that_is_given_for_days_on_which_it_was_held_is_one_with_that(
    add_person: Callable[..., int], change: Ask
) -> None:
    person_id, yesterday = add_person("Ray Role"), today() - DAY

    def give_and_end(first: date) -> list[Span]:
        person = db.session.get_one(Person, person_id)
        actions.grant(person, Role.REVIEWER, starts_on=first)
        actions.end_grant(next(one for one in person.all_grants if one.ends_on is None))
        return [(one.starts_on, one.ends_on) for one in person.all_grants]

    assert change(lambda: give_and_end(today() - 9 * DAY)) == [(today() - 9 * DAY, yesterday)]
    assert change(lambda: give_and_end(today() - 20 * DAY)) == [(today() - 20 * DAY, yesterday)]


@pytest.mark.both_databases
@pytest.mark.parametrize("where", ["everywhere", "organisation", "system"])
def test_the_database_holds_a_role_once_in_a_place_to_a_last_day(
    app: Flask, add_person: Callable[..., int], change: Ask, where: str
) -> None:
    person_id, yesterday = add_person("Ray Role"), today() - DAY

    def hold(*last_days: date | None) -> None:
        place = {
            "organisation": db.session.scalar(select(Organisation.id).order_by(Organisation.id).limit(1)),
            "system": db.session.scalar(select(System.id).order_by(System.id).limit(1)),
        }  # fmt: skip
        within = {f"{where}_id": place[where]} if where in place else {}
        for last in last_days:
            db.session.add(Grant(person_id=person_id, role=Role.ADMINISTRATOR, ends_on=last, **within))
            db.session.flush()

    change(lambda: hold(None, today(), yesterday))
    for again in (None, today(), yesterday):
        with app.app_context(), pytest.raises(IntegrityError):  # not as an action, which would be tried again
            hold(again)
