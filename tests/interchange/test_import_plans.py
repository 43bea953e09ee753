"""What an import would do, and does: row by row, by the keys of the provider, as often as one likes."""

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from flask import Flask
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select

from catalogue.enrolments.actions import enrol
from catalogue.enrolments.models import Enrolment, EnrolmentState
from catalogue.enrolments.runs import cancel_run
from catalogue.extensions import db
from catalogue.interchange.access import Rights
from catalogue.interchange.comparing import changes, normal
from catalogue.interchange.plan import Kind
from catalogue.interchange.plan_runs import RunKind
from catalogue.interchange.rows import OfferRow
from catalogue.offers.actions import retire
from catalogue.offers.models import Offer, Run
from catalogue.outbox import Delivery
from catalogue.people.models import AuditEvent, Person
from catalogue.publishing.models import DraftState, OfferDraft
from catalogue.transactions import run
from tests.interchange.importing import course, dates, dry_run, everything, import_rows, kinds, provider, rows
from tests.statements import statements_sent


@pytest.fixture(autouse=True)
def _context(app: Flask) -> Any:
    with app.app_context():
        yield


def offer(key: str) -> Offer:
    return db.session.scalars(select(Offer).where(Offer.provider_id == provider().id, Offer.key == key)).one()


def draft(key: str) -> OfferDraft:
    return db.session.scalars(select(OfferDraft).where(OfferDraft.offer_id == offer(key).id)).one()


@pytest.mark.both_databases
def test_the_same_rows_are_new_once_and_then_the_same(app: Flask) -> None:
    wanted = rows(5)
    before = everything()
    assert kinds(dry_run(wanted)) == ["new"] * 5
    assert everything() == before, "a dry run wrote something"
    assert kinds(import_rows(wanted)) == ["new"] * 5
    once = everything()
    for _ in range(2):
        assert kinds(dry_run(wanted)) == ["same"] * 5
        done = import_rows(wanted)
        assert kinds(done) == ["same"] * 5
        assert {planned.kind for row in done for planned in row.runs} == {RunKind.SAME}
        assert everything() == once
    assert offer("c1").published.title == "Leading a team, part 1"
    assert db.session.scalar(select(func.count()).where(AuditEvent.action == "offer imported")) == 5


def test_a_change_says_what_from_and_to_and_what_is_not_mentioned_stays(app: Flask) -> None:
    import_rows(rows(2))
    partial = OfferRow(2, "c1", {"title": "Leading a team, anew", "hours": 7.5}, (dates("a", places=3),))
    (planned,) = dry_run([partial])
    assert planned.kind == Kind.CHANGED
    assert {(change.field, change.before, change.after) for change in planned.changes} == {
        ("title", "Leading a team, part 1", "Leading a team, anew"),
        ("hours", "6", "7.5"),
    }
    assert [(change.field, change.before, change.after) for change in planned.runs[0].changes] == [("places", "2", "3")]
    import_rows([partial])
    said = offer("c1").published
    assert (said.number, said.title, float(said.hours)) == (2, "Leading a team, anew", 7.5)
    assert [mapping.dimension.key for mapping in said.mappings] == ["care"]
    assert offer("c2").published.number == 1, "what a file does not name is not deleted"
    assert kinds(dry_run([partial])) == ["same"]


def test_what_an_empty_value_says_is_cleared_and_free_is_not_unknown(app: Flask) -> None:
    import_rows([OfferRow(2, "c1", course(1, price_pounds=0.0))])
    (planned,) = import_rows([OfferRow(2, "c1", {"place": "", "price_pounds": None})])
    assert {(change.field, change.after) for change in planned.changes} == {
        ("place", "nothing"), ("price_pounds", "nothing")
    }  # fmt: skip
    assert (offer("c1").published.place, offer("c1").published.price_pence) == ("", None)


def test_figures_are_compared_as_exactly_as_they_are_kept(app: Flask) -> None:
    wanted = [OfferRow(2, "c1", course(1, hours=7 / 3, price_pounds=10.004))]
    import_rows(wanted)
    assert kinds(dry_run(wanted)) == ["same"]
    assert kinds(dry_run([OfferRow(2, "c1", {"hours": 2.3333})])) == ["same"]


def test_offers_of_the_same_title_have_addresses_of_their_own(app: Flask) -> None:
    import_rows([OfferRow(number, f"k{number}", course(1)) for number in range(2, 5)])
    addresses = [offer(f"k{number}").slug for number in range(2, 5)]
    assert addresses == ["leading-a-team-part-1", "leading-a-team-part-1-2", "leading-a-team-part-1-3"]


