"""Evidence of effect: batches of people who took an offer, who counts in one, and what they come to

Revision ID: 0010
Revises: 0009
"""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

DIMENSION = "offer_id", "framework", "dimension", "measure"


def _of_a_dimension() -> list[sa.Column]:
    return [
        sa.Column("offer_id", sa.Integer(), nullable=False),
        sa.Column("framework", sa.String(length=100), nullable=False),
        sa.Column("dimension", sa.String(length=60), nullable=False),
        sa.Column("measure", sa.String(length=10), nullable=False),
    ]


def upgrade() -> None:
    op.create_table(
        "evidence_batch",
        sa.Column("id", sa.Integer(), nullable=False),
        *_of_a_dimension(),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("people", sa.Integer(), nullable=False),
        sa.Column("moved", sa.Double(), nullable=False),
        sa.Column("variance", sa.Double(), nullable=False),
        sa.Column("starts", sa.JSON(), nullable=False),
        sa.Column("made_on", sa.Date(), nullable=False),
        sa.CheckConstraint("people >= 10", name=op.f("ck_evidence_batch_ten_people")),
        sa.ForeignKeyConstraint(["offer_id"], ["offer.id"], name=op.f("fk_evidence_batch_offer_id_offer")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_evidence_batch")),
        sa.UniqueConstraint(
            *DIMENSION, "number", name=op.f("uq_evidence_batch_offer_id_framework_dimension_measure_number")
        ),
    )
    op.create_table(
        "evidence_counted",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        *_of_a_dimension(),
        sa.ForeignKeyConstraint(["offer_id"], ["offer.id"], name=op.f("fk_evidence_counted_offer_id_offer")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_evidence_counted_person_id_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_evidence_counted")),
        sa.UniqueConstraint("person_id", *DIMENSION, name=op.f("uq_evidence_counted_once")),
    )
    op.create_index(op.f("ix_evidence_counted_offer_id"), "evidence_counted", ["offer_id"])
    op.create_table(
        "evidence_effect",
        sa.Column("id", sa.Integer(), nullable=False),
        *_of_a_dimension(),
        sa.Column("people", sa.Integer(), nullable=False),
        sa.Column("mean", sa.Double(), nullable=False),
        sa.Column("low", sa.Double(), nullable=False),
        sa.Column("high", sa.Double(), nullable=False),
        sa.Column("factor", sa.Double(), nullable=False),
        sa.Column("made_on", sa.Date(), nullable=False),
        sa.ForeignKeyConstraint(["offer_id"], ["offer.id"], name=op.f("fk_evidence_effect_offer_id_offer")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_evidence_effect")),
        sa.UniqueConstraint(*DIMENSION, name=op.f("uq_evidence_effect_offer_id_framework_dimension_measure")),
    )


def downgrade() -> None:
    op.drop_table("evidence_effect")
    op.drop_table("evidence_counted")
    op.drop_table("evidence_batch")
