"""Plans are shared with a manager, who comments; a day to assess oneself again

Revision ID: 0008
Revises: 0007
"""

import sqlalchemy as sa
from alembic import op

from catalogue.extensions import UtcDateTime

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "reassessment",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("told_at", UtcDateTime(), nullable=True),
        sa.Column("done_at", UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_reassessment_person_id_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reassessment")),
    )
    op.create_index(op.f("ix_reassessment_person_id"), "reassessment", ["person_id"])
    op.create_index(op.f("ix_reassessment_due_on"), "reassessment", ["due_on"])
    op.create_index(
        "uq_reassessment_open",
        "reassessment",
        ["person_id"],
        unique=True,
        sqlite_where=sa.text("done_at IS NULL"),
        postgresql_where=sa.text("done_at IS NULL"),
    )
    op.create_table(
        "plan_share",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("manager_name", sa.String(length=200), nullable=False),
        sa.Column("manager_email", sa.String(length=254), nullable=False),
        sa.Column("token_hash", sa.String(length=64), nullable=True),
        sa.Column("shared_at", UtcDateTime(), nullable=False),
        sa.Column("sent_at", UtcDateTime(), nullable=False),
        sa.Column("until", sa.Date(), nullable=False),
        sa.Column("ended_at", UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_plan_share_person_id_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_plan_share")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_plan_share_token_hash")),
    )
    op.create_index(op.f("ix_plan_share_person_id"), "plan_share", ["person_id"])
    op.create_index(
        "uq_plan_share_open",
        "plan_share",
        ["person_id"],
        unique=True,
        sqlite_where=sa.text("ended_at IS NULL"),
        postgresql_where=sa.text("ended_at IS NULL"),
    )
    op.create_table(
        "plan_comment",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("share_id", sa.Integer(), nullable=False),
        sa.Column("step", sa.String(length=40), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("seen_at", UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(["share_id"], ["plan_share.id"], name=op.f("fk_plan_comment_share_id_plan_share")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_plan_comment")),
    )
    op.create_index(op.f("ix_plan_comment_share_id"), "plan_comment", ["share_id"])


def downgrade() -> None:
    op.drop_table("plan_comment")
    op.drop_table("plan_share")
    op.drop_table("reassessment")
