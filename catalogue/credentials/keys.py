"""What badges are signed with: a ring of keys, of which the newest signs and all that have signed stay published.

Open Badges 3.0, section 8.2 (JSON Web Token Proof Format): RS256, and a ``kid`` that is the address of the public key.
Private keys are encrypted at rest. One that is replaced signs nothing any more, so its private part is destroyed; its
public part stays, since badges last.
"""

from functools import lru_cache
from typing import Any, cast

import jwt
from cryptography.fernet import InvalidToken
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from flask import current_app
from jwt.algorithms import RSAAlgorithm
from sqlalchemy import select

from catalogue.clock import now
from catalogue.credentials.models import CredentialKey
from catalogue.encryption import cipher
from catalogue.extensions import db
from catalogue.people.rules import hash_token

PURPOSE = "everyseat credential keys"
ALGORITHM = "RS256"


class KeysLocked(RuntimeError):
    """The private key that signs badges cannot be read with the secrets that are set."""

    def __init__(self) -> None:
        super().__init__(
            "The key that signs badges was stored under another secret: set EVERYSEAT_ENCRYPTION_KEYS, or "
            "EVERYSEAT_SECRET_KEY, back to what it was. If that is lost, run: everyseat badges rotate"
        )


def base() -> str:
    """Where all that badges name is found."""
    public_url: str = current_app.extensions["settings"].public_url
    return public_url.rstrip("/") + "/credentials"


def sign(claims: dict[str, Any]) -> str:
    """A compact JWS of these claims, within a transaction: the first key is made by it. Raises ``KeysLocked``."""
    key = newest() or _added()
    headers = {"kid": address_of(key.kid), "typ": "JWT"}
    return jwt.encode(claims, _private(_opened(key)), ALGORITHM, headers=headers)


def newest() -> CredentialKey | None:
    signs = select(CredentialKey).where(CredentialKey.retired_at.is_(None)).order_by(CredentialKey.id.desc())
    return db.session.scalar(signs.limit(1))


def published() -> list[dict[str, Any]]:
    """Every public key, newest first; each under the address that badges name it by."""
    keys = db.session.scalars(select(CredentialKey).order_by(CredentialKey.id.desc()))
    return [public_jwk(key) for key in keys]


def public_jwk(key: CredentialKey) -> dict[str, Any]:
    return key.public_jwk | {"kid": address_of(key.kid)}


def address_of(kid: str) -> str:
    return f"{base()}/keys/{kid}"


def rotate() -> CredentialKey:
    """Within a transaction, a new key that signs from now on; the older ones keep their public part alone."""
    for key in db.session.scalars(select(CredentialKey).order_by(CredentialKey.id).with_for_update()):
        key.retired_at = key.retired_at or now()
        key.private_pem_encrypted = ""
    return _added()


def _added() -> CredentialKey:
    private = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    jwk = RSAAlgorithm.to_jwk(private.public_key(), as_dict=True)
    pem = private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    key = CredentialKey(
        kid=hash_token(jwk["n"])[:32],
        public_jwk={"kty": "RSA", "n": jwk["n"], "e": jwk["e"], "alg": ALGORITHM, "use": "sig"},
        private_pem_encrypted=cipher(PURPOSE).encrypt(pem).decode(),
    )
    db.session.add(key)
    db.session.flush()
    return key


def _opened(key: CredentialKey) -> bytes:
    try:
        return cipher(PURPOSE).decrypt(key.private_pem_encrypted.encode())
    except InvalidToken as fault:
        raise KeysLocked from fault


@lru_cache(maxsize=4)
def _private(pem: bytes) -> RSAPrivateKey:
    """Reading a key takes far longer than signing with it, and a register completes for many people at once."""
    return cast(RSAPrivateKey, load_pem_private_key(pem, None))
