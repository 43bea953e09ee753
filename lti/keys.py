"""Our own key ring: what we sign service requests with, and the key set that platforms check them against.

Security Framework 1.0, section 6.3 (key set URL): https://www.imsglobal.org/spec/security/v1p0/#h_key-set-url
A new key is published for a day before it signs; a retired one stays published until nothing signed by it
is valid any more.
"""

import base64
from datetime import timedelta
from typing import Any

from cryptography.fernet import Fernet, InvalidToken
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from flask import current_app
from jwt.algorithms import RSAAlgorithm
from sqlalchemy import func, or_, select

from catalogue.clock import now
from catalogue.extensions import db
from catalogue.people.rules import hash_token
from catalogue.transactions import run
from lti.models import SigningKey

PUBLISHED_BEFORE_SIGNING = timedelta(days=1)
PUBLISHED_AFTER_RETIRING = timedelta(days=1)


def key_set() -> dict[str, list[dict[str, Any]]]:
    """The public keys, newest first; makes the first key if there is none."""
    keys = _published()
    if not keys:
        ensure_key()
        keys = _published()
    return {"keys": [key.public_jwk for key in keys]}


def signing_key() -> tuple[str, str]:
    """The id of the key that signs now, and its private key as PEM."""
    key = _signs_now()
    if key is None:
        ensure_key()
        key = _signs_now()
    if key is None:
        raise RuntimeError("no signing key signs now: was the clock set back?")
    try:
        return key.kid, _cipher().decrypt(key.private_pem_encrypted.encode()).decode()
    except InvalidToken as fault:
        raise RuntimeError("The signing keys were stored under another EVERYSEAT_SECRET_KEY. Set it back.") from fault


def ensure_key() -> None:
    """Make the first key, once, whoever asks at the same moment. A transaction of its own."""

    def make() -> None:
        if db.session.scalar(select(func.count()).select_from(SigningKey)) == 0:
            db.session.add(_new_key(1))

    run(make)


def rotate() -> None:
    """Within a transaction, publish a new key that signs from tomorrow on, and retire the older ones then."""
    newest = db.session.scalar(select(func.max(SigningKey.number))) or 0
    signs_from = now() + PUBLISHED_BEFORE_SIGNING if newest else now()
    for key in db.session.scalars(select(SigningKey).where(SigningKey.retired_at.is_(None))):
        key.retired_at = signs_from
    key = _new_key(newest + 1)
    key.signs_from = signs_from
    db.session.add(key)


def _signs_now() -> SigningKey | None:
    moment = now()
    return db.session.scalar(
        select(SigningKey)
        .where(
            SigningKey.signs_from <= moment,
            or_(SigningKey.retired_at.is_(None), SigningKey.retired_at > moment),
        )
        .order_by(SigningKey.number.desc())
        .limit(1)
    )


def _published() -> list[SigningKey]:
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
        private_pem_encrypted=_cipher().encrypt(pem).decode(),
        public_jwk=public,
        created_at=moment,
        signs_from=moment,
    )


def _cipher() -> Fernet:
    secret: str = current_app.extensions["settings"].signing_secret
    derived = HKDF(hashes.SHA256(), 32, salt=None, info=b"everyseat lti signing keys").derive(secret.encode())
    return Fernet(base64.urlsafe_b64encode(derived))