@pytest.mark.parametrize(("rights", "state"), [(Rights.SUBMIT, DraftState.SUBMITTED), (Rights.WRITE, DraftState.DRAFT)])
def test_what_a_provider_brings_becomes_drafts(
    app: Flask, add_person: Callable[..., int], rights: Rights, state: DraftState
) -> None:
    person_id = add_person("Alex")
    wanted = rows(3)
    assert kinds(import_rows(wanted, rights, person_id)) == ["new"] * 3
    assert offer("c1").published is None
    assert (draft("c1").state, draft("c1").changed_by_id, draft("c1").revision) == (state, person_id, 1)
    once = everything()
    assert kinds(import_rows(wanted, rights, person_id)) == ["same"] * 3
    assert everything() == once
    assert kinds(import_rows([OfferRow(2, "c1", {"title": "Anew"})], rights, person_id)) == ["changed"]
    assert (draft("c1").content["title"], draft("c1").state, draft("c1").revision) == ("Anew", state, 2)
    there = set(db.session.scalars(select(Run.key).where(Run.offer_id == offer("c1").id)))
    assert there == ({"a"} if rights == Rights.SUBMIT else set()), "an editor keeps no dates"
    assert kinds(import_rows(wanted, Rights.PUBLISH)) == ["new"] * 3
    assert offer("c1").published.title == "Leading a team, part 1"
    assert db.session.scalar(select(func.count()).select_from(OfferDraft)) == 0


@pytest.mark.parametrize("state", [DraftState.SUBMITTED, DraftState.APPROVED])
def test_who_only_writes_brings_nothing_over_what_reviewers_have(
    app: Flask, add_person: Callable[..., int], state: DraftState
) -> None:
    partner_id, editor_id = add_person("Pat"), add_person("Ed")
    import_rows(rows(2), Rights.SUBMIT, partner_id)
    run(lambda: setattr(draft("c1"), "state", state))
    changed = [OfferRow(2, "c1", {"title": "Anew"}), OfferRow(3, "c9", course(9))]
    planned = import_rows(changed, Rights.WRITE, editor_id)
    assert kinds(planned) == ["wrong", "new"]
    assert planned[0].faults[0].reason == "c1 is with a reviewer, or approved already"
    assert (draft("c1").state, draft("c1").revision, draft("c1").changed_by_id) == (state, 1, partner_id)
    assert kinds(import_rows(changed, Rights.SUBMIT, partner_id))[0] == "changed", "a partner could take it back"


def test_a_providers_change_to_what_is_published_waits_in_a_draft(app: Flask, add_person: Callable[..., int]) -> None:
    person_id = add_person("Alex")
    import_rows(rows(1))
    changed = [OfferRow(2, "c1", {"title": "Anew"})]
    assert kinds(import_rows(changed, Rights.SUBMIT, person_id)) == ["changed"]
    assert offer("c1").published.title == "Leading a team, part 1"
    assert draft("c1").content["mapping"][0]["dimension"] == "care", "the rest is as it is published"
    assert kinds(dry_run(changed, Rights.SUBMIT)) == ["same"]
    assert kinds(import_rows([OfferRow(2, "c1", {"hours": 3.0})])) == ["changed"]
    assert offer("c1").published.title == "Leading a team, part 1", "publishing goes past what others write"
    assert draft("c1").content["title"] == "Anew"


@pytest.mark.parametrize("rights", list(Rights))
def test_what_is_not_complete_becomes_a_draft_for_its_people(app: Flask, rights: Rights) -> None:
    outline = [OfferRow(2, "c1", {"title": "Leading a team", "summary": "How to lead a team.", "hours": 2.0})]
    (planned,) = import_rows(outline, rights)
    assert planned.kind == Kind.INCOMPLETE
    assert set(planned.missing) == {"outcomes", "description", "mode", "conditions", "mapping"}
    assert draft("c1").state == DraftState.DRAFT
    assert draft("c1").content["title"] == "Leading a team"
    assert "mapping" not in draft("c1").content
    assert kinds(dry_run(outline, rights)) == ["same"]

    def completed() -> None:
        mine = draft("c1")
        mine.content = course(1) | mine.content
        mine.revision += 1

    run(completed)
    assert kinds(dry_run(outline, Rights.SUBMIT)) == ["same"], "what its people added stays"


def test_what_was_retired_is_not_brought_back(app: Flask) -> None:
    import_rows(rows(1))
    run(lambda: retire(offer("c1")))
    once = everything()
    assert kinds(import_rows(rows(1))) == ["retired"]
    assert everything() == once


