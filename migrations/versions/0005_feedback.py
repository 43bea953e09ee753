"""360 feedback: rounds, raters, and what systems are told

Revision ID: 0005
Revises: 0004
"""

import sqlalchemy as sa
from alembic import op

from catalogue.extensions import UtcDateTime

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "feedback_round",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("framework_id", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("opened_at", UtcDateTime(timezone=True), nullable=False),
        sa.Column("closes_on", sa.Date(), nullable=False),
        sa.Column("reminded_at", UtcDateTime(timezone=True), nullable=True),
        sa.Column("closed_at", UtcDateTime(timezone=True), nullable=True),
        sa.Column("released_at", UtcDateTime(timezone=True), nullable=True),
        sa.Column("facilitator_name", sa.String(length=200), nullable=False),
        sa.Column("facilitator_email", sa.String(length=254), nullable=False),
        sa.Column("facilitator_token_hash", sa.String(length=64), nullable=True),
        sa.Column("facilitator_asked_at", UtcDateTime(timezone=True), nullable=True),
        sa.Column("held_back", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("report", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("in_group_report", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["framework_id"], ["framework.id"], name=op.f("fk_feedback_round_framework_id_framework")
        ),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_feedback_round_person_id_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_feedback_round")),
        sa.UniqueConstraint("facilitator_token_hash", name=op.f("uq_feedback_round_facilitator_token_hash")),
    )
    with op.batch_alter_table("feedback_round", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_feedback_round_person_id"), ["person_id"], unique=False)
        batch_op.create_index(
            "uq_feedback_round_open",
            ["person_id"],
            unique=True,
            sqlite_where=sa.text("state = 'open'"),
            postgresql_where=sa.text("state = 'open'"),
        )

    op.create_table(
        "feedback_rater",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("round_id", sa.Integer(), nullable=False),
        sa.Column("relation", sa.String(length=20), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("email", sa.String(length=254), nullable=False),
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("knows_named", sa.Boolean(), nullable=False),
        sa.Column("answers", sa.JSON(), nullable=False),
        sa.Column("importance", sa.JSON(), nullable=False),
        sa.Column("comments", sa.JSON(), nullable=False),
        sa.Column("sent_at", UtcDateTime(timezone=True), nullable=True),
        sa.Column("declined_at", UtcDateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "sent_at IS NULL OR declined_at IS NULL", name=op.f("ck_feedback_rater_sent_or_declined")
        ),
        sa.ForeignKeyConstraint(
            ["round_id"], ["feedback_round.id"], name=op.f("fk_feedback_rater_round_id_feedback_round"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_feedback_rater")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_feedback_rater_token_hash")),
    )  # fmt: skip
    with op.batch_alter_table("feedback_rater", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_feedback_rater_round_id"), ["round_id"], unique=False)
        batch_op.create_index(
            "uq_feedback_rater_manager",
            ["round_id"],
            unique=True,
            sqlite_where=sa.text("relation = 'manager'"),
            postgresql_where=sa.text("relation = 'manager'"),
        )

    op.create_table(
        "feedback_group_report",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("system_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("people", sa.Integer(), nullable=False),
        sa.Column("made_on", sa.Date(), nullable=False),
        sa.Column("content", sa.JSON(), nullable=False),
        sa.CheckConstraint("people >= 10", name=op.f("ck_feedback_group_report_ten_people")),
        sa.ForeignKeyConstraint(["system_id"], ["system.id"], name=op.f("fk_feedback_group_report_system_id_system")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_feedback_group_report")),
        sa.UniqueConstraint("system_id", "number", name=op.f("uq_feedback_group_report_system_id_number")),
    )


def downgrade() -> None:
    op.drop_table("feedback_group_report")
    op.drop_table("feedback_rater")
    op.drop_table("feedback_round")
