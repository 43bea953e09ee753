"""Where each of the catalogue's tables stands: what of it is about a person, is shown to them, is erased, or stays."""

import json
from collections.abc import Mapping
from typing import Any

from sqlalchemy import ColumnElement, Table, Text, and_, case, cast, exists, false, func, literal, or_, select
from sqlalchemy.orm import InstrumentedAttribute

from catalogue.clock import now
from catalogue.extensions import UtcDateTime, db
from catalogue.people.models import new_key
from catalogue.privacy.placing import NAME_OF_NOBODY, Rows, Subject

FIGURES = "Figures count it: how many took part in an offer and completed it. Nothing in it says who it was."
TRAIL = (
    "Who did what, and who was shown whose record, can be shown for six years. It holds the old key, which leads "
    "nowhere any more."
)
REGISTER, COHORT, STAFF = (
    f"{what} read" for what in ("register", "people of a system on a run", "people of an organisation")
)
THEIRS = "It is somebody else's record, or an organisation's; it leads to nobody any more."


def _table(name: str) -> Table:
    return db.metadata.tables[name]


def _any_of(column: ColumnElement[Any], emails: tuple[str, ...]) -> ColumnElement[bool]:
    return func.lower(column).in_(emails) if emails else false()


def in_json(column: ColumnElement[Any] | InstrumentedAttribute[Any], said: str) -> ColumnElement[bool]:
    """Whether these words stand anywhere in a document, which the database keeps as ASCII."""
    return cast(column, Text).contains(json.dumps(said)[1:-1], autoescape=True)


def _as_manager(subject: Subject) -> ColumnElement[bool]:
    return _any_of(_table("approval").c.manager_email, subject.proven)


def _as_reader(subject: Subject) -> ColumnElement[bool]:
    return _any_of(_table("plan_share").c.manager_email, subject.proven)


def _written_as_reader(subject: Subject) -> ColumnElement[bool]:
    shares = select(_table("plan_share").c.id).where(_as_reader(subject))
    return _table("plan_comment").c.share_id.in_(shares)


def _ended(table: Table) -> ColumnElement[Any]:
    return case((table.c.ended_at.is_(None), literal(now(), UtcDateTime())), else_=table.c.ended_at)


def _as_rater(subject: Subject) -> ColumnElement[bool]:
    return _any_of(_table("feedback_rater").c.email, subject.proven)


def _as_facilitator(subject: Subject) -> ColumnElement[bool]:
    return _any_of(_table("feedback_round").c.facilitator_email, subject.proven)


def _messages_to(subject: Subject) -> ColumnElement[bool]:
    delivery = _table("delivery").c
    return and_(delivery.kind == "mail", _any_of(delivery.payload["to"].as_string(), subject.proven))


def _without_text(payload: Mapping[str, Any], _subject: Subject) -> dict[str, Any]:
    """A message, but for what it says: its links open for whoever has them, and a platform may say any address."""
    return {name: payload[name] for name in ("to", "subject") if name in payload}


def _unknown_statements(subject: Subject) -> ColumnElement[bool]:
    statement = _table("xapi_statement").c
    named = [in_json(statement.document, email) for email in subject.proven]
    return and_(statement.person_id.is_(None), or_(false(), *named))


def _unknown_files(subject: Subject) -> ColumnElement[bool]:
    unknown = select(_table("xapi_statement").c.id).where(_unknown_statements(subject))
    return _table("xapi_attachment").c.statement_id.in_(unknown)


def _done_by(subject: Subject) -> ColumnElement[bool]:
    return _table("audit_event").c.actor_key == subject.key


def _done_to(subject: Subject) -> ColumnElement[bool]:
    event, enrolment, assessment, feedback = (
        _table(name).c for name in ("audit_event", "enrolment", "assessment", "feedback_round")
    )
    own = [
        select(literal("enrolment:") + cast(enrolment.id, Text)).where(enrolment.person_id == subject.id),
        select(literal("assessment:") + cast(assessment.id, Text)).where(assessment.person_id == subject.id),
        select(literal("feedback:") + cast(feedback.id, Text)).where(feedback.person_id == subject.id),
    ]
    listed = and_(event.action.in_(["completions read", "statements read"]), in_json(event.detail, subject.key))
    about = or_(event.subject == subject.key, *(event.subject.in_(ids) for ids in own), listed)
    return and_(about, event.actor_key != subject.key)


