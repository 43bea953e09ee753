"""Changing a person's own assessment."""

from collections.abc import Mapping

from sqlalchemy import select

from catalogue.assessments import queries
from catalogue.assessments.models import Answer, Assessment, AssessmentState, Note, Result
from catalogue.assessments.rules import level_from
from catalogue.assessments.signals import assessed
from catalogue.clock import now
from catalogue.errors import Refused
from catalogue.extensions import db
from catalogue.frameworks import queries as frameworks
from catalogue.people import audit
from catalogue.people.models import Person


def start(person: Person, seat_id: int) -> Assessment:
    """The person's draft: a new one, or the one under way, from now on for this seat."""
    draft = queries.draft_of(person.id)
    if draft is None:
        draft = Assessment(person_id=person.id, framework_id=frameworks.current_framework().id, seat_id=seat_id)
        db.session.add(draft)
    draft.seat_id = seat_id
    db.session.flush()
    return draft


def answer(assessment: Assessment, dimension_id: int, agreements: Mapping[int, int], note: str) -> None:
    """Keep answers (agreement by statement id) and the private note; what is not named stays as it is."""
    if assessment.state != AssessmentState.DRAFT:
        raise Refused("This self-assessment is finished. Start a new one to answer again.")
    kept = {
        row.statement_id: row
        for row in db.session.scalars(
            select(Answer).where(Answer.assessment_id == assessment.id, Answer.statement_id.in_(list(agreements)))
        )
    }
    for statement_id, agreement in agreements.items():
        if statement_id in kept:
            kept[statement_id].agreement = agreement
            kept[statement_id].at = now()
        else:
            db.session.add(Answer(assessment_id=assessment.id, statement_id=statement_id, agreement=agreement))
    found = db.session.scalar(
        select(Note).where(Note.assessment_id == assessment.id, Note.dimension_id == dimension_id)
    )
    if found is None and note:
        db.session.add(Note(assessment_id=assessment.id, dimension_id=dimension_id, text=note))
    elif found is not None:
        found.text = note
    db.session.flush()


def close(assessment: Assessment) -> Assessment:
    """Work out the levels and keep them. Raises ``Refused`` while statements are unanswered."""
    if assessment.state == AssessmentState.CLOSED:
        return assessment
    by_dimension = queries.answers_by_level(assessment)
    open_statements = sum(
        agreement is None for levels in by_dimension.values() for level in levels.values() for agreement in level
    )
    if open_statements:
        raise Refused(f"{open_statements} statements are not answered yet. Your answers so far are saved.")
    for dimension_id, levels in by_dimension.items():
        assessment.results.append(Result(dimension_id=dimension_id, level=level_from(levels)))
    assessment.state = AssessmentState.CLOSED
    assessment.closed_at = now()
    person = db.session.get_one(Person, assessment.person_id)
    audit.record("self-assessment closed", f"assessment:{assessment.id}", person.key)
    db.session.flush()
    assessed.send(None, assessment=assessment)
    return assessment
