"""A second thing to sign in with: codes of an authenticator app, and recovery codes for whoever has lost it.

Time-based one-time passwords, RFC 6238: https://www.rfc-editor.org/rfc/rfc6238
"""

from contextlib import suppress

import pyotp
from cryptography.fernet import InvalidToken
from sqlalchemy import select

from catalogue.clock import now
from catalogue.encryption import cipher
from catalogue.errors import Refused
from catalogue.extensions import db
from catalogue.mail import write_mail
from catalogue.people import audit, queries
from catalogue.people.actions import end_all_sign_ins
from catalogue.people.models import Authenticator, Person
from catalogue.people.rules import RECOVERY_CODES, hash_token, matching_step, new_recovery_code, plain_code, step_of

PURPOSE = "authenticator"
NAME = "Every Seat"


def new_secret() -> str:
    """160 random bits (RFC 4226, section 4, requirement R6), encrypted, until somebody has set them up."""
    return seal(pyotp.random_base32())


def seal(secret: str) -> str:
    return cipher(PURPOSE).encrypt(secret.encode()).decode()


def opened(sealed: str) -> str:
    """The secret as an app takes it (base32). Raises ``Refused``."""
    try:
        return cipher(PURPOSE).decrypt(sealed.encode()).decode()
    except InvalidToken as fault:
        raise Refused("This authenticator cannot be read any more. Ask an administrator to reset it.") from fault


def address(secret: str, label: str) -> str:
    """What the picture holds: the address by which an app is set up (the Key URI format)."""
    return pyotp.TOTP(secret).provisioning_uri(name=label, issuer_name=NAME)


def set_up(person: Person, sealed: str, code: str) -> list[str] | None:
    """Keep a secret whose code somebody has shown to have; returns their recovery codes, or nothing for a wrong code.

    Raises ``Refused`` where they have an authenticator already.
    """
    db.session.get_one(Person, person.id, with_for_update=True)
    if queries.authenticator_of(person.id) is not None:
        raise Refused("You have set up an authenticator already. Sign in with its code.")
    step = matching_step(opened(sealed), plain_code(code), now(), 0)
    if step is None:
        return None
    kept = Authenticator(person_id=person.id, secret_encrypted=sealed, last_step=step)
    db.session.add(kept)
    audit.record("authenticator set up", person.key, person.key)
    return _new_recovery_codes(kept)


def accept(person: Person, code: str) -> bool:
    """Whether this is a code of theirs that has not counted yet; from now on it counts no more."""
    kept = _held(person)
    if kept is None:
        return False
    typed = plain_code(code)
    step = matching_step(opened(kept.secret_encrypted), typed, now(), kept.last_step)
    if step is not None:
        kept.last_step = step
        return True
    used = hash_token(typed)
    if used not in kept.recovery_hashes:
        return False
    kept.recovery_hashes = [left for left in kept.recovery_hashes if left != used]
    audit.record("recovery code used", person.key, person.key, left=len(kept.recovery_hashes))
    return True


def _held(person: Person) -> Authenticator | None:
    """Theirs, until the commit: of two who come with the same code at the same moment, one is let in."""
    return db.session.scalar(
        select(Authenticator)
        .where(Authenticator.person_id == person.id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )


def new_recovery_codes(person: Person) -> list[str]:
    """Ten new ones, in place of those that there were. Raises ``Refused`` where there is no authenticator."""
    kept = _held(person)
    if kept is None:
        raise Refused("There is no authenticator that they could stand in for.")
    audit.record("recovery codes made", person.key, person.key)
    return _new_recovery_codes(kept)


def _new_recovery_codes(kept: Authenticator) -> list[str]:
    codes = [new_recovery_code() for _ in range(RECOVERY_CODES)]
    kept.recovery_hashes = [hash_token(plain_code(code)) for code in codes]
    return codes


def take_away(person: Person, actor_key: str = "") -> None:
    """Forget somebody's authenticator and end what they have open; whoever needs one sets it up when they sign in next.

    They are told by e-mail, unless they did it. Raises ``Refused`` where there is none.
    """
    kept = _held(person)
    if kept is None:
        raise Refused("They have no authenticator.")
    db.session.delete(kept)
    end_all_sign_ins(person=person)
    audit.record("authenticator reset", person.key, actor_key)
    account = queries.account_of(person.id)
    if account is not None and actor_key != person.key:
        write_mail(
            account.email,
            "Your Every Seat authenticator was reset",
            "An administrator of Every Seat has reset your authenticator: the app on your telephone and your recovery "
            "codes open nothing any more. If you need one, you are asked to set it up when you sign in next.\n\n"
            "If you did not ask for this, tell an administrator at once: somebody may know your password.\n",
        )


def encrypt_anew() -> None:
    """Encrypt the stored secrets with the newest of ours; what cannot be read stays as it is."""
    for kept in db.session.scalars(select(Authenticator).with_for_update()):
        with suppress(InvalidToken):
            kept.secret_encrypted = cipher(PURPOSE).rotate(kept.secret_encrypted.encode()).decode()


def next_code(person: Person) -> tuple[str, int]:
    """A code that counts, and for how many seconds to wait before it does: for the accounts of the demonstration.

    Raises ``Refused`` where there is no authenticator.
    """
    kept = queries.authenticator_of(person.id)
    if kept is None:
        raise Refused("They have no authenticator.")
    moment = now()
    present = step_of(moment)
    step = max(present, kept.last_step + 1)
    wait = max(0, (step - 1) * 30 - int(moment.timestamp()))  # the next step's code counts in this one
    return pyotp.TOTP(opened(kept.secret_encrypted)).generate_otp(step), wait
