"""Reading registrations."""

from sqlalchemy import select
from sqlalchemy.orm import selectinload

from catalogue.extensions import db
from lti.models import Platform


def platforms() -> list[Platform]:
    return list(
        db.session.scalars(
            select(Platform)
            .options(selectinload(Platform.deployments), selectinload(Platform.organisation))
            .order_by(Platform.name, Platform.id)
        )
    )
