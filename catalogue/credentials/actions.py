"""Issuing badges and revoking them, in the transaction of the completion that is made or voided."""

import secrets

import structlog
from flask import current_app

from catalogue.clock import now
from catalogue.credentials import badges, keys, queries
from catalogue.credentials.models import Credential, WithdrawnBadge
from catalogue.enrolments.models import CompletedBy, Completion
from catalogue.extensions import db
from catalogue.offers.access import can_answer_for
from catalogue.people import audit
from catalogue.people.models import Person
from catalogue.people.queries import sign_in_addresses
from catalogue.people.rules import hash_token
from catalogue.transactions import run

log = structlog.get_logger()


def issue(_sender: object, *, completion: Completion) -> None:
    """Write the badge of a completion, signed. Where no key can be opened it is signed later: completing goes on.

    A badge is the provider's word: what an organisation brings of another system's records gets none.
    """
    if queries.of_completion(completion.id) is not None or not _by_the_providers_word(completion):
        return
    credential = Credential(completion=completion)
    db.session.add(credential)
    db.session.flush()
    audit.record("badge issued", f"completion:{completion.id}")
    try:
        _sign(credential)
    except keys.KeysLocked as fault:
        log.error("a badge waits for a key", reason=str(fault))


def _by_the_providers_word(completion: Completion) -> bool:
    if completion.by != CompletedBy.ELSEWHERE:
        return True
    return can_answer_for(db.session.get_one(Person, completion.by_person_id), completion.offer.provider_id)


def revoke(_sender: object, *, completion: Completion) -> None:
    """Revoke the badge of a completion that was voided."""
    credential = queries.of_completion(completion.id)
    if credential is None or credential.revoked_at is not None:
        return
    credential.revoked_at, credential.revoke_reason = now(), completion.void_reason or "The completion was voided."
    db.session.flush()
    audit.record("badge revoked", f"completion:{completion.id}")


def withdraw_all(person: Person) -> None:
    """Before somebody's badges are erased: that they no longer stand is what stays, and not whose or what they were."""
    for credential in queries.all_of(person.id):
        db.session.add(
            WithdrawnBadge(
                number=credential.id,
                provider_id=credential.completion.offer.provider_id,
                key_hash=hash_token(credential.key),
            )
        )
    db.session.flush()


def show_name(credential: Credential, shown: bool, actor: Person) -> None:
    """Say whether whoever has the address of a badge is told whose it is."""
    if credential.name_shown != shown:
        credential.name_shown = shown
        audit.record("name on badge", f"completion:{credential.completion_id}", actor.key, shown=shown)


def catch_up() -> None:
    """Once an hour: issue what is older than badges are, and sign what waits for a key. Transactions of their own."""
    while run(_issue_some):
        pass
    try:
        while run(_sign_some):
            pass
    except keys.KeysLocked as fault:
        log.error("badges wait for a key", reason=str(fault))


def _issue_some() -> int:
    found = queries.without_badge()
    for completion in found:
        issue(None, completion=completion)
    return len(found)


def _sign_some() -> int:
    found = queries.waiting()
    for credential in found:
        _sign(credential)
    return len(found)


def case_address() -> str:
    public_url: str = current_app.extensions["settings"].public_url
    return public_url.rstrip("/") + "/ims/case/v1p0"


def _sign(credential: Credential) -> None:
    completion = credential.completion
    version, provider = completion.enrolment.version, completion.offer.provider
    said = badges.achievement(keys.base(), case_address(), version, queries.headings_of(version))
    issued = badges.Issued(credential.key, credential.id, credential.issued_at, completion.at)
    credential.signed = keys.sign(badges.claims(keys.base(), issued, said, provider, _holder(completion)))
    db.session.flush()


def _holder(completion: Completion) -> badges.Holder:
    # Shown to be theirs; an address that others told counts for nothing.
    email = min(sign_in_addresses(completion.person), default="")
    salt = secrets.token_hex(16)
    if email:
        return badges.Holder("emailAddress", email, salt)
    return badges.Holder("systemId", completion.person.key, salt)
