"""Pure decisions on signing in."""

import hashlib
import secrets
from datetime import timedelta

SIGNED_IN_FOR = timedelta(hours=12)
RESET_LINK_FOR = timedelta(hours=1)
SHORTEST_PASSWORD = 10


def fold_email(email: str) -> str:
    """The one spelling under which an address is kept and looked up."""
    return email.strip().casefold()


def new_token() -> str:
    """256 random bits, safe in an address."""
    return secrets.token_urlsafe(32)


def hash_token(token: str) -> str:
    """What is stored of a token: who reads the database cannot use it."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()


def safe_path(target: str | None) -> str | None:
    """``target`` if it is a path on this site, else nothing: no redirect leads anywhere else."""
    if not target or len(target) > 2000 or any(ord(character) <= 32 for character in target):
        return None
    if not target.startswith("/") or target.startswith("//") or "\\" in target:
        return None
    return target
