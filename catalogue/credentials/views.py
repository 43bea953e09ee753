"""Badges as anybody may check them, and a person's own transcript and certificates."""

from typing import Any

import jwt
from flask import Blueprint, Response, flash, jsonify, redirect, render_template, request, url_for
from flask_login import current_user
from werkzeug.wrappers import Response as BaseResponse

from catalogue.api.problems import MEDIA_TYPE
from catalogue.clock import now
from catalogue.credentials import actions, badges, keys, papers, queries
from catalogue.credentials.models import Credential
from catalogue.errors import NotThere
from catalogue.extensions import db
from catalogue.people.models import Person
from catalogue.printing import download
from catalogue.security import public, signed_in
from catalogue.transactions import run

credentials = Blueprint("credentials", __name__)
KEY = "/credentials/<key>"
SIGNED, PLAIN, LINKED = "application/vc+jwt", "application/json", "application/ld+json"
PAGE = "text/html"


@credentials.after_request
def _refusals_too(response: Response) -> Response:
    return _readable_anywhere(response) if response.mimetype == MEDIA_TYPE else response


def _readable_anywhere(response: Response) -> Response:
    """What checks a badge may be a page of any site: what is public is the same for everybody."""
    response.headers["Access-Control-Allow-Origin"] = "*"
    return response


def _document(said: dict[str, Any] | list[Any]) -> Response:
    return _readable_anywhere(jsonify(said))


@credentials.get(KEY)
@public
def check(key: str) -> str | Response:
    """In plain words whether a badge stands; for programs, by what they accept, the badge itself."""
    credential = queries.by_key(key)
    wanted = request.accept_mimetypes.best_match([PAGE, SIGNED, PLAIN, LINKED], default=PAGE)
    if wanted == SIGNED:
        return signed(key)
    if wanted != PAGE:
        return badge(key)
    completion = credential.completion
    version = completion.enrolment.version
    return render_template(
        "credentials/check.html",
        credential=credential, completion=completion, version=version, provider=completion.offer.provider,
        how=badges.how_completed(version), moment=now(),
        mine=current_user.is_authenticated and current_user.person.id == completion.person_id,
    )  # fmt: skip


@credentials.get(f"{KEY}.json")
@public
def badge(key: str) -> Response:
    """What the badge says, to read; what proves it is the signed one."""
    return _document(_claims(queries.by_key(key)))


@credentials.get(f"{KEY}.jwt")
@public
def signed(key: str) -> Response:
    """The badge itself, as wallets and checkers take it: a compact JWS."""
    credential = queries.by_key(key)
    if not credential.signed:
        raise NotThere("This badge is not signed yet. Try again in an hour.")
    answer = Response(credential.signed, content_type=SIGNED)
    answer.headers["Content-Disposition"] = f"attachment; filename=badge-{credential.key[:8]}.jwt"
    return _readable_anywhere(answer)


def _claims(credential: Credential) -> dict[str, Any]:
    if not credential.signed:
        raise NotThere("This badge is not signed yet. Try again in an hour.")
    said: dict[str, Any] = jwt.decode(credential.signed, options={"verify_signature": False})
    return said


@credentials.get("/credentials/achievements/<mark>")
@public
def achievement(mark: str) -> Response:
    version = queries.achieved(mark)
    said = badges.achievement(keys.base(), actions.case_address(), version, queries.headings_of(version))
    return _document({"@context": [badges.CREDENTIALS, badges.OPEN_BADGES]} | said)


@credentials.get("/credentials/issuers/<key>")
@public
def issuer(key: str) -> Response:
    said = badges.issuer(keys.base(), queries.issuing(key))
    return _document({"@context": [badges.CREDENTIALS, badges.OPEN_BADGES]} | said)


@credentials.get("/credentials/issuers/<key>/status/<int(max=10000):page>")
@public
def status(key: str, page: int) -> Response:
    """Which badges of a provider are revoked: a list that is signed when it is asked for."""
    provider = queries.issuing(key)
    if keys.newest() is None:
        raise NotThere  # no badge has been signed, so none names this list
    said = badges.status_list(keys.base(), provider, page, queries.revoked_numbers(provider, page), now())
    return _readable_anywhere(Response(keys.sign(said), content_type=SIGNED))


@credentials.get("/credentials/jwks.json")
@public
def jwks() -> Response:
    """Every key that has signed badges."""
    return _document({"keys": keys.published()})


@credentials.get("/credentials/keys/<kid>")
@public
def key(kid: str) -> Response:
    return _document(keys.public_jwk(queries.key_by_kid(kid)))


@credentials.get("/transcript")
@signed_in
def transcript() -> str:
    return render_template(
        "credentials/transcript.html", lines=queries.transcript(current_user.person.id), changes=papers.changes
    )


@credentials.get("/transcript.pdf")
@signed_in
def transcript_pdf() -> Response:
    person = current_user.person
    return download(papers.transcript(person, queries.transcript(person.id), keys.base(), now()), "transcript")


@credentials.get(f"{KEY}/certificate.pdf")
@signed_in
def certificate(key: str) -> Response:
    credential = queries.own(current_user.person.id, key)
    return download(papers.certificate(credential, keys.base()), f"certificate-{credential.key[:8]}")


@credentials.post(f"{KEY}/name")
@signed_in
def name(key: str) -> BaseResponse:
    """Whether whoever has the address is told whose badge it is."""
    shown, person_id = request.form.get("shown") == "yes", current_user.person.id
    run(lambda: actions.show_name(queries.own(person_id, key), shown, db.session.get_one(Person, person_id)))
    flash("Your name is shown on the badge's page." if shown else "Your name is not shown on the badge's page.")
    return redirect(url_for("credentials.check", key=key))
