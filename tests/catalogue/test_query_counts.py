"""How often a page asks the database: a fixed number, however much there is to show."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import event, select, update

from catalogue.attendance.models import Attendance
from catalogue.clock import now, today
from catalogue.credentials.models import Credential
from catalogue.enrolments.approving import Manager
from catalogue.enrolments.models import (
    CompletedBy,
    Completion,
    Enrolment,
    EnrolmentState,
    SeatAllocation,
    Team,
)
from catalogue.evidence.models import EvidenceEffect, Measure
from catalogue.extensions import db
from catalogue.feedback import actions as feedback
from catalogue.feedback.actions import Named
from catalogue.feedback.models import FeedbackGroupReport, FeedbackRater, FeedbackRound
from catalogue.feedback.rules import Group
from catalogue.frameworks.queries import current_framework
from catalogue.interchange.models import OfferFeed, OfferImport
from catalogue.offers.models import Mapping, Offer, OfferVersion, Run, RunSession
from catalogue.people.actions import grant
from catalogue.people.models import Grant, IdentityProvider, Person, Role, StaffIdentity
from catalogue.people.rules import hash_token
from catalogue.plans import actions as plans
from catalogue.plans import sharing as plan_sharing
from catalogue.plans.actions import Promise
from catalogue.plans.models import PlanComment, PlanShare
from catalogue.plans.rules import CommitmentState
from catalogue.privacy.models import EqualityReport
from catalogue.recommendations.models import GroupAdvice
from catalogue.records.models import CompletionImport, CourseCode
from catalogue.systems.models import LocalPartner, Membership, MembershipRequest, Organisation, System
from catalogue.transactions import run
from lti.models import Deployment, Platform, Refusal
from lti.platforms.actions import add_platform
from lti.platforms.rules import Registration
from tests.assessments.closed import closed_assessment
from tests.assessments.test_assessing import choose_seat
from tests.attendance.conftest import add_course, put_on
from tests.conftest import Ask
from tests.feedback.rounds import finished_round, open_round, raters
from tests.visitor import Visitor

SELF_PACED, WITH_RUNS = "ten-minute-huddle", "with runs"
PAGES = {
    "/": 15,  # for an administrator: the map
    "/home": 28,
    "/map?view=table": 15,
    "/map/cells.csv": 13,
    "/offers": 30,
    "/offers?view=calendar": 24,
    "/offers/saved": 6,
    "/tokens": 6,
    f"/offers/{SELF_PACED}": 50,
    f"/offers/{WITH_RUNS}": 50,
    "/frameworks": 9,
    "/frameworks/healthcare-leadership-model": 14,
    "/admin/frameworks": 11,
    "/ims/case/v1p1/CFDocuments": 12,
    "/recommendations": 27,
    "/enrolments": 23,
    "result": 15,
    "/assessments": 14,
    "/assessments/answer": 8,
    "/assessments/answer/care": 14,
    "/feeds/xcri.xml": 18,
    "/admin": 7,
    "/track": 25,
    "/track?names=1&by=offer": 31,
    "/track/completions.csv": 17,
    f"/offers/{WITH_RUNS}/register": 21,
    "/admin/audit": 18,
    "/about-you": 7,
    "/privacy": 6,
}
"""By page, how many statements at most, for somebody signed in, with what is loaded in one go counted as one."""

SEALING = (
    "INSERT INTO audit_event", "UPDATE audit_event", "audit_head",
    "max(audit_event.number)", "audit_event.number IS NULL",
)  # fmt: skip
"""That somebody is shown a page of other people is an event of its own: always these statements, which do not count."""


@pytest.fixture
def statements(app: Flask) -> Callable[[], Any]:
    """Count the statements that are sent while a block runs."""

    @contextmanager
    def counting() -> Iterator[list[str]]:
        sent: list[str] = []

        def note(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
            if any(words in statement for words in SEALING):
                return
            if statement.split(maxsplit=1)[0] in ("SELECT", "WITH", "INSERT", "UPDATE", "DELETE"):
                sent.append(statement)

        with app.app_context():
            engine = db.engine
        event.listen(engine, "before_cursor_execute", note)
        try:
            yield sent
        finally:
            event.remove(engine, "before_cursor_execute", note)

    return counting


def offer_with_runs() -> Offer:
    return db.session.scalars(select(Offer).where(Offer.example, Offer.runs.any()).order_by(Offer.slug).limit(1)).one()


def people_on(offer_id: int, person_id: int, count: int) -> None:
    """So many people on each run of an offer, and the person on so many offers."""
    offer = db.session.get_one(Offer, offer_id)
    for number in range(count):
        for a_run in offer.runs:
            person = Person(name=f"Person {number} of {a_run.key}")
            db.session.add(
                Enrolment(
                    person=person, offer_id=offer.id, version_id=offer.published.id, run=a_run,
                    state=(EnrolmentState.BOOKED, EnrolmentState.WAITLISTED, EnrolmentState.COMPLETED)[number % 3],
                )
            )  # fmt: skip
    others = db.session.scalars(select(Offer).where(Offer.id != offer.id).order_by(Offer.id).limit(count)).all()
    for other in others:
        db.session.add(
            Enrolment(
                person_id=person_id, offer_id=other.id, version_id=other.published.id,
                run=other.runs[0] if other.runs else None, state=EnrolmentState.BOOKED,
            )
        )  # fmt: skip


def more_offers(count: int) -> None:
    """So many more offers like one that there is, each with ten runs."""
    model = offer_with_runs()
    version = model.published
    kept = {
        column.key: getattr(version, column.key)
        for column in OfferVersion.__table__.columns
        if column.key not in ("id", "offer_id")
    }
    for number in range(count):
        offer = Offer(slug=f"copy-{number}", provider_id=model.provider_id, partners=list(model.partners))
        db.session.add(offer)
        db.session.flush()
        db.session.add(
            OfferVersion(
                offer_id=offer.id, **kept, conditions=list(version.conditions), seats=list(version.seats),
                mappings=[
                    Mapping(dimension_id=m.dimension_id, from_level=m.from_level, to_level=m.to_level,
                            strength=m.strength)
                    for m in version.mappings
                ],
            )
        )  # fmt: skip
    today = now().date()
    for mapping in db.session.scalars(select(Mapping).join(Mapping.version).where(OfferVersion.state == "published")):
        known = {"people": 12, "mean": 0.4, "low": 0.1, "high": 0.7, "factor": 0.8}
        place = (mapping.version.offer_id, mapping.dimension.framework.key, mapping.dimension.key)
        for measure in Measure:
            row = dict(zip(("offer_id", "framework", "dimension"), place, strict=True), measure=measure)
            if db.session.scalar(select(EvidenceEffect.id).filter_by(**row)) is None:
                db.session.add(EvidenceEffect(**row, **known))
    for offer in db.session.scalars(select(Offer).where(Offer.runs.any())):
        for number in range(10):
            starts_on = today + timedelta(days=30 + number)
            db.session.add(
                Run(offer_id=offer.id, key=f"more-{number}", starts_on=starts_on, ends_on=starts_on,
                    place="Leeds", places=20)
            )  # fmt: skip


@pytest.mark.parametrize("page", PAGES)
def test_a_page_asks_a_fixed_number_of_times(
    app: Flask, add_person: Callable[..., int], sign_in: Callable[[int], Visitor],
    statements: Callable[[], Any], page: str,
) -> None:  # fmt: skip
    person_id = add_person("Ada", Role.ADMINISTRATOR)
    visitor = sign_in(person_id)
    with app.app_context():
        offer = offer_with_runs()
        offer_id, slug = offer.id, offer.slug
        result = run(lambda: closed_assessment(person_id, level=0))
        run(lambda: people_on(offer_id, person_id, 3))  # one of each state
    choose_seat(visitor)
    path = f"/assessments/{result}" if page == "result" else page.replace(WITH_RUNS, slug)
    visitor.get(path)

    with statements() as few:
        visitor.get(path)
    with app.app_context():
        run(lambda: more_offers(25))
        for _ in range(3):
            run(lambda: closed_assessment(person_id, level=0))

        def many() -> None:
            for enrolment in db.session.scalars(select(Enrolment).where(Enrolment.person_id == person_id)):
                db.session.delete(enrolment)
            db.session.flush()
            people_on(offer_id, person_id, 30)

        run(many)
    visitor.get(path)  # what is counted from memory is read anew, once, after the catalogue has changed
    with statements() as most:
        visitor.get(path)

    sent = "\n".join(most)
    assert len(most) <= len(few), f"{page} asks more often when there is more to show:\n{sent}"
    assert len(few) <= PAGES[page], f"{page} asks {len(few)} times:\n{sent}"


def asks_a_fixed_number(
    app: Flask, visitor: Visitor, statements: Callable[[], Any], more: Callable[[int, int], None], path: str, most: int
) -> None:
    """Whether ``more(first, count)`` has added 2 or 30 of what the page shows."""
    sent: list[list[str]] = []
    for first, count in ((1, 2), (3, 30)):
        with app.app_context():
            run(lambda first=first, count=count: more(first, count))  # type: ignore[misc]
        visitor.get(path)
        with statements() as asked:
            visitor.get(path)
        sent.append(asked)
    assert len(sent[1]) <= len(sent[0]), "\n".join(sent[1])
    assert len(sent[0]) <= most, "\n".join(sent[0])


def more_imports(first: int, count: int) -> None:
    """So many more files, rows of the report of the first one, and feeds, each asked for by somebody else."""
    provider = db.session.scalars(
        select(Organisation).where(Organisation.publishes).order_by(Organisation.id).limit(1)
    ).one()
    row = {"number": 2, "key": "c1", "title": "Leading", "kind": "new", "changes": [], "missing": [], "runs": [],
           "more_runs": 0, "faults": []}  # fmt: skip
    report = {"total": count, "good": count, "counts": {"new": count}, "rows": [row] * count, "notes": []}
    for number in range(first, first + count):
        person = Person(name=f"Person {number}")
        db.session.add(person)
        feed = OfferFeed(provider=provider, person=person, url=f"https://example.org/{number}")
        db.session.add(feed)
        db.session.flush()
        for feed_id in (None, feed.id):
            db.session.add(OfferImport(provider=provider, feed_id=feed_id, name=f"{number}.csv", state="read"))
    db.session.get_one(OfferImport, 1).report = report


@pytest.mark.parametrize(("path", "most"), [("/publish/import", 6), ("/publish/feeds", 7), ("/publish/imports/1", 5)])
def test_pages_on_imports_ask_a_fixed_number_of_times(
    app: Flask, administrator: Visitor, statements: Callable[[], Any], path: str, most: int
) -> None:
    asks_a_fixed_number(app, administrator, statements, more_imports, path, most)


def more_people(first: int, count: int) -> None:
    """So many more people of as many organisations, each with roles; and as many roles of the first one."""
    adam = db.session.scalars(select(Person).order_by(Person.id).limit(1)).one()
    for number in range(first, first + count):
        there = Organisation(key=f"org-{number}", name=f"Organisation {number}", kind="trust")
        db.session.add(Membership(person=adam, organisation=there))
        for person in (adam, Person(name=f"Person {number}")):
            db.session.add(person)
            db.session.flush()
            db.session.add(Grant(person_id=person.id, role=Role.LEAD, organisation_id=there.id))


@pytest.mark.parametrize(("path", "most"), [("/admin/people", 8), ("/admin/people/adam", 9)])
def test_pages_on_people_ask_a_fixed_number_of_times(
    app: Flask, administrator: Visitor, statements: Callable[[], Any], change: Ask, path: str, most: int
) -> None:
    change(lambda: db.session.execute(update(Person).values(key="adam")))
    asks_a_fixed_number(app, administrator, statements, more_people, path, most)


def more_providers(first: int, count: int) -> None:
    """So many more identity providers, through each of which the first person signs in too."""
    adam = db.session.scalars(select(Person).order_by(Person.id).limit(1)).one()
    for number in range(first, first + count):
        for kind in ("own", "other"):
            there = IdentityProvider(key=f"{kind}-{number}", name=kind, issuer="https://x.example", client_id="1")
            db.session.add(there)
            if kind == "own":
                db.session.add(StaffIdentity(person=adam, provider=there, subject="1"))


@pytest.mark.parametrize(("path", "most"), [("/admin/sign-on", 4), ("/your-sign-ins", 7), ("/your-authenticator", 5)])
def test_pages_on_ways_in_ask_a_fixed_number_of_times(
    app: Flask, administrator: Visitor, statements: Callable[[], Any], path: str, most: int
) -> None:
    asks_a_fixed_number(app, administrator, statements, more_providers, path, most)


def more_platforms(first: int, count: int) -> None:
    """So many more platforms, and as many deployments and refusals of the first one."""
    for number in range(first, first + count):
        site = f"https://moodle-{number}.example"
        add_platform(
            Registration(f"Moodle {number}", site, "1", "1", f"{site}/certs", f"{site}/auth", f"{site}/token"),
            development=False,
        )
    platform = db.session.scalars(select(Platform).order_by(Platform.id).limit(1)).one()
    for number in range(first, first + count):
        db.session.add(Deployment(platform=platform, deployment_id=f"more-{number}"))
        db.session.add(Refusal(reference="X", platform_id=platform.id, reason="odd", deployment_id=f"odd-{number}"))


@pytest.mark.parametrize(("path", "most"), [("/admin/platforms", 12), ("/admin/platforms/1", 9)])
def test_pages_on_platforms_ask_a_fixed_number_of_times(
    app: Flask, administrator: Visitor, statements: Callable[[], Any], path: str, most: int
) -> None:
    asks_a_fixed_number(app, administrator, statements, more_platforms, path, most)


def more_completions(first: int, count: int) -> None:
    """So many more that the administrator has completed, each with its badge."""
    person_id = db.session.scalars(select(Person.id).where(Person.name == "Adam Administrator")).one()
    offers = db.session.scalars(select(Offer).order_by(Offer.id).offset(first).limit(count)).all()
    for offer in offers:
        enrolment = Enrolment(
            person_id=person_id, offer_id=offer.id, version_id=offer.published.id, state=EnrolmentState.COMPLETED
        )
        completion = Completion(
            enrolment=enrolment, person_id=person_id, offer_id=offer.id, by=CompletedBy.PROVIDER, by_person_id=person_id
        )
        db.session.add(Credential(completion=completion))


@pytest.mark.parametrize("path", ["/transcript", "/transcript.pdf"])
def test_a_transcript_asks_a_fixed_number_of_times(
    app: Flask, administrator: Visitor, statements: Callable[[], Any], path: str
) -> None:
    asks_a_fixed_number(app, administrator, statements, more_completions, path, 9)


def more_feedback(first: int, count: int) -> None:
    """So many more raters of the administrator's open round, and reports of other rounds of theirs."""
    adam = db.session.scalars(select(Person).where(Person.name == "Adam Administrator")).one()
    if first == 1:
        finished_round(adam.id, raters(peers=[1] * 3), days_ago=400)
        open_round(adam.id)
    rounds = db.session.scalars(select(FeedbackRound).order_by(FeedbackRound.id)).all()
    here = rounds[1]
    for number in range(first, first + count):
        db.session.add(
            FeedbackRound(
                person=adam, framework=here.framework, state="released", closes_on=now().date(),
                closed_at=now() - timedelta(days=200), report=rounds[0].report,
            )
        )  # fmt: skip
        feedback.ask(here, Group.PEERS, Named(f"Rater {number}", f"{number}@raters.example"))
    rater = db.session.scalars(select(FeedbackRater).where(FeedbackRater.email == "1@raters.example")).one()
    rater.token_hash = hash_token("token")
    system = db.session.scalars(select(System).where(System.key == "devon")).one()
    for number in range(first, first + count):
        content = {"dimensions": []}
        db.session.add(
            FeedbackGroupReport(system=system, number=number, people=10, made_on=now().date(), content=content)
        )
    of_system = select(Organisation).where(Organisation.system_id == system.id).order_by(Organisation.key)
    for number, body in enumerate(db.session.scalars(of_system.offset(first).limit(count)).all(), 1000 + first):
        db.session.add(
            FeedbackGroupReport(
                system=system, organisation=body, number=number, people=10, made_on=now().date(), content=content
            )
        )


