"""Reading rounds of feedback: one's own, and what somebody's link is for."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import joinedload, selectinload

from catalogue.assessments import queries as assessments
from catalogue.assessments.models import Assessment
from catalogue.clock import now, today
from catalogue.errors import NotThere
from catalogue.extensions import db
from catalogue.feedback.models import FeedbackGroupReport, FeedbackRater, FeedbackRound, RoundState
from catalogue.feedback.report import Asked
from catalogue.feedback.rules import APART, RELEASED_AFTER, REMIND_BEFORE, Group
from catalogue.frameworks.models import Dimension, Framework
from catalogue.people.rules import hash_token

GONE = "This link does not work any more. The feedback may be closed; or look for a newer message."


def rounds_of(person_id: int) -> Sequence[FeedbackRound]:
    """The newest first."""
    return db.session.scalars(
        select(FeedbackRound).where(FeedbackRound.person_id == person_id).order_by(FeedbackRound.id.desc())
    ).all()


def own(person_id: int, round_id: int) -> FeedbackRound:
    """One of somebody's rounds; raises ``NotThere``."""
    found = db.session.scalar(
        select(FeedbackRound).where(FeedbackRound.id == round_id, FeedbackRound.person_id == person_id)
    )
    if found is None:
        raise NotThere
    return found


def own_report(person_id: int, round_id: int) -> FeedbackRound:
    """A round of somebody's whose report they may see; raises ``NotThere``."""
    found = own(person_id, round_id)
    if found.report is None:
        raise NotThere("There is no report yet.")
    return found


