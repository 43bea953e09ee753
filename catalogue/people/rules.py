"""Pure decisions on signing in."""

import hashlib
import hmac
import secrets
from datetime import date, datetime, timedelta

import pyotp

from catalogue.people.models import Role

SIGNED_IN_FOR = timedelta(hours=12)
RESET_LINK_FOR = timedelta(hours=1)
BREAK_GLASS_LINK_FOR = timedelta(minutes=15)
SIGNED_IN_BY_BREAK_GLASS_FOR = timedelta(hours=1)
SHORTEST_PASSWORD = 10
FEWEST_TOLD_OF = 10
"""Of fewer people than these nothing is told to others: neither what they need nor how they fared."""
API_MARK = "es_"
"""By which whoever finds a token lying about knows what it opens."""
TOKEN_USE_NOTED_EVERY = timedelta(minutes=1)


def fold_email(email: str) -> str:
    """The one spelling under which an address is kept and looked up."""
    return email.strip().casefold()


def mailbox(email: str) -> str:
    """Whose an address is, folded: without what may stand after a "+" (RFC 5233)."""
    local, at, domain = fold_email(email).rpartition("@")
    return f"{local.partition('+')[0] or local}{at}{domain}"


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


STEP = 30
"""Seconds for which an authenticator shows a code (RFC 6238, section 5.2)."""
RECOVERY_CODES = 10
RECOVERY_ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"
"""Without what is easily taken for something else."""


def step_of(moment: datetime) -> int:
    """The number of the step that it is (RFC 6238, section 4.2)."""
    return int(moment.timestamp()) // STEP


def matching_step(secret: str, code: str, moment: datetime, last_step: int) -> int | None:
    """The step whose code this is, if it is the present one, the one before or the next, and after ``last_step``.

    RFC 6238, section 5.2: https://www.rfc-editor.org/rfc/rfc6238#section-5.2
    """
    maker, present = pyotp.TOTP(secret, interval=STEP), step_of(moment)
    matching = [
        step
        for step in (present - 1, present, present + 1)
        if hmac.compare_digest(maker.generate_otp(step).encode(), code.encode("utf-8", "surrogatepass"))
    ]
    return next((step for step in matching if step > last_step), None)


def new_recovery_code() -> str:
    """80 random bits, in four groups that can be written down."""
    return "-".join("".join(secrets.choice(RECOVERY_ALPHABET) for _ in range(4)) for _ in range(4))


def plain_code(typed: str) -> str:
    """A code as it is compared: without the spaces and hyphens that make it readable."""
    return "".join(typed.split()).replace("-", "").lower()


def fault_of_place(role: Role, *, organisation: bool, system: bool) -> str:
    """What is wrong with where a role is to hold, in plain words; nothing where it can hold there."""
    if organisation and system:
        return "Choose an organisation or a system, not both"
    if role in (Role.PARTNER, Role.EDITOR) and not organisation:
        return f"{'An editor' if role == Role.EDITOR else 'A partner'} needs an organisation: whose offers are theirs"
    if role == Role.FACILITATOR and not organisation:
        return "A facilitator needs an organisation: whose registers they keep"
    if role == Role.LEAD and not (organisation or system):
        return "A lead needs an organisation or a system: what they lead"
    if role == Role.REVIEWER and (organisation or system):
        return "A reviewer is one everywhere"
    return ""


Span = tuple[date | None, date | None]
"""From a day to a day, both included; none: without a beginning, without an end."""


def overlap(one: Span, other: Span) -> bool:
    """Whether there is a day in both."""
    return _begins_by(one[0], other[1]) and _begins_by(other[0], one[1])


def _begins_by(first: date | None, last: date | None) -> bool:
    return first is None or last is None or first <= last


def together(one: Span, other: Span) -> Span:
    """The span from the first day of the two to the last one."""
    return (
        None if one[0] is None or other[0] is None else min(one[0], other[0]),
        None if one[1] is None or other[1] is None else max(one[1], other[1]),
    )