WRONG: dict[str, tuple[dict[str, Any], str, str]] = {
    "no number": ({"hours": "six"}, "hours", "is not a number"),
    "too few hours": ({"hours": 0.0}, "hours", "is less than 0.01"),
    "unknown mode": ({"mode": "by post"}, "mode", "is none of the words"),
    "unknown condition": ({"conditions": ["sunshine"]}, "conditions", "there is no sunshine"),
    "downwards": (
        {"mapping": [{"dimension": "care", "from": "strong", "to": "essential", "strength": "builds"}]},
        "mapping", "strong is not below essential",
    ),
    "unknown dimension": (
        {"mapping": [{"dimension": "weather", "from": "essential", "to": "strong", "strength": "builds"}]},
        "mapping", "there is no weather",
    ),
    "long title": ({"title": "x" * 201}, "Course name", "is longer than 200 characters"),
    "no title": ({"title": ""}, "Course name", "is missing"),
    "no address": ({"url": "example"}, "url", "is not an address"),
    "lone surrogate": ({"description": "\ud800"}, "description", "holds characters that are no text"),
    "NUL": ({"description": "a\0"}, "description", "NUL"),
    "huge": ({"hours": 1e300}, "hours", "is more than 2000"),
    "not a number": ({"hours": float("nan")}, "hours", "is"),
    "steps": ({"step": [{"key": "a", "title": "A", "minutes": 1, "text": ""}]}, "step", "self-paced"),
    "surplus": ({"colour": "blue"}, "colour", "is not something that an offer says"),
}  # fmt: skip


def test_a_wrong_row_names_column_and_remedy_and_nothing_of_it_is_done(app: Flask) -> None:
    wanted = [
        OfferRow(number, f"w{number}", course(number, **said), (dates("a"),), {"title": "Course name"})
        for number, (said, _column, _reason) in enumerate(WRONG.values(), 2)
    ]
    good = rows(1)
    planned = import_rows([*wanted, *good])
    assert planned[-1].kind == Kind.NEW, "the good row goes in all the same"
    for row, (name, (_said, column, reason)) in zip(planned, WRONG.items(), strict=False):
        assert row.kind == Kind.WRONG, name
        first = row.faults[0]
        assert (first.row, first.column) == (row.row.number, column), name
        assert reason in first.reason, (name, first)
        assert first.remedy, name
    there = set(db.session.scalars(select(Offer.key).where(Offer.provider_id == provider().id)))
    assert not there & {row.key for row in wanted}


@pytest.mark.parametrize("key", ["", "x" * 301, "a\0b", "\ud800"])
def test_a_key_that_cannot_be_kept_is_wrong(app: Flask, key: str) -> None:
    assert kinds(dry_run([OfferRow(2, key, course(1))])) == ["wrong"]


def test_a_key_that_stands_twice_is_wrong_both_times(app: Flask) -> None:
    planned = dry_run([OfferRow(2, "c1", course(1)), OfferRow(3, "c2", course(2)), OfferRow(4, "c1", course(3))])
    assert kinds(planned) == ["wrong", "new", "wrong"]
    assert planned[0].faults[0].reason == "c1 stands in row 4 too"
    assert planned[2].faults[0].reason == "c1 stands in row 2 too"


WRONG_RUNS: dict[str, tuple[dict[str, Any], str]] = {
    "backwards": ({"ends_on": date(2031, 2, 1)}, "is before the first day"),
    "negative": ({"places": -1}, "is less than 0"),
    "no date": ({"starts_on": "soon"}, "is not a date"),
    "after our time": ({"ends_on": date(9999, 12, 31)}, "is not a day from 1900 to 2199"),
    "odd link": ({"join_link": "javascript:alert(1)"}, "is not an address"),
}


@pytest.mark.parametrize("name", WRONG_RUNS)
def test_a_wrong_run_makes_its_offer_wrong(app: Flask, name: str) -> None:
    said, reason = WRONG_RUNS[name]
    (planned,) = dry_run([OfferRow(2, "c1", course(1), (dates("a"), dates("b", **said)), {}, (), (2, 3))])
    assert planned.kind == Kind.WRONG
    assert (planned.faults[0].row, reason in planned.faults[0].reason) == (3, True)


def test_a_run_without_what_it_needs_is_left_out_and_the_offer_goes_in(app: Flask) -> None:
    unplaced = dates("b")
    del unplaced["places"]
    (planned,) = import_rows([OfferRow(2, "c1", course(1), (dates("a"), unplaced))])
    assert planned.kind == Kind.NEW
    assert [run.kind for run in planned.runs] == [RunKind.NEW, RunKind.LEFT]
    assert planned.runs[1].reason == "the file does not say its number of places"
    assert [run.key for run in offer("c1").runs] == ["a"]


def test_a_run_that_was_cancelled_stays_so(app: Flask, add_person: Callable[..., int]) -> None:
    import_rows(rows(1))
    actor = add_person("Alex")
    run(lambda: cancel_run(offer("c1").runs[0], db.session.get_one(Person, actor)))
    (planned,) = import_rows([OfferRow(2, "c1", {}, (dates("a", places=9),))])
    assert (planned.kind, planned.runs[0].reason) == (Kind.SAME, "it has been cancelled")
    assert (offer("c1").runs[0].state, offer("c1").runs[0].places) == ("cancelled", 2)


