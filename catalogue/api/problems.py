"""Every refusal under the API as a problem document, with the statuses and words that pages have too.

Source: RFC 9457, https://www.rfc-editor.org/rfc/rfc9457, sections 3 and 3.1; JSON Pointer, RFC 6901.
"""

import json
from collections.abc import Iterable, Iterator
from http import HTTPStatus
from math import ceil
from typing import Any

from flask import Response
from marshmallow import Schema, fields
from werkzeug.exceptions import HTTPException

from catalogue.clock import now
from catalogue.extensions import limiter

MEDIA_TYPE = "application/problem+json"
CARRIED = ("Allow", "Retry-After", "WWW-Authenticate")
"""Headers of an error that say what to do next (RFC 9110, sections 10.2.1, 10.2.3 and 11.6.1)."""


class Fault(Schema):
    """What is wrong with one field."""

    pointer = fields.String(required=True, metadata={"description": "Where it stands, as a JSON Pointer"})
    detail = fields.String(required=True)


class Problem(Schema):
    """What went wrong, in plain words."""

    type = fields.String(required=True, metadata={"example": "about:blank"})
    title = fields.String(required=True, metadata={"example": "Not Found"})
    status = fields.Integer(required=True, metadata={"example": 404})
    detail = fields.String(required=True)
    instance = fields.String(required=True, metadata={"description": "What to quote when you ask about it"})
    errors = fields.List(fields.Nested(Fault))


def problem(status: int, detail: str, reference: str, error: Exception | None) -> Response:
    """The answer to a request that failed with ``error``; ``reference`` is what our log has it under."""
    document: dict[str, Any] = {
        "type": "about:blank",  # the status says it all: section 4.2.1
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": detail,
        "instance": f"urn:everyseat:{reference}",
    }
    faults = list(_faults(getattr(error, "data", {}).get("messages", {})))
    if faults:
        document["errors"] = faults
        document["detail"] = "Some of what was sent is not as it should be: see errors."
    answer = Response(json.dumps(document), status, content_type=MEDIA_TYPE)
    headers = error.get_headers() if isinstance(error, HTTPException) else getattr(error, "headers", {}).items()
    for name, value in headers:
        if name in CARRIED:
            answer.headers[name] = value
    if status == HTTPStatus.TOO_MANY_REQUESTS and limiter.current_limit:
        wait = limiter.current_limit.window[0] - now().timestamp()  # its reset_at is up to a second later
        answer.headers["Retry-After"] = str(max(1, ceil(wait)))
    return answer


def nested(faults: Iterable[tuple[Iterable[str | int], str]]) -> dict[str, Any]:
    """From faults by the path to their field to messages nested as the document is."""
    messages: dict[str, Any] = {}
    for path, message in faults:
        inner = messages
        for part in path:
            inner = inner.setdefault(str(part), {})
        inner.setdefault("", []).append(message)
    return messages


def _faults(messages: Any, pointer: str = "") -> Iterator[dict[str, str]]:
    """From nested messages by field to one entry for each."""
    if isinstance(messages, dict):
        for name, inner in messages.items():
            part = str(name).replace("~", "~0").replace("/", "~1")
            yield from _faults(inner, f"{pointer}/{part}" if part else pointer)
    else:
        for message in messages:
            yield {"pointer": pointer, "detail": str(message)}
