"""Requests that say in a form what others say in the method, the address and the headers: rewritten as those.

Source: Experience API 1.0.3, part three, section 1.3 (alternate request syntax). What is not in that syntax is left as
it is, and is refused like any other request.
"""

from collections.abc import Iterable
from io import BytesIO
from typing import Any
from urllib.parse import urlencode

from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Request

_METHODS = ("GET", "HEAD", "PUT", "POST")
_HEADERS = {
    "authorization": "HTTP_AUTHORIZATION", "x-experience-api-version": "HTTP_X_EXPERIENCE_API_VERSION",
    "content-type": "CONTENT_TYPE", "if-match": "HTTP_IF_MATCH", "if-none-match": "HTTP_IF_NONE_MATCH",
}  # fmt: skip


class AlternateSyntax:
    """In front of the service: reads the form of a POST whose address says nothing but the method that is meant."""

    def __init__(self, service: Any, most: int) -> None:
        self.service, self.most = service, most

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        if environ["REQUEST_METHOD"] == "POST" and environ["PATH_INFO"].startswith("/xapi/"):
            environ = self._rewritten(environ)
        answer: Iterable[bytes] = self.service(environ, start_response)
        return answer

    def _rewritten(self, environ: dict[str, Any]) -> dict[str, Any]:
        request = Request(environ)
        request.max_content_length = request.max_form_memory_size = self.most
        method = request.args.get("method")
        if method not in _METHODS or len(list(request.args.items(multi=True))) != 1:
            return environ
        if request.mimetype != "application/x-www-form-urlencoded":
            return environ
        try:
            form = list(request.form.items(multi=True))
        except HTTPException:
            return environ
        content, sent, asked = "", {}, []
        for name, value in form:
            if name == "content":
                content = value
            elif name.lower() in _HEADERS:
                sent[_HEADERS[name.lower()]] = value
            elif name.lower() != "content-length":
                asked.append((name, value))
        body = content.encode()
        if body and "CONTENT_TYPE" not in sent:
            sent["CONTENT_TYPE"] = "application/json"
        said = {
            "REQUEST_METHOD": method, "QUERY_STRING": urlencode(asked), "CONTENT_TYPE": "",
            "CONTENT_LENGTH": str(len(body)), "wsgi.input": BytesIO(body),
        }  # fmt: skip
        return {name: value for name, value in environ.items() if not name.startswith("werkzeug.")} | said | sent