def _shown_on_a_list(subject: Subject) -> ColumnElement[bool]:
    """Readings of registers, of a system's people on a run and of an organisation's, while the person stood there."""
    event, enrolment, offer, membership, organisation = (
        _table(name).c for name in ("audit_event", "enrolment", "offer", "membership", "organisation")
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


def _without_others(detail: dict[str, Any], subject: Subject) -> dict[str, Any]:
    """What was noted with an event, without the keys of others whom it named as well."""
    return detail | {"keys": [subject.key]} if "keys" in detail else detail


def _blank_reason(table: Table) -> ColumnElement[str]:
    return case((table.c.void_reason == "", ""), else_="-")


ROWS = (
    Rows(
        table="person", heading="You", whose="id",
        shown="key name email created_at suspended_at", hidden="id",
        erased={"key": lambda _table: new_key(), "name": NAME_OF_NOBODY, "email": "",
                "suspended_at": lambda _table: now()},
        stays="id created_at", why="An empty row that figures count. It has another key, which stands nowhere else.",
    ),
    Rows(table="account", heading="How you sign in", whose="person_id",
         shown="email", hidden="id person_id password_hash"),
    Rows(table="authenticator", heading="Your authenticator app", whose="person_id",
         shown="created_at", hidden="id person_id secret_encrypted last_step recovery_hashes"),
    Rows(table="staff_identity", heading="Who you are where you sign in as staff", whose="person_id",
         shown="provider_id subject created_at", hidden="id person_id"),
    Rows(table="grant", heading="What you may do here", whose="person_id",
         shown="role organisation_id system_id starts_on ends_on created_at", hidden="id person_id"),
    Rows(table="membership", heading="Organisations that you belong to", whose="person_id",
         shown="organisation_id staff_number created_at", hidden="id person_id"),
    Rows(table="membership_request", heading="Organisations that ask whether you belong to them", whose="person_id",
         shown="organisation_id staff_number asked_as asked_at", hidden="id person_id asked_by_id"),
    Rows(table="sign_in", heading="Your sign-ins", whose="person_id",
         shown="via frame_origin arrived_at created_at expires_at ended_at", hidden="id person_id token_hash"),
    Rows(table="password_reset", heading="Links to set a password", whose="account_id.person_id",
         shown="expires_at used_at", hidden="id account_id token_hash"),
    Rows(table="break_glass_link", heading="Links that signed you in when nothing else did", whose="person_id",
         shown="expires_at used_at", hidden="id person_id token_hash"),
    Rows(table="api_token", heading="Tokens of your programs", whose="person_id",
         shown="name scopes created_at expires_at last_used_at ended_at", hidden="id person_id token_hash"),
    Rows(table="assessment", heading="Your self-assessments", whose="person_id",
         shown="id framework_id seat_id state form started_at closed_at", hidden="person_id"),
    Rows(table="answer", heading="Your answers", whose="assessment_id.person_id",
         shown="assessment_id statement_id agreement at", hidden="id"),
    Rows(table="level_answer", heading="Your answers in the short form", whose="assessment_id.person_id",
         shown="assessment_id dimension_id level agreement at", hidden="id"),
    Rows(table="importance", heading="How important you say that dimensions are", whose="assessment_id.person_id",
         shown="assessment_id dimension_id importance", hidden="id"),
    Rows(table="note", heading="Your notes", whose="assessment_id.person_id",
         shown="assessment_id dimension_id text", hidden="id"),
    Rows(table="result", heading="Your levels", whose="assessment_id.person_id",
         shown="assessment_id dimension_id level", hidden="id"),
    Rows(table="set_aside", heading="Offers that are not for you, as you say", whose="person_id",
         shown="offer_id because at", hidden="id person_id"),
    Rows(table="commitment", heading="What you have committed to", whose="person_id",
         shown="id words dimension_id by began_from state made_at set_at reminded_at", hidden="person_id"),
    Rows(table="commitment_change", heading="How your commitments went", whose="commitment_id.person_id",
         shown="commitment_id state note at", hidden="id"),
    Rows(table="planned_offer", heading="Offers that you plan to take", whose="person_id",
         shown="offer_id by at", hidden="id person_id"),
    Rows(table="reassessment", heading="Days to assess yourself again", whose="person_id",
         shown="due_on told_at done_at", hidden="id person_id"),
    Rows(table="plan_share", heading="With whom you have shared your plan", whose="person_id",
         shown="id manager_name manager_email shared_at sent_at until ended_at", hidden="person_id token_hash"),
    Rows(table="plan_comment", heading="What managers wrote on your plan", whose="share_id.person_id",
         shown="share_id step words at seen_at", hidden="id"),
    Rows(table="evidence_counted", heading="Offers in whose figures on effect you count, with ten people and more",
         whose="person_id", shown="offer_id framework dimension measure", hidden="id person_id"),
    Rows(table="feedback_round", heading="Your rounds of feedback, and their reports", whose="person_id",
         shown="framework_id state opened_at closes_on closed_at released_at facilitator_name facilitator_email report",
         hidden="id person_id reminded_at facilitator_token_hash facilitator_asked_at held_back in_group_report"),
    Rows(table="feedback_rater", heading="Whom you have asked for feedback", whose="round_id.person_id",
         shown="relation name email",
         hidden="id round_id token_hash knows_named answers importance comments sent_at declined_at"),
    Rows(table="saved_search", heading="Searches that you saved", whose="person_id",
         shown="name query created_at", hidden="id person_id"),
    Rows(table="saved_view", heading="Views that you saved", whose="person_id",
         shown="name query every next_on sent_at created_at", hidden="id person_id"),
    Rows(
        table="enrolment", heading="Your enrolments", whose="person_id",
        shown="id offer_id run_id state team_id accepted_at answer_by seat_id plan_part name_shown via reason"
              " created_at changed_at",
        hidden="person_id version_id allocation_id nominated_by_id",
        erased={"team_id": None, "nominated_by_id": None, "accepted_at": None, "seat_id": None, "plan_part": "",
                "name_shown": False, "via": "", "reason": ""},
        stays="id person_id offer_id version_id run_id state allocation_id answer_by created_at changed_at",
        why=FIGURES,
    ),
    Rows(table="approval", heading="What your line manager was asked", whose="enrolment_id.person_id",
         shown="enrolment_id manager_name manager_email asked_at answer_by decided_at approved reason",
         hidden="id token_hash"),
    Rows(table="reminder", heading="What you were reminded of", whose="enrolment_id.person_id",
         shown="enrolment_id kind sent_at", hidden="id"),
    Rows(table="calendar_feed", heading="The private address of your dates", whose="person_id",
         shown="created_at", hidden="id person_id token_hash"),
    Rows(table="step_done", heading="Steps that you have done", whose="enrolment_id.person_id",
         shown="enrolment_id step_id at", hidden="id", erased={}, stays="id enrolment_id step_id at", why=FIGURES),
    Rows(table="attendance", heading="Sessions", whose="enrolment_id.person_id",
         shown="enrolment_id session_id attended at", hidden="id by_person_id",
         erased={}, stays="id enrolment_id session_id attended at by_person_id", why=FIGURES),
    Rows(
        table="completion", heading="What you have completed", whose="person_id",
        shown="id enrolment_id offer_id was by at voided_at void_reason", hidden="person_id by_person_id",
        erased={"void_reason": _blank_reason},
        stays="id enrolment_id person_id offer_id was by by_person_id at voided_at", why=FIGURES,
    ),
    Rows(table="credential", heading="Your badges", whose="completion_id.person_id",
         shown="key completion_id name_shown signed issued_at revoked_at revoke_reason", hidden="id"),
    Rows(table="outside_completion", heading="Completions that another system told us of",
         whose="completion_id.person_id", shown="source key completion_id received_at", hidden="id"),
    Rows(table="xapi_statement", heading="Statements about you from other systems", whose="person_id",
         shown="identifier verb timestamp stored_at document voided_by",
         hidden="id authority_id person_id registration target"),
    Rows(table="xapi_statement", heading="Statements that name your address", whose=_unknown_statements,
         shown="identifier verb timestamp stored_at document voided_by",
         hidden="id authority_id person_id registration target"),
    Rows(table="xapi_attachment", heading="Files that came with statements about you", whose="statement_id.person_id",
         shown="sha2 content_type content", hidden="statement_id"),
    Rows(table="xapi_attachment", heading="Files that came with statements that name your address",
         whose=_unknown_files, shown="sha2 content_type content", hidden="statement_id"),
    Rows(table="xapi_mention", heading="What statements about you can be found by",
         whose="statement_id.person_id", shown="named closely", hidden="statement_id"),
    Rows(table="equality_asked", heading="Offers about which you were asked equality questions", whose="person_id",
         shown="offer_id", hidden="id person_id"),
    Rows(table="offer_comment", heading="What you said about drafts of offers", whose="person_id",
         shown="offer_id at text", hidden="id person_id"),
    Rows(table="offer_collaborator", heading="Offers of others that you work on", whose="person_id",
         shown="offer_id", hidden="person_id"),
    Rows(table="offer_feed", heading="Feeds that you answer for", whose="person_id",
         shown="provider_id url pulled_at failing_since outcome",
         hidden="id person_id etag last_modified due_at claimed_until warned_at"),
    Rows(table="delivery", heading="Messages to you that wait to be sent", whose=_messages_to,
         shown="payload state created_at", hidden="id kind lane attempts due_at tried_until finished_at last_error",
         told={"payload": _without_text}),
    Rows(
        table="audit_event", heading="What you did", whose=_done_by,
        shown="at action subject detail", hidden="id actor_key number seal",
        erased={}, stays="id at actor_key action subject detail number seal",
        why=TRAIL,
    ),
    Rows(
        table="audit_event", heading="What others did with your record", whose=_done_to,
        shown="at action detail", hidden="id actor_key subject number seal", told={"detail": _without_others},
        erased={}, stays="id at actor_key action subject detail number seal",
        why=TRAIL,
    ),
    Rows(
        table="audit_event", heading="Registers and lists of people with you among them that others were shown",
        whose=_shown_on_a_list, shown="at action subject", hidden="id actor_key detail number seal",
        erased={}, stays="id at actor_key action subject detail number seal",
        why=TRAIL,
    ),
    # Rows of others that name the person
    Rows(table="approval", heading="What you were asked as a line manager", whose=_as_manager, names=True,
         shown="asked_at answer_by decided_at approved reason", erased={"manager_name": "", "manager_email": ""},
         why=THEIRS),
    Rows(table="plan_share", heading="Plans of others that were shared with you", whose=_as_reader, names=True,
         shown="shared_at until ended_at",
         erased={"manager_name": "", "manager_email": "", "token_hash": None, "ended_at": _ended}, why=THEIRS),
    Rows(table="plan_comment", heading="What you wrote on plans of others", whose=_written_as_reader, names=True,
         shown="at words", erased={}, why=THEIRS),
    Rows(table="feedback_rater", heading="Feedback that you were asked for", whose=_as_rater, names=True,
         shown="relation",  # what they said is read by their link alone: an address that a platform says proves nobody
         hidden="answers importance comments sent_at declined_at", erased={"name": "", "email": ""},
         why="What they said is somebody else's feedback until the round closes, and is then deleted."),
    Rows(table="feedback_round", heading="Feedback that you facilitate", whose=_as_facilitator, names=True,
         shown="closes_on released_at", erased={"facilitator_name": "", "facilitator_email": ""}, why=THEIRS),
    Rows(table="enrolment", heading="Enrolments that you nominated others for", whose="nominated_by_id", names=True,
         shown="offer_id state created_at", erased={"nominated_by_id": None}, why=THEIRS),
    Rows(table="membership_request", heading="Organisations for which you asked others whether they belong to them",
         whose="asked_by_id", names=True, shown="organisation_id asked_at", erased={"asked_by_id": None}, why=THEIRS),
    Rows(table="team", heading="Teams that you enrolled", whose="by_person_id", names=True,
         shown="run_id name created_at", erased={"name": "A team"}, why=THEIRS),
    Rows(table="attendance", heading="Marks that you made in registers", whose="by_person_id", names=True,
         shown="session_id at", erased={}, why=THEIRS),
    Rows(table="completion", heading="Completions that you recorded", whose="by_person_id", names=True,
         shown="offer_id at", erased={}, why=THEIRS),
    Rows(table="xapi_statement", heading="Statements that came with your token", whose="authority_id", names=True,
         shown="identifier verb stored_at", erased={}, why=THEIRS),
    Rows(table="offer_draft", heading="Drafts of offers that you changed last", whose="changed_by_id", names=True,
         shown="offer_id state changed_at", erased={"changed_by_id": None}, why=THEIRS),
    Rows(table="framework_draft", heading="Drafts of frameworks that you changed last", whose="changed_by_id",
         names=True, shown="state changed_at", erased={}, why=THEIRS),
    Rows(table="framework_draft", heading="Drafts of frameworks that you submitted", whose="submitted_by_id",
         names=True, shown="state changed_at", erased={"submitted_by_id": None}, why=THEIRS),
    Rows(table="offer_import", heading="Files with offers that you brought", whose="person_id", names=True,
         shown="provider_id name state created_at", erased={"person_id": None, "name": "A file"}, why=THEIRS),
    Rows(table="completion_import", heading="Files with completions that you brought", whose="person_id", names=True,
         shown="organisation_id source name created_at written_at", erased={"person_id": None, "name": "A file"},
         why=THEIRS),
    Rows(table="offer_import", heading="What was pulled from your feeds", whose="feed_id.person_id", names=True,
         shown="name state created_at", erased={"feed_id": None}, why=THEIRS),
)  # fmt: skip

_CATALOGUE = "what the catalogue says of offers, in the words of their providers"
_FRAMEWORK = "the words of a framework"
NOBODYS = {
    "audit_head": "the end of the chain of the audit trail",
    "catalogue_change": "when parts of the catalogue changed",
    "condition": _FRAMEWORK,
    "credential_key": "keys that badges are signed with",
    "crosswalk": _FRAMEWORK,
    "dimension": _FRAMEWORK,
    "equality_answer": "answers to equality questions, which belong to nobody and cannot be led back",
    "equality_report": "figures of equality answers, for groups of ten and more",
    "erasure": "keys of those who were erased, which lead nowhere",
    "evidence_batch": "how far people who took an offer moved, of ten of them and more",
    "evidence_effect": "what those figures come to",
    "feedback_group_report": "averages of ten reports of feedback and more, of a system",
    "framework": _FRAMEWORK,
    "framework_draft": "the next words of a framework",
    "group_advice": "which offers would help ten people and more of a system or an organisation most together",
    "identity_provider": "where staff sign in",
    "level": _FRAMEWORK,
    "level_heading": _FRAMEWORK,
    "local_partner": "which organisation supports which system",
    "mapping": _CATALOGUE,
    "offer": _CATALOGUE,
    "offer_draft": "the next words of an offer, of its provider",
    "offer_import": "files with offers, of a provider",
    "course_code": "what another system calls an offer",
    "completion_import": "files with completions, of an organisation, for a day",
    "offer_partner": _CATALOGUE,
    "offer_version": _CATALOGUE,
    "organisation": "organisations",
    "role_target": _FRAMEWORK,
    "run": _CATALOGUE,
    "run_session": _CATALOGUE,
    "search_word": "words that offers can be found by",
    "seat": "seats in a health and care system",
    "seat_allocation": "places kept for systems and partners",
    "statement": _FRAMEWORK,
    "step": _CATALOGUE,
    "step_group": _CATALOGUE,
    "system": "systems",
    "team": "teams that are enrolled together",
    "version_condition": _CATALOGUE,
    "version_prerequisite": _CATALOGUE,
    "version_seat": _CATALOGUE,
    "version_system": _CATALOGUE,
    "withdrawn_badge": "numbers of badges that no longer stand, which lead to nobody",
}
