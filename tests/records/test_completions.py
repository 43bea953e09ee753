"""A statement that somebody completed an offer of ours is a completion here: once, and for the right person."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from catalogue.clock import now
from catalogue.enrolments.models import CompletedBy, Completion, Enrolment, EnrolmentState, Team
from catalogue.enrolments.queries import booked_counts
from catalogue.extensions import db
from catalogue.people.models import Account, AuditEvent, IdentityProvider, Person, Role, StaffIdentity
from catalogue.records.models import OutsideCompletion, XapiStatement
from catalogue.systems.models import Membership
from catalogue.transactions import run
from lti.models import Identity, Platform, PlatformState
from tests.conftest import Ask
from tests.enrolments.conftest import WITH_RUNS, audited, first_run, letters
from tests.enrolments.taking_part import do_all_steps, join
from tests.publishing.conftest import offer_at
from tests.records.conftest import COMPLETED, OFFER, SITE, SLUG, Elsewhere, agent, new_id, statement, voiding
from tests.visitor import Visitor

LENA = "Lena Learner"
AT = "2026-03-04T10:00:00Z"


def standing() -> list[Completion]:
    return list(db.session.scalars(select(Completion).where(Completion.voided_at.is_(None)).order_by(Completion.id)))


def count(ask: Ask) -> int:
    return int(ask(lambda: len(standing())))


def person(name: str = LENA) -> Person:
    return db.session.scalars(select(Person).where(Person.name == name)).one()


def account(home_page: str, name: str) -> dict[str, Any]:
    return {"account": {"homePage": home_page, "name": name}}


@pytest.mark.both_databases
def test_a_completion_is_recorded_at_its_time_and_seen_by_its_person(
    learner: Visitor, store: Elsewhere, ask: Ask
) -> None:
    store.send(statement(timestamp=AT))
    (completion,) = ask(standing)
    assert completion.by == CompletedBy.ELSEWHERE
    assert completion.at == datetime(2026, 3, 4, 10, tzinfo=UTC)
    assert completion.by_person_id == store.person_id
    learner.get("/transcript")
    assert "Completed on 4 March 2026" in learner.text()
    assert "Badge that others can check" in learner.text(), "whoever sent it answers for the offer"
    learner.get("/enrolments")
    assert "Nothing is on your plan now" in learner.text()


@pytest.mark.both_databases
def test_a_completion_is_one_however_often_it_is_told(learner: Visitor, store: Elsewhere, ask: Ask) -> None:
    identifier = new_id()
    store.put(identifier, statement())
    store.put(identifier, statement())
    store.send(statement(), statement(verb={"id": "http://adlnet.gov/expapi/verbs/passed"}))
    assert count(ask) == 1
    told = ask(lambda: db.session.scalars(select(OutsideCompletion.completion_id)).all())
    assert len(told) == 3
    assert len(set(told)) == 1


def test_who_takes_part_here_completes_that(learner: Visitor, store: Elsewhere, ask: Ask) -> None:
    path = join(learner)
    store.send(statement())
    states = ask(lambda: db.session.scalars(select(Enrolment.state)).all())
    assert states == [EnrolmentState.COMPLETED]
    learner.get(path)
    assert "Completed on" in learner.text()


def test_what_was_completed_here_stands_and_is_not_completed_again(
    learner: Visitor, store: Elsewhere, ask: Ask
) -> None:
    do_all_steps(learner, join(learner))
    (told,) = store.send(statement())
    (completion,) = ask(standing)
    assert completion.by == CompletedBy.LAST_STEP
    store.send(voiding(told))
    assert count(ask) == 1, "what was done here is not taken back from elsewhere"


def how_all_stand() -> list[tuple[str, str]]:
    rows = db.session.execute(
        select(Person.name, Enrolment.state).join(Enrolment.person).order_by(Person.name, Enrolment.id)
    )
    return [(name, str(state)) for name, state in rows]


@pytest.fixture
def one_place(change: Ask, add_person: Callable[..., int], sign_in: Callable[[int], Visitor]) -> int:
    """The offer with runs has one place, which is taken; returns the id of the run."""

    def keep_one() -> int:
        first_run().places = 1
        return first_run().id

    run_id = int(change(keep_one))
    join(sign_in(add_person("Ada First")), run_id)
    return run_id


@pytest.mark.both_databases
def test_who_completes_elsewhere_what_they_wait_for_leaves_the_list_and_is_told(
    learner: Visitor, store: Elsewhere, one_place: int, ask: Ask,
    add_person: Callable[..., int], sign_in: Callable[[int], Visitor],
) -> None:  # fmt: skip
    path, wim = join(learner, one_place), sign_in(add_person("Wim Waits"))
    behind = join(wim, one_place)
    for _ in range(2):
        store.send(statement(object={"id": f"{SITE}/offers/{WITH_RUNS}"}))
    assert ask(how_all_stand) == [
        ("Ada First", "booked"), (LENA, "withdrawn"), (LENA, "completed"), ("Wim Waits", "waitlisted")
    ]  # fmt: skip
    assert "The reason: Completed in another system" in learner.get(path).get_text()
    assert "number 1 of 1 on the waiting list" in wim.get(behind).get_text()
    assert ask(lambda: audited("left the list")) == 1
    off = "You are off the waiting list"
    assert [letter.startswith(off) for letter in ask(lambda: letters("lena.learner@test.example"))] == [False, True]
    learner.get("/enrolments")
    assert "Waiting list" not in learner.text()


def test_who_had_completed_it_before_they_asked_for_a_place_keeps_waiting(
    learner: Visitor, store: Elsewhere, one_place: int, ask: Ask
) -> None:
    path = join(learner, one_place)
    store.send(statement(object={"id": f"{SITE}/offers/{WITH_RUNS}"}, timestamp=AT.replace("2026", "2024")))
    assert ask(how_all_stand) == [("Ada First", "booked"), (LENA, "waitlisted"), (LENA, "completed")]
    assert "number 1 of 1 on the waiting list" in learner.get(path).get_text()
    assert ask(lambda: booked_counts([one_place])[one_place]) == (1, 1)


def test_a_team_that_fits_once_one_of_it_has_left_the_list_is_given_its_places(
    learner: Visitor, store: Elsewhere, one_place: int, ask: Ask, change: Ask, add_person: Callable[..., int]
) -> None:
    other_id = add_person("Una Other")

    def wait_together() -> None:
        there, lena = first_run(), person()
        there.places = 2
        team = Team(run_id=there.id, name="Stroke team", by_person_id=lena.id)
        db.session.add(team)
        db.session.flush()
        for person_id in (lena.id, other_id):
            db.session.add(
                Enrolment(
                    person_id=person_id, offer=there.offer, version=there.offer.published, run=there, team_id=team.id,
                    state=EnrolmentState.WAITLISTED,
                )
            )  # fmt: skip

    change(wait_together)
    store.send(statement(object={"id": f"{SITE}/offers/{WITH_RUNS}"}))
    assert ask(how_all_stand) == [
        ("Ada First", "booked"), (LENA, "withdrawn"), (LENA, "completed"), ("Una Other", "booked")
    ]  # fmt: skip
    assert ask(lambda: letters("una.other@test.example"))[0].startswith("You are enrolled")


@pytest.mark.parametrize(
    "changes",
    [
        {"verb": {"id": "http://adlnet.gov/expapi/verbs/attempted"}},
        {"result": {"success": False}},
        {"result": {"completion": False}},
        {"object": {"id": "https://elsewhere.example/offers/ten-minute-huddle"}},
        {"object": {"objectType": "Agent"} | agent("ada@test.example")},
        {"actor": {"objectType": "Group", "member": [agent()]}},
        {"actor": {"mbox_sha1sum": "a" * 40}},
    ],
)
def test_what_is_no_completion_of_somebody_is_kept_and_completes_nothing(
    learner: Visitor, store: Elsewhere, ask: Ask, changes: dict[str, Any]
) -> None:
    (one,) = store.send(statement(**changes))
    assert store.get(statementId=one)
    assert count(ask) == 0


def test_a_completion_to_come_is_of_now(learner: Visitor, store: Elsewhere, ask: Ask) -> None:
    store.send(statement(timestamp=(now() + timedelta(days=9)).isoformat()))
    (completion,) = ask(standing)
    assert completion.at <= now()


# Which offer


def test_an_offer_is_named_by_its_address_or_by_its_providers_key(
    app: Flask, learner: Visitor, elsewhere: Callable[..., Elsewhere], ask: Ask
) -> None:
    partner = elsewhere(Role.PARTNER, SLUG)
    theirs = "https://larkfold.example/courses/7"

    def prepare() -> tuple[str, str]:
        offer = offer_at(SLUG)
        offer.key = "7"
        db.session.add(Membership(person=person(), organisation=offer.provider))
        return offer.provider.key, offer.key

    with app.app_context():
        provider, key = run(prepare)
    for activity in (OFFER, f"{OFFER}/", f"{SITE}/api/v1/providers/{provider}/offers/{key}"):
        (told,) = partner.send(statement(object={"id": activity}))
        assert count(ask) == 1, activity
        partner.send(voiding(told))
        assert count(ask) == 0, activity
    with app.app_context():
        run(lambda: setattr(offer_at(SLUG), "key", theirs))
    partner.send(statement(object={"id": theirs}))
    assert count(ask) == 1


def test_nobody_tells_of_offers_that_they_do_not_write(
    learner: Visitor, elsewhere: Callable[..., Elsewhere], ask: Ask, app: Flask
) -> None:
    for role, at in ((Role.PARTNER, "running-meetings-people-value"), (Role.LEAD, SLUG), (None, "")):
        program = elsewhere(role, at)
        program.send(statement(), status=403)
        program.send(statement(object={"id": f"{SITE}/offers/there-is-none"}), status=403)
    assert count(ask) == 0
    assert ask(lambda: db.session.scalars(select(XapiStatement)).all()) == [], "a part of a request is not kept"


# Whom


def test_an_address_means_only_whom_the_teller_answers_for_or_has_on_the_offer(
    app: Flask, learner: Visitor, elsewhere: Callable[..., Elsewhere], ask: Ask
) -> None:
    partner = elsewhere(Role.PARTNER, SLUG)
    partner.send(statement())
    assert count(ask) == 0, "somebody of another organisation, who never joined the offer"
    assert ask(lambda: db.session.scalars(
        select(AuditEvent.action).where(AuditEvent.action == "statement of nobody known")).all())  # fmt: skip
    join(learner)
    partner.send(statement())
    assert count(ask) == 1


def test_an_address_that_a_platform_told_means_nobody(store: Elsewhere, ask: Ask, app: Flask) -> None:
    with app.app_context():
        run(lambda: db.session.add(Person(name="Told", email="told@by.platform.example")))
    store.send(statement(actor=agent("told@by.platform.example")))
    assert count(ask) == 0


def test_an_address_means_whose_it_is_in_any_letters_and_nobody_suspended(
    learner: Visitor, store: Elsewhere, ask: Ask, app: Flask
) -> None:
    with app.app_context():
        run(lambda: setattr(person(), "suspended_at", now()))
    store.send(statement(actor=agent("Lena.Learner@TEST.example")))
    assert count(ask) == 0
    with app.app_context():
        run(lambda: setattr(person(), "suspended_at", None))
    store.send(statement(actor=agent("Lena.Learner@TEST.example")))
    assert count(ask) == 1


def test_our_own_key_of_a_person_means_them(learner: Visitor, elsewhere: Callable[..., Elsewhere], ask: Ask) -> None:
    partner = elsewhere(Role.PARTNER, SLUG)
    key = ask(lambda: person().key)
    for wrong in (account(SITE, "0" * 32), account("https://every.seat.example", key), account(f"{SITE}.evil", key)):
        partner.send(statement(actor=wrong))
    assert count(ask) == 0
    partner.send(statement(actor=account(SITE, key)))
    assert count(ask) == 1


def identity(issuer: str, client: str, sub: str, name: str, organisation_id: int, state: str = "active") -> None:
    platform = Platform(
        name=issuer, issuer=issuer, client_id=client, jwks_url=issuer, auth_url=issuer, token_url=issuer,
        organisation_id=organisation_id, state=PlatformState(state),
    )  # fmt: skip
    somebody = db.session.scalar(select(Person).where(Person.name == name)) or Person(name=name)
    db.session.add(Identity(platform=platform, sub=sub, person=somebody))


def test_a_platforms_subject_means_whom_the_platform_knows_by_it(
    app: Flask, learner: Visitor, store: Elsewhere, elsewhere: Callable[..., Elsewhere], ask: Ask
) -> None:
    moodle = "https://moodle.example"
    partner = elsewhere(Role.PARTNER, SLUG)

    def prepare() -> None:
        provider = offer_at(SLUG).provider_id
        other = offer_at("running-meetings-people-value").provider_id
        assert provider != other
        identity(moodle, "1", "42", LENA, provider)
        identity("https://other.example", "1", "42", "Somebody Else", other)
        identity("https://old.example", "1", "42", "Long Gone", provider, "suspended")
        identity("https://shared.example", "1", "7", "First", provider)
        identity("https://shared.example", "2", "7", "Second", other)

    with app.app_context():
        run(prepare)
    for home_page, sub in ((moodle, "43"), (f"{moodle}/", "42"), ("https://old.example", "42")):
        store.send(statement(actor=account(home_page, sub)))
    partner.send(statement(actor=account("https://other.example", "42")))
    store.send(statement(actor=account("https://shared.example", "7")))
    assert count(ask) == 0, "an unknown subject, another tenant's, a suspended platform's, and one that two share"
    partner.send(statement(actor=account("https://shared.example", "7")))
    assert ask(lambda: [one.person.name for one in standing()]) == ["First"]
    partner.send(statement(actor=account(moodle, "42")))
    assert ask(lambda: [one.person.name for one in standing()]) == ["First", LENA]


def test_a_subject_of_an_identity_provider_means_whom_it_signs_in(
    app: Flask, learner: Visitor, store: Elsewhere, ask: Ask
) -> None:
    def prepare() -> None:
        provider = IdentityProvider(key="trust", name="Trust", issuer="https://id.example", client_id="1")
        db.session.add(StaffIdentity(provider=provider, subject="s-1", person=person()))

    with app.app_context():
        run(prepare)
    store.send(statement(actor=account("https://id.example", "s-2")))
    assert count(ask) == 0
    store.send(statement(actor=account("https://id.example", "s-1")))
    assert count(ask) == 1


# Taking back


@pytest.mark.both_databases
def test_voiding_a_statement_voids_the_completion_that_it_alone_stands_for(
    learner: Visitor, store: Elsewhere, ask: Ask
) -> None:
    first, second = store.send(statement(), statement())
    store.send(voiding(first))
    assert count(ask) == 1, "another statement still says so"
    store.send(voiding(second))
    assert count(ask) == 0
    learner.get("/transcript")
    assert "See what would help" in learner.text()
    store.send(statement(verb={"id": COMPLETED, "display": {"en": "completed"}}))
    assert count(ask) == 1


def test_accounts_are_never_made_by_a_statement(store: Elsewhere, ask: Ask) -> None:
    before = ask(lambda: len(db.session.scalars(select(Account)).all()))
    store.send(statement(actor=agent("nobody@test.example") | {"name": "Nobody"}))
    assert ask(lambda: len(db.session.scalars(select(Account)).all())) == before
    assert count(ask) == 0
