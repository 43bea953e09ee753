"""Somebody who has completed an offer, and what checks their badge from outside."""

import base64
import gzip
import json
from collections.abc import Callable
from typing import Any

import jwt
import pytest
from flask import Flask
from sqlalchemy import select

from catalogue.clock import now
from catalogue.credentials.models import Credential
from catalogue.enrolments.models import Completion
from catalogue.enrolments.signals import voided
from catalogue.extensions import db
from catalogue.transactions import run
from tests.enrolments.taking_part import do_all_steps, join
from tests.visitor import Visitor

SITE = "http://127.0.0.1:8000"


def path_of(address: str) -> str:
    assert address.startswith(SITE), f"{address} is not one of ours"
    return address.removeprefix(SITE).partition("#")[0]


class Checker:
    """Checks badges as somebody does who has nothing but their address: with PyJWT and what is published."""

    def __init__(self, app: Flask) -> None:
        self.visitor = Visitor(app)

    def read(self, address: str) -> Any:
        self.visitor.get(path_of(address))
        return json.loads(self.visitor.response.text)

    def verified(self, signed: str) -> dict[str, Any]:
        """The claims; raises ``jwt.InvalidTokenError`` for what was not signed by a key that is published."""
        key = jwt.PyJWK(self.read(jwt.get_unverified_header(signed)["kid"]))
        claims: dict[str, Any] = jwt.decode(signed, key.key, algorithms=["RS256"])
        return claims

    def revoked(self, claims: dict[str, Any]) -> bool:
        """Whether the list that the badge names has its bit set (Bitstring Status List 1.0, section 3.2)."""
        status = claims["credentialStatus"]
        self.visitor.get(path_of(status["statusListCredential"]))
        listed = self.verified(self.visitor.response.text)
        assert listed["id"] == status["statusListCredential"]
        assert listed["issuer"] == claims["issuer"]["id"]
        encoded = listed["credentialSubject"]["encodedList"]
        assert encoded.startswith("u")
        bits = gzip.decompress(base64.urlsafe_b64decode(encoded[1:] + "=" * (-len(encoded[1:]) % 4)))
        assert len(bits) * 8 >= 131_072
        place = int(status["statusListIndex"])
        return bool(bits[place // 8] & (0x80 >> place % 8))


@pytest.fixture
def checker(app: Flask) -> Checker:
    return Checker(app)


@pytest.fixture
def complete(app: Flask) -> Callable[[Visitor], str]:
    """Complete an offer by its steps; returns the key of the badge for it."""

    def completing(visitor: Visitor) -> str:
        do_all_steps(visitor, join(visitor))
        with app.app_context():
            newest = db.session.scalars(select(Credential).order_by(Credential.id.desc()).limit(1)).one()
            return newest.key

    return completing


@pytest.fixture
def void(app: Flask) -> Callable[[str], None]:
    """Void the completion that a badge stands for."""

    def voiding(key: str) -> None:
        def act() -> None:
            completion = db.session.scalars(select(Completion).join(Credential).where(Credential.key == key)).one()
            completion.voided_at, completion.void_reason = now(), "Marked for somebody else by mistake"
            db.session.flush()
            voided.send(None, completion=completion)

        with app.app_context():
            run(act)

    return voiding
