"""A programme of several offers, a course of several sessions, and what becomes of those who are on them."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from catalogue.attendance.models import Attendance
from catalogue.clock import now, today
from catalogue.enrolments.models import CompletedBy, Completion, Enrolment, EnrolmentState
from catalogue.extensions import db
from catalogue.offers.models import Offer, OfferVersion, Run, RunSession, RunState, Step, StepGroup
from catalogue.people.models import Person, Role
from tests.conftest import Ask
from tests.enrolments.conftest import (  # noqa: F401
    SELF_PACED,
    WITH_RUNS,
    AddPerson,
    SignIn,
    new_learner,
    organisation_of,
    partner,
    set_run,
)
from tests.journeys.conftest import browser, check_page, playwright  # noqa: F401
from tests.visitor import Visitor

PROGRAMME = "the-programme"


def offer_of(slug: str) -> Offer:
    return db.session.scalars(select(Offer).where(Offer.slug == slug)).one()


def like(model: OfferVersion, slug: str, **values: Any) -> Offer:
    """A new offer that says what another one says, but for these values."""
    columns = {
        column.key: getattr(model, column.key)
        for column in OfferVersion.__table__.columns
        if column.key not in ("id", "offer_id")
    }
    offer = Offer(slug=slug, provider_id=model.offer.provider_id)
    db.session.add(offer)
    db.session.flush()
    db.session.add(OfferVersion(**(columns | {"offer_id": offer.id, "number": 1, "title": slug} | values)))
    db.session.flush()
    db.session.expire(offer)
    return offer


def add_programme(*, needed: tuple[str, ...] = (), electives: tuple[str, ...] = (), choose: int = 1) -> int:
    """A programme at one's own pace whose steps are these offers, some by choice; returns the offer's id."""
    offer = like(offer_of(SELF_PACED).published, PROGRAMME, title="The programme")
    version = offer.published
    group = StepGroup(version=version, key="electives", position=1, title="Electives", choose=choose)
    db.session.add(group)
    for position, slug in enumerate((*needed, *electives)):
        db.session.add(
            Step(
                version=version, key=slug, position=position, title=slug, minutes=60, text="", offer=offer_of(slug),
                group=group if slug in electives else None,
            )
        )  # fmt: skip
    db.session.flush()
    return offer.id


def put_on(person_id: int, slug: str, run_id: int | None = None, **values: Any) -> int:
    """Somebody with a place on an offer; returns the enrolment's id."""
    offer = offer_of(slug)
    version_id = offer.published.id
    enrolment = Enrolment(
        **({"person_id": person_id, "offer_id": offer.id, "version_id": version_id, "run_id": run_id,
            "state": EnrolmentState.BOOKED} | values)
    )  # fmt: skip
    db.session.add(enrolment)
    db.session.flush()
    return enrolment.id


def completes(person_id: int, slug: str) -> int:
    """They complete an offer, by its provider's word; returns the completion's id."""
    from catalogue.enrolments.completing import complete

    person = db.session.get_one(Person, person_id)
    enrolment = db.session.get_one(Enrolment, put_on(person_id, slug))
    return complete(enrolment, CompletedBy.PROVIDER, person).id


def voids(completion_id: int, reason: str = "ticked in error") -> None:
    from catalogue.enrolments.completing import void

    completion = db.session.get_one(Completion, completion_id)
    void(completion, reason, completion.person)


def state_of(enrolment_id: int) -> str:
    return str(db.session.get_one(Enrolment, enrolment_id).state)


def add_course(sessions: int, needed: int | None, *, begun_days_ago: int = 0, **version: Any) -> tuple[int, list[int]]:
    """A run of the offer with runs, with so many sessions from its first day on; ids of the run and its sessions."""
    offer = offer_of(WITH_RUNS)
    for name, value in ({"sessions_needed": needed} | version).items():
        setattr(offer.published, name, value)
    first = today() - timedelta(days=begun_days_ago)
    run = Run(
        offer_id=offer.id, key="course", starts_on=first, ends_on=first + timedelta(days=max(0, sessions - 1)),
        place="Leeds", places=50, state=RunState.OPEN,
    )  # fmt: skip
    db.session.add(run)
    db.session.flush()
    start = now() - timedelta(days=begun_days_ago)
    meet = [
        RunSession(
            run_id=run.id, key=f"s{number}", title=f"Day {number + 1}", starts_at=start + timedelta(days=number),
            ends_at=start + timedelta(days=number, hours=2),
        )
        for number in range(sessions)
    ]  # fmt: skip
    db.session.add_all(meet)
    db.session.flush()
    return run.id, [one.id for one in meet]


@pytest.fixture
def facilitator(add_person: AddPerson, sign_in: SignIn, organisation_of: Callable[[str], int]) -> Visitor:  # noqa: F811
    return sign_in(add_person("Fay Facilitator", Role.FACILITATOR, organisation_id=organisation_of(WITH_RUNS)))


@pytest.fixture
def other_partner(add_person: AddPerson, sign_in: SignIn, ask: Ask, organisation_of: Callable[[str], int]) -> Visitor:  # noqa: F811
    """A partner of another provider."""
    ours = organisation_of(WITH_RUNS)
    theirs = ask(
        lambda: db.session.scalars(
            select(Offer.provider_id).where(Offer.provider_id != ours).order_by(Offer.id).limit(1)
        ).one()
    )
    return sign_in(add_person("Stan Stranger", Role.PARTNER, organisation_id=theirs))


@dataclass
class Course:
    """A run with three sessions, of which two are needed; the third is to come. Ada and Ben are on it."""

    run_id: int
    sessions: list[int]
    ada: int
    ben: int

    def path(self, number: int) -> str:
        return f"/offers/{WITH_RUNS}/register/runs/{self.run_id}/sessions/{self.sessions[number]}"


@pytest.fixture
def course(change: Ask, add_person: AddPerson) -> Course:
    run_id, sessions = change(lambda: add_course(3, 2, begun_days_ago=1))
    ada, ben = add_person("Ada"), add_person("Ben")
    return Course(
        run_id, sessions, *(change(lambda who=who: put_on(who, WITH_RUNS, run_id)) for who in (ada, ben))
    )  # fmt: skip


def marks() -> list[tuple[int, int, bool]]:
    found = db.session.scalars(select(Attendance).order_by(Attendance.session_id, Attendance.enrolment_id))
    return [(row.session_id, row.enrolment_id, row.attended) for row in found]


def marked(visitor: Visitor, path: str, status: int = 302, **chosen: str) -> None:
    """Open the register, choose, and save; ``chosen`` by the names of its fields, with _ for -."""
    visitor.get(path)
    visitor.press("Save", status=status, **{name.replace("_", "-"): value for name, value in chosen.items()})
