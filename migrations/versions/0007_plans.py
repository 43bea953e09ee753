"""Commitments, how they went, and offers that people plan to take

Revision ID: 0007
Revises: 0006
"""

import sqlalchemy as sa
from alembic import op

from catalogue.extensions import UtcDateTime

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "commitment",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("dimension_id", sa.Integer(), nullable=True),
        sa.Column("by", sa.Date(), nullable=False),
        sa.Column("began_from", sa.String(length=40), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("made_at", UtcDateTime(), nullable=False),
        sa.Column("set_at", UtcDateTime(), nullable=False),
        sa.Column("reminded_at", UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(["dimension_id"], ["dimension.id"], name=op.f("fk_commitment_dimension_id_dimension")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_commitment_person_id_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_commitment")),
    )
    op.create_index(op.f("ix_commitment_person_id"), "commitment", ["person_id"])
    op.create_index(op.f("ix_commitment_by"), "commitment", ["by"])
    op.create_table(
        "commitment_change",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("commitment_id", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["commitment_id"], ["commitment.id"], name=op.f("fk_commitment_change_commitment_id_commitment")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_commitment_change")),
        sa.UniqueConstraint("commitment_id", "state", name=op.f("uq_commitment_change_commitment_id_state")),
    )
    op.create_table(
        "planned_offer",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("offer_id", sa.Integer(), nullable=False),
        sa.Column("by", sa.Date(), nullable=True),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["offer_id"], ["offer.id"], name=op.f("fk_planned_offer_offer_id_offer")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_planned_offer_person_id_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_planned_offer")),
        sa.UniqueConstraint("person_id", "offer_id", name=op.f("uq_planned_offer_person_id_offer_id")),
    )
    op.create_index(op.f("ix_planned_offer_offer_id"), "planned_offer", ["offer_id"])


def downgrade() -> None:
    op.drop_table("planned_offer")
    op.drop_table("commitment_change")
    op.drop_table("commitment")
