"""What every answer carries, and the rule that every route says who may use it."""

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from flask import Flask, Response, abort, current_app, g, redirect, request, url_for
from flask_login import current_user
from werkzeug.wrappers import Response as BaseResponse

from catalogue.api.tokens import token_for
from catalogue.extensions import csrf
from catalogue.keeping import kept_page
from catalogue.people.models import Role, Scope

View = TypeVar("View", bound=Callable[..., Any])

PUBLIC = "public"
SIGNED_IN = "signed in"


def public(view: View) -> View:
    """Anybody may use this route."""
    view.__guard__ = PUBLIC  # type: ignore[attr-defined]
    return view


def signed_in(view: View) -> View:
    """Anybody who is signed in may use this route; what is theirs is for the view to say."""
    view.__guard__ = SIGNED_IN  # type: ignore[attr-defined]
    return view


def granted(*roles: Role) -> Callable[[View], View]:
    """Only who holds one of the roles may use this route."""

    def mark(view: View) -> View:
        view.__guard__ = roles  # type: ignore[attr-defined]
        return view

    return mark


@dataclass(frozen=True, slots=True)
class TokenWith:
    """The guard of a route for programs that come with a token of this scope; cookies count for nothing there."""

    scope: Scope


def token(scope: Scope) -> Callable[[View], View]:
    """Only a program may use this route, with a token of this scope."""

    def mark(view: View) -> View:
        view.__guard__ = TokenWith(scope)  # type: ignore[attr-defined]
        return view

    return mark


def guard_of(view: Callable[..., Any]) -> str | tuple[Role, ...] | TokenWith | None:
    return getattr(view, "__guard__", None)


def register_security(app: Flask) -> None:
    app.before_request(_readable)
    app.before_request(_guard)
    app.after_request(_headers)
    app.view_functions["static"] = public(app.view_functions["static"])


def _readable() -> None:
    """Refuse NUL, which is in no text that a person types and which PostgreSQL cannot hold.

    What comes without our forms, from platforms, is refused by whoever reads it, in their words.
    """
    if request.endpoint is None:
        return
    view = current_app.view_functions[request.endpoint]
    if f"{view.__module__}.{view.__name__}" in csrf._exempt_views:
        return
    sent = [request.path, *(text for pair in request.values.items(multi=True) for text in pair)]
    if any("\0" in text for text in sent):
        abort(400)


def _guard() -> BaseResponse | None:
    """Refuse what a route does not open. A route without a guard is open to nobody."""
    if request.endpoint is None:
        return None  # there is no such page: the router says so
    guard = guard_of(current_app.view_functions[request.endpoint])
    if guard == PUBLIC:
        return None
    if isinstance(guard, TokenWith):
        token_for(guard.scope)
        return None
    if not current_user.is_authenticated:
        back = request.full_path.rstrip("?") if request.method == "GET" else None
        return kept_page(403, signed_in=False) or redirect(url_for("people.sign_in", next=back))
    if guard == SIGNED_IN:
        return None
    if isinstance(guard, tuple) and any(current_user.person.has(role) for role in guard):
        return None
    abort(404)  # what is not theirs is not there for them


def csp_nonce() -> str:
    if "csp_nonce" not in g:
        g.csp_nonce = secrets.token_urlsafe(18)
    return str(g.csp_nonce)


def frame_origin() -> str:
    """The origin of the platform that may show this page in a frame, or an empty string."""
    shown_in: str = g.get("frame_origin", "")
    if not shown_in and current_user.is_authenticated:
        shown_in = current_user.sign_in.frame_origin
    return shown_in


def form_action() -> str:
    """Where the forms of this page may go: to us, or to the one other origin that its view names in ``g``."""
    named: str = g.get("form_action", "")
    return named or "'self'"


def image_sources() -> str:
    """Where the pictures of this page may come from, where its view names more in ``g`` than our own address."""
    named: str = g.get("image_sources", "")
    return f"img-src {named}; " if named else ""


def _headers(response: Response) -> Response:
    response.headers.setdefault("X-Content-Type-Options", "nosniff")
    response.headers.setdefault("Referrer-Policy", "same-origin")
    response.headers.setdefault("Permissions-Policy", "camera=(), microphone=(), geolocation=()")
    if not current_app.extensions["settings"].development:
        response.headers.setdefault("Strict-Transport-Security", "max-age=63072000")
    if request.endpoint != "static" or response.status_code >= 400:  # that there is no such file is said on a page
        response.headers.setdefault("Cache-Control", "no-store")
        ancestors = frame_origin() or "'none'"
        response.headers.setdefault(
            "Content-Security-Policy",
            f"default-src 'self'; script-src 'nonce-{csp_nonce()}'; {image_sources()}"
            f"object-src 'none'; base-uri 'none'; form-action {form_action()}; frame-ancestors {ancestors}",
        )
    return response
