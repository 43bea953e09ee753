"""A teacher opens what a learner handed in, from a gradebook.

Submission Review Message 1.0: https://www.imsglobal.org/spec/lti-ap-sr/v1p0 (LtiSubmissionReviewRequest)
"""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import and_, or_, select
from sqlalchemy.orm import joinedload, selectinload

from catalogue.enrolments.models import Completion, Enrolment
from catalogue.extensions import db
from catalogue.offers.models import Offer, OfferVersion, Step
from catalogue.outbox import Delivery
from catalogue.people.models import SignIn
from lti.claims import Launch
from lti.courses.overview import Came, came, placed
from lti.errors import LaunchRefused, Why
from lti.grading.scores import KIND, lane
from lti.launch import Arrived, admit, deployment_of
from lti.models import Arrival, Context, Identity, LineItem, ResourceLink


def arrive(launch: Launch) -> Arrived:
    """Let a teacher, or the learner, in to one submission, in the present transaction. Raises ``LaunchRefused``.

    The line item has to be one that an earlier launch gave us, or that we made through it, and the learner one who
    came by that link: nothing that this message says is taken for either.
    """
    reviewer = admit(launch)
    found = _submission(reviewer, launch)
    if found is None:
        raise _nothing(reviewer, "the line item is none of ours, or the learner never came through its link")
    link, learner, offer_id = found
    if learner.id != reviewer.id and not _teaches(reviewer, link, launch):
        raise _nothing(reviewer, "whoever opened the submission does not teach in its course")
    return Arrived(reviewer.person, reviewer.platform, f"review:{link.id}:{learner.id}:{offer_id}", ("review", ""))


def _nothing(reviewer: Identity, reason: str) -> LaunchRefused:
    platform = reviewer.platform
    return LaunchRefused(Why.NOTHING_TO_REVIEW, reason, platform_id=platform.id, frame_origin=platform.origin)


def _submission(reviewer: Identity, launch: Launch) -> tuple[ResourceLink, Identity, int] | None:
    """The link, the learner who came by it, and the offer; by the address of the line item, to the letter."""
    url = launch.ags.lineitem if launch.ags else ""
    if not url:
        return None
    wanted = (
        select(ResourceLink, Identity, Offer.id)
        .join_from(Arrival, ResourceLink)
        .join(Identity, Identity.id == Arrival.identity_id)
        .outerjoin(LineItem, and_(LineItem.resource_link_id == ResourceLink.id, LineItem.url == url))
        .join(
            Offer,
            or_(
                Offer.id == LineItem.offer_id,
                and_(
                    ResourceLink.lineitem_url == url,
                    ResourceLink.target == "offer",
                    Offer.slug == ResourceLink.target_value,
                ),
            ),
        )
        .where(
            ResourceLink.deployment_id == deployment_of(reviewer.platform, launch).id,
            Identity.platform_id == reviewer.platform_id,
            Identity.sub == launch.for_user,
            Arrival.is_learner,
        )
        .order_by(Arrival.first_at, Arrival.id, Offer.id)
        .limit(1)
    )
    if launch.context is not None:
        wanted = wanted.join(ResourceLink.context).where(Context.context_id == launch.context.id)
    if launch.resource_link is not None:
        wanted = wanted.where(ResourceLink.resource_link_id == launch.resource_link.id)
    found = db.session.execute(wanted).first()
    return (found[0], found[1], found[2]) if found else None


def _teaches(reviewer: Identity, link: ResourceLink, launch: Launch) -> bool:
    """By the message, where it says which course its roles are in; else by what they last came to the course as."""
    if launch.context is not None or launch.resource_link is not None:
        return launch.is_instructor
    in_course = ResourceLink.id == link.id if link.context_id is None else ResourceLink.context_id == link.context_id
    last = db.session.scalar(
        select(Arrival)
        .join(ResourceLink)
        .where(Arrival.identity_id == reviewer.id, in_course)
        .order_by(Arrival.last_at.desc())
        .limit(1)
    )
    return launch.is_instructor and last is not None and last.is_instructor


@dataclass(frozen=True, slots=True)
class Submission:
    """What came of one learner's work on an offer, since they first came through the course. No answers, no levels."""

    name: str
    title: str
    since: datetime
    enrolment: Enrolment | None
    steps: list[tuple[Step, datetime | None]]
    completion: Completion | None
    score: Delivery | None  # the last that was written


def submission(sign_in: SignIn) -> Submission | None:
    """What this very sign-in was let in to; nothing where it was let in to something else."""
    kind, *numbers = sign_in.arrived_at.split(":")
    if kind != "review" or len(numbers) != 3:
        return None
    link_id, identity_id, offer_id = map(int, numbers)
    link, learner = db.session.get_one(ResourceLink, link_id), db.session.get_one(Identity, identity_id)
    offer = db.session.get_one(Offer, offer_id)
    one = came(link).get(learner.sub)
    if learner.platform.via != sign_in.via or not learner.platform.active or one is None:
        return None
    enrolment, completion = _taken(one, link, offer)
    done = {row.step_id: row.at for row in enrolment.steps_done if row.at >= one.since} if enrolment else {}
    score = db.session.scalar(
        select(Delivery)
        .where(Delivery.kind == KIND, Delivery.lane == lane(link_id, offer_id, identity_id))
        .order_by(Delivery.id.desc())
        .limit(1)
    )
    return Submission(
        learner.person.name,
        _title(offer, enrolment),
        one.since,
        enrolment,
        [(step, done.get(step.id)) for step in enrolment.version.steps] if enrolment else [],
        completion,
        score,
    )


def _taken(one: Came, link: ResourceLink, offer: Offer) -> tuple[Enrolment | None, Completion | None]:
    """The newest enrolment on the offer that came of the course, or whose completion did, with that."""
    enrolments = db.session.scalars(
        select(Enrolment)
        .where(Enrolment.person_id == one.person_id, Enrolment.offer_id == offer.id)
        .options(
            joinedload(Enrolment.run),
            selectinload(Enrolment.steps_done),
            joinedload(Enrolment.version).selectinload(OfferVersion.steps),
        )
        .order_by(Enrolment.id.desc())
    ).all()
    standing = {
        completion.enrolment_id: completion
        for completion in db.session.scalars(
            select(Completion).where(
                Completion.person_id == one.person_id, Completion.offer_id == offer.id, Completion.voided_at.is_(None)
            )
        )
    }
    given = placed(link)
    for enrolment in enrolments:
        completion = standing.get(enrolment.id)
        if completion is not None and enrolment.id not in given and not one.counts(completion.at, offer.slug):
            completion = None
        if completion or enrolment.id in given or one.counts(enrolment.created_at, offer.slug):
            return enrolment, completion
    return None, None


def _title(offer: Offer, enrolment: Enrolment | None) -> str:
    """As the learner knows it; also of an offer that is published no longer."""
    if enrolment is not None:
        return enrolment.version.title
    return db.session.scalars(
        select(OfferVersion.title)
        .where(OfferVersion.offer_id == offer.id)
        .order_by(OfferVersion.number.desc())
        .limit(1)
    ).one()
