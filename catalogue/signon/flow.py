"""What a browser keeps between leaving for an identity provider and coming back: one sign-in at a time, ten minutes.

It is kept in the session's signed cookie, so an answer counts only in the browser that asked, and there once.
"""

from dataclasses import dataclass

from flask import current_app, session, url_for

from catalogue.clock import now
from catalogue.people.models import IdentityProvider
from catalogue.settings import Settings
from catalogue.signon.actions import secret_of
from catalogue.signon.protocol import Flow, Metadata, NotBelieved, Registration, authorization_address

KEPT_FOR = 600  # seconds
NAME = "single_sign_on"


@dataclass(frozen=True, slots=True)
class Kept:
    flow: Flow
    target: str
    says_issuer: bool
    adding: str
    """The key of whoever adds a way to sign in; empty for a sign-in."""


def settings() -> Settings:
    found: Settings = current_app.extensions["settings"]
    return found


def registration(provider: IdentityProvider) -> Registration:
    """Each provider has a return address of its own: no answer is taken for another's (RFC 9700, section 4.4.2)."""
    return Registration(provider.issuer, provider.client_id, secret_of(provider), return_address(provider.key))


def return_address(key: str) -> str:
    return settings().public_url.rstrip("/") + url_for("signon.back", key=key)


def begin(provider: IdentityProvider, us: Registration, there: Metadata, target: str, adding: str = "") -> str:
    """Returns where the browser is to go."""
    flow = Flow.new()
    session[NAME] = flow.as_kept() | {
        "provider": provider.id, "target": target, "says_issuer": there.says_issuer, "adding": adding,
        "at": int(now().timestamp()),
    }  # fmt: skip
    return authorization_address(us, there, flow)


def take(provider: IdentityProvider) -> Kept:
    """What this browser has kept, once. Raises ``NotBelieved``."""
    kept = session.pop(NAME, None)
    if not kept or kept["provider"] != provider.id or not 0 <= now().timestamp() - kept["at"] < KEPT_FOR:
        raise NotBelieved("the sign-in began in another browser, or too long ago")
    flow = Flow(kept["state"], kept["nonce"], kept["verifier"])
    return Kept(flow, kept["target"], kept["says_issuer"], kept["adding"])