def test_an_offer_at_ones_own_pace_has_no_dates(app: Flask) -> None:
    assert kinds(dry_run([OfferRow(2, "c1", course(1, mode="self-paced"), (dates("a"),))])) == ["wrong"]


@pytest.mark.both_databases
def test_a_run_keeps_its_people_and_who_waits_gets_what_comes_free(app: Flask, add_person: Callable[..., int]) -> None:
    import_rows(rows(1))
    people = [add_person(f"Person {number}") for number in range(4)]

    def join() -> None:
        mine = offer("c1")
        for person_id in people:
            enrol(db.session.get_one(Person, person_id), mine, mine.runs[0].id)

    run(join)
    (fewer,) = dry_run([OfferRow(2, "c1", {}, (dates("a", places=1),))])
    assert fewer.kind == Kind.WRONG
    assert fewer.faults[0].reason == "is less than the 2 places that are taken"
    letters = db.session.scalar(select(func.count()).where(Delivery.kind == "mail"))
    import_rows([OfferRow(2, "c1", {}, (dates("a", places=3),))])
    states = list(
        db.session.scalars(select(Enrolment.state).where(Enrolment.person_id.in_(people)).order_by(Enrolment.id))
    )
    booked, waiting = EnrolmentState.BOOKED, EnrolmentState.WAITLISTED
    assert states == [booked, booked, booked, waiting]
    assert db.session.scalar(select(func.count()).where(Delivery.kind == "mail")) == (letters or 0) + 1
    assert offer("c1").runs[0].state == "full"


def test_planning_and_writing_ask_as_often_for_many_rows_as_for_few(app: Flask) -> None:
    figures = []
    for count in (3, 60):
        asked = []
        for said in ({}, {}, {"title": "The same title for all"}):
            wanted = [OfferRow(row.number, f"{count}-{row.key}", row.offer | said, row.runs) for row in rows(count)]
            with statements_sent(app) as sent:
                import_rows(wanted)
            asked.append(len([statement for statement in sent if statement.startswith(("SELECT", "WITH"))]))
        figures.append(asked)
    few, many = figures
    assert many == few


texts = st.text(max_size=20)
odd: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=8,
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    said=st.dictionaries(st.sampled_from([*course(1), "step", "partners", "price_pounds"]), odd, max_size=5),
    ran=st.dictionaries(st.sampled_from([*dates("a")]), odd, max_size=3),
)
def test_whatever_a_file_says_is_planned_or_refused_in_words(app: Flask, said: dict[str, Any], ran: Any) -> None:
    (planned,) = dry_run([OfferRow(2, "c1", course(1) | said, (dates("a") | ran,))])
    assert planned.kind in (Kind.NEW, Kind.INCOMPLETE, Kind.WRONG)
    assert (planned.kind == Kind.WRONG) == bool(planned.faults)
    assert all(fault.reason and fault.remedy for fault in planned.faults)


@given(st.dictionaries(texts, st.integers() | texts | st.lists(texts)), st.dictionaries(texts, st.integers() | texts))
def test_changes_are_those_fields_that_differ(before: dict[str, Any], after: dict[str, Any]) -> None:
    assert not list(changes(before, before))
    found = {change.field for change in changes(before, after)}
    assert found == {field for field in before | after if before.get(field) != after.get(field)}


def test_the_order_of_keys_says_nothing() -> None:
    one = course(1, conditions=["a", "b"], seats=[], members_only=False)
    other = course(1, conditions=["b", "a"])
    other["mapping"] = [row | {"framework": "model"} for row in other["mapping"]]
    assert normal(one, "model") == normal(other, "model")


def programme_of(number: int, *keys: str) -> OfferRow:
    steps = [
        {"key": key, "title": key, "minutes": 60, "text": "-", "offer": f"{provider().key}/{key}", "group": ""}
        for key in keys
    ]
    return OfferRow(number, "whole", course(9, mode="online", step=steps))


def test_a_programme_and_its_new_steps_in_one_file_say_what_goes_first(app: Flask) -> None:
    file = [programme_of(2, "c1", "nowhere"), *[OfferRow(3, "c1", course(1))]]
    whole, step = import_rows(file)
    assert [(fault.reason, fault.row) for fault in whole.faults] == [
        (f"{provider().key}/c1 is in row 3 of this file, and is not published yet", 2),
        (f"there is no offer {provider().key}/nowhere in the catalogue", 2),
    ]
    assert whole.faults[0].remedy.startswith("Import the other rows of this file.")
    assert step.kind == Kind.NEW
    again = import_rows([programme_of(2, "c1"), OfferRow(3, "c1", course(1))])
    assert kinds(again) == ["new", "same"]
    assert offer("whole").published.is_programme
