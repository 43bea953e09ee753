"""Which rows are whose, where no column with a person says it, and what of these is theirs to see."""

import json
from collections.abc import Mapping
from typing import Any

from sqlalchemy import ColumnElement, Table, Text, and_, case, cast, exists, false, func, literal, or_, select
from sqlalchemy.orm import InstrumentedAttribute

from catalogue.clock import now
from catalogue.extensions import UtcDateTime, db
from catalogue.privacy.placing import Subject

REGISTER, COHORT, STAFF = (
    f"{what} read" for what in ("register", "people of a system on a run", "people of an organisation")
)


def table(name: str) -> Table:
    return db.metadata.tables[name]


def _any_of(column: ColumnElement[Any], emails: tuple[str, ...]) -> ColumnElement[bool]:
    return func.lower(column).in_(emails) if emails else false()


def in_json(column: ColumnElement[Any] | InstrumentedAttribute[Any], said: str) -> ColumnElement[bool]:
    """Whether these words stand anywhere in a document, which the database keeps as ASCII."""
    return cast(column, Text).contains(json.dumps(said)[1:-1], autoescape=True)


def as_manager(subject: Subject) -> ColumnElement[bool]:
    return _any_of(table("approval").c.manager_email, subject.proven)


def as_reader(subject: Subject) -> ColumnElement[bool]:
    return _any_of(table("plan_share").c.manager_email, subject.proven)


def written_as_reader(subject: Subject) -> ColumnElement[bool]:
    shares = select(table("plan_share").c.id).where(as_reader(subject))
    return table("plan_comment").c.share_id.in_(shares)


def ended(table: Table) -> ColumnElement[Any]:
    return case((table.c.ended_at.is_(None), literal(now(), UtcDateTime())), else_=table.c.ended_at)


def as_rater(subject: Subject) -> ColumnElement[bool]:
    return _any_of(table("feedback_rater").c.email, subject.proven)


def as_facilitator(subject: Subject) -> ColumnElement[bool]:
    return _any_of(table("feedback_round").c.facilitator_email, subject.proven)


def messages_to(subject: Subject) -> ColumnElement[bool]:
    delivery = table("delivery").c
    return and_(delivery.kind == "mail", _any_of(delivery.payload["to"].as_string(), subject.proven))


def without_text(payload: Mapping[str, Any], _subject: Subject) -> dict[str, Any]:
    """A message, but for what it says: its links open for whoever has them, and a platform may say any address."""
    return {name: payload[name] for name in ("to", "subject") if name in payload}


def unknown_statements(subject: Subject) -> ColumnElement[bool]:
    statement = table("xapi_statement").c
    named = [in_json(statement.document, email) for email in subject.proven]
    return and_(statement.person_id.is_(None), or_(false(), *named))


def unknown_files(subject: Subject) -> ColumnElement[bool]:
    unknown = select(table("xapi_statement").c.id).where(unknown_statements(subject))
    return table("xapi_attachment").c.statement_id.in_(unknown)


def done_by(subject: Subject) -> ColumnElement[bool]:
    return table("audit_event").c.actor_key == subject.key


def done_to(subject: Subject) -> ColumnElement[bool]:
    event, enrolment, assessment, feedback = (
        table(name).c for name in ("audit_event", "enrolment", "assessment", "feedback_round")
    )
    own = [
        select(literal("enrolment:") + cast(enrolment.id, Text)).where(enrolment.person_id == subject.id),
        select(literal("assessment:") + cast(assessment.id, Text)).where(assessment.person_id == subject.id),
        select(literal("feedback:") + cast(feedback.id, Text)).where(feedback.person_id == subject.id),
    ]
    listed = and_(event.action.in_(["completions read", "statements read"]), in_json(event.detail, subject.key))
    about = or_(event.subject == subject.key, *(event.subject.in_(ids) for ids in own), listed)
    return and_(about, event.actor_key != subject.key)


def shown_on_a_list(subject: Subject) -> ColumnElement[bool]:
    """Readings of registers, of a system's people on a run and of an organisation's, while the person stood there."""
    event, enrolment, offer, membership, organisation = (
        table(name).c for name in ("audit_event", "enrolment", "offer", "membership", "organisation")
    )
    systems = select(cast(organisation.system_id, Text)).where(
        organisation.id == membership.organisation_id, membership.person_id == subject.id
    )
    on_the_run = event.subject == literal("run:") + cast(enrolment.run_id, Text)
    on_a_register = exists().where(
        enrolment.person_id == subject.id, enrolment.offer_id == offer.id, enrolment.created_at <= event.at,
        or_(enrolment.state.not_in(("withdrawn", "declined")), event.at <= enrolment.changed_at),
        or_(
            and_(event.action == REGISTER, or_(on_the_run, event.subject == literal("offer:") + offer.slug)),
            and_(event.action == COHORT, on_the_run, event.detail["system"].as_string().in_(systems)),
        ),
    )  # fmt: skip
    in_an_organisation = exists().where(
        membership.person_id == subject.id, membership.organisation_id == organisation.id,
        membership.created_at <= event.at, event.subject == literal("organisation:") + organisation.key,
    )  # fmt: skip
    shown = or_(
        and_(event.action.in_((REGISTER, COHORT)), on_a_register), and_(event.action == STAFF, in_an_organisation)
    )
    return and_(shown, event.actor_key != subject.key)


def without_others(detail: dict[str, Any], subject: Subject) -> dict[str, Any]:
    """What was noted with an event, without the keys of others whom it named as well."""
    return detail | {"keys": [subject.key]} if "keys" in detail else detail


def blank_reason(table: Table) -> ColumnElement[str]:
    return case((table.c.void_reason == "", ""), else_="-")
