"""Our own key ring: what we sign service requests with, and the key set that platforms check them against.

Security Framework 1.0, section 6.3 (key set URL): https://www.imsglobal.org/spec/security/v1p0/#h_key-set-url
A new key is published for a day before it signs, so that a platform that keeps our key set for a while knows it in
time. A retired one stays published until nothing signed by it is valid any more (what we sign is valid for an hour
at most), and is then destroyed. Private keys are encrypted at rest.
"""

from datetime import timedelta
from typing import Any

import structlog
from cryptography.fernet import InvalidToken
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from jwt.algorithms import RSAAlgorithm
from sqlalchemy import delete, func, or_, select

from catalogue.clock import now
from catalogue.encryption import cipher
from catalogue.extensions import db
from catalogue.people.rules import hash_token
from catalogue.transactions import run
from lti.models import SigningKey

PUBLISHED_BEFORE_SIGNING = timedelta(days=1)
PUBLISHED_AFTER_RETIRING = timedelta(days=1)
ROTATED_EVERY = timedelta(days=90)
PURPOSE = "everyseat lti signing keys"

LOCKED = (
    "The signing keys were stored under another secret: set EVERYSEAT_ENCRYPTION_KEYS, or EVERYSEAT_SECRET_KEY, back "
    "to what it was. If that is lost, run: everyseat keys rotate --now"
)
log = structlog.get_logger()


class KeysLocked(RuntimeError):
    """The stored private keys cannot be read with the secrets that are set."""


def key_set() -> dict[str, list[dict[str, Any]]]:
    """The public keys, newest first; makes the first key if there is none."""
    keys = published()
    if not keys:
        ensure_key()
        keys = published()
    return {"keys": [key.public_jwk for key in keys]}


def signing_key() -> tuple[str, str]:
    """The id of the key that signs now, and its private key as PEM. Raises ``KeysLocked``."""
    key = _signs_now()
    if key is None:
        ensure_key()
        key = _signs_now()
    if key is None:
        raise RuntimeError("there is no signing key, and none could be made")
    return key.kid, _opened(key)


def ensure_key() -> None:
    """Make the first key, once, whoever asks at the same moment. A transaction of its own."""

    def make() -> None:
        if db.session.scalar(select(func.count()).select_from(SigningKey)) == 0:
            db.session.add(_new_key(1))

    run(make)


def rotate() -> bool:
    """Within a transaction, publish a new key that signs from tomorrow on, and retire the older ones then.

    While one waits to sign already, nothing is added: whether one was is returned. What is stored is encrypted
    with the newest secret. Raises ``KeysLocked`` where it cannot be read.
    """
    moment, ring = now(), _ring()
    if not all(_encrypted_anew(key) for key in ring):
        raise KeysLocked(LOCKED)
    # One that waits for longer than a day was made while the clock was ahead.
    if any(moment < key.signs_from <= moment + PUBLISHED_BEFORE_SIGNING for key in ring if key.retired_at is None):
        return False
    made = _new_key(ring[-1].number + 1 if ring else 1)
    made.signs_from = moment + PUBLISHED_BEFORE_SIGNING if ring else moment
    for key in ring:
        key.retired_at = min(key.retired_at or made.signs_from, made.signs_from)
    db.session.add(made)
    return True


def replace() -> None:
    """Within a transaction, destroy every key, and publish a new one that signs at once."""
    ring = _ring()
    db.session.execute(delete(SigningKey))
    db.session.add(_new_key(ring[-1].number + 1 if ring else 1))


def _ring() -> list[SigningKey]:
    """Every key, oldest first, held until the commit."""
    return list(db.session.scalars(select(SigningKey).order_by(SigningKey.number).with_for_update()))


def look_after() -> None:
    """Once a day: destroy what is published no longer, and rotate when it is time. Transactions of its own."""
    run(_destroy)
    if run(_rotate_when_due):
        log.info("a new signing key is published, and signs from tomorrow on")


def _destroy() -> None:
    db.session.execute(delete(SigningKey).where(SigningKey.retired_at <= now() - PUBLISHED_AFTER_RETIRING))


def _rotate_when_due() -> bool:
    newest = db.session.scalar(select(func.max(SigningKey.created_at)))
    return newest is not None and now() - newest >= ROTATED_EVERY and rotate()


def _signs_now() -> SigningKey | None:
    """The newest of those whose time it is. With the clock set back that may be none: then the first to come."""
    moment = now()
    not_retired = or_(SigningKey.retired_at.is_(None), SigningKey.retired_at > moment)
    published = select(SigningKey).where(not_retired).limit(1)
    its_time = published.where(SigningKey.signs_from <= moment).order_by(SigningKey.number.desc())
    return db.session.scalar(its_time) or db.session.scalar(published.order_by(SigningKey.signs_from))


def published() -> list[SigningKey]:
    """Newest first; retired ones are among them for a while."""
    still = or_(SigningKey.retired_at.is_(None), SigningKey.retired_at > now() - PUBLISHED_AFTER_RETIRING)
    return list(db.session.scalars(select(SigningKey).where(still).order_by(SigningKey.number.desc())))


def _new_key(number: int) -> SigningKey:
    private = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    pem = private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    jwk = RSAAlgorithm.to_jwk(private.public_key(), as_dict=True)
    kid = hash_token(jwk["n"])[:32]
    public = {"kty": "RSA", "n": jwk["n"], "e": jwk["e"], "kid": kid, "alg": "RS256", "use": "sig"}
    moment = now()
    return SigningKey(
        number=number,
        kid=kid,
        private_pem_encrypted=cipher(PURPOSE).encrypt(pem).decode(),
        public_jwk=public,
        created_at=moment,
        signs_from=moment,
    )


def seal(secret: str) -> str:
    """Encrypt something else that is kept in the database."""
    return cipher(PURPOSE).encrypt(secret.encode()).decode()


def unseal(sealed: str) -> str | None:
    """What was sealed; nothing where it was sealed under a secret that is not set any more."""
    try:
        return cipher(PURPOSE).decrypt(sealed.encode()).decode()
    except InvalidToken:
        return None


def _opened(key: SigningKey) -> str:
    try:
        return cipher(PURPOSE).decrypt(key.private_pem_encrypted.encode()).decode()
    except InvalidToken as fault:
        raise KeysLocked(LOCKED) from fault


def _encrypted_anew(key: SigningKey) -> bool:
    """Encrypt a private key with the newest secret; false where it cannot be read."""
    try:
        key.private_pem_encrypted = cipher(PURPOSE).rotate(key.private_pem_encrypted.encode()).decode()
    except InvalidToken:
        return False
    return True
