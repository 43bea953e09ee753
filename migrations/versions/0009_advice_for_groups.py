"""Advice for systems and organisations

Revision ID: 0009
Revises: 0008
"""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "group_advice",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("system_id", sa.Integer(), nullable=False),
        sa.Column("organisation_id", sa.Integer(), nullable=True),
        sa.Column("quarter", sa.Date(), nullable=False),
        sa.Column("made_on", sa.Date(), nullable=False),
        sa.Column("people", sa.Integer(), nullable=False),
        sa.Column("content", sa.JSON(), nullable=False),
        sa.CheckConstraint("people >= 10", name=op.f("ck_group_advice_ten_people")),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("fk_group_advice_organisation_id_organisation")
        ),
        sa.ForeignKeyConstraint(["system_id"], ["system.id"], name=op.f("fk_group_advice_system_id_system")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_group_advice")),
        sa.UniqueConstraint("organisation_id", "quarter", name=op.f("uq_group_advice_organisation_id_quarter")),
    )
    op.create_index(
        "uq_group_advice_system",
        "group_advice",
        ["system_id", "quarter"],
        unique=True,
        sqlite_where=sa.text("organisation_id IS NULL"),
        postgresql_where=sa.text("organisation_id IS NULL"),
    )


def downgrade() -> None:
    op.drop_table("group_advice")
