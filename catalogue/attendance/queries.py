"""Reading what somebody has done of what completing an offer takes."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import exists, func, or_, select
from sqlalchemy.orm import selectinload

from catalogue.assessments.models import Assessment, AssessmentState
from catalogue.attendance import rules
from catalogue.attendance.models import Attendance
from catalogue.attendance.rules import Asked, Done, Part
from catalogue.clock import in_london, midnight, today
from catalogue.enrolments.models import ON_IT, TAKES_A_PLACE, Completion, Enrolment, EnrolmentState, StepDone
from catalogue.errors import NotThere
from catalogue.extensions import db
from catalogue.offers.models import Offer, OfferVersion, Run, RunSession, RunState, Step

MARKED = (*ON_IT, EnrolmentState.NO_SHOW, EnrolmentState.COMPLETED)
"""Who stands on the register of a session."""
NOT_LISTED = (EnrolmentState.WITHDRAWN, EnrolmentState.DECLINED)


@dataclass(frozen=True, slots=True)
class Standing:
    """How far somebody is with an offer."""

    asked: Asked
    done: Done

    @property
    def progress(self) -> tuple[int, int]:
        return rules.progress(self.asked, self.done)

    @property
    def missing(self) -> list[str]:
        return rules.still_needed(self.asked, self.done, today())


def standing(enrolment: Enrolment) -> Standing:
    version = enrolment.version
    attended = db.session.scalar(
        select(func.count()).where(Attendance.enrolment_id == enrolment.id, Attendance.attended)
    )
    done = Done(
        frozenset(done_steps(enrolment)),
        attended or 0,
        version.reassessment_needed and _reassessed(enrolment),
        # At a session, or by the provider's word where a reassessment is awaited still.
        version.reassessment_needed and enrolment.state == EnrolmentState.ATTENDED,
    )
    return Standing(asked_of(enrolment), done)


def asked_of(enrolment: Enrolment) -> Asked:
    version, run = enrolment.version, enrolment.run
    sessions = 0
    if version.sessions_needed and run is not None:
        sessions = db.session.scalar(select(func.count()).where(RunSession.run_id == run.id)) or 0
    return rules.asked(
        parts_of(version), sessions_needed=version.sessions_needed, sessions=sessions,
        reassessment=version.reassessment_needed, self_paced=version.self_paced,
        provider=enrolment.offer.provider.name, begins_on=run.starts_on if run else None,
    )  # fmt: skip


def parts_of(version: OfferVersion) -> tuple[Part, ...]:
    """The steps of a version: each by itself, and those of a group together, in their order."""
    grouped: dict[int, list[Step]] = {}
    order: list[Step | int] = []
    for step in version.steps:
        if step.group_id is None:
            order.append(step)
        elif step.group_id in grouped:
            grouped[step.group_id].append(step)
        else:
            grouped[step.group_id] = [step]
            order.append(step.group_id)
    groups = {group.id: group for group in version.step_groups} if grouped else {}
    parts = []
    for one in order:
        if isinstance(one, Step):
            parts.append(Part({one.id: one.title}, 1))
        else:
            steps = {step.id: step.title for step in grouped[one]}
            parts.append(Part(steps, min(groups[one].choose or len(steps), len(steps)), groups[one].title))
    return tuple(parts)


def done_steps(enrolment: Enrolment) -> set[int]:
    """The steps that count: those marked as done, and those that are offers which the person has completed.

    An offer that was completed before they joined counts as well.
    """
    marked = exists().where(StepDone.step_id == Step.id, StepDone.enrolment_id == enrolment.id)
    completed = exists().where(
        Completion.offer_id == Step.offer_id,
        Completion.person_id == enrolment.person_id,
        Completion.voided_at.is_(None),
    )
    return set(
        db.session.scalars(select(Step.id).where(Step.version_id == enrolment.version_id, or_(marked, completed)))
    )


def steps_so_far(person_id: int, enrolments: Sequence[Enrolment]) -> dict[int, tuple[int, int]]:
    """For each of a person's enrolments, how many of its steps are done, of how many that are needed."""
    completed = set(
        db.session.scalars(
            select(Completion.offer_id).where(Completion.person_id == person_id, Completion.voided_at.is_(None))
        )
    )
    counted = {}
    for enrolment in enrolments:
        marked = {row.step_id for row in enrolment.steps_done}
        done = frozenset(step.id for step in enrolment.version.steps if step.id in marked or step.offer_id in completed)
        counted[enrolment.id] = rules.progress(Asked(parts_of(enrolment.version)), Done(done))
    return counted


def on_programmes_with(offer_id: int, person_id: int) -> list[Enrolment]:
    """The person's enrolments, whatever their state, on versions that have this offer as a step."""
    return list(
        db.session.scalars(
            select(Enrolment)
            .where(
                Enrolment.person_id == person_id,
                Enrolment.version_id.in_(select(Step.version_id).where(Step.offer_id == offer_id)),
            )
            .order_by(Enrolment.id)
        )
    )


def has_completed(person_id: int, offer_id: int) -> bool:
    standing = select(Completion.id).where(
        Completion.person_id == person_id, Completion.offer_id == offer_id, Completion.voided_at.is_(None)
    )
    return db.session.scalar(standing.limit(1)) is not None


def _reassessed(enrolment: Enrolment) -> bool:
    """Whether they have finished a self-assessment since they joined."""
    closed = select(Assessment.id).where(
        Assessment.person_id == enrolment.person_id,
        Assessment.state == AssessmentState.CLOSED,
        Assessment.closed_at > enrolment.created_at,
    )
    return db.session.scalar(closed.limit(1)) is not None


