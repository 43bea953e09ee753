"""Refused launches: a page in plain words, and a bounded number of rows for the administrator."""

from dataclasses import dataclass
from datetime import timedelta
from urllib.parse import urlencode

import structlog
from flask import g, render_template, url_for
from sqlalchemy import delete, func, or_, select
from sqlalchemy.orm import selectinload

from catalogue.clock import now
from catalogue.errors import new_reference
from catalogue.extensions import db
from catalogue.transactions import run
from lti.errors import LaunchRefused, Why
from lti.models import Platform, Refusal

KEPT_A_MINUTE = 60
DEPLOYMENTS_KEPT_A_MINUTE = 20
OF_NO_PLATFORM_KEPT_A_MINUTE = 20
KEPT_FOR = timedelta(days=30)
MOST_KEPT = 10_000
LONGEST_REASON = 500

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Page:
    """What whoever launched reads: what happened, and what they can do.

    What is ``ordinary`` is nothing for an administrator to look into: no row is kept of it, and no reference is shown.
    """

    title: str
    happened: str
    status: int = 400
    ordinary: bool = False


BLOCKED = (
    "Your browser keeps Every Seat out of this frame",
    "It blocks the cookies that Every Seat needs inside another site. Open it in a new window instead.",
)
PAGES = {
    Why.UNKNOWN_PLATFORM: Page(
        "Your learning platform is not connected",
        "Every Seat does not know the learning platform that you came from, or knows it by another name.",
        403,
    ),
    Why.PENDING_PLATFORM: Page(
        "Your learning platform is waiting to be approved",
        "It has asked to be connected, and an administrator of Every Seat has not approved it yet.",
        403,
    ),
    Why.SUSPENDED_PLATFORM: Page(
        "Every Seat is switched off for your learning platform",
        "An administrator of Every Seat has suspended launches from your learning platform.",
        403,
    ),
    Why.UNKNOWN_DEPLOYMENT: Page(
        "This part of your learning platform is not connected yet",
        "Every Seat was added in a new place of your learning platform. An administrator of Every Seat can see that, "
        "and can let it in.",
    ),
    Why.SUSPENDED_PERSON: Page(
        "Your access is switched off",
        "An administrator of Every Seat has suspended your access.",
        403,
        ordinary=True,
    ),
    Why.NOT_OURS: Page(
        "This link leads somewhere else", "The link in your course was set up with an address that is not Every Seat’s."
    ),
    Why.NO_COOKIES: Page(*BLOCKED, ordinary=True),
    Why.COOKIE_LOST: Page(*BLOCKED),  # a message came, which may be another browser's
    Why.OTHER_BROWSER: Page(
        "This began in another browser", "Go back to your course in this browser, and open the link again."
    ),
    Why.USED_UP: Page(
        "This page was opened before",
        "Opening Every Seat from a course works once each time, and within 10 minutes. Go back to your course and "
        "open the link again.",
    ),
    Why.PLATFORM_STOPPED: Page(
        "Your learning platform stopped this",
        "It did not say who you are. Go back to your course, sign in there if you are asked to, and open the link "
        "again.",
    ),
    Why.NO_KEYS: Page(
        "We could not reach your learning platform",
        "To check that it was your learning platform that sent you, we asked for its public keys, and had no answer "
        "that we could use. Try again in a few minutes.",
    ),
    Why.NOT_VERIFIED: Page(
        "We could not check where this came from",
        "The message that came with you did not prove to be from your learning platform. Go back to your course and "
        "open the link again.",
    ),
    Why.CLOCKS: Page(
        "The time on the message was wrong",
        "The message from your learning platform was too old, or dated in the future. Go back to your course and open "
        "the link again. If it happens each time, a clock is wrong, which its administrator can put right.",
    ),
    Why.INCOMPLETE: Page(
        "Something was missing in the message",
        "Your learning platform left something out that Every Seat needs to open.",
    ),
    Why.OTHER_MESSAGE: Page(
        "Every Seat cannot open this", "Your learning platform asked for something that Every Seat does not offer."
    ),
    Why.NOT_A_TEACHER: Page(
        "Only teachers can add to a course", "Your learning platform did not say that you teach in this course.", 403
    ),
    Why.CHOOSING_OVER: Page(
        "This choosing is over",
        "Choosing for a course stays open for an hour. Go back to your course, and begin again from there.",
        410,
    ),
    Why.ANSWERED: Page(
        "Your course has its answer already",
        "What you chose went to your course, once. Look there first. To add more, begin again from your course.",
        409,
    ),
    Why.NOTHING_TO_REVIEW: Page(
        "There is nothing to look at here",
        "Nobody has done anything here from this course yet, or it is not yours to see.",
        404,
        ordinary=True,
    ),
}


def page(refusal: LaunchRefused) -> tuple[str, int]:
    """The page for whoever launched; it can be seen in the platform's frame, where the platform is known."""
    said, reference = PAGES[refusal.why], new_reference()
    log.info("launch refused", reference=reference, reason=refusal.reason, platform=refusal.platform_id)
    kept = False
    if not said.ordinary and _has_room(refusal):  # read first: what is not kept waits for nobody who writes
        kept = run(lambda: _keep(refusal, reference))
    g.frame_origin = refusal.frame_origin
    again = f"{url_for('lti.login')}?{urlencode(refusal.again)}" if refusal.again else ""
    html = render_template(
        "lti/refused.html",
        said=said, reason=refusal.reason, reference=reference, kept=kept, again=again, back=refusal.back,
    )  # fmt: skip
    return html, said.status


def _has_room(refusal: LaunchRefused) -> bool:
    """Whether there were not too many like it within the last minute.

    Each platform has room of its own, and so has what names none, which anybody can send. Those that name a deployment,
    in a message that verified, count apart.
    """
    named = bool(refusal.deployment_id)
    alike = select(func.count()).where(
        Refusal.at > now() - timedelta(minutes=1),
        Refusal.platform_id == refusal.platform_id,
        (Refusal.deployment_id != "") if named else Refusal.deployment_id == "",
    )
    most = DEPLOYMENTS_KEPT_A_MINUTE if named else KEPT_A_MINUTE
    if refusal.platform_id is None:
        most = OF_NO_PLATFORM_KEPT_A_MINUTE
    return (db.session.scalar(alike) or 0) < most


def _keep(refusal: LaunchRefused, reference: str) -> bool:
    """Whether there was room."""
    if not _has_room(refusal):
        return False
    kept = Refusal(
        reference=reference,
        platform_id=refusal.platform_id,
        reason=_storable(refusal.reason)[:LONGEST_REASON],
        deployment_id=_storable(refusal.deployment_id)[:255],
    )
    db.session.add(kept)
    db.session.flush()
    too_old = or_(Refusal.at < now() - KEPT_FOR, Refusal.id <= kept.id - MOST_KEPT)
    db.session.execute(delete(Refusal).where(too_old).execution_options(synchronize_session=False))
    return True


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
