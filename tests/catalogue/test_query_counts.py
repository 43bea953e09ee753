"""How often a page asks the database: a fixed number, however much there is to show."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import event, select

from catalogue.clock import now
from catalogue.enrolments.models import Enrolment, EnrolmentState
from catalogue.extensions import db
from catalogue.offers.models import Mapping, Offer, OfferVersion, Run
from catalogue.people.models import Person, Role
from catalogue.transactions import run
from lti.models import Deployment, Platform, Refusal
from lti.platforms.actions import add_platform
from lti.platforms.rules import Registration
from tests.assessments.closed import closed_assessment
from tests.assessments.test_assessing import choose_seat
from tests.visitor import Visitor

SELF_PACED, WITH_RUNS = "ten-minute-huddle", "with runs"
PAGES = {
    "/": 21,
    "/offers": 22,
    f"/offers/{SELF_PACED}": 27,
    f"/offers/{WITH_RUNS}": 27,
    "/recommendations": 22,
    "/enrolments": 11,
    "result": 14,
    "/assessments": 14,
    "/assessments/answer": 8,
    "/assessments/answer/care": 14,
    "/admin": 7,
    f"/offers/{WITH_RUNS}/register": 18,
}
"""By page, how many statements at most, for somebody signed in, with what is loaded in one go counted as one."""


@pytest.fixture
def statements(app: Flask) -> Callable[[], Any]:
    """Count the statements that are sent while a block runs."""

    @contextmanager
    def counting() -> Iterator[list[str]]:
        sent: list[str] = []

        def note(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
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
        run(lambda: people_on(offer_id, person_id, 2))
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
    with statements() as most:
        visitor.get(path)

    sent = "\n".join(most)
    assert len(most) <= len(few), f"{page} asks more often when there is more to show:\n{sent}"
    assert len(few) <= PAGES[page], f"{page} asks {len(few)} times:\n{sent}"


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
    sent: list[list[str]] = []
    for first, count in ((1, 2), (3, 30)):
        with app.app_context():
            run(lambda first=first, count=count: more_platforms(first, count))  # type: ignore[misc]
        administrator.get(path)
        with statements() as asked:
            administrator.get(path)
        sent.append(asked)
    assert len(sent[1]) <= len(sent[0]), "\n".join(sent[1])
    assert len(sent[0]) <= most, "\n".join(sent[0])
