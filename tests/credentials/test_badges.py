"""A completion is proved by a badge that anybody can check, and that is revoked with it."""

import base64
import hashlib
import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import jwt
import pytest
import time_machine
from cryptography.hazmat.primitives.asymmetric import rsa
from flask import Flask
from jsonschema import Draft202012Validator
from sqlalchemy import select

from catalogue.clock import now
from catalogue.credentials import actions, keys
from catalogue.credentials.cli import badges_group
from catalogue.credentials.models import Credential, CredentialKey
from catalogue.enrolments.models import Completion
from catalogue.extensions import db
from catalogue.people.models import AuditEvent, Person
from catalogue.transactions import run
from tests.conftest import Ask
from tests.credentials.conftest import SITE, Checker, path_of
from tests.credentials.schemas import ACHIEVEMENT, CREDENTIAL, PROFILE
from tests.enrolments.conftest import SELF_PACED
from tests.visitor import Visitor

Complete = Callable[[Visitor], str]
Void = Callable[[str], None]


def signed(visitor: Visitor, key: str) -> str:
    visitor.get(f"/credentials/{key}.jwt")
    return visitor.response.text


def holds(said: Any, schema: dict[str, Any]) -> None:
    faults = [f"{fault.json_path}: {fault.message}" for fault in Draft202012Validator(schema).iter_errors(said)]
    assert not faults, "\n".join(faults)


@pytest.mark.both_databases
def test_a_badge_is_what_the_standard_asks_and_is_verified_with_what_is_published(
    learner: Visitor, visitor: Visitor, complete: Complete, checker: Checker
) -> None:
    key = complete(learner)
    token = signed(visitor, key)
    header = jwt.get_unverified_header(token)
    assert set(header) == {"alg", "kid", "typ"}
    assert (header["alg"], header["typ"]) == ("RS256", "JWT")
    claims = checker.verified(token)
    holds(claims, CREDENTIAL)
    assert claims["id"] == claims["jti"] == f"{SITE}/credentials/{key}"
    assert claims["iss"] == claims["issuer"]["id"]
    assert claims["sub"] == claims["credentialSubject"]["id"]
    assert header["kid"] in [one["kid"] for one in checker.read(f"{SITE}/credentials/jwks.json")["keys"]]
    assert "d" not in checker.read(header["kid"])
    assert not checker.revoked(claims)


def test_what_a_badge_names_is_found_at_its_address(
    learner: Visitor, visitor: Visitor, complete: Complete, checker: Checker
) -> None:
    claims = checker.verified(signed(visitor, complete(learner)))
    achieved, issuer = claims["credentialSubject"]["achievement"], claims["issuer"]
    for said, schema in ((achieved, ACHIEVEMENT), (issuer, PROFILE)):
        read = checker.read(said["id"])
        assert read.pop("@context")
        holds(read, schema)
        assert read == said
    for alignment in achieved["alignment"]:
        item = checker.read(alignment["targetUrl"])
        assert item["identifier"] == alignment["targetCode"]
        assert item["fullStatement"] in alignment["targetName"]


def test_who_holds_a_badge_can_show_so_and_nobody_reads_it_off(
    learner: Visitor, visitor: Visitor, complete: Complete, checker: Checker
) -> None:
    token = signed(visitor, complete(learner))
    identity = checker.verified(token)["credentialSubject"]["identifier"][0]
    mine = hashlib.sha256(("lena.learner@test.example" + identity["salt"]).encode()).hexdigest()
    assert identity["identityHash"] == f"sha256${mine}"
    payload = base64.urlsafe_b64decode(token.split(".")[1] + "==").decode()
    assert "lena" not in payload.lower()


def test_two_badges_of_one_person_cannot_be_told_to_be_of_one(
    learner: Visitor, visitor: Visitor, complete: Complete, void: Void, checker: Checker
) -> None:
    first = complete(learner)
    void(first)
    second = complete(learner)
    subjects = [checker.verified(signed(visitor, key))["credentialSubject"] for key in (first, second)]
    assert subjects[0]["id"] != subjects[1]["id"]
    assert subjects[0]["identifier"][0]["identityHash"] != subjects[1]["identifier"][0]["identityHash"]


TAMPERINGS: dict[str, Callable[[dict[str, Any]], Any]] = {
    "another achievement": lambda claims: claims["credentialSubject"]["achievement"].update(name="Chief executive"),
    "another holder": lambda claims: claims["credentialSubject"]["identifier"][0].update(salt="0" * 32),
    "another issuer": lambda claims: claims["issuer"].update(name="NHS England"),
    "another day": lambda claims: claims.update(awardedDate="2020-01-01T00:00:00Z"),
    "no status": lambda claims: claims.pop("credentialStatus"),
    "nothing but its spelling": lambda claims: claims,
}  # fmt: skip


