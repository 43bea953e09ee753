"""What feedback says of an organisation's people, beside what it says of a system's

Revision ID: 0011
Revises: 0010
"""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

FOREIGN_KEY = "fk_feedback_group_report_organisation_id_organisation"
INDEX = "ix_feedback_group_report_organisation_id"


def upgrade() -> None:
    with op.batch_alter_table("feedback_group_report") as table:
        table.add_column(sa.Column("organisation_id", sa.Integer(), nullable=True))
        table.create_foreign_key(op.f(FOREIGN_KEY), "organisation", ["organisation_id"], ["id"])
        table.create_index(op.f(INDEX), ["organisation_id"])


def downgrade() -> None:
    # A system's leads were told of its organisations too, so these tables stay theirs.
    with op.batch_alter_table("feedback_group_report") as table:
        table.drop_index(op.f(INDEX))
        table.drop_constraint(op.f(FOREIGN_KEY), type_="foreignkey")
        table.drop_column("organisation_id")
