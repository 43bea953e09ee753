"""Encrypting what is kept: private keys, and secrets shared with others."""

import base64

from cryptography.fernet import Fernet, MultiFernet
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from flask import current_app

from catalogue.settings import Settings


def cipher(purpose: str) -> MultiFernet:
    """Encrypts with the newest of the secrets that are set, decrypts with each; one purpose cannot read another's.

    What cannot be decrypted raises ``cryptography.fernet.InvalidToken``.
    """
    settings: Settings = current_app.extensions["settings"]
    return MultiFernet(
        [Fernet(base64.urlsafe_b64encode(derived(secret, purpose))) for secret in settings.encryption_secrets]
    )


def derived(secret: str, purpose: str) -> bytes:
    """32 bytes for one purpose (HKDF, RFC 5869)."""
    return HKDF(hashes.SHA256(), 32, salt=None, info=purpose.encode()).derive(secret.encode())
