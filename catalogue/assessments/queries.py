"""Reading a person's own assessments."""

from dataclasses import dataclass

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import selectinload

from catalogue.assessments.models import Answer, Assessment, AssessmentState, Form, Importance, LevelAnswer, Note
from catalogue.assessments.rules import Standing
from catalogue.errors import NotThere
from catalogue.extensions import db
from catalogue.frameworks import queries as frameworks
from catalogue.frameworks.models import Dimension, LevelHeading, Statement

Asked = Statement | LevelHeading
Given = Answer | LevelAnswer


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
            .options(
                selectinload(Assessment.seat), selectinload(Assessment.results), selectinload(Assessment.importances)
            )
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
        .options(
            selectinload(Assessment.seat),
            selectinload(Assessment.framework),
            selectinload(Assessment.results),
            selectinload(Assessment.importances),
        )
    )
    if assessment is None:
        raise NotThere
    return assessment


@dataclass(frozen=True, slots=True)
class Progress:
    dimension: Dimension
    answered: int
    questions: int

    @property
    def complete(self) -> bool:
        return self.answered == self.questions


def progress(assessment: Assessment) -> list[Progress]:
    """How many questions of each dimension have been answered, in the framework's order."""
    asked, given, answers_it = _form_of(assessment)
    rows = db.session.execute(
        select(Dimension, func.count(given.id), func.count(asked.id))
        .join(asked, asked.dimension_id == Dimension.id)
        .outerjoin(given, answers_it & (given.assessment_id == assessment.id))
        .where(Dimension.framework_id == assessment.framework_id)
        .group_by(Dimension.id)
        .order_by(Dimension.position)
    )
    return [Progress(dimension, answered, questions) for dimension, answered, questions in rows]


def _form_of(assessment: Assessment) -> tuple[type[Asked], type[Given], ColumnElement[bool]]:
    """What is asked in the form of an assessment, what is answered, and which answer is to which question."""
    if assessment.form == Form.FULL:
        return Statement, Answer, Answer.statement_id == Statement.id
    same_level = LevelAnswer.level == LevelHeading.level
    return LevelHeading, LevelAnswer, same_level & (LevelAnswer.dimension_id == LevelHeading.dimension_id)


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked on the page of a dimension. Its number is that of a statement, or in the short form of a level."""

    number: int
    level: int
    words: str
    says: tuple[str, ...] = ()
    """What the question stands for: the statements of its level."""


def questions(assessment: Assessment, dimension: Dimension) -> list[Question]:
    """A dimension's questions in the form of an assessment, in their order."""
    if assessment.form == Form.FULL:
        return [Question(one.id, one.level, one.self_form) for one in dimension.statements]
    return [
        Question(
            heading.level, heading.level, heading.heading,
            tuple(one.self_form for one in dimension.statements if one.level == heading.level),
        )
        for heading in sorted(dimension.headings, key=lambda heading: heading.level)
    ]  # fmt: skip


def answers(assessment: Assessment, dimension_id: int) -> dict[int, int]:
    """Agreement by the number of a question."""
    if assessment.form == Form.FULL:
        asked = (
            select(Answer.statement_id, Answer.agreement)
            .join(Statement, Statement.id == Answer.statement_id)
            .where(Answer.assessment_id == assessment.id, Statement.dimension_id == dimension_id)
        )
    else:
        asked = select(LevelAnswer.level, LevelAnswer.agreement).where(
            LevelAnswer.assessment_id == assessment.id, LevelAnswer.dimension_id == dimension_id
        )
    return {row[0]: row[1] for row in db.session.execute(asked)}


def importance(assessment_id: int, dimension_id: int) -> int | None:
    """How important the person says that the dimension is to their role, 1 to 3; none where they have not said."""
    return db.session.scalar(
        select(Importance.importance).where(
            Importance.assessment_id == assessment_id, Importance.dimension_id == dimension_id
        )
    )


def notes(assessment_id: int) -> dict[int, str]:
    """All of somebody's notes, by dimension id."""
    rows = db.session.execute(select(Note.dimension_id, Note.text).where(Note.assessment_id == assessment_id))
    return {row[0]: row[1] for row in rows if row[1]}


def note(assessment_id: int, dimension_id: int) -> str:
    found = db.session.scalar(
        select(Note.text).where(Note.assessment_id == assessment_id, Note.dimension_id == dimension_id)
    )
    return found or ""


def answers_by_level(assessment: Assessment) -> dict[int, dict[int, list[int | None]]]:
    """By dimension id and level, the answer to each question, None where there is none yet."""
    asked, given, answers_it = _form_of(assessment)
    rows = db.session.execute(
        select(asked.dimension_id, asked.level, given.agreement)
        .join(Dimension, Dimension.id == asked.dimension_id)
        .outerjoin(given, answers_it & (given.assessment_id == assessment.id))
        .where(Dimension.framework_id == assessment.framework_id)
    )
    found: dict[int, dict[int, list[int | None]]] = {}
    for dimension_id, level, agreement in rows:
        found.setdefault(dimension_id, {}).setdefault(level, []).append(agreement)
    return found


def standings(assessment: Assessment) -> list[Standing]:
    """Present level and target in each dimension, in the framework's order.

    Importance is what the person says; where they have not said, what their seat does.
    """
    said = {row.dimension_id: row.importance for row in assessment.importances}
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
            said.get(dimension.id) or (targets[dimension.id].importance if dimension.id in targets else 1),
        )
        for dimension in dimensions
        if dimension.id in present
    ]