@pytest.mark.parametrize("tampering", TAMPERINGS)
def test_a_badge_that_was_tampered_with_fails(
    learner: Visitor, visitor: Visitor, complete: Complete, checker: Checker, tampering: str
) -> None:
    header, payload, signature = signed(visitor, complete(learner)).split(".")
    claims = json.loads(base64.urlsafe_b64decode(payload + "=="))
    TAMPERINGS[tampering](claims)
    changed = base64.urlsafe_b64encode(json.dumps(claims, indent=1).encode()).rstrip(b"=").decode()
    with pytest.raises(jwt.InvalidSignatureError):
        checker.verified(f"{header}.{changed}.{signature}")


def test_a_badge_that_somebody_else_signed_fails(
    learner: Visitor, visitor: Visitor, complete: Complete, checker: Checker
) -> None:
    token = signed(visitor, complete(learner))
    claims, kid = checker.verified(token), jwt.get_unverified_header(token)["kid"]
    theirs = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    with pytest.raises(jwt.InvalidSignatureError):
        checker.verified(jwt.encode(claims, theirs, "RS256", headers={"kid": kid}))
    with pytest.raises(jwt.InvalidAlgorithmError):
        checker.verified(jwt.encode(claims, "", "none", headers={"kid": kid}))


@pytest.mark.both_databases
def test_voiding_a_completion_revokes_its_badge_and_completing_again_issues_a_new_one(
    learner: Visitor, visitor: Visitor, complete: Complete, void: Void, checker: Checker, ask: Ask
) -> None:
    first = complete(learner)
    void(first)
    claims = checker.verified(signed(visitor, first))
    assert checker.revoked(claims)
    visitor.get(f"/credentials/{first}")
    assert "This badge was revoked" in visitor.text()
    assert "by mistake" not in visitor.response.text, "the reason may be about a person: it is not for everybody"
    learner.get("/transcript")
    assert first not in learner.response.text
    second = complete(learner)
    assert second != first
    again = checker.verified(signed(visitor, second))
    assert not checker.revoked(again)
    assert checker.revoked(claims)
    assert ask(lambda: db.session.scalars(
        select(AuditEvent.action).where(AuditEvent.action.startswith("badge ")).order_by(AuditEvent.id)
    ).all()) == ["badge issued", "badge revoked", "badge issued"]  # fmt: skip


def test_the_name_is_shown_only_to_whom_its_holder_shows_it(
    learner: Visitor, visitor: Visitor, administrator: Visitor, complete: Complete
) -> None:
    key = complete(learner)
    path = f"/credentials/{key}"
    visitor.get(path)
    assert "This badge is valid" in visitor.text()
    assert "Lena" not in visitor.text()
    learner.get(path)
    learner.press("Show my name")
    visitor.get(path)
    assert "Lena Learner" in visitor.text()
    administrator.post(f"{path}/name", {"csrf_token": administrator.csrf_token(), "shown": "no"}, status=404)
    learner.get(path)
    learner.press("Hide my name")
    visitor.get(path)
    assert "Lena" not in visitor.text()


def test_a_program_gets_the_badge_in_the_form_that_it_accepts(
    learner: Visitor, visitor: Visitor, complete: Complete
) -> None:
    key = complete(learner)
    visitor.get(f"/credentials/{key}", headers={"Accept": "application/vc+jwt"})
    assert visitor.response.text == signed(visitor, key)
    visitor.get(f"/credentials/{key}", headers={"Accept": "application/json"})
    said = visitor.response.get_json()
    visitor.get(f"/credentials/{key}.json")
    assert visitor.response.get_json() == said
    assert visitor.response.headers["Access-Control-Allow-Origin"] == "*"


def test_an_address_that_is_none_shows_nothing(learner: Visitor, visitor: Visitor, complete: Complete) -> None:
    complete(learner)
    none = "0" * 32
    for path in (none, f"{none}.json", f"{none}.jwt", "achievements/1-0", "achievements/x", "issuers/nobody",
                 "issuers/nobody/status/0", "keys/unknown"):  # fmt: skip
        visitor.get(f"/credentials/{path}", status=404)


# Keys


