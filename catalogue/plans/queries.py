"""Reading somebody's plan."""

from collections.abc import Collection, Sequence

from sqlalchemy import ColumnElement, and_, exists, select
from sqlalchemy.orm import contains_eager, joinedload, selectinload

from catalogue.clock import in_london, today
from catalogue.enrolments import queries as enrolments
from catalogue.enrolments.models import ACTIVE, Enrolment, EnrolmentState
from catalogue.errors import NotThere
from catalogue.extensions import db
from catalogue.frameworks.models import Dimension
from catalogue.offers.models import Mapping, Offer
from catalogue.people.rules import hash_token
from catalogue.plans.models import Commitment, PlanComment, PlannedOffer, PlanShare, Reassessment
from catalogue.plans.rules import KEPT
from catalogue.plans.steps import Kind, Plan, Step, in_order

Dimensions = dict[int, list[Dimension]]
"""By the id of a version of an offer: what it works on."""
GONE = "An offer that is not in the catalogue any more"


def own_commitment(person_id: int, commitment_id: int) -> Commitment:
    """One of somebody's commitments; raises ``NotThere``."""
    found = db.session.scalar(
        select(Commitment)
        .where(Commitment.id == commitment_id, Commitment.person_id == person_id)
        .options(selectinload(Commitment.changes), joinedload(Commitment.dimension))
    )
    if found is None:
        raise NotThere
    return found


def commitments_of(person_id: int, began_from: str = "") -> Sequence[Commitment]:
    """All of somebody's, or those that one thing led to ("feedback:7"), by their day."""
    wanted = select(Commitment).where(Commitment.person_id == person_id)
    if began_from:
        wanted = wanted.where(Commitment.began_from == began_from)
    return db.session.scalars(
        wanted.options(selectinload(Commitment.changes), joinedload(Commitment.dimension)).order_by(
            Commitment.by, Commitment.id
        )
    ).all()


def _planned(person_id: int) -> ColumnElement[bool]:
    """What somebody plans to take, and has not joined since: once they have, the plan has their enrolment."""
    joined = exists().where(
        Enrolment.person_id == PlannedOffer.person_id, Enrolment.offer_id == PlannedOffer.offer_id,
        Enrolment.state.in_(ACTIVE) | (Enrolment.created_at > PlannedOffer.at),
    )  # fmt: skip
    return and_(PlannedOffer.person_id == person_id, ~joined)


def planned_of(person_id: int) -> Sequence[PlannedOffer]:
    return db.session.scalars(
        select(PlannedOffer)
        .where(_planned(person_id))
        .options(
            joinedload(PlannedOffer.offer).selectinload(Offer.published),
            joinedload(PlannedOffer.offer).joinedload(Offer.provider),
        )
        .order_by(PlannedOffer.id)
    ).all()


def planned_ids(person_id: int) -> set[int]:
    """The offers of ``planned_of``, by id."""
    return set(db.session.scalars(select(PlannedOffer.offer_id).where(_planned(person_id))))


def plan_of(person_id: int) -> Plan:
    """All that is on somebody's plan."""
    planned, joined = planned_of(person_id), enrolments.of_person(person_id)
    published = [one.offer.published.id for one in planned if one.offer.published]
    dimensions = _dimensions([*published, *(enrolment.version_id for enrolment in joined)])
    steps = [
        *(_committed(one) for one in commitments_of(person_id)),
        *(_planned_step(one, dimensions) for one in planned),
        *(_joined(one, dimensions) for one in joined),
        *(_reassessment_step(one) for one in _reassessments(person_id)),
    ]
    ended = [step for step in steps if step.done_on is not None]
    done = [step for step in ended if step.kind != Kind.COMMITMENT or step.of.state in KEPT]
    return Plan(
        in_order([step for step in steps if step.done_on is None]), done, [step for step in ended if step not in done]
    )


