"""Between the password and the code: nobody is signed in yet, and the browser keeps how far they are, for ten minutes.

It is kept in the session's cookie, which is signed: nobody but us can write there that a password was right.
"""

from dataclasses import dataclass

from flask import session

from catalogue.clock import now
from catalogue.people.entering import Vouched

KEPT_FOR = 600  # seconds
NAME = "half_way"


@dataclass(frozen=True, slots=True)
class HalfWay:
    vouched: Vouched
    target: str
    secret: str
    """What an authenticator is to be set up with, encrypted; empty for whoever has one."""


def begin(vouched: Vouched, target: str, secret: str = "") -> None:
    session[NAME] = {
        "person": vouched.person_id, "via": vouched.via, "proof": vouched.proof, "target": target, "secret": secret,
        "at": int(now().timestamp()),
    }  # fmt: skip


def there() -> HalfWay | None:
    """How far this browser is; nothing where it has not begun, or too long ago."""
    kept = session.get(NAME)
    if not kept or not 0 <= now().timestamp() - kept["at"] < KEPT_FOR:
        return None
    return HalfWay(Vouched(kept["person"], kept["via"], kept["proof"]), kept["target"], kept["secret"])