@pytest.mark.parametrize(
    ("path", "most"),
    [
        ("/feedback", 8), ("/feedback/open", 4), ("/feedback/1/report", 27), ("/feedback/1/report.pdf", 7),
        ("/feedback/2", 7), ("/feedback/2/close", 7), ("/rate/token", 7), ("/rate/token/answer", 7),
        ("/rate/token/answer/care", 7), ("/rate/token/comments", 5), ("/feedback/systems", 6),
        ("/feedback/organisations/torbay-and-south-devon", 7),
    ],
)  # fmt: skip
def test_pages_on_feedback_ask_a_fixed_number_of_times(
    app: Flask, administrator: Visitor, statements: Callable[[], Any], path: str, most: int
) -> None:
    asks_a_fixed_number(app, administrator, statements, more_feedback, path, most)


def more_on_a_plan(first: int, count: int) -> None:
    """So many more commitments and planned offers of the administrator, some of them tried and some let go."""
    adam = db.session.scalars(select(Person).where(Person.name == "Adam Administrator")).one()
    if first == 1:
        closed_assessment(adam.id, level=0)
    dimensions = current_framework().dimensions
    for number in range(first, first + count):
        made = plans.commit(adam, Promise(f"Number {number}", today() + timedelta(days=9), dimensions[number % 9].id))
        if number % 2:
            plans.move(made, CommitmentState.TESTED, "noted")
        if number % 3 == 0:
            plans.move(made, CommitmentState.ABANDONED, "")
    offers = db.session.scalars(select(Offer).where(Offer.published.has()).order_by(Offer.id)).all()
    for offer in offers[first : first + count]:
        plans.put_on_plan(adam, offer)
    if first == 1:
        plan_sharing.share(adam, Manager("Mo", "mo@managers.example"))
        plans.assess_again(adam, today() + timedelta(days=90))
    shared = db.session.scalars(select(PlanShare)).one()
    shared.token_hash = hash_token("token")
    for number in range(first, first + count):
        db.session.add(PlanComment(share=shared, step=f"commitment:{number}", words="Well done"))