def registered(slug: str) -> tuple[Offer, str]:
    """An offer, retired ones too, and what it is called. Raises ``NotThere``."""
    found = db.session.execute(
        select(Offer, OfferVersion.title)
        .join(OfferVersion, OfferVersion.offer_id == Offer.id)
        .where(Offer.slug == slug)
        .options(selectinload(Offer.runs).selectinload(Run.sessions), selectinload(Offer.published))
        .order_by(OfferVersion.number.desc())
        .limit(1)
    ).first()
    if found is None:
        raise NotThere
    return found[0], found[1]


def people_by_run(offer: Offer) -> list[tuple[Run | None, list[Enrolment]]]:
    """Everybody who is, or was, on an offer, by run and name; those without a place last in their run."""
    found = db.session.scalars(
        select(Enrolment)
        .where(Enrolment.offer_id == offer.id, Enrolment.state.not_in(NOT_LISTED))
        .options(selectinload(Enrolment.person), selectinload(Enrolment.run), selectinload(Enrolment.version))
    ).all()
    by_run: dict[Run | None, list[Enrolment]] = {run: [] for run in offer.runs}
    for enrolment in sorted(
        found, key=lambda row: (row.state not in TAKES_A_PLACE, row.person.name.casefold(), row.id)
    ):
        by_run.setdefault(enrolment.run, []).append(enrolment)
    return list(by_run.items())


def last_voided(enrolment: Enrolment) -> Completion | None:
    """The last completion of an enrolment that was voided, where none stands."""
    last = db.session.scalar(
        select(Completion).where(Completion.enrolment_id == enrolment.id).order_by(Completion.id.desc()).limit(1)
    )
    return last if last is not None and last.voided_at is not None else None


def voided_of(offer: Offer) -> dict[int, Completion]:
    """By enrolment, the last completion of it that was voided."""
    voided = select(Completion).where(Completion.offer_id == offer.id, Completion.voided_at.is_not(None))
    return {row.enrolment_id: row for row in db.session.scalars(voided.order_by(Completion.voided_at))}


def on_register(run_id: int) -> list[Enrolment]:
    """Who stands on the registers of a run's sessions, by name."""
    found = db.session.scalars(
        select(Enrolment)
        .where(Enrolment.run_id == run_id, Enrolment.state.in_(MARKED))
        .options(selectinload(Enrolment.person))
    )
    return sorted(found, key=lambda one: (one.person.name.casefold(), one.id))


def marks(run_id: int, session_id: int | None = None) -> dict[tuple[int, int], Attendance]:
    """The marks of a run, or of one of its sessions, by enrolment and session."""
    wanted = select(Attendance).join(RunSession).where(RunSession.run_id == run_id)
    if session_id is not None:
        wanted = wanted.where(RunSession.id == session_id)
    found = db.session.scalars(wanted.options(selectinload(Attendance.by_person)))
    return {(row.enrolment_id, row.session_id): row for row in found}


@dataclass(frozen=True, slots=True)
class ToFill:
    """A register that waits: of a session that has come, or of a run without sessions that is over."""

    title: str
    slug: str
    run: Run
    session: RunSession | None
    people: int
    """Of whom nobody has said yet whether they were there."""


def registers_to_fill(provider_id: int) -> list[ToFill]:
    """What the people of a provider have still to say of those on its runs, the oldest first: in two queries."""
    title = (
        select(OfferVersion.title)
        .where(OfferVersion.offer_id == Offer.id)
        .order_by(OfferVersion.number.desc())
        .limit(1)
        .scalar_subquery()
    )
    on_runs = (
        select(title, Offer.slug, Run, func.count(Enrolment.id))
        .select_from(Offer)
        .join(Run, Run.offer_id == Offer.id)
        .join(Enrolment, Enrolment.run_id == Run.id)
        .where(Offer.provider_id == provider_id, Run.state != RunState.CANCELLED)
    )
    said = exists().where(Attendance.session_id == RunSession.id, Attendance.enrolment_id == Enrolment.id)
    of_sessions = (
        on_runs.add_columns(RunSession)
        .join(RunSession, RunSession.run_id == Run.id)
        .where(Enrolment.state.in_(ON_IT), RunSession.starts_at < midnight(today() + timedelta(days=1)), ~said)
        .group_by(Offer.id, Run.id, RunSession.id)
    )
    of_runs = on_runs.where(
        Enrolment.state == EnrolmentState.BOOKED, Run.ends_on < today(), ~exists().where(RunSession.run_id == Run.id)
    ).group_by(Offer.id, Run.id)
    found = [
        *(
            ToFill(name, slug, run, session, people)
            for name, slug, run, people, session in db.session.execute(of_sessions)
        ),
        *(ToFill(name, slug, run, None, people) for name, slug, run, people in db.session.execute(of_runs)),
    ]
    return sorted(
        found, key=lambda one: (in_london(one.session.starts_at).date() if one.session else one.run.ends_on, one.title)
    )


def marked_by_session(offer: Offer) -> dict[int, int]:
    """How many people are marked, as there or not, for each session of an offer."""
    rows = db.session.execute(
        select(Attendance.session_id, func.count())
        .join(RunSession)
        .join(Run)
        .where(Run.offer_id == offer.id)
        .group_by(Attendance.session_id)
    )
    return {row[0]: row[1] for row in rows}
