"""Launches under way.

OIDC Login, state and nonce: https://www.imsglobal.org/spec/security/v1p0/#step-2-authentication-request
A state is bound to the browser by a cookie of its own (so that several tabs work) and to the registration;
the nonce is used up by the one atomic deletion of the row that holds both.
"""

from dataclasses import dataclass
from datetime import timedelta

from flask import Request, Response
from sqlalchemy import delete, select

from catalogue.clock import now
from catalogue.extensions import db
from catalogue.people.rules import hash_token, new_token
from catalogue.transactions import run
from lti.models import Handover, LoginState, Platform

LOGIN_FOR = timedelta(minutes=10)
HANDED_OVER_FOR = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Begun:
    """What a login was begun with: ``state`` and ``nonce`` go to the platform, ``browser`` into a cookie."""

    state: str
    nonce: str
    browser: str


def forget_expired() -> None:
    """Once a day: nothing of a launch that never came, or was never gone on with, stays. A transaction of its own."""

    def forget() -> None:
        for model in (LoginState, Handover):
            db.session.execute(delete(model).where(model.expires_at < now()))

    run(forget)


def key_of(state: str) -> str:
    """Under what a platform that stores for us keeps what binds a login to the browser."""
    return f"lti1p3_{hash_token(state)[:12]}"


def begin_login(platform: Platform, asked: dict[str, str]) -> Begun:
    """Within a transaction, remember a login and what it was asked with; those that ran out are forgotten."""
    db.session.execute(delete(LoginState).where(LoginState.expires_at < now()))
    begun = Begun(new_token(), new_token(), new_token())
    db.session.add(
        LoginState(
            state_hash=hash_token(begun.state),
            nonce_hash=hash_token(begun.nonce),
            browser_hash=hash_token(begun.browser),
            platform_id=platform.id,
            asked=asked,
            expires_at=now() + LOGIN_FOR,
        )
    )
    return begun


def open_login(state: str) -> LoginState | None:
    """The login behind a state, unless it was used up or has run out."""
    return db.session.scalar(
        select(LoginState).where(LoginState.state_hash == hash_token(state), LoginState.expires_at > now())
    )


def use_up(state_hash: str, nonce_hash: str, platform_id: int) -> bool:
    """Delete the login; true for exactly one caller, whoever asks at the same moment."""
    deleted = db.session.execute(
        delete(LoginState)
        .where(
            LoginState.state_hash == state_hash,
            LoginState.nonce_hash == nonce_hash,
            LoginState.platform_id == platform_id,
            LoginState.expires_at > now(),
        )
        .returning(LoginState.id)
    ).scalar()
    return deleted is not None


def cookie_name(state: str) -> str:
    return f"__Host-everyseat-lti-{hash_token(state)[:12]}"


def browser_of(request: Request, state: str) -> str:
    """What the browser that began the login was given, or an empty string."""
    return request.cookies.get(cookie_name(state), "")


def keeps_cookies(request: Request) -> bool:
    """Whether this browser has sent back any cookie of ours."""
    return any(name.startswith("__Host-everyseat") for name in request.cookies)


def hand_over(platform: Platform, person_id: int, arrived_at: str, page: str) -> str:
    """Within a transaction, keep a verified launch for a new window; returns the token that takes it, once."""
    db.session.execute(delete(Handover).where(Handover.expires_at < now()))
    token = new_token()
    db.session.add(
        Handover(
            token_hash=hash_token(token), platform_id=platform.id, person_id=person_id,
            arrived_at=arrived_at, page=page, expires_at=now() + HANDED_OVER_FOR,
        )
    )  # fmt: skip
    return token


def take_over(token: str) -> Handover | None:
    """Within a transaction, use a handover up; for exactly one caller."""
    taken = db.session.execute(
        delete(Handover)
        .where(Handover.token_hash == hash_token(token), Handover.expires_at > now())
        .returning(Handover.platform_id, Handover.person_id, Handover.arrived_at, Handover.page)
    ).one_or_none()
    return Handover(**taken._mapping) if taken else None


def set_probe(response: Response) -> None:
    """A cookie that only shows whether cookies come back here."""
    response.set_cookie(
        "__Host-everyseat-lti-probe",
        "1",
        max_age=60,
        secure=True,
        httponly=True,
        samesite="None",
        partitioned=True,
    )


def set_cookie(response: Response, begun: Begun) -> None:
    """A platform shows us in a frame on its own site: there, only a partitioned cookie comes back."""
    response.set_cookie(
        cookie_name(begun.state),
        begun.browser,
        max_age=int(LOGIN_FOR.total_seconds()),
        secure=True,
        httponly=True,
        samesite="None",
        partitioned=True,
    )


def drop_cookie(response: Response, state: str) -> None:
    response.delete_cookie(cookie_name(state), secure=True, httponly=True, samesite="None", partitioned=True)
