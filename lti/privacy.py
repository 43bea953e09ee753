"""Where each table of learning platforms stands: what of it is about a person, is shown to them, and is erased."""

from datetime import timedelta

from sqlalchemy import ColumnElement, Text, and_, cast, exists, literal

from catalogue.outbox import Delivery
from catalogue.privacy.placing import Rows, Subject
from catalogue.privacy.retention import YEAR, Period
from lti.grading.scores import KIND
from lti.models import Identity


def _grades(subject: Subject) -> ColumnElement[bool]:
    """By the last number of their lane, that of the learner."""
    theirs = Delivery.lane.like(literal(f"{KIND}:%:%:") + cast(Identity.id, Text))
    return (Delivery.kind == KIND) & exists().where(Identity.person_id == subject.id, theirs)


ROWS = (
    Rows(table="lti_identity", heading="Who you are on learning platforms", whose="person_id",
         shown="platform_id sub", hidden="id person_id"),
    Rows(table="lti_arrival", heading="Links in courses that you came through", whose="identity_id.person_id",
         shown="resource_link_id is_learner is_instructor target target_value first_at last_at",
         hidden="id identity_id"),
    Rows(table="lti_course_enrolment", heading="Enrolments that a teacher made", whose="enrolment_id.person_id",
         shown="enrolment_id resource_link_id", hidden="id"),
    Rows(table="lti_deep_linking", heading="Offers that you chose for a course", whose="identity_id.person_id",
         shown="course basket created_at answered_at",
         hidden="id token_hash deployment_id identity_id return_url data takes_several takes_line_items expires_at"),
    Rows(table="lti_handover", heading="Launches under way", whose="person_id",
         shown="platform_id arrived_at page expires_at", hidden="id token_hash person_id"),
    Rows(table="delivery", heading="Grades for your courses", whose=_grades,
         shown="payload state created_at finished_at last_error", hidden="id kind lane attempts due_at tried_until"),
)  # fmt: skip

NOBODYS = {
    "lti_context": "courses on learning platforms",
    "lti_deployment": "places on learning platforms where this is installed",
    "lti_line_item": "where completions are graded",
    "lti_login_state": "launches under way, before it is known whose they are",
    "lti_platform": "learning platforms",
    "lti_refusal": "launches that were refused, and nothing of whose they were",
    "lti_resource_link": "links in courses",
    "lti_service_token": "what platforms granted us",
    "lti_signing_key": "our own keys",
}

PERIODS = (
    Period(
        what="Grades for learning platforms", kept="6 years after they were sent or given up", then_words="Deleted",
        why="To tell a grade that we gave from one that a teacher changed.", time=6 * YEAR, table="delivery",
        due=lambda table, before: and_(table.c.kind == KIND, table.c.finished_at < before),
    ),
    Period(
        what="Launches from learning platforms", kept="10 minutes", then_words="Deleted, within a day",
        why="To finish signing in.",
    ),
    Period(
        what="What a teacher chooses for a course", kept="30 days after it ran out", then_words="Deleted",
        why="To show what was chosen already.", time=timedelta(days=30), table="lti_deep_linking",
        due=lambda table, before: table.c.expires_at < before,
    ),
    Period(
        what="Launches that were refused, without whose they were", kept="30 days", then_words="Deleted",
        why="To help whoever asks with their reference.",
    ),
)  # fmt: skip

READINGS = {
    "lti_courses.course": ("people of a course", "link:{link_id}"),
    "lti_courses.enrol": ("people of a course", "link:{link_id}"),
    "lti_courses.review": ("what was handed in", "course"),
}