@pytest.mark.parametrize(
    ("path", "most"),
    [
        ("/enrolments", 22),
        ("/home", 28),
        ("/plan/commit", 5),
        ("/plan/commitments/1", 6),
        ("/plan/share", 4),
        ("/plan/assess-again", 4),
        ("/shared-plan/token", 12),
    ],
)
def test_pages_on_a_plan_ask_a_fixed_number_of_times(
    app: Flask, administrator: Visitor, statements: Callable[[], Any], path: str, most: int
) -> None:
    asks_a_fixed_number(app, administrator, statements, more_on_a_plan, path, most)


def more_in_a_system(first: int, count: int) -> None:
    """So many more organisations, partners, leads and people of a system, of which the administrator is a lead too.

    As many organisations ask the administrator whether they belong to them, and as many people are asked.
    """
    system = db.session.scalars(select(System).where(System.key == "devon")).one()
    home = db.session.scalars(select(Organisation).where(Organisation.key == "torbay-and-south-devon")).one()
    adam = db.session.scalars(select(Person).where(Person.name == "Adam Administrator")).one()
    grant(adam, Role.LEAD, system_id=system.id)
    for number in range(first, first + count):
        there = Organisation(key=f"more-{number}", name=f"More {number}", kind="trust", system=system)
        person = Person(name=f"Person {number}")
        db.session.add_all([Membership(person=person, organisation=place) for place in (there, home)])
        db.session.add(LocalPartner(system=system, organisation=there))
        another = Person(name=f"Another {number}")
        db.session.add_all(
            MembershipRequest(person=who, organisation=where, asked_as="a key", asked_by=person)
            for who, where in ((adam, there), (another, home))
        )
        db.session.flush()
        grant(person, Role.LEAD, system_id=system.id)
        db.session.add(Grant(person_id=adam.id, role=Role.ADMINISTRATOR, organisation_id=there.id))
        mine = Organisation(key=f"mine-{number}", name=f"Mine {number}", kind="trust", system=system)
        db.session.add(Membership(person=adam, organisation=mine))


