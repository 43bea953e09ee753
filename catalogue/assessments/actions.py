"""Changing a person's own assessment."""

from collections.abc import Iterable, Mapping

from sqlalchemy import select

from catalogue.assessments import queries
from catalogue.assessments.models import (
    Answer,
    Assessment,
    AssessmentState,
    Form,
    Importance,
    LevelAnswer,
    Note,
    Result,
)
from catalogue.assessments.rules import level_from
from catalogue.assessments.signals import assessed
from catalogue.clock import now
from catalogue.errors import Refused
from catalogue.extensions import db
from catalogue.frameworks import queries as frameworks
from catalogue.people import audit
from catalogue.people.models import Person


def start(person: Person, seat_id: int, form: Form) -> Assessment:
    """The person's draft: a new one, or the one under way, from now on for this seat and in this form.

    Answers in the other form are kept, for who changes back.
    """
    draft = queries.draft_of(person.id)
    if draft is None:
        draft = Assessment(person_id=person.id, framework_id=frameworks.current_framework().id)
        db.session.add(draft)
    draft.seat_id, draft.form = seat_id, form
    db.session.flush()
    return draft


def answer(
    assessment: Assessment, dimension_id: int, agreements: Mapping[int, int], note: str, importance: int | None
) -> None:
    """Keep answers (agreement by the number of a question), the private note and the importance to the role.

    An answer that is not named stays as it is. Raises ``Refused`` where the assessment is finished.
    """
    if assessment.state != AssessmentState.DRAFT:
        raise Refused("This self-assessment is finished. Start a new one to answer again.")
    kept = _kept_answers(assessment, dimension_id, agreements)
    for number, agreement in agreements.items():
        row = kept.get(number)
        if row is None:
            row = (
                Answer(assessment_id=assessment.id, statement_id=number)
                if assessment.form == Form.FULL
                else LevelAnswer(assessment_id=assessment.id, dimension_id=dimension_id, level=number)
            )
            db.session.add(row)
        row.agreement, row.at = agreement, now()
    _keep_note(assessment.id, dimension_id, note)
    _keep_importance(assessment.id, dimension_id, importance)
    db.session.flush()


def _kept_answers(assessment: Assessment, dimension_id: int, numbers: Iterable[int]) -> dict[int, Answer | LevelAnswer]:
    if assessment.form == Form.FULL:
        full = select(Answer).where(Answer.assessment_id == assessment.id, Answer.statement_id.in_(list(numbers)))
        return {row.statement_id: row for row in db.session.scalars(full)}
    short = select(LevelAnswer).where(
        LevelAnswer.assessment_id == assessment.id, LevelAnswer.dimension_id == dimension_id
    )
    return {row.level: row for row in db.session.scalars(short)}


def _keep_note(assessment_id: int, dimension_id: int, note: str) -> None:
    found = db.session.scalar(
        select(Note).where(Note.assessment_id == assessment_id, Note.dimension_id == dimension_id)
    )
    if found is None and note:
        db.session.add(Note(assessment_id=assessment_id, dimension_id=dimension_id, text=note))
    elif found is not None:
        found.text = note


def _keep_importance(assessment_id: int, dimension_id: int, importance: int | None) -> None:
    if importance is None:
        return
    found = db.session.scalar(
        select(Importance).where(Importance.assessment_id == assessment_id, Importance.dimension_id == dimension_id)
    )
    if found is None:
        found = Importance(assessment_id=assessment_id, dimension_id=dimension_id)
        db.session.add(found)
    found.importance = importance


def close(assessment: Assessment) -> Assessment:
    """Work out the levels and keep them. Raises ``Refused`` while statements are unanswered."""
    if assessment.state == AssessmentState.CLOSED:
        return assessment
    by_dimension = queries.answers_by_level(assessment)
    open_questions = sum(
        agreement is None for levels in by_dimension.values() for level in levels.values() for agreement in level
    )
    if open_questions:
        raise Refused(f"{open_questions} questions are not answered yet. Your answers so far are saved.")
    for dimension_id, levels in by_dimension.items():
        assessment.results.append(Result(dimension_id=dimension_id, level=level_from(levels)))
    assessment.state = AssessmentState.CLOSED
    assessment.closed_at = now()
    person = db.session.get_one(Person, assessment.person_id)
    audit.record("self-assessment closed", f"assessment:{assessment.id}", person.key)
    db.session.flush()
    assessed.send(None, assessment=assessment)
    return assessment
