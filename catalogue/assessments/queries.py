"""Reading a person's own assessments."""

from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import selectinload

from catalogue.assessments.models import Answer, Assessment, AssessmentState, Note
from catalogue.assessments.rules import Standing
from catalogue.errors import NotThere
from catalogue.extensions import db
from catalogue.frameworks import queries as frameworks
from catalogue.frameworks.models import Dimension, Statement


def draft_of(person_id: int) -> Assessment | None:
    return db.session.scalar(
        select(Assessment)
        .where(Assessment.person_id == person_id, Assessment.state == AssessmentState.DRAFT)
        .options(selectinload(Assessment.seat), selectinload(Assessment.framework))
    )


def draft_to_answer(person_id: int) -> Assessment:
    """The person's draft; raises ``NotThere`` where they have not begun one."""
    draft = draft_of(person_id)
    if draft is None:
        raise NotThere("You have no self-assessment under way. You can start one from your assessment page.")
    return draft


def closed_of(person_id: int) -> list[Assessment]:
    """A person's finished assessments, newest first."""
    return list(
        db.session.scalars(
            select(Assessment)
            .where(Assessment.person_id == person_id, Assessment.state == AssessmentState.CLOSED)
            .options(selectinload(Assessment.seat), selectinload(Assessment.results))
            .order_by(Assessment.closed_at.desc(), Assessment.id.desc())
        )
    )


def own_closed(person_id: int, assessment_id: int) -> Assessment:
    """One finished assessment, if it is this person's; raises ``NotThere``."""
    assessment = db.session.scalar(
        select(Assessment)
        .where(
            Assessment.id == assessment_id,
            Assessment.person_id == person_id,
            Assessment.state == AssessmentState.CLOSED,
        )
        .options(selectinload(Assessment.seat), selectinload(Assessment.framework), selectinload(Assessment.results))
    )
    if assessment is None:
        raise NotThere
    return assessment


@dataclass(frozen=True, slots=True)
class Progress:
    dimension: Dimension
    answered: int
    statements: int

    @property
    def complete(self) -> bool:
        return self.answered == self.statements


def progress(assessment: Assessment) -> list[Progress]:
    """How many statements of each dimension have been answered, in the framework's order."""
    rows = db.session.execute(
        select(Dimension, func.count(Answer.id), func.count(Statement.id))
        .join(Statement, Statement.dimension_id == Dimension.id)
        .outerjoin(Answer, (Answer.statement_id == Statement.id) & (Answer.assessment_id == assessment.id))
        .where(Dimension.framework_id == assessment.framework_id)
        .group_by(Dimension.id)
        .order_by(Dimension.position)
    )
    return [Progress(dimension, answered, statements) for dimension, answered, statements in rows]


def answers(assessment_id: int, dimension_id: int) -> dict[int, int]:
    """Agreement by statement id."""
    rows = db.session.execute(
        select(Answer.statement_id, Answer.agreement)
        .join(Statement, Statement.id == Answer.statement_id)
        .where(Answer.assessment_id == assessment_id, Statement.dimension_id == dimension_id)
    )
    return {row[0]: row[1] for row in rows}


def note(assessment_id: int, dimension_id: int) -> str:
    found = db.session.scalar(
        select(Note.text).where(Note.assessment_id == assessment_id, Note.dimension_id == dimension_id)
    )
    return found or ""


def answers_by_level(assessment: Assessment) -> dict[int, dict[int, list[int | None]]]:
    """By dimension id and level, the answer to each statement, None where there is none yet."""
    rows = db.session.execute(
        select(Statement.dimension_id, Statement.level, Answer.agreement)
        .join(Dimension, Dimension.id == Statement.dimension_id)
        .outerjoin(Answer, (Answer.statement_id == Statement.id) & (Answer.assessment_id == assessment.id))
        .where(Dimension.framework_id == assessment.framework_id)
    )
    found: dict[int, dict[int, list[int | None]]] = {}
    for dimension_id, level, agreement in rows:
        found.setdefault(dimension_id, {}).setdefault(level, []).append(agreement)
    return found


def standings(assessment: Assessment) -> list[Standing]:
    """Present level and target in each dimension, in the framework's order."""
    targets = frameworks.targets(assessment.seat_id, assessment.framework_id)
    present = {result.dimension_id: result.level for result in assessment.results}
    dimensions = db.session.scalars(
        select(Dimension).where(Dimension.framework_id == assessment.framework_id).order_by(Dimension.position)
    )
    return [
        Standing(
            dimension.id,
            dimension.name,
            dimension.key,
            present[dimension.id],
            targets[dimension.id].level if dimension.id in targets else 0,
            targets[dimension.id].importance if dimension.id in targets else 1,
        )
        for dimension in dimensions
        if dimension.id in present
    ]