@pytest.mark.parametrize(
    ("path", "most"),
    [
        ("/admin/systems", 8), ("/admin/systems/devon", 10), ("/admin/systems/ics-devon", 10),
        ("/admin/organisations?q=more", 5), ("/organisations/torbay-and-south-devon/people", 7),
        ("/your-system", 8), ("/your-system/devon", 8), ("/organisations", 6), ("/organisations/more-1/answer", 4),
    ],
)  # fmt: skip
def test_pages_on_systems_ask_a_fixed_number_of_times(
    app: Flask, administrator: Visitor, statements: Callable[[], Any], path: str, most: int
) -> None:
    asks_a_fixed_number(app, administrator, statements, more_in_a_system, path, most)


def more_advice(first: int, count: int) -> None:
    """So many more offers in the advice for a system that the administrator leads, and organisations with their own."""
    more_in_a_system(first, count)
    system = db.session.scalars(select(System).where(System.key == "devon")).one()
    offers = db.session.scalars(select(Offer).order_by(Offer.id).limit(first + count)).all()
    content = {
        "hours": 12, "levels": ["None", "Some"], "closes": 30, "at_most": 40, "missing": [],
        "offers": [
            {"id": offer.id, "title": "An offer", "hours": 2.0, "seats": 3, "people": 10,
             "takes": [{"dimension": "Teams", "from": 0, "to": 1}]}
            for offer in offers
        ],
    }  # fmt: skip
    for old in db.session.scalars(select(GroupAdvice).where(GroupAdvice.organisation_id.is_(None))):
        db.session.delete(old)
    db.session.flush()
    bodies = db.session.scalars(select(Organisation).where(Organisation.system_id == system.id)).all()
    had = set(db.session.scalars(select(GroupAdvice.organisation_id)))
    for body in (None, *bodies):
        if body is None or body.id not in had:
            db.session.add(
                GroupAdvice(
                    system=system, organisation=body, quarter=date(2026, 1, 1), made_on=date(2026, 1, 1), people=10,
                    content=content,
                )
            )  # fmt: skip