def earlier_report(here: FeedbackRound) -> FeedbackRound | None:
    """The round before, where it was on the same framework, in whatever version, and its report is released."""
    same = select(Framework.id).where(Framework.key == here.framework.key)
    return db.session.scalar(
        select(FeedbackRound)
        .where(
            FeedbackRound.person_id == here.person_id, FeedbackRound.id < here.id,
            FeedbackRound.report.is_not(None), FeedbackRound.framework_id.in_(same),
        )
        .order_by(FeedbackRound.id.desc())
        .limit(1)
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Asking:
    """Who has been asked, by name, and how many have answered: never who."""

    raters: Sequence[tuple[Group, str, str]]
    """Group, name and address of each, by name."""
    asked: Counter[Group]
    answered: Counter[Group]

    def named(self, group: Group) -> list[tuple[str, str]]:
        return [(name, email) for where, name, email in self.raters if where == group]


def asking(round_id: int) -> Asking:
    rows = db.session.execute(
        select(FeedbackRater.relation, FeedbackRater.name, FeedbackRater.email)
        .where(FeedbackRater.round_id == round_id)
        .order_by(FeedbackRater.name, FeedbackRater.email)
    ).all()
    answered = db.session.execute(
        select(FeedbackRater.relation, func.count())
        .where(FeedbackRater.round_id == round_id, FeedbackRater.sent_at.is_not(None))
        .group_by(FeedbackRater.relation)
    ).all()
    raters = [(Group(relation), name, email) for relation, name, email in rows]
    return Asking(
        raters, Counter(group for group, _, _ in raters), Counter({Group(group): count for group, count in answered})
    )


def rater_by_token(token: str) -> FeedbackRater:
    """Whose link this is; raises ``NotThere`` where it is nobody's, or not the newest."""
    found = db.session.scalar(
        select(FeedbackRater)
        .where(FeedbackRater.token_hash == hash_token(token))
        .options(joinedload(FeedbackRater.round).joinedload(FeedbackRound.person))
    )
    if found is None:
        raise NotThere(GONE)
    return found


def round_by_facilitators_token(token: str) -> FeedbackRound:
    """Raises ``NotThere``."""
    found = db.session.scalar(
        select(FeedbackRound)
        .where(FeedbackRound.facilitator_token_hash == hash_token(token))
        .options(joinedload(FeedbackRound.person), joinedload(FeedbackRound.framework))
    )
    if found is None:
        raise NotThere("This link does not work any more. Look for a newer message.")
    return found


@dataclass(frozen=True, slots=True)
class Step:
    """How far a rater is with a dimension."""

    dimension: Dimension
    answered: int
    questions: int
    enough: bool
    """Whether all is answered, and not everything with "cannot say"."""

    @property
    def complete(self) -> bool:
        return self.answered == self.questions and self.enough


def steps(rater: FeedbackRater) -> list[Step]:
    """The statements of each dimension, and how much it matters, in the framework's order."""
    dimensions = db.session.scalars(
        select(Dimension)
        .where(Dimension.framework_id == rater.round.framework_id)
        .order_by(Dimension.position)
        .options(selectinload(Dimension.statements))
    )
    return [_step(rater, dimension) for dimension in dimensions]


def _step(rater: FeedbackRater, dimension: Dimension) -> Step:
    given = [
        rater.answers[str(statement.id)] for statement in dimension.statements if str(statement.id) in rater.answers
    ]
    return Step(
        dimension, len(given) + (str(dimension.id) in rater.importance), len(dimension.statements) + 1,
        any(answer is not None for answer in given),
    )  # fmt: skip


def asked_dimensions(framework_id: int) -> list[Asked]:
    dimensions = db.session.scalars(
        select(Dimension)
        .where(Dimension.framework_id == framework_id)
        .order_by(Dimension.position)
        .options(selectinload(Dimension.statements))
    )
    return [Asked(one.id, one.key, one.name, tuple(row.id for row in one.statements)) for one in dimensions]


def newest_self_assessment(person_id: int, framework_id: int) -> Assessment | None:
    """Finished, on this version of the framework."""
    closed = assessments.closed_of(person_id)
    return next((one for one in closed if one.framework_id == framework_id), None)


def own_means(person_id: int, framework_id: int) -> dict[int, float]:
    """What somebody says of themself, by dimension id: the mean of 0 to 4 to one decimal, in their newest answers.

    Those are to statements, or in the short form to levels; what was answered in the other form does not count.
    """
    newest = newest_self_assessment(person_id, framework_id)
    if newest is None:
        return {}
    means = {}
    for dimension_id, levels in assessments.answers_by_level(newest).items():
        given = [answer for level in levels.values() for answer in level if answer is not None]
        if given:
            means[dimension_id] = round(sum(given) / len(given), 1)
    return means


def next_round_from(person_id: int) -> FeedbackRound | None:
    """The round that ended too short a while ago for another one to begin, if there is one."""
    return db.session.scalar(
        select(FeedbackRound)
        .where(FeedbackRound.person_id == person_id, FeedbackRound.closed_at > now() - APART)
        .order_by(FeedbackRound.id.desc())
        .limit(1)
    )


def due_to_close() -> Sequence[int]:
    return db.session.scalars(
        select(FeedbackRound.id)
        .where(FeedbackRound.state == RoundState.OPEN, FeedbackRound.closes_on < today())
        .order_by(FeedbackRound.id)
    ).all()


def due_to_remind() -> Sequence[int]:
    """Rounds that close in a few days, of which nobody has been reminded since."""
    last = today() + REMIND_BEFORE
    return db.session.scalars(
        select(FeedbackRound.id)
        .where(
            FeedbackRound.state == RoundState.OPEN, FeedbackRound.closes_on <= last, FeedbackRound.closes_on >= today(),
            FeedbackRound.reminded_at.is_(None) | (FeedbackRound.reminded_at < now() - REMIND_BEFORE),
        )
        .order_by(FeedbackRound.id)
    ).all()  # fmt: skip


def due_to_release() -> Sequence[int]:
    """Reports that a facilitator has had for as long as anybody may, or whose facilitator has been erased."""
    return db.session.scalars(
        select(FeedbackRound.id)
        .where(
            FeedbackRound.state == RoundState.CLOSED,
            (FeedbackRound.closed_at < now() - RELEASED_AFTER) | (FeedbackRound.facilitator_email == ""),
        )
        .order_by(FeedbackRound.id)
    ).all()


def group_reports(system_ids: Sequence[int]) -> Sequence[FeedbackGroupReport]:
    """Of these systems and their organisations, the newest first."""
    return db.session.scalars(
        select(FeedbackGroupReport)
        .where(FeedbackGroupReport.system_id.in_(system_ids))
        .options(joinedload(FeedbackGroupReport.organisation))
        .order_by(FeedbackGroupReport.number.desc())
    ).all()


def group_reports_of(organisation_id: int) -> Sequence[FeedbackGroupReport]:
    """Of this organisation, the newest first."""
    return db.session.scalars(
        select(FeedbackGroupReport)
        .where(FeedbackGroupReport.organisation_id == organisation_id)
        .order_by(FeedbackGroupReport.number.desc())
    ).all()
