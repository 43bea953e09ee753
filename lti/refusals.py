"""Refused launches: a page in plain words, and a bounded number of rows for the administrator."""

from datetime import timedelta
from urllib.parse import urlencode

import structlog
from flask import g, render_template, url_for
from sqlalchemy import delete, func, select
from sqlalchemy.orm import selectinload

from catalogue.clock import now
from catalogue.errors import new_reference
from catalogue.extensions import db
from catalogue.transactions import run
from lti.errors import LaunchRefused
from lti.models import Platform, Refusal

KEPT_A_MINUTE = 60
DEPLOYMENTS_KEPT_A_MINUTE = 20
KEPT_FOR = timedelta(days=30)
LONGEST_REASON = 500

log = structlog.get_logger()


def page(refusal: LaunchRefused) -> tuple[str, int]:
    """The page for whoever launched; it can be seen in the platform's frame, where the platform is known."""
    reference = new_reference()
    log.info("launch refused", reference=reference, reason=refusal.reason, platform=refusal.platform_id)
    run(lambda: _keep(refusal, reference))
    g.frame_origin = refusal.frame_origin
    again = f"{url_for('lti.login')}?{urlencode(refusal.again)}" if refusal.again else ""
    html = render_template(
        "lti/refused.html", reason=refusal.reason, advice=refusal.advice, reference=reference, again=again
    )
    return html, refusal.status


def _keep(refusal: LaunchRefused, reference: str) -> None:
    """Keep the refusal, unless there were many within the last minute.

    Those that name a deployment, in a message that verified, count apart: what anybody can send leaves them room.
    """
    named = bool(refusal.deployment_id)
    alike = select(func.count()).where(
        Refusal.at > now() - timedelta(minutes=1),
        (Refusal.deployment_id != "") if named else Refusal.deployment_id == "",
    )
    if (db.session.scalar(alike) or 0) >= (DEPLOYMENTS_KEPT_A_MINUTE if named else KEPT_A_MINUTE):
        return
    db.session.execute(delete(Refusal).where(Refusal.at < now() - KEPT_FOR))
    db.session.add(
        Refusal(
            reference=reference,
            platform_id=refusal.platform_id,
            reason=_storable(refusal.reason)[:LONGEST_REASON],
            deployment_id=_storable(refusal.deployment_id)[:255],
        )
    )


def _storable(value: str) -> str:
    return value.replace("\x00", "").encode("utf-8", "replace").decode()


def recent(limit: int = 20) -> list[Refusal]:
    """The newest, and the newest of those that name a deployment, with what the page says of them."""
    newest = select(Refusal.id).order_by(Refusal.id.desc()).limit(limit)
    named = newest.where(Refusal.deployment_id != "")
    chosen = {*db.session.scalars(newest), *db.session.scalars(named)}
    return list(
        db.session.scalars(
            select(Refusal)
            .where(Refusal.id.in_(chosen))
            .options(selectinload(Refusal.platform).selectinload(Platform.deployments))
            .order_by(Refusal.id.desc())
        )
    )
