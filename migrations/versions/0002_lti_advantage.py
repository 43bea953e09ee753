"""LTI Advantage: platforms that register themselves, deep linking, copied courses, graded progress, second tries

Revision ID: 0002
Revises: 0001
"""

from datetime import timedelta

import sqlalchemy as sa
from alembic import op

from catalogue.extensions import UtcDateTime

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "lti_handover",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("platform_id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("arrived_at", sa.String(length=60), nullable=False),
        sa.Column("page", sa.Text(), nullable=False),
        sa.Column("expires_at", UtcDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_lti_handover_person_id_person")),
        sa.ForeignKeyConstraint(
            ["platform_id"], ["lti_platform.id"], name=op.f("fk_lti_handover_platform_id_lti_platform")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_lti_handover")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_lti_handover_token_hash")),
    )
    op.create_index(op.f("ix_lti_handover_expires_at"), "lti_handover", ["expires_at"])
    op.create_index(op.f("ix_lti_handover_platform_id"), "lti_handover", ["platform_id"])

    op.create_table(
        "lti_deep_linking",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("deployment_id", sa.Integer(), nullable=False),
        sa.Column("identity_id", sa.Integer(), nullable=False),
        sa.Column("course", sa.String(length=500), nullable=False),
        sa.Column("return_url", sa.Text(), nullable=False),
        sa.Column("data", sa.Text(), nullable=True),
        sa.Column("takes_several", sa.Boolean(), nullable=False),
        sa.Column("takes_line_items", sa.Boolean(), nullable=False),
        sa.Column("basket", sa.JSON(), nullable=False),
        sa.Column("created_at", UtcDateTime(timezone=True), nullable=False),
        sa.Column("expires_at", UtcDateTime(timezone=True), nullable=False),
        sa.Column("answered_at", UtcDateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["deployment_id"], ["lti_deployment.id"], name=op.f("fk_lti_deep_linking_deployment_id_lti_deployment")
        ),
        sa.ForeignKeyConstraint(
            ["identity_id"], ["lti_identity.id"], name=op.f("fk_lti_deep_linking_identity_id_lti_identity")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_lti_deep_linking")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_lti_deep_linking_token_hash")),
    )
    op.create_index(op.f("ix_lti_deep_linking_deployment_id"), "lti_deep_linking", ["deployment_id"])
    op.create_index(op.f("ix_lti_deep_linking_expires_at"), "lti_deep_linking", ["expires_at"])

    op.create_table(
        "lti_course_enrolment",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("enrolment_id", sa.Integer(), nullable=False),
        sa.Column("resource_link_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["enrolment_id"], ["enrolment.id"], name=op.f("fk_lti_course_enrolment_enrolment_id_enrolment")
        ),
        sa.ForeignKeyConstraint(
            ["resource_link_id"],
            ["lti_resource_link.id"],
            name=op.f("fk_lti_course_enrolment_resource_link_id_lti_resource_link"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_lti_course_enrolment")),
        sa.UniqueConstraint("enrolment_id", name=op.f("uq_lti_course_enrolment_enrolment_id")),
    )
    op.create_index(op.f("ix_lti_course_enrolment_resource_link_id"), "lti_course_enrolment", ["resource_link_id"])

    op.create_table(
        "lti_service_token",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("platform_id", sa.Integer(), nullable=False),
        sa.Column("scopes_hash", sa.String(length=64), nullable=False),
        sa.Column("token_encrypted", sa.Text(), nullable=False),
        sa.Column("until", UtcDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["platform_id"], ["lti_platform.id"], name=op.f("fk_lti_service_token_platform_id_lti_platform")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_lti_service_token")),
        sa.UniqueConstraint("platform_id", "scopes_hash", name=op.f("uq_lti_service_token_platform_id_scopes_hash")),
    )

    with op.batch_alter_table("delivery") as table:
        table.add_column(sa.Column("tried_until", UtcDateTime(timezone=True), nullable=True))
    _give_each_delivery_its_end()
    with op.batch_alter_table("delivery") as table:
        table.alter_column("tried_until", existing_type=UtcDateTime(timezone=True), nullable=False)

    with op.batch_alter_table("lti_context") as table:
        table.add_column(sa.Column("copied_from_id", sa.Integer(), nullable=True))
        table.create_foreign_key(
            op.f("fk_lti_context_copied_from_id_lti_context"), "lti_context", ["copied_from_id"], ["id"]
        )

    with op.batch_alter_table("lti_platform") as table:
        table.add_column(sa.Column("frames_origin", sa.String(length=300), nullable=False, server_default=""))
        table.alter_column("organisation_id", existing_type=sa.Integer(), nullable=True)
        table.create_check_constraint("approved_for_somebody", "state = 'pending' OR organisation_id IS NOT NULL")
    with op.batch_alter_table("lti_platform") as table:
        table.alter_column("frames_origin", existing_type=sa.String(length=300), server_default=None)

    with op.batch_alter_table("lti_arrival") as table:
        table.alter_column("target_value", existing_type=sa.String(length=100), type_=sa.String(length=500))
    with op.batch_alter_table("lti_resource_link") as table:
        table.add_column(sa.Column("grading", sa.String(length=20), nullable=False, server_default="completion"))
        table.alter_column("target_value", existing_type=sa.String(length=100), type_=sa.String(length=500))
    with op.batch_alter_table("lti_resource_link") as table:
        table.alter_column("grading", existing_type=sa.String(length=20), server_default=None)


def _give_each_delivery_its_end() -> None:
    """72 hours from when it was written, as before."""
    delivery = sa.table(
        "delivery",
        sa.column("id", sa.Integer),
        sa.column("created_at", UtcDateTime(timezone=True)),
        sa.column("tried_until", UtcDateTime(timezone=True)),
    )
    connection = op.get_bind()
    ends = [
        {"key": row.id, "end": row.created_at + timedelta(hours=72)}
        for row in connection.execute(sa.select(delivery.c.id, delivery.c.created_at))
    ]
    if ends:
        update = delivery.update().where(delivery.c.id == sa.bindparam("key"))
        connection.execute(update.values(tried_until=sa.bindparam("end")), ends)


def downgrade() -> None:
    for table in ("lti_arrival", "lti_resource_link"):
        op.execute(
            f"UPDATE {table} SET target = 'offers', target_value = '' WHERE length(target_value) > 100"  # noqa: S608
        )
    with op.batch_alter_table("lti_resource_link") as table:
        table.alter_column("target_value", existing_type=sa.String(length=500), type_=sa.String(length=100))
        table.drop_column("grading")
    with op.batch_alter_table("lti_arrival") as table:
        table.alter_column("target_value", existing_type=sa.String(length=500), type_=sa.String(length=100))

    op.drop_table("lti_service_token")
    op.drop_table("lti_course_enrolment")
    nobodys = "(SELECT id FROM lti_platform WHERE organisation_id IS NULL)"
    for table in ("lti_deployment", "lti_refusal", "lti_login_state"):
        op.execute(f"DELETE FROM {table} WHERE platform_id IN {nobodys}")  # noqa: S608
    op.execute("DELETE FROM lti_platform WHERE organisation_id IS NULL")
    with op.batch_alter_table("lti_platform") as table:
        table.drop_constraint(op.f("ck_lti_platform_approved_for_somebody"), type_="check")
        table.alter_column("organisation_id", existing_type=sa.Integer(), nullable=False)
        table.drop_column("frames_origin")

    with op.batch_alter_table("lti_context") as table:
        table.drop_constraint(op.f("fk_lti_context_copied_from_id_lti_context"), type_="foreignkey")
        table.drop_column("copied_from_id")
    with op.batch_alter_table("delivery") as table:
        table.drop_column("tried_until")
    op.drop_table("lti_deep_linking")
    op.drop_table("lti_handover")
