"""Many organisations, one register: programmes, allocations, approvals, attendance, credentials, sign-on, audit chain

Revision ID: 0004
Revises: 0003
"""

import sqlalchemy as sa
from alembic import op

from catalogue.extensions import UtcDateTime

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "audit_head",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("seal", sa.String(length=128), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_head")),
    )
    op.execute("INSERT INTO audit_head (id, number, seal) VALUES (1, 0, '')")
    op.create_table(
        "credential_key",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("kid", sa.String(length=64), nullable=False),
        sa.Column("public_jwk", sa.JSON(), nullable=False),
        sa.Column("private_pem_encrypted", sa.Text(), nullable=False),
        sa.Column("created_at", UtcDateTime(timezone=True), nullable=False),
        sa.Column("retired_at", UtcDateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_credential_key")),
        sa.UniqueConstraint("kid", name=op.f("uq_credential_key_kid")),
    )
    op.create_table(
        "erasure",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("person_key", sa.String(length=32), nullable=False),
        sa.Column("at", UtcDateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_erasure")),
        sa.UniqueConstraint("person_key", name=op.f("uq_erasure_person_key")),
    )
    op.create_table(
        "break_glass_link",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("expires_at", UtcDateTime(timezone=True), nullable=False),
        sa.Column("used_at", UtcDateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_break_glass_link_person_id_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_break_glass_link")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_break_glass_link_token_hash")),
    )
    with op.batch_alter_table("break_glass_link", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_break_glass_link_person_id"), ["person_id"], unique=False)

    op.create_table(
        "authenticator",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("secret_encrypted", sa.Text(), nullable=False),
        sa.Column("last_step", sa.BigInteger(), nullable=False),
        sa.Column("recovery_hashes", sa.JSON(), nullable=False),
        sa.Column("created_at", UtcDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_authenticator_person_id_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_authenticator")),
        sa.UniqueConstraint("person_id", name=op.f("uq_authenticator_person_id")),
    )
    op.create_table(
        "saved_view",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("query", sa.Text(), nullable=False),
        sa.Column("every", sa.String(length=10), nullable=True),
        sa.Column("next_on", sa.Date(), nullable=True),
        sa.Column("sent_at", UtcDateTime(timezone=True), nullable=True),
        sa.Column("created_at", UtcDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_saved_view_person_id_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_saved_view")),
        sa.UniqueConstraint("person_id", "name", name=op.f("uq_saved_view_person_id_name")),
    )
    with op.batch_alter_table("saved_view", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_saved_view_next_on"), ["next_on"], unique=False)

    op.create_table(
        "xapi_statement",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("identifier", sa.String(length=36), nullable=False),
        sa.Column("authority_id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=True),
        sa.Column("verb", sa.String(length=500), nullable=False),
        sa.Column("target", sa.String(length=36), nullable=True),
        sa.Column("registration", sa.String(length=36), nullable=False),
        sa.Column("timestamp", UtcDateTime(timezone=True), nullable=False),
        sa.Column("stored_at", UtcDateTime(timezone=True), nullable=False),
        sa.Column("document", sa.JSON(), nullable=False),
        sa.Column("voided_by", sa.String(length=36), nullable=True),
        sa.ForeignKeyConstraint(["authority_id"], ["person.id"], name=op.f("fk_xapi_statement_authority_id_person")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_xapi_statement_person_id_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_xapi_statement")),
        sa.UniqueConstraint("identifier", name=op.f("uq_xapi_statement_identifier")),
    )
    with op.batch_alter_table("xapi_statement", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_xapi_statement_person_id"), ["person_id"], unique=False)
        batch_op.create_index("ix_xapi_statement_stored", ["authority_id", "stored_at", "id"], unique=False)
        batch_op.create_index(batch_op.f("ix_xapi_statement_target"), ["target"], unique=False)

    op.create_table(
        "xapi_mention",
        sa.Column("statement_id", sa.Integer(), nullable=False),
        sa.Column("named", sa.String(length=64), nullable=False),
        sa.Column("closely", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["statement_id"],
            ["xapi_statement.id"],
            name=op.f("fk_xapi_mention_statement_id_xapi_statement"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("statement_id", "named", name=op.f("pk_xapi_mention")),
    )
    with op.batch_alter_table("xapi_mention", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_xapi_mention_named"), ["named"], unique=False)

    op.create_table(
        "xapi_attachment",
        sa.Column("statement_id", sa.Integer(), nullable=False),
        sa.Column("sha2", sa.String(length=128), nullable=False),
        sa.Column("content_type", sa.String(length=500), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["statement_id"],
            ["xapi_statement.id"],
            name=op.f("fk_xapi_attachment_statement_id_xapi_statement"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("statement_id", "sha2", name=op.f("pk_xapi_attachment")),
    )

    op.create_table(
        "identity_provider",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("key", sa.String(length=40), nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("issuer", sa.String(length=300), nullable=False),
        sa.Column("client_id", sa.String(length=300), nullable=False),
        sa.Column("client_secret_encrypted", sa.Text(), nullable=False),
        sa.Column("organisation_id", sa.Integer(), nullable=True),
        sa.Column("created_at", UtcDateTime(timezone=True), nullable=False),
        sa.Column("ended_at", UtcDateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("fk_identity_provider_organisation_id_organisation")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_identity_provider")),
        sa.UniqueConstraint("key", name=op.f("uq_identity_provider_key")),
    )
    op.create_table(
        "local_partner",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("system_id", sa.Integer(), nullable=False),
        sa.Column("organisation_id", sa.Integer(), nullable=False),
        sa.Column("starts_on", sa.Date(), nullable=True),
        sa.Column("ends_on", sa.Date(), nullable=True),
        sa.CheckConstraint("starts_on <= ends_on", name=op.f("ck_local_partner_forwards")),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("fk_local_partner_organisation_id_organisation")
        ),
        sa.ForeignKeyConstraint(["system_id"], ["system.id"], name=op.f("fk_local_partner_system_id_system")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_local_partner")),
        sa.UniqueConstraint("system_id", "organisation_id", name=op.f("uq_local_partner_system_id_organisation_id")),
    )
    with op.batch_alter_table("local_partner", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_local_partner_organisation_id"), ["organisation_id"], unique=False)

    op.create_table(
        "equality_answer",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("offer_id", sa.Integer(), nullable=False),
        sa.Column("question", sa.String(length=40), nullable=False),
        sa.Column("answer", sa.String(length=60), nullable=False),
        sa.ForeignKeyConstraint(["offer_id"], ["offer.id"], name=op.f("fk_equality_answer_offer_id_offer")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_equality_answer")),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_equality_answer_offer_question", "equality_answer", ["offer_id", "question"], unique=False)

    op.create_table(
        "equality_asked",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("offer_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["offer_id"], ["offer.id"], name=op.f("fk_equality_asked_offer_id_offer")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_equality_asked_person_id_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_equality_asked")),
        sa.UniqueConstraint("person_id", "offer_id", name=op.f("uq_equality_asked_person_id_offer_id")),
    )
    op.create_table(
        "equality_report",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("offer_id", sa.Integer(), nullable=True),
        sa.Column("question", sa.String(length=40), nullable=False),
        sa.Column("answered", sa.Integer(), nullable=False),
        sa.Column("told", sa.JSON(), nullable=False),
        sa.Column("offsets", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["offer_id"], ["offer.id"], name=op.f("fk_equality_report_offer_id_offer")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_equality_report")),
        sa.UniqueConstraint("offer_id", "question", name=op.f("uq_equality_report_offer_id_question")),
    )
    over_all = sa.text("offer_id IS NULL")
    op.create_index(
        "uq_equality_report_over_all", "equality_report", ["question"], unique=True,
        sqlite_where=over_all, postgresql_where=over_all,
    )  # fmt: skip
    op.create_table(
        "staff_identity",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("provider_id", sa.Integer(), nullable=False),
        sa.Column("subject", sa.String(length=255), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("created_at", UtcDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_staff_identity_person_id_person")),
        sa.ForeignKeyConstraint(
            ["provider_id"], ["identity_provider.id"], name=op.f("fk_staff_identity_provider_id_identity_provider")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_staff_identity")),
        sa.UniqueConstraint("provider_id", "subject", name=op.f("uq_staff_identity_provider_id_subject")),
    )
    with op.batch_alter_table("staff_identity", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_staff_identity_person_id"), ["person_id"], unique=False)

    op.create_table(
        "run_session",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("run_id", sa.Integer(), nullable=False),
        sa.Column("key", sa.String(length=60), nullable=False),
        sa.Column("title", sa.String(length=200), nullable=False),
        sa.Column("starts_at", UtcDateTime(timezone=True), nullable=False),
        sa.Column("ends_at", UtcDateTime(timezone=True), nullable=False),
        sa.Column("place", sa.String(length=100), nullable=False),
        sa.CheckConstraint("starts_at < ends_at", name=op.f("ck_run_session_forwards")),
        sa.ForeignKeyConstraint(["run_id"], ["run.id"], name=op.f("fk_run_session_run_id_run")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_run_session")),
        sa.UniqueConstraint("run_id", "key", name=op.f("uq_run_session_run_id_key")),
    )
    with op.batch_alter_table("run_session", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_run_session_starts_at"), ["starts_at"], unique=False)

    op.create_table(
        "seat_allocation",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("run_id", sa.Integer(), nullable=False),
        sa.Column("system_id", sa.Integer(), nullable=True),
        sa.Column("organisation_id", sa.Integer(), nullable=True),
        sa.Column("seats", sa.Integer(), nullable=False),
        sa.Column("release_on", sa.Date(), nullable=False),
        sa.Column("released_at", UtcDateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "(system_id IS NULL) <> (organisation_id IS NULL)", name=op.f("ck_seat_allocation_for_one_body")
        ),
        sa.CheckConstraint("seats >= 0", name=op.f("ck_seat_allocation_seats_not_negative")),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("fk_seat_allocation_organisation_id_organisation")
        ),
        sa.ForeignKeyConstraint(["run_id"], ["run.id"], name=op.f("fk_seat_allocation_run_id_run")),
        sa.ForeignKeyConstraint(["system_id"], ["system.id"], name=op.f("fk_seat_allocation_system_id_system")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_seat_allocation")),
        sa.UniqueConstraint("run_id", "organisation_id", name=op.f("uq_seat_allocation_run_id_organisation_id")),
        sa.UniqueConstraint("run_id", "system_id", name=op.f("uq_seat_allocation_run_id_system_id")),
    )
    with op.batch_alter_table("seat_allocation", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_seat_allocation_organisation_id"), ["organisation_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_seat_allocation_release_on"), ["release_on"], unique=False)
        batch_op.create_index(batch_op.f("ix_seat_allocation_system_id"), ["system_id"], unique=False)

    op.create_table(
        "step_group",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("version_id", sa.Integer(), nullable=False),
        sa.Column("key", sa.String(length=60), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("title", sa.String(length=200), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("choose", sa.Integer(), nullable=True),
        sa.CheckConstraint("choose >= 1", name=op.f("ck_step_group_choose_positive")),
        sa.ForeignKeyConstraint(
            ["version_id"], ["offer_version.id"], name=op.f("fk_step_group_version_id_offer_version")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_step_group")),
        sa.UniqueConstraint("version_id", "key", name=op.f("uq_step_group_version_id_key")),
    )
    op.create_table(
        "team",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("run_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("by_person_id", sa.Integer(), nullable=False),
        sa.Column("created_at", UtcDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["by_person_id"], ["person.id"], name=op.f("fk_team_by_person_id_person")),
        sa.ForeignKeyConstraint(["run_id"], ["run.id"], name=op.f("fk_team_run_id_run")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_team")),
    )
    with op.batch_alter_table("team", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_team_run_id"), ["run_id"], unique=False)

    op.create_table(
        "version_prerequisite",
        sa.Column("version_id", sa.Integer(), nullable=False),
        sa.Column("offer_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["offer_id"], ["offer.id"], name=op.f("fk_version_prerequisite_offer_id_offer")),
        sa.ForeignKeyConstraint(
            ["version_id"], ["offer_version.id"], name=op.f("fk_version_prerequisite_version_id_offer_version")
        ),
        sa.PrimaryKeyConstraint("version_id", "offer_id", name=op.f("pk_version_prerequisite")),
    )
    op.create_table(
        "approval",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("enrolment_id", sa.Integer(), nullable=False),
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("manager_name", sa.String(length=200), nullable=False),
        sa.Column("manager_email", sa.String(length=254), nullable=False),
        sa.Column("asked_at", UtcDateTime(timezone=True), nullable=False),
        sa.Column("answer_by", sa.Date(), nullable=False),
        sa.Column("decided_at", UtcDateTime(timezone=True), nullable=True),
        sa.Column("approved", sa.Boolean(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["enrolment_id"], ["enrolment.id"], name=op.f("fk_approval_enrolment_id_enrolment")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_approval")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_approval_token_hash")),
    )
    with op.batch_alter_table("approval", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_approval_enrolment_id"), ["enrolment_id"], unique=False)

    op.create_table(
        "reminder",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("enrolment_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("sent_at", UtcDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["enrolment_id"], ["enrolment.id"], name=op.f("fk_reminder_enrolment_id_enrolment")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reminder")),
        sa.UniqueConstraint("enrolment_id", "kind", name=op.f("uq_reminder_enrolment_id_kind")),
    )
    op.create_table(
        "calendar_feed",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("created_at", UtcDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_calendar_feed_person_id_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_calendar_feed")),
        sa.UniqueConstraint("person_id", name=op.f("uq_calendar_feed_person_id")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_calendar_feed_token_hash")),
    )
    op.create_table(
        "attendance",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("enrolment_id", sa.Integer(), nullable=False),
        sa.Column("session_id", sa.Integer(), nullable=False),
        sa.Column("attended", sa.Boolean(), nullable=False),
        sa.Column("at", UtcDateTime(timezone=True), nullable=False),
        sa.Column("by_person_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["by_person_id"], ["person.id"], name=op.f("fk_attendance_by_person_id_person")),
        sa.ForeignKeyConstraint(["enrolment_id"], ["enrolment.id"], name=op.f("fk_attendance_enrolment_id_enrolment")),
        sa.ForeignKeyConstraint(["session_id"], ["run_session.id"], name=op.f("fk_attendance_session_id_run_session")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_attendance")),
        sa.UniqueConstraint("enrolment_id", "session_id", name=op.f("uq_attendance_enrolment_id_session_id")),
    )
    with op.batch_alter_table("attendance", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_attendance_session_id"), ["session_id"], unique=False)

    op.create_table(
        "credential",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("key", sa.String(length=32), nullable=False),
        sa.Column("completion_id", sa.Integer(), nullable=False),
        sa.Column("signed", sa.Text(), nullable=False),
        sa.Column("name_shown", sa.Boolean(), nullable=False),
        sa.Column("issued_at", UtcDateTime(timezone=True), nullable=False),
        sa.Column("revoked_at", UtcDateTime(timezone=True), nullable=True),
        sa.Column("revoke_reason", sa.Text(), nullable=False),
        sa.CheckConstraint(
            "(revoked_at IS NULL) = (revoke_reason = '')", name=op.f("ck_credential_revoked_with_a_reason")
        ),
        sa.ForeignKeyConstraint(
            ["completion_id"], ["completion.id"], name=op.f("fk_credential_completion_id_completion")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_credential")),
        sa.UniqueConstraint("completion_id", name=op.f("uq_credential_completion_id")),
        sa.UniqueConstraint("key", name=op.f("uq_credential_key")),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "withdrawn_badge",
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("provider_id", sa.Integer(), nullable=False),
        sa.Column("key_hash", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(
            ["provider_id"], ["organisation.id"], name=op.f("fk_withdrawn_badge_provider_id_organisation")
        ),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_withdrawn_badge")),
        sa.UniqueConstraint("key_hash", name=op.f("uq_withdrawn_badge_key_hash")),
    )
    with op.batch_alter_table("withdrawn_badge", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_withdrawn_badge_provider_id"), ["provider_id"], unique=False)

    op.create_table(
        "outside_completion",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("source", sa.String(length=10), nullable=False),
        sa.Column("key", sa.String(length=200), nullable=False),
        sa.Column("completion_id", sa.Integer(), nullable=False),
        sa.Column("received_at", UtcDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["completion_id"], ["completion.id"], name=op.f("fk_outside_completion_completion_id_completion")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outside_completion")),
        sa.UniqueConstraint("source", "key", name=op.f("uq_outside_completion_source_key")),
    )
    with op.batch_alter_table("outside_completion", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_outside_completion_completion_id"), ["completion_id"], unique=False)
    op.create_table(
        "course_code",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("source", sa.String(length=10), nullable=False),
        sa.Column("organisation_id", sa.Integer(), nullable=False),
        sa.Column("code", sa.String(length=200), nullable=False),
        sa.Column("offer_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["offer_id"], ["offer.id"], name=op.f("fk_course_code_offer_id_offer")),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("fk_course_code_organisation_id_organisation")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_course_code")),
        sa.UniqueConstraint(
            "source", "organisation_id", "code", name=op.f("uq_course_code_source_organisation_id_code")
        ),
    )
    op.create_table(
        "completion_import",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("source", sa.String(length=10), nullable=False),
        sa.Column("organisation_id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=True),
        sa.Column("name", sa.String(length=300), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=True),
        sa.Column("counts", sa.JSON(), nullable=False),
        sa.Column("created_at", UtcDateTime(timezone=True), nullable=False),
        sa.Column("written_at", UtcDateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("fk_completion_import_organisation_id_organisation")
        ),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_completion_import_person_id_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_completion_import")),
    )
    with op.batch_alter_table("completion_import", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_completion_import_organisation_id"), ["organisation_id"], unique=False)

    with op.batch_alter_table("audit_event", schema=None) as batch_op:
        batch_op.add_column(sa.Column("number", sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column("seal", sa.String(length=64), nullable=False, server_default=""))
        batch_op.create_unique_constraint(batch_op.f("uq_audit_event_number"), ["number"])
        batch_op.create_index(batch_op.f("ix_audit_event_at"), ["at"], unique=False)
        batch_op.create_index(batch_op.f("ix_audit_event_actor_key"), ["actor_key"], unique=False)

    op.drop_index("uq_enrolment_active", "enrolment")
    with op.batch_alter_table("enrolment", schema=None) as batch_op:
        batch_op.add_column(sa.Column("allocation_id", sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column("team_id", sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column("nominated_by_id", sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column("accepted_at", UtcDateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column("answer_by", sa.Date(), nullable=True))
        batch_op.add_column(sa.Column("seat_id", sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column("plan_part", sa.Text(), nullable=False, server_default=""))
        batch_op.add_column(sa.Column("name_shown", sa.Boolean(), nullable=False, server_default=sa.false()))
        batch_op.add_column(sa.Column("via", sa.String(length=60), nullable=False, server_default=""))
        batch_op.add_column(sa.Column("reason", sa.Text(), nullable=False, server_default=""))
        batch_op.create_index(batch_op.f("ix_enrolment_allocation_id"), ["allocation_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_enrolment_answer_by"), ["answer_by"], unique=False)
        batch_op.create_index(batch_op.f("ix_enrolment_team_id"), ["team_id"], unique=False)
        batch_op.create_foreign_key(batch_op.f("fk_enrolment_seat_id_seat"), "seat", ["seat_id"], ["id"])
        batch_op.create_foreign_key(batch_op.f("fk_enrolment_team_id_team"), "team", ["team_id"], ["id"])
        batch_op.create_foreign_key(
            batch_op.f("fk_enrolment_nominated_by_id_person"), "person", ["nominated_by_id"], ["id"]
        )
        batch_op.create_foreign_key(
            batch_op.f("fk_enrolment_allocation_id_seat_allocation"), "seat_allocation", ["allocation_id"], ["id"]
        )
    _one_active_enrolment("'nominated', 'requested', 'waitlisted', 'booked', 'attended'")
    for name in ("ix_enrolment_offer_id", "ix_enrolment_person_id"):
        op.drop_index(name, "enrolment")
    op.create_index("ix_enrolment_state", "enrolment", ["state", "run_id", "created_at"])
    op.create_index("ix_enrolment_offer_state", "enrolment", ["offer_id", "state", "run_id", "created_at"])
    op.create_index("ix_enrolment_person_state", "enrolment", ["person_id", "state", "run_id", "created_at"])
    op.create_index("ix_enrolment_created_at", "enrolment", ["created_at"])

    with op.batch_alter_table("grant", schema=None) as batch_op:
        batch_op.add_column(sa.Column("starts_on", sa.Date(), nullable=True))
        batch_op.add_column(sa.Column("ends_on", sa.Date(), nullable=True))
        batch_op.create_check_constraint(op.f("ck_grant_forwards"), "starts_on <= ends_on")
        batch_op.drop_constraint(op.f("uq_grant_person_id_role_organisation_id_system_id"), type_="unique")
    # The rule that is gone took two nulls for different places, so there may be some that are alike.
    op.execute(
        'DELETE FROM "grant" WHERE id NOT IN '
        '(SELECT min(id) FROM "grant" GROUP BY person_id, role, organisation_id, system_id)'
    )
    op.create_index(
        "uq_grant_last_day", "grant",
        ["person_id", "role", sa.text("coalesce(organisation_id, 0)"), sa.text("coalesce(system_id, 0)"),
         sa.text("coalesce(ends_on, '9999-12-31')")], unique=True,
    )  # fmt: skip

    with op.batch_alter_table("membership", schema=None) as batch_op:
        batch_op.add_column(sa.Column("staff_number", sa.String(length=40), nullable=False, server_default=""))
    numbered = sa.text("staff_number <> ''")
    op.create_index(
        "uq_membership_staff_number", "membership", ["organisation_id", "staff_number"], unique=True,
        sqlite_where=numbered, postgresql_where=numbered,
    )  # fmt: skip
    op.create_table(
        "membership_request",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("organisation_id", sa.Integer(), nullable=False),
        sa.Column("staff_number", sa.String(length=40), nullable=False),
        sa.Column("asked_as", sa.String(length=254), nullable=False),
        sa.Column("asked_by_id", sa.Integer(), nullable=True),
        sa.Column("asked_at", UtcDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["asked_by_id"], ["person.id"], name=op.f("fk_membership_request_asked_by_id_person")),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("fk_membership_request_organisation_id_organisation")
        ),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_membership_request_person_id_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_membership_request")),
        sa.UniqueConstraint(
            "person_id", "organisation_id", name=op.f("uq_membership_request_person_id_organisation_id")
        ),
    )
    with op.batch_alter_table("membership_request", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_membership_request_organisation_id"), ["organisation_id"], unique=False)

    # Not by batches, which make a table anew: the triggers of these two would be lost on SQLite.
    for name in ("approval_needed", "for_plan_leads", "for_seats_only", "reassessment_needed", "is_programme"):
        op.add_column("offer_version", sa.Column(name, sa.Boolean(), nullable=False, server_default=sa.false()))
    op.add_column("offer_version", sa.Column("sessions_needed", sa.Integer(), nullable=True))
    op.add_column("run", sa.Column("name", sa.String(length=100), nullable=False, server_default=sa.text("''")))
    op.add_column("run", sa.Column("apply_by", sa.Date(), nullable=True))
    op.add_column("run", sa.Column("withdraw_by", sa.Date(), nullable=True))

    with op.batch_alter_table("organisation", schema=None) as batch_op:
        batch_op.add_column(sa.Column("ods_code", sa.String(length=10), nullable=True))
        batch_op.add_column(sa.Column("started_on", sa.Date(), nullable=True))
        batch_op.add_column(sa.Column("edited_at", UtcDateTime(timezone=True), nullable=True))
        batch_op.create_unique_constraint(batch_op.f("uq_organisation_ods_code"), ["ods_code"])

    with op.batch_alter_table("step", schema=None) as batch_op:
        batch_op.add_column(sa.Column("group_id", sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column("offer_id", sa.Integer(), nullable=True))
        batch_op.create_index(batch_op.f("ix_step_offer_id"), ["offer_id"], unique=False)
        batch_op.create_foreign_key(batch_op.f("fk_step_offer_id_offer"), "offer", ["offer_id"], ["id"])
        batch_op.create_foreign_key(batch_op.f("fk_step_group_id_step_group"), "step_group", ["group_id"], ["id"])

    with op.batch_alter_table("system", schema=None) as batch_op:
        batch_op.add_column(sa.Column("started_on", sa.Date(), nullable=True))
        batch_op.add_column(sa.Column("successor_id", sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column("edited_at", UtcDateTime(timezone=True), nullable=True))
        batch_op.drop_column("successor")  # in words that were the same for all of them
        batch_op.create_foreign_key(batch_op.f("fk_system_successor_id_system"), "system", ["successor_id"], ["id"])

    op.add_column("completion", sa.Column("was", sa.String(length=20), server_default="booked", nullable=False))

    for table, name in (
        ("audit_event", "seal"), ("enrolment", "plan_part"), ("enrolment", "name_shown"), ("enrolment", "via"),
        ("enrolment", "reason"), ("membership", "staff_number"),
    ):  # fmt: skip
        with op.batch_alter_table(table) as batch_op:  # the default was for the rows that there were
            batch_op.alter_column(name, server_default=None)


def _one_active_enrolment(states: str) -> None:
    active = sa.text(f"state IN ({states})")
    op.create_index(
        "uq_enrolment_active", "enrolment", ["person_id", "offer_id"], unique=True,
        sqlite_where=active, postgresql_where=active,
    )  # fmt: skip


def downgrade() -> None:
    op.drop_column("completion", "was")
    with op.batch_alter_table("system", schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f("fk_system_successor_id_system"), type_="foreignkey")
        batch_op.drop_column("edited_at")
        batch_op.drop_column("successor_id")
        batch_op.drop_column("started_on")
        batch_op.add_column(
            sa.Column("successor", sa.String(length=200), nullable=False, server_default="Integrated care systems")
        )
    with op.batch_alter_table("system", schema=None) as batch_op:
        batch_op.alter_column("successor", server_default=None)

    with op.batch_alter_table("step", schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f("fk_step_group_id_step_group"), type_="foreignkey")
        batch_op.drop_constraint(batch_op.f("fk_step_offer_id_offer"), type_="foreignkey")
        batch_op.drop_index(batch_op.f("ix_step_offer_id"))
        batch_op.drop_column("offer_id")
        batch_op.drop_column("group_id")

    for name in ("withdraw_by", "apply_by", "name"):
        op.drop_column("run", name)

    with op.batch_alter_table("organisation", schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f("uq_organisation_ods_code"), type_="unique")
        batch_op.drop_column("edited_at")
        batch_op.drop_column("started_on")
        batch_op.drop_column("ods_code")

    for name in (
        "approval_needed", "for_plan_leads", "for_seats_only", "reassessment_needed", "is_programme", "sessions_needed"
    ):  # fmt: skip
        op.drop_column("offer_version", name)

    with op.batch_alter_table("membership_request", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_membership_request_organisation_id"))
    op.drop_table("membership_request")
    op.drop_index("uq_membership_staff_number", "membership")
    with op.batch_alter_table("membership", schema=None) as batch_op:
        batch_op.drop_column("staff_number")

    op.drop_index("uq_grant_last_day", "grant")
    # Without days, a role is held: one that is not held today must not come back.
    op.execute('DELETE FROM "grant" WHERE ends_on < CURRENT_DATE OR starts_on > CURRENT_DATE')
    with op.batch_alter_table("grant", schema=None) as batch_op:
        batch_op.create_unique_constraint(
            op.f("uq_grant_person_id_role_organisation_id_system_id"),
            ["person_id", "role", "organisation_id", "system_id"],
        )
        batch_op.drop_constraint(op.f("ck_grant_forwards"), type_="check")
        batch_op.drop_column("ends_on")
        batch_op.drop_column("starts_on")

    op.drop_index("uq_enrolment_active", "enrolment")
    for name in (
        "ix_enrolment_created_at", "ix_enrolment_person_state", "ix_enrolment_offer_state", "ix_enrolment_state",
    ):  # fmt: skip
        op.drop_index(name, "enrolment")
    op.create_index("ix_enrolment_offer_id", "enrolment", ["offer_id"])
    op.create_index("ix_enrolment_person_id", "enrolment", ["person_id"])
    for state, newer in (
        ("booked", "'attended'"), ("withdrawn", "'nominated', 'requested', 'declined', 'no-show'")
    ):  # fmt: skip
        op.execute(f"UPDATE enrolment SET state = '{state}' WHERE state IN ({newer})")  # noqa: S608
    op.execute("UPDATE completion SET by = 'provider' WHERE by IN ('rule', 'elsewhere')")
    with op.batch_alter_table("enrolment", schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f("fk_enrolment_allocation_id_seat_allocation"), type_="foreignkey")
        batch_op.drop_constraint(batch_op.f("fk_enrolment_nominated_by_id_person"), type_="foreignkey")
        batch_op.drop_constraint(batch_op.f("fk_enrolment_team_id_team"), type_="foreignkey")
        batch_op.drop_constraint(batch_op.f("fk_enrolment_seat_id_seat"), type_="foreignkey")
        batch_op.drop_index(batch_op.f("ix_enrolment_team_id"))
        batch_op.drop_index(batch_op.f("ix_enrolment_answer_by"))
        batch_op.drop_index(batch_op.f("ix_enrolment_allocation_id"))
        batch_op.drop_column("reason")
        batch_op.drop_column("via")
        batch_op.drop_column("name_shown")
        batch_op.drop_column("plan_part")
        batch_op.drop_column("seat_id")
        batch_op.drop_column("answer_by")
        batch_op.drop_column("accepted_at")
        batch_op.drop_column("nominated_by_id")
        batch_op.drop_column("team_id")
        batch_op.drop_column("allocation_id")
    _one_active_enrolment("'booked', 'waitlisted'")

    with op.batch_alter_table("audit_event", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_audit_event_actor_key"))
        batch_op.drop_index(batch_op.f("ix_audit_event_at"))
        batch_op.drop_constraint(batch_op.f("uq_audit_event_number"), type_="unique")
        batch_op.drop_column("seal")
        batch_op.drop_column("number")

    with op.batch_alter_table("completion_import", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_completion_import_organisation_id"))

    op.drop_table("completion_import")
    op.drop_table("course_code")
    with op.batch_alter_table("outside_completion", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_outside_completion_completion_id"))

    op.drop_table("outside_completion")
    with op.batch_alter_table("withdrawn_badge", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_withdrawn_badge_provider_id"))

    op.drop_table("withdrawn_badge")
    op.drop_table("credential")
    with op.batch_alter_table("attendance", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_attendance_session_id"))

    op.drop_table("attendance")
    op.drop_table("calendar_feed")
    op.drop_table("reminder")
    with op.batch_alter_table("approval", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_approval_enrolment_id"))

    op.drop_table("approval")
    op.drop_table("version_prerequisite")
    with op.batch_alter_table("team", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_team_run_id"))

    op.drop_table("team")
    op.drop_table("step_group")
    with op.batch_alter_table("seat_allocation", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_seat_allocation_system_id"))
        batch_op.drop_index(batch_op.f("ix_seat_allocation_release_on"))
        batch_op.drop_index(batch_op.f("ix_seat_allocation_organisation_id"))

    op.drop_table("seat_allocation")
    with op.batch_alter_table("run_session", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_run_session_starts_at"))

    op.drop_table("run_session")
    with op.batch_alter_table("staff_identity", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_staff_identity_person_id"))

    op.drop_table("staff_identity")
    op.drop_table("equality_report")
    op.drop_table("equality_asked")
    op.drop_index("ix_equality_answer_offer_question", "equality_answer")

    op.drop_table("equality_answer")
    with op.batch_alter_table("local_partner", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_local_partner_organisation_id"))

    op.drop_table("local_partner")
    op.drop_table("identity_provider")
    op.drop_table("xapi_attachment")
    with op.batch_alter_table("xapi_mention", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_xapi_mention_named"))

    op.drop_table("xapi_mention")
    with op.batch_alter_table("xapi_statement", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_xapi_statement_target"))
        batch_op.drop_index("ix_xapi_statement_stored")
        batch_op.drop_index(batch_op.f("ix_xapi_statement_person_id"))

    op.drop_table("xapi_statement")
    with op.batch_alter_table("saved_view", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_saved_view_next_on"))

    op.drop_table("saved_view")
    op.drop_table("authenticator")
    op.drop_table("break_glass_link")
    op.drop_table("erasure")
    op.drop_table("credential_key")
    op.drop_table("audit_head")
