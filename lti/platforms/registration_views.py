"""The window that a platform opens to have itself connected."""

from collections.abc import Mapping
from threading import BoundedSemaphore

import structlog
from flask import Blueprint, current_app, g, render_template, request
from sqlalchemy.exc import SQLAlchemyError

from catalogue.errors import Refused
from catalogue.extensions import csrf, db, limiter
from catalogue.security import public
from catalogue.settings import Settings
from catalogue.transactions import run
from lti import keys
from lti.addresses import origin
from lti.platforms import actions, registration
from lti.platforms.registration import Asked, RegistrationRefused
from lti.platforms.rules import is_fit_url

lti_registration = Blueprint("lti_registration", __name__, url_prefix="/lti")

REGISTRATIONS = "10 per minute"
"""For one client address: each has us call a platform."""
under_way = BoundedSemaphore(2)
"""In one process: each holds one of its threads for as long as the platform takes."""

log = structlog.get_logger()


@lti_registration.before_request
def show_in_its_frame() -> None:
    """Whatever is answered can be seen on the platform that opened the window, and on no other."""
    url = request.values.get("openid_configuration", "")
    if is_fit_url(url, development=_settings().development):
        g.frame_origin = origin(url)


@lti_registration.errorhandler(RegistrationRefused)
def refused(refusal: RegistrationRefused) -> tuple[str, int]:
    return render_template("lti/register_failed.html", refusal=refusal), refusal.status


@lti_registration.get("/register")
@public
def ask() -> str:
    """What is about to happen; nothing does yet."""
    return render_template("lti/register.html", asked=_asked(request.args))


# No token of our own: in the platform's frame a browser may keep no cookie to check one against. Nobody's sign-in
# counts here, so a form on another site gains nothing that its author could not do without a victim.
@lti_registration.post("/register")
@csrf.exempt  # type: ignore[untyped-decorator]
@public
@limiter.limit(REGISTRATIONS)
def register() -> str:
    asked, settings = _asked(request.form), _settings()
    try:
        actions.check_pending(asked.configuration_url)
    except Refused as full:
        raise RegistrationRefused(str(full), status=full.status) from full
    db.session.rollback()  # no transaction stays open while the platform is asked
    if not under_way.acquire(blocking=False):
        raise RegistrationRefused("Others are being connected just now. Try again in a minute.", status=503)
    try:
        given = registration.register(asked, settings.public_url, development=settings.development)
    finally:
        under_way.release()
    try:
        run(lambda: actions.add_pending(given))
    except Refused as refusal:
        raise RegistrationRefused(str(refusal), status=refusal.status, answered=True) from refusal
    except SQLAlchemyError as fault:
        log.error("a registration was not kept", issuer=given.issuer, exc_info=True)
        raise RegistrationRefused(
            "Your platform has registered Every Seat, and Every Seat could not keep its side of it. It is our fault.",
            status=503, answered=True,
        ) from fault  # fmt: skip
    keys.ensure_key()
    return render_template("lti/registered.html", asked=asked, given=given, origin=origin(asked.configuration_url))


def _asked(sent: Mapping[str, str]) -> Asked:
    return registration.read_asked(sent, development=_settings().development)


def _settings() -> Settings:
    settings: Settings = current_app.extensions["settings"]
    return settings
