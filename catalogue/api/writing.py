"""Writing drafts of offers, for who sends a token of somebody who writes for the provider."""

from typing import Any

from flask import request
from werkzeug.exceptions import UnsupportedMediaType

from catalogue.api import actions, schemas
from catalogue.api.base import api, limited
from catalogue.api.tokens import token_for
from catalogue.extensions import db
from catalogue.offers.content import OfferContent
from catalogue.people.models import Person, Scope
from catalogue.publishing.models import OfferDraft
from catalogue.security import token
from catalogue.transactions import run as in_transaction

DRAFT = "/providers/<string(maxlength=60):provider>/offers/<string(maxlength=300):key>"
WRITING = Scope.WRITE_OFFERS
IF_MATCH = {
    "name": "If-Match",
    "in": "header",
    "schema": {"type": "string"},
    "description": "The ETag of the draft as you know it: if somebody has changed it since, nothing happens",
}


def _body(schema: str) -> dict[str, Any]:
    content = {"application/json": {"schema": {"$ref": f"#/components/schemas/{schema}"}}}
    return {"required": True, "content": content}


ETAG = {"ETag": {"schema": {"type": "string"}, "description": "The revision of the draft"}}


def _person_id() -> int:
    return token_for(WRITING).person_id


def _actor(person_id: int) -> Person:
    """Who acts, read anew within the transaction."""
    return db.session.get_one(Person, person_id)


def _seen(revision: str | None) -> bool:
    """Whether the request's ``If-Match`` allows for this (RFC 9110, section 13.1.1)."""
    wanted = request.if_match
    if "If-Match" not in request.headers:
        return True
    return revision is not None and (wanted.star_tag or wanted.is_strong(revision))


def _sent() -> bytes:
    if not request.is_json:
        raise UnsupportedMediaType
    return request.get_data()


def _answer(draft: OfferDraft, status: int = 200) -> Any:
    return draft, status, {"ETag": f'"{draft.revision}"'}


@api.get(DRAFT)
@token(WRITING)
@limited
@api.doc(tags=["writing"])
@api.response(200, schemas.Draft, headers=ETAG)
@api.alt_response(403, "FORBIDDEN")
@api.alt_response(404, "NOT_FOUND")
def draft(provider: str, key: str) -> Any:
    """The draft of what an offer is to say next."""
    return _answer(actions.draft_at(_actor(_person_id()), provider, key))


@api.put(DRAFT)
@token(WRITING)
@limited
@api.doc(tags=["writing"], parameters=[IF_MATCH], requestBody=_body("OfferContent"))
@api.response(200, schemas.Draft, headers=ETAG, description="It says this now")
@api.alt_response(201, schema=schemas.Draft, headers=ETAG, description="There was no draft: one is made")
@api.alt_response(403, "FORBIDDEN")
@api.alt_response(404, "NOT_FOUND")
@api.alt_response(409, "CONFLICT")
@api.alt_response(412, "PRECONDITION_FAILED")
@api.alt_response(413, "REQUEST_ENTITY_TOO_LARGE")
@api.alt_response(415, "UNSUPPORTED_MEDIA_TYPE")
@api.alt_response(422, "UNPROCESSABLE_ENTITY")
def put_draft(provider: str, key: str) -> Any:
    """Let the draft of an offer say this, all of it. Sending it again changes nothing."""
    person_id = _person_id()
    content = actions.shaped(OfferContent, _sent())
    written, new = in_transaction(lambda: actions.put_draft(_actor(person_id), provider, key, content, _seen))
    return _answer(written, 201 if new else 200)


@api.post(f"{DRAFT}/submit")
@token(WRITING)
@limited
@api.doc(tags=["writing"], parameters=[IF_MATCH])
@api.response(200, schemas.Draft, headers=ETAG, description="It is with the reviewers")
@api.alt_response(403, "FORBIDDEN")
@api.alt_response(404, "NOT_FOUND")
@api.alt_response(409, "CONFLICT")
@api.alt_response(412, "PRECONDITION_FAILED")
@api.alt_response(422, "UNPROCESSABLE_ENTITY")
def submit(provider: str, key: str) -> Any:
    """Send a draft to review, if you answer for the offers of its provider."""
    person_id = _person_id()
    return _answer(in_transaction(lambda: actions.submit_draft(_actor(person_id), provider, key, _seen)))


@api.put(f"{DRAFT}/runs/<string(maxlength=300):run>")
@token(WRITING)
@limited
@api.doc(tags=["writing"], requestBody=_body("RunRow"))
@api.response(200, schemas.Run, description="It is so now")
@api.alt_response(201, schema=schemas.Run, description="There was no run of this key: one is made")
@api.alt_response(403, "FORBIDDEN")
@api.alt_response(404, "NOT_FOUND")
@api.alt_response(409, "CONFLICT")
@api.alt_response(413, "REQUEST_ENTITY_TOO_LARGE")
@api.alt_response(415, "UNSUPPORTED_MEDIA_TYPE")
@api.alt_response(422, "UNPROCESSABLE_ENTITY")
def put_run(provider: str, key: str, run: str) -> Any:
    """Let a run of an offer be so, from now on: it needs no review. Sending it again changes nothing."""
    person_id = _person_id()
    row = actions.run_from(_sent(), run)
    kept, new = in_transaction(lambda: actions.put_run(_actor(person_id), provider, key, row))
    return kept, 201 if new else 200