@pytest.mark.parametrize(
    ("path", "most"), [("/your-system/devon/advice", 16), ("/organisations/torbay-and-south-devon/advice", 16)]
)
def test_pages_of_advice_for_groups_ask_a_fixed_number_of_times(
    app: Flask, administrator: Visitor, statements: Callable[[], Any], path: str, most: int
) -> None:
    asks_a_fixed_number(app, administrator, statements, more_advice, path, most)


def more_told(first: int, count: int) -> None:
    """So many more offers of which answers to equality questions are told."""
    for offer in db.session.scalars(select(Offer).order_by(Offer.id).offset(first).limit(count)):
        db.session.add(
            EqualityReport(offer_id=offer.id, question="sex", answered=40, told={"female": 20, "male": 10}, offsets={})
        )


def test_the_page_on_equality_asks_a_fixed_number_of_times(
    app: Flask, administrator: Visitor, statements: Callable[[], Any]
) -> None:
    asks_a_fixed_number(app, administrator, statements, more_told, "/admin/equality", 6)


def more_marks(first: int, count: int) -> None:
    """So many more people on a run, each marked at its three sessions, and one more on a programme's steps."""
    found = db.session.scalar(select(Run).where(Run.key == "course"))
    if found is None:
        add_course(3, 2, begun_days_ago=3)
        found = db.session.scalars(select(Run).where(Run.key == "course")).one()
    marker = db.session.scalars(select(Person).where(Person.name == "Adam Administrator")).one()
    for number in range(first, first + count):
        person = Person(name=f"Person {number}")
        db.session.add(person)
        db.session.flush()
        enrolment = put_on(person.id, found.offer.slug, found.id)
        db.session.add_all(
            Attendance(enrolment_id=enrolment, session_id=one.id, attended=True, by_person_id=marker.id)
            for one in found.sessions
        )


