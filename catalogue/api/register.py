"""The API as a part of the service, and the OpenAPI document made from its routes.

Source: OpenAPI 3.1, https://spec.openapis.org/oas/v3.1.0.
"""

from http import HTTPStatus
from typing import Any

from flask import Flask
from flask_smorest import Api
from flask_smorest.spec.plugins import FlaskPlugin

from catalogue.api import schemas, views, writing
from catalogue.api.base import api
from catalogue.api.pages import pages
from catalogue.api.problems import MEDIA_TYPE, Problem
from catalogue.security import TokenWith, guard_of

EVERYWHERE = (
    HTTPStatus.BAD_REQUEST,
    HTTPStatus.UNAUTHORIZED,
    HTTPStatus.TOO_MANY_REQUESTS,
    HTTPStatus.SERVICE_UNAVAILABLE,
)
"""What any address may answer."""


SCHEME = {"type": "http", "scheme": "bearer", "description": "A token of yours, made at /tokens"}
ROUTES = (views, writing)
"""The modules in which the routes are."""


class _Api(Api):  # type: ignore[misc]
    """Errors stay with ``catalogue.errors``: one table for pages and for programs."""

    DEFAULT_ERROR_RESPONSE_NAME = None

    def _register_error_handlers(self) -> None:
        pass

    def _register_responses(self) -> None:
        for status in HTTPStatus:
            content = {MEDIA_TYPE: {"schema": Problem}}
            self.spec.components.response(
                status.name, {"description": status.phrase, "content": content}, lazy=True
            )  # fmt: skip


def register_api(app: Flask) -> None:
    app.config.update(API_TITLE="Every Seat", API_VERSION="v1", OPENAPI_VERSION="3.1.0")
    described = _Api(app)
    described.register_blueprint(api)
    app.register_blueprint(pages)
    app.extensions["openapi"] = _document(described, _guards(app))


def _guards(app: Flask) -> dict[tuple[str, str], Any]:
    """Who may use an operation, by its path in the document and its method."""
    return {
        (FlaskPlugin.flaskpath2openapi(rule.rule), method.lower()): guard_of(app.view_functions[rule.endpoint])
        for rule in app.url_map.iter_rules()
        for method in rule.methods or ()
    }


def _document(described: _Api, guards: dict[tuple[str, str], Any]) -> dict[str, Any]:
    described.spec.components.security_scheme("token", SCHEME)
    for status in EVERYWHERE:
        described.spec.components.get_ref("response", status.name)  # makes it, where no route has named it
    document: dict[str, Any] = described.spec.to_dict()
    components = document["components"]
    components["schemas"] |= schemas.written_schemas()
    detail = components["schemas"]["OfferDetail"]["properties"]
    detail["content"] = {"$ref": "#/components/schemas/OfferContent"}
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            if isinstance(operation, dict):
                needed = isinstance(guards[path, method], TokenWith)
                operation["security"] = [{"token": []}] if needed else [{}, {"token": []}]
                for status in EVERYWHERE:
                    answer = {"$ref": f"#/components/responses/{status.name}"}
                    operation["responses"].setdefault(str(status.value), answer)
    return document
