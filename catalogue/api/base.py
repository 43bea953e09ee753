"""What all routes of the API share. Nobody is signed in here: cookies count for nothing, tokens do."""

from collections.abc import Callable
from typing import Any, TypeVar, cast

from flask import Response, current_app, request
from flask_smorest import Blueprint

from catalogue.api.tokens import identify, sent_token, token_key
from catalogue.extensions import csrf, limiter
from catalogue.security import PUBLIC, guard_of

View = TypeVar("View", bound=Callable[..., Any])

api = Blueprint("api", __name__, url_prefix="/api/v1", description="The catalogue, for programs")
csrf.exempt(api)  # a browser sends no token of its own accord, so no other site can have it write here
_by_network = limiter.shared_limit("300 per minute", scope="api")
_by_token = limiter.shared_limit(
    "300 per minute", scope="api token", key_func=token_key, exempt_when=lambda: sent_token() is None
)


def limited(view: View) -> View:
    """As often as a network may ask, and a token, wherever it is sent from."""
    return cast(View, _by_network(_by_token(view)))


@api.before_request
def _identify() -> None:
    """A token that is not valid is refused everywhere, so that nobody takes the public's answer for their own."""
    identify()


@api.after_request
def _readable_anywhere(response: Response) -> Response:
    """Pages of any site may read what is public: it is the same for everybody. No token goes with it from there."""
    view = current_app.view_functions[request.endpoint or ""]
    if request.method in ("GET", "HEAD") and guard_of(view) == PUBLIC:
        response.headers["Access-Control-Allow-Origin"] = "*"
    return response
