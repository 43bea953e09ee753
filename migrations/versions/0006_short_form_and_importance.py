"""Self-assessment: a short form, and how important each dimension is to one's role; offers that people set aside

Revision ID: 0006
Revises: 0005
"""

import sqlalchemy as sa
from alembic import op

from catalogue.extensions import UtcDateTime

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("assessment") as batch:
        batch.add_column(sa.Column("form", sa.String(length=10), server_default="full", nullable=False))
    op.create_table(
        "level_answer",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("assessment_id", sa.Integer(), nullable=False),
        sa.Column("dimension_id", sa.Integer(), nullable=False),
        sa.Column("level", sa.Integer(), nullable=False),
        sa.Column("agreement", sa.Integer(), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.CheckConstraint("agreement BETWEEN 0 AND 4", name=op.f("ck_level_answer_agreement_on_the_scale")),
        sa.ForeignKeyConstraint(
            ["assessment_id"], ["assessment.id"], name=op.f("fk_level_answer_assessment_id_assessment")
        ),
        sa.ForeignKeyConstraint(
            ["dimension_id"], ["dimension.id"], name=op.f("fk_level_answer_dimension_id_dimension")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_level_answer")),
        sa.UniqueConstraint(
            "assessment_id", "dimension_id", "level", name=op.f("uq_level_answer_assessment_id_dimension_id_level")
        ),
    )
    op.create_table(
        "importance",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("assessment_id", sa.Integer(), nullable=False),
        sa.Column("dimension_id", sa.Integer(), nullable=False),
        sa.Column("importance", sa.Integer(), nullable=False),
        sa.CheckConstraint("importance BETWEEN 1 AND 3", name=op.f("ck_importance_importance_on_its_scale")),
        sa.ForeignKeyConstraint(
            ["assessment_id"], ["assessment.id"], name=op.f("fk_importance_assessment_id_assessment")
        ),
        sa.ForeignKeyConstraint(["dimension_id"], ["dimension.id"], name=op.f("fk_importance_dimension_id_dimension")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_importance")),
        sa.UniqueConstraint("assessment_id", "dimension_id", name=op.f("uq_importance_assessment_id_dimension_id")),
    )
    op.create_table(
        "set_aside",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("offer_id", sa.Integer(), nullable=False),
        sa.Column("because", sa.String(length=20), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["offer_id"], ["offer.id"], name=op.f("fk_set_aside_offer_id_offer")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_set_aside_person_id_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_set_aside")),
        sa.UniqueConstraint("person_id", "offer_id", name=op.f("uq_set_aside_person_id_offer_id")),
    )
    op.create_index(op.f("ix_set_aside_offer_id"), "set_aside", ["offer_id"])


def downgrade() -> None:
    op.drop_table("set_aside")
    op.drop_table("importance")
    op.drop_table("level_answer")
    with op.batch_alter_table("assessment") as batch:
        batch.drop_column("form")
