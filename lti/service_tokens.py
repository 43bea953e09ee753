"""Service tokens that platforms granted us, for all processes: by registration and scopes, encrypted at rest.

Each function is a transaction of its own: none stays open while a platform is asked.
"""

from datetime import datetime, timedelta

from sqlalchemy import delete, select

from catalogue.clock import now
from catalogue.extensions import db
from catalogue.people.rules import hash_token
from catalogue.transactions import run
from lti import keys
from lti.models import ServiceToken

RENEWED_EARLY = timedelta(seconds=60)
LONGEST = timedelta(days=1)


def held(platform_id: int, scopes: str) -> str | None:
    """The token for these scopes, unless it runs out within a minute, or cannot be read with the present secrets."""
    sealed = db.session.scalar(
        select(ServiceToken.token_encrypted).where(
            ServiceToken.platform_id == platform_id,
            ServiceToken.scopes_hash == hash_token(scopes),
            ServiceToken.until > now(),
        )
    )
    db.session.rollback()
    return keys.unseal(sealed) if sealed else None


def keep(platform_id: int, scopes: str, token: str, expires_in: float) -> None:
    """``expires_in``: seconds."""
    until = now() + timedelta(seconds=min(expires_in, LONGEST.total_seconds())) - RENEWED_EARLY
    run(lambda: _replace(platform_id, scopes, token, until))


def drop(platform_id: int, scopes: str) -> None:
    run(lambda: _forget(platform_id, scopes))


def _replace(platform_id: int, scopes: str, token: str, until: datetime) -> None:
    _forget(platform_id, scopes)
    db.session.add(
        ServiceToken(
            platform_id=platform_id, scopes_hash=hash_token(scopes), token_encrypted=keys.seal(token), until=until
        )
    )


def _forget(platform_id: int, scopes: str) -> None:
    db.session.execute(
        delete(ServiceToken).where(
            ServiceToken.platform_id == platform_id, ServiceToken.scopes_hash == hash_token(scopes)
        )
    )