@pytest.mark.parametrize(
    ("page", "most"),
    [("", 15), ("/runs/{run}/sessions/{session}", 13), ("/runs/{run}/list", 12), ("/runs/{run}/attendance.csv", 12),
     ("/runs/{run}/absent", 10)],
)  # fmt: skip
def test_registers_ask_a_fixed_number_of_times(
    app: Flask, administrator: Visitor, statements: Callable[[], Any], page: str, most: int
) -> None:
    with app.app_context():
        run(lambda: more_marks(0, 1))
        course = db.session.scalars(select(Run).where(Run.key == "course")).one()
        numbers = {"run": course.id, "session": course.sessions[0].id}
        path = f"/offers/{course.offer.slug}/register" + page.format(**numbers)
    asks_a_fixed_number(app, administrator, statements, more_marks, path, most)


def more_registers(first: int, count: int) -> None:
    """So many more runs of a provider that are over, each with two sessions and somebody whom nobody has marked."""
    offer = offer_with_runs()
    for number in range(first, first + count):
        day = now() - timedelta(days=number)
        sessions = [
            RunSession(key=key, title=key, starts_at=day, ends_at=day + timedelta(hours=1)) for key in ("one", "two")
        ]
        a_run = Run(
            offer=offer, key=f"over-{number}", starts_on=day.date(), ends_on=day.date(), place="Leeds", places=5,
            sessions=sessions,
        )  # fmt: skip
        db.session.add_all([a_run, person := Person(name=f"Person {number}")])
        db.session.flush()
        put_on(person.id, offer.slug, a_run.id)