def _committed(one: Commitment) -> Step:
    return Step(
        Kind.COMMITMENT, f"commitment:{one.id}", one.words, one.by, one,
        done_on=None if one.open else in_london(one.changes[-1].at).date(),
        dimensions=[one.dimension] if one.dimension else [],
    )  # fmt: skip


def _planned_step(one: PlannedOffer, dimensions: Dimensions) -> Step:
    version = one.offer.published
    return Step(
        Kind.PLANNED, f"offer:{one.offer_id}", version.title if version else GONE, one.by, one,
        dimensions=dimensions.get(version.id, []) if version else [],
    )  # fmt: skip


def _joined(one: Enrolment, dimensions: Dimensions) -> Step:
    return Step(
        Kind.ENROLMENT, f"offer:{one.offer_id}", one.version.title, one.run.starts_on if one.run else None, one,
        done_on=in_london(one.changed_at).date() if one.state == EnrolmentState.COMPLETED else None,
        dimensions=dimensions.get(one.version_id, []),
    )  # fmt: skip


def _reassessment_step(one: Reassessment) -> Step:
    done_on = in_london(one.done_at).date() if one.done_at else None
    return Step(Kind.REASSESSMENT, "reassessment", "Assess yourself again", one.due_on, one, done_on)


def _reassessments(person_id: int) -> Sequence[Reassessment]:
    return db.session.scalars(
        select(Reassessment).where(Reassessment.person_id == person_id).order_by(Reassessment.id)
    ).all()


def open_reassessment(person_id: int) -> Reassessment | None:
    return db.session.scalar(
        select(Reassessment).where(Reassessment.person_id == person_id, Reassessment.done_at.is_(None))
    )


def open_share(person_id: int) -> PlanShare | None:
    """With whom somebody shares their plan, also where the link has expired meanwhile."""
    return db.session.scalar(select(PlanShare).where(PlanShare.person_id == person_id, PlanShare.ended_at.is_(None)))


def share_by_token(token: str) -> PlanShare:
    """What a manager's link opens; raises ``NotThere`` where it opens nothing any more."""
    found = db.session.scalar(
        select(PlanShare)
        .where(
            PlanShare.token_hash == hash_token(token), PlanShare.ended_at.is_(None), PlanShare.until >= today(),
        )
        .options(joinedload(PlanShare.person))
    )  # fmt: skip
    if found is None:
        raise NotThere("This link does not work any more. The plan may not be shared now; or look for a newer message.")
    return found


def comments_of(person_id: int) -> Sequence[PlanComment]:
    """What managers have written on somebody's plan, oldest first."""
    return db.session.scalars(
        select(PlanComment)
        .join(PlanComment.share)
        .where(PlanShare.person_id == person_id)
        .options(contains_eager(PlanComment.share))
        .order_by(PlanComment.id)
    ).all()


def comments_by(share_id: int) -> Sequence[PlanComment]:
    """What one manager has written, oldest first."""
    return db.session.scalars(
        select(PlanComment).where(PlanComment.share_id == share_id).order_by(PlanComment.id)
    ).all()


def own_comment(person_id: int, comment_id: int) -> PlanComment:
    """A comment on somebody's plan; raises ``NotThere``."""
    found = db.session.scalar(
        select(PlanComment)
        .join(PlanComment.share)
        .where(PlanComment.id == comment_id, PlanShare.person_id == person_id)
    )  # fmt: skip
    if found is None:
        raise NotThere
    return found


def _dimensions(version_ids: Collection[int]) -> Dimensions:
    """What versions of offers work on, each dimension once, in the framework's order."""
    found: Dimensions = {}
    rows = db.session.execute(
        select(Mapping.version_id, Dimension)
        .join(Mapping.dimension)
        .where(Mapping.version_id.in_(list(version_ids)))
        .order_by(Dimension.framework_id, Dimension.position)
    )
    for version_id, dimension in rows:
        there = found.setdefault(version_id, [])
        if dimension not in there:
            there.append(dimension)
    return found