@pytest.mark.both_databases
def test_badges_of_before_a_new_key_can_still_be_checked(
    app: Flask, learner: Visitor, visitor: Visitor, complete: Complete, void: Void, checker: Checker, ask: Ask
) -> None:
    first = complete(learner)
    before = signed(visitor, first)
    assert app.test_cli_runner().invoke(badges_group, ["rotate"]).exit_code == 0
    assert ask(lambda: db.session.scalars(select(CredentialKey.private_pem_encrypted)).all())[0] == ""
    void(first)
    after = signed(visitor, complete(learner))
    assert jwt.get_unverified_header(before)["kid"] != jwt.get_unverified_header(after)["kid"]
    assert checker.verified(before)["id"] != checker.verified(after)["id"]
    assert len(checker.read(f"{SITE}/credentials/jwks.json")["keys"]) == 2


def test_completing_goes_on_while_the_key_is_locked_and_the_badge_is_signed_later(
    app: Flask, learner: Visitor, visitor: Visitor, complete: Complete, void: Void, checker: Checker
) -> None:
    void(complete(learner))

    def lock() -> str:
        key = db.session.scalars(select(CredentialKey)).one()
        was, key.private_pem_encrypted = key.private_pem_encrypted, "stored under another secret"
        return was

    with app.app_context():
        was = run(lock)
    key = complete(learner)
    visitor.get(f"/credentials/{key}")
    assert "is being prepared" in visitor.text()
    visitor.get(f"/credentials/{key}.jwt", status=404)
    with app.app_context():
        actions.catch_up()  # changes nothing, and does not fail
        run(lambda: setattr(db.session.scalars(select(CredentialKey)).one(), "private_pem_encrypted", was))
        actions.catch_up()
    assert checker.verified(signed(visitor, key))["id"].endswith(key)


def test_completions_of_before_there_were_badges_get_theirs(
    app: Flask, learner: Visitor, visitor: Visitor, complete: Complete, checker: Checker, ask: Ask
) -> None:
    key = complete(learner)
    with app.app_context():
        run(lambda: db.session.delete(db.session.scalars(select(Credential).where(Credential.key == key)).one()))
        actions.catch_up()
    new = ask(lambda: db.session.scalars(select(Credential.key)).one())
    assert checker.verified(signed(visitor, new))["credentialSubject"]["achievement"]["name"]


def test_private_keys_are_encrypted_at_rest(learner: Visitor, complete: Complete, ask: Ask) -> None:
    complete(learner)
    stored = ask(lambda: db.session.scalars(select(CredentialKey.private_pem_encrypted)).one())
    assert "PRIVATE" not in stored
    assert "PRIVATE" not in base64.urlsafe_b64decode(stored).decode(errors="replace")


def test_signing_is_quick_enough_for_a_whole_register(app: Flask, learner: Visitor, complete: Complete) -> None:
    complete(learner)
    with app.app_context():

        def sign_many() -> float:
            credential = db.session.scalars(select(Credential)).one()
            begun = now()
            for _ in range(50):
                actions._sign(credential)
            return (now() - begun) / timedelta(milliseconds=50)

        assert run(sign_many) < 50, "milliseconds for a badge: a register of a hundred would take seconds"


def test_a_badge_is_valid_from_the_moment_it_was_issued(
    learner: Visitor, visitor: Visitor, complete: Complete, checker: Checker
) -> None:
    token = signed(visitor, complete(learner))
    with time_machine.travel(now() - timedelta(hours=2), tick=False), pytest.raises(jwt.ImmatureSignatureError):
        jwt.decode(token, jwt.PyJWK(checker.read(jwt.get_unverified_header(token)["kid"])).key, algorithms=["RS256"])
    assert path_of(checker.verified(token)["id"])
    assert keys.ALGORITHM == "RS256"


def test_somebody_without_an_account_of_ours_is_named_by_their_key(
    app: Flask, add_person: Callable[..., int], sign_in: Callable[[int], Visitor], visitor: Visitor,
    complete: Complete, checker: Checker, ask: Ask,
) -> None:  # fmt: skip
    def came_by_a_platform() -> int:
        person = Person(name="Pat Platform", email="told@by.platform.example")
        db.session.add(person)
        db.session.flush()
        return person.id

    with app.app_context():
        person_id = run(came_by_a_platform)
    token = signed(visitor, complete(sign_in(person_id)))
    identity = checker.verified(token)["credentialSubject"]["identifier"][0]
    key = ask(lambda: db.session.get_one(Person, person_id).key)
    assert identity["identityType"] == "systemId"
    assert identity["identityHash"] == f"sha256${hashlib.sha256((key + identity['salt']).encode()).hexdigest()}"
    assert ask(lambda: db.session.scalars(select(Completion)).one().offer.slug) == SELF_PACED
