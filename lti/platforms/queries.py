"""Reading registrations."""

from datetime import datetime

from sqlalchemy import func, or_, select
from sqlalchemy.orm import selectinload

from catalogue.errors import NotThere
from catalogue.extensions import db
from catalogue.outbox import Delivery, DeliveryState
from catalogue.records.identities import Known
from catalogue.systems.models import Organisation
from catalogue.systems.queries import standing
from lti.grading.line_items import BEING_MADE
from lti.grading.queries import with_deployment
from lti.keys import LOCKED
from lti.models import Deployment, Identity, Platform, PlatformState, Refusal, via_of

MOST_REFUSALS = 20
OUR_OWN = ("", LOCKED, BEING_MADE, *(f"the platform is {state}" for state in PlatformState))
"""Why a grade waits that the platform was not asked to take, or took no part in."""


def platforms() -> list[Platform]:
    return list(
        db.session.scalars(
            select(Platform)
            .options(selectinload(Platform.deployments), selectinload(Platform.organisation))
            .order_by(Platform.name, Platform.id)
        )
    )


def platform_names() -> dict[str, str]:
    """The name of each platform, by what enrolments that came through it are marked with."""
    named = db.session.execute(select(Platform.id, Platform.name).order_by(Platform.name, Platform.id))
    return {via_of(platform_id): name for platform_id, name in named}


def platform(platform_id: int) -> Platform:
    """Raises ``NotThere``."""
    found = db.session.get(Platform, platform_id)
    if found is None:
        raise NotThere("There is no such platform.")
    return found


def named(name: str) -> list[Platform]:
    """Those of exactly this name; else the one with this id."""
    found = list(db.session.scalars(select(Platform).where(Platform.name == name).order_by(Platform.id)))
    number = int(name) if name.isdecimal() and len(name) < 10 else 0
    one = db.session.get(Platform, number) if number and not found else None
    return [one] if one else found


def not_answering() -> dict[int, datetime]:
    """By platform, since when a grade has waited that it did not take in two tries: only those where one does."""
    rows = db.session.execute(
        with_deployment(select(Deployment.platform_id, func.min(Delivery.created_at)))
        .where(Delivery.state == DeliveryState.WAITING, Delivery.attempts > 1, Delivery.last_error.not_in(OUR_OWN))
        .group_by(Deployment.platform_id)
    )
    return dict(rows.all())


def refusals_of(platform_id: int) -> list[Refusal]:
    """The newest, and the newest of those that offer a deployment."""
    newest = select(Refusal.id).where(Refusal.platform_id == platform_id).order_by(Refusal.id.desc())
    offering = newest.where(Refusal.deployment_id != "").limit(MOST_REFUSALS).subquery()
    chosen = or_(
        Refusal.id.in_(select(newest.limit(MOST_REFUSALS).subquery().c.id)), Refusal.id.in_(select(offering.c.id))
    )
    return list(db.session.scalars(select(Refusal).where(chosen).order_by(Refusal.id.desc())))


def organisations() -> list[tuple[str, str]]:
    """Keys and names of those that there are today."""
    rows = db.session.execute(select(Organisation.key, Organisation.name).where(standing()).order_by(Organisation.name))
    return [(key, name) for key, name in rows]


def people_known_as(home_page: str, name: str) -> list[Known]:
    """Who the subject of an issuer may be: one issuer can have several registrations, each with people of its own."""
    rows = db.session.execute(
        select(Identity.person_id, Platform.organisation_id)
        .join(Identity.platform)
        .where(Platform.issuer == home_page, Platform.state == PlatformState.ACTIVE, Identity.sub == name)
    )
    return [Known(*row) for row in rows]