def test_the_page_of_a_provider_asks_a_fixed_number_of_times(
    app: Flask, administrator: Visitor, statements: Callable[[], Any]
) -> None:
    with app.app_context():
        path = f"/publish?provider={offer_with_runs().provider.key}"
    asks_a_fixed_number(app, administrator, statements, more_registers, path, 12)


def more_codes(first: int, count: int) -> None:
    """So many more rows in the file on the way in, each of somebody else, and as many codes."""
    organisation = db.session.scalars(select(Organisation).where(Organisation.key == "example-riverside-trust")).one()
    offers = db.session.scalars(select(Offer).order_by(Offer.id).offset(first).limit(count)).all()
    rows = []
    for number, offer in enumerate(offers, first):
        person = Person(name=f"Person {number}")
        db.session.add(Membership(person=person, organisation=organisation, staff_number=str(number)))
        db.session.add(CourseCode(source="esr", organisation_id=organisation.id, code=f"c{number}", offer=offer))
        rows.append(f"{number},c{number},04/03/2026")
    kept = db.session.get(CompletionImport, 1) or CompletionImport(
        source="esr", organisation=organisation, name="esr.csv", counts={}
    )
    kept.content = "\n".join(["Employee Number,Class Code,Completion Date", *rows]).encode()
    db.session.add(kept)


@pytest.mark.parametrize(
    ("path", "most"), [("/completions/imports/1", 16), ("/completions/codes/example-riverside-trust", 7)]
)
def test_pages_on_completions_from_files_ask_a_fixed_number_of_times(
    app: Flask, administrator: Visitor, statements: Callable[[], Any], path: str, most: int
) -> None:
    asks_a_fixed_number(app, administrator, statements, more_codes, path, most)


def more_seats(first: int, count: int) -> None:
    """So many more people of a system on a run, as many to choose from, and as many seats kept for partners."""
    a_run = db.session.scalars(select(Run).join(Run.offer).where(Offer.example).order_by(Run.id).limit(1)).one()
    system = db.session.scalars(select(System).order_by(System.id).limit(1)).one()
    lead = db.session.scalars(select(Person).where(Person.name == "Lee Lead")).one()
    grant(lead, Role.LEAD, system_id=system.id)
    a_run.places = 1000
    for number in range(first, first + count):
        trust = Organisation(key=f"trust-{number}", name=f"Trust {number}", kind="trust", system=system)
        going, other = Person(name=f"Going {number}"), Person(name=f"Other {number}")
        team = Team(run_id=a_run.id, name=f"Team {number}", by_person_id=lead.id)
        db.session.add_all([trust, going, other, team])
        db.session.add_all([Membership(person=person, organisation=trust) for person in (going, other)])
        db.session.flush()
        kept = SeatAllocation(run=a_run, organisation=trust, seats=2, release_on=a_run.starts_on)
        db.session.add(
            Enrolment(
                person=going, offer=a_run.offer, version=a_run.offer.published, run=a_run, allocation=kept,
                state=EnrolmentState.NOMINATED, nominated_by_id=lead.id, team_id=team.id,
            )
        )  # fmt: skip


@pytest.mark.parametrize(("page", "most"), [("/seats", 9), ("/seats/{}", 17), ("/seats/{}/list", 9)])
def test_pages_of_leads_ask_a_fixed_number_of_times(
    app: Flask, add_person: Callable[..., int], sign_in: Callable[[int], Visitor], statements: Callable[[], Any],
    page: str, most: int,
) -> None:  # fmt: skip
    lead = sign_in(add_person("Lee Lead"))
    with app.app_context():
        run_id = db.session.scalars(select(Run.id).join(Run.offer).where(Offer.example).order_by(Run.id)).first()
    asks_a_fixed_number(app, lead, statements, more_seats, page.format(run_id), most)
