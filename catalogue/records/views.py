"""Statements from other systems, as a learning record store takes and gives them: the statements resource alone.

Source: Experience API 1.0.3, part three, 1.5 (content types), 2.1 (statements), 2.8 (about) and 3.3 (versions),
https://github.com/adlnet/xAPI-Spec/blob/master/xAPI-Communication.md. Nobody is signed in here: cookies count for
nothing, tokens do.
"""

import json
import re
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from flask import Blueprint, Response, g, jsonify, request

from catalogue.api.base import limited
from catalogue.clock import now
from catalogue.errors import NotThere
from catalogue.extensions import csrf, db
from catalogue.people.audit import record_reading
from catalogue.people.models import ApiToken, Person, Scope
from catalogue.records import actions, asking, multipart, queries
from catalogue.records.files import matched
from catalogue.records.models import XapiStatement
from catalogue.records.reading import Malformed, parsed
from catalogue.records.showing import canonical, ids_only
from catalogue.records.statements import check
from catalogue.records.values import uuid
from catalogue.security import public, token
from catalogue.transactions import run

xapi = Blueprint("xapi", __name__, url_prefix="/xapi")
csrf.exempt(xapi)  # a browser sends no token of its own accord, and no other site can have it send JSON here

VERSION = "1.0.3"
VERSIONS = ["1.0.0", "1.0.1", "1.0.2", "1.0.3"]
MOST_SENT = 500  # at once: they are one transaction, for whose end others wait
UNDER_WAY = timedelta(seconds=10)  # a statement is stored a moment before it is committed


@xapi.before_request
def _version() -> None:
    """Every request but that for what we are says which version it speaks."""
    said = request.headers.get("X-Experience-API-Version", "")
    if request.endpoint != "xapi.about" and not re.fullmatch(r"1\.0(\.\d+)?", said, re.ASCII):
        raise Malformed("The header X-Experience-API-Version is missing, or is not 1.0.x.")


@xapi.after_request
def _headers(response: Response) -> Response:
    response.headers["X-Experience-API-Version"] = VERSION
    if request.endpoint != "xapi.about":
        response.headers["X-Experience-API-Consistent-Through"] = asking.written(now() - UNDER_WAY)
    return response


@xapi.get("/about")
@public
@limited
def about() -> Response:
    return jsonify(version=VERSIONS)


@xapi.put("/statements")
@token(Scope.WRITE_STATEMENTS)
@limited
def put() -> tuple[str, int]:
    """Keep a statement under the identifier in the address."""
    asking.only({"statementId"})
    identifier = request.args.get("statementId", "")
    uuid(identifier, "statementId")
    document, files = _sent()
    check(document)
    if document.get("id", identifier).lower() != identifier.lower():
        raise Malformed("statement.id: is not the statementId in the address.")
    _keep([document | {"id": document.get("id", identifier)}], files)
    return "", 204


@xapi.post("/statements")
@token(Scope.WRITE_STATEMENTS)
@limited
def post() -> Response:
    """Keep a statement or a list of them: all, or none."""
    asking.only(set())
    sent, files = _sent()
    documents = sent if isinstance(sent, list) else [sent]
    if len(documents) > MOST_SENT:
        raise Malformed(f"There are {len(documents):,} statements in this. Send {MOST_SENT} of them at most at once.")
    for document in documents:
        check(document)
    return jsonify(_keep(documents, files))


@xapi.get("/statements")
@token(Scope.READ_STATEMENTS)
@limited
def statements() -> Response:
    """One statement by its identifier, or a page of those that are asked for."""
    asking.only(asking.ASKED)
    form, one = asking.form(), asking.one()
    if one is not None:
        name, identifier = one
        row = queries.statement(_teller(), identifier, voided=name == "voidedStatementId")
        answer = _answer(_shown(row, form), [row])
        answer.headers["Last-Modified"] = row.stored_at.strftime("%a, %d %b %Y %H:%M:%S GMT")
        return answer
    found, more = queries.statements(_teller(), asking.wanted())
    page = {"statements": [_shown(row, form) for row in found], "more": asking.more(found[-1]) if more else ""}
    return _answer(page, found)


def _answer(document: dict[str, Any], rows: Sequence[XapiStatement]) -> Response:
    """JSON; with ``attachments``, as the first part of several (section 1.5.2)."""
    _note(rows)
    if not asking.flag("attachments"):
        return jsonify(document)
    body, content_type = multipart.written(json.dumps(document).encode(), queries.files_of(rows))
    return Response(body, content_type=content_type)


def _note(rows: Sequence[XapiStatement]) -> None:
    """That somebody was shown what others said of people; of whom, as far as they are known, by their keys."""
    reader = _teller()
    others = [row for row in rows if row.person_id != reader.id]
    if others and request.method != "HEAD":
        subject = f"statement:{others[0].identifier}" if len(rows) == 1 else "statements"
        keys = queries.keys_of({row.person_id for row in others if row.person_id})
        record_reading("statements", subject, reader.key, statements=len(others), people=len(keys), keys=keys)


def _shown(row: XapiStatement, form: str) -> dict[str, Any]:
    if form == "ids":
        return ids_only(row.document)
    if form == "canonical":
        shown: dict[str, Any] = canonical(row.document, request.accept_languages)
        return shown
    return row.document


def _sent() -> tuple[Any, dict[str, multipart.File]]:
    """What was sent, and the files that came with it."""
    if request.mimetype == "application/json":
        return parsed(request.get_data()), {}
    if request.mimetype != "multipart/mixed":
        raise Malformed("Send statements as application/json, or as multipart/mixed with their files.")
    statements, files = multipart.read(request.get_data(), request.mimetype_params.get("boundary", ""))
    return parsed(statements), files


def _teller() -> Person:
    """Whose token the program sends."""
    found: ApiToken | None = g.api_token
    if found is None:
        raise NotThere
    return found.person


def _keep(documents: list[Any], files: dict[str, multipart.File]) -> list[str]:
    found = matched(documents, files)
    sent = [actions.Sent(document, some) for document, some in zip(documents, found, strict=True)]
    person_id = _teller().id
    return run(lambda: actions.keep(sent, db.session.get_one(Person, person_id)))
