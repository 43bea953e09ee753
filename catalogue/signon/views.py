"""Signing in at an identity provider, and the ways in which somebody signs in."""

import structlog
from flask import Blueprint, flash, redirect, render_template, request, session, url_for
from flask_login import current_user
from werkzeug.wrappers import Response

from catalogue.errors import NotVouchedFor
from catalogue.extensions import db, limiter
from catalogue.people import queries as people
from catalogue.people.entering import Vouched
from catalogue.people.models import IdentityProvider, Person
from catalogue.people.rules import safe_path
from catalogue.people.views import let_in
from catalogue.security import public, signed_in
from catalogue.signon import actions, flow, protocol, queries
from catalogue.signon.protocol import Claims, DoesNotAnswer, Metadata, NotBelieved, Registration
from catalogue.transactions import run

signon = Blueprint("signon", __name__)
log = structlog.get_logger()
OFTEN = "120 per minute"  # a hospital comes from one address


@signon.get("/sign-in/with/<key>")
@public
@limiter.limit(OFTEN)
def start(key: str) -> Response:
    """Straight to a provider: for its button, and for a link on an intranet."""
    target = safe_path(request.args.get("next")) or url_for("home.index")
    if current_user.is_authenticated:
        return redirect(target)
    provider = queries.open_provider(key)
    us, there = _both(provider)
    return redirect(flow.begin(provider, us, there, target))


@signon.get("/sign-in/from/<key>")
@public
@limiter.limit(OFTEN)
def back(key: str) -> Response:
    """Where a provider sends the browser back to, with a code (Core 1.0, section 3.1.2.5)."""
    provider = queries.open_provider(key)
    name, provider_id = provider.name, provider.id
    try:
        kept = flow.take(provider)
        us = flow.registration(provider)
        code = protocol.code_of(request.args.to_dict(flat=False), us, kept.flow, says_issuer=kept.says_issuer)
        if kept.adding and not (current_user.is_authenticated and current_user.person.key == kept.adding):
            raise NotBelieved("somebody else is signed in than who began to add it")
        claims = _claims(us, kept.flow, code)
    except NotBelieved as fault:
        raise _refusal(key, name, fault) from fault
    if kept.adding:
        person_key = kept.adding
        run(lambda: actions.add_identity(people.person_by_key(person_key), provider_id, claims))
        flash(f"You can sign in through {name} now{f', where you are {claims.name}' if claims.name else ''}.")
        return redirect(url_for("signon.yours"))
    vouched = run(lambda: Vouched.by_identity(actions.arrive(provider_id, claims)))
    entered = let_in(vouched, kept.target)
    if entered is None:
        raise NotVouchedFor("You are suspended, or nobody signs in this way any more. Ask an administrator.")
    return entered


def _claims(us: Registration, kept: protocol.Flow, code: str) -> Claims:
    """No transaction is open while the provider is asked."""
    db.session.rollback()
    client = protocol.client_for(development=flow.settings().development)
    return protocol.redeem(us, protocol.discover(us.issuer, client), kept, code, client)


def _both(provider: IdentityProvider) -> tuple[Registration, Metadata]:
    """What the provider knows of us, and what it says about itself. Raises ``NotVouchedFor``."""
    key, name, us = provider.key, provider.name, flow.registration(provider)
    db.session.rollback()
    try:
        there = protocol.discover(us.issuer, protocol.client_for(development=flow.settings().development))
    except NotBelieved as fault:
        raise _refusal(key, name, fault) from fault
    db.session.refresh(provider)
    return us, there


def _refusal(key: str, name: str, fault: NotBelieved) -> NotVouchedFor:
    log.warning("single sign-on refused", provider=key, reason=str(fault), cause=str(fault.__cause__ or "")[:300])
    if isinstance(fault, DoesNotAnswer):
        return NotVouchedFor(f"{name} does not answer just now. Try again later, or sign in another way.")
    return NotVouchedFor(
        f"{name} did not say who you are in a way that we can rely on, or you did not finish signing in there. "
        "Begin again on the sign-in page, in this browser. If it happens again, tell your administrator the reference."
    )


@signon.get("/your-sign-ins")
@signed_in
def yours() -> str:
    return _yours()


def _yours(onward: str = "", through: str = "") -> str:
    person = current_user.person
    own = queries.identities_of(person.id)
    held = {identity.provider_id for identity in own}
    return render_template(
        "signon/yours.html",
        identities=own, account=people.account_of(person.id), authenticator=people.authenticator_of(person.id),
        others=[provider for provider in queries.open_providers() if provider.id not in held],
        onward=onward, through=through,
    )  # fmt: skip


@signon.post("/your-sign-ins/add/<key>")
@signed_in
@limiter.limit(OFTEN)
def add(key: str) -> str:
    """The browser goes on by a link: our forms lead nowhere but to us."""
    provider = queries.open_provider(key)
    us, there = _both(provider)
    onward = flow.begin(provider, us, there, url_for("signon.yours"), adding=current_user.person.key)
    return _yours(onward, provider.name)


@signon.post("/your-sign-ins/<int(max=2147483647):identity_id>/remove")
@signed_in
def remove(identity_id: int) -> Response:
    person_id = current_user.person.id
    run(lambda: actions.remove_identity(db.session.get_one(Person, person_id), identity_id))
    session.pop(flow.NAME, None)
    flash("You cannot sign in that way any more.")
    return redirect(url_for("signon.yours"))
