"""The few domain errors, and how an error becomes a status and a page."""

import secrets
from collections.abc import Mapping

import structlog
from flask import Flask, Response, g, render_template, request
from flask_login import AnonymousUserMixin, current_user
from flask_wtf.csrf import CSRFError
from sqlalchemy.exc import InterfaceError, OperationalError, PendingRollbackError, TimeoutError
from werkzeug.exceptions import HTTPException

from catalogue.api.problems import problem
from catalogue.keeping import kept_page

log = structlog.get_logger()


class DomainError(Exception):
    """Something that a person asked for and that cannot be; the message is for them, in plain words."""

    status = 409
    title = "That could not be done"
    headers: Mapping[str, str] = {}
    """What a program is told beside the message."""


class NotThere(DomainError):
    status = 404
    title = "Page not found"


class Refused(DomainError):
    """The state of things does not allow it (any more)."""


class NotVouchedFor(DomainError):
    """What was to say who somebody is did not, or not so that we can believe it."""

    status = 403
    title = "You are not signed in"


class TokenWanted(DomainError):
    """A program came without a token. Source: RFC 6750, section 3."""

    status = 401
    title = "A token is needed"
    headers: Mapping[str, str] = {"WWW-Authenticate": "Bearer"}


class TokenNotValid(TokenWanted):
    """What it came with is unknown, has ended or has expired, or is of somebody who is suspended."""

    headers: Mapping[str, str] = {"WWW-Authenticate": 'Bearer error="invalid_token"'}


class TokenTooNarrow(DomainError):
    status = 403
    title = "The token is not for this"

    def __init__(self, scope: str) -> None:
        super().__init__(f"This token is not for that. Make one with {scope} at /tokens.")
        self.headers = {"WWW-Authenticate": f'Bearer error="insufficient_scope", scope="{scope}"'}


class Changed(DomainError):
    """It is not any more what the program has seen of it. Source: RFC 9110, section 13.1.1."""

    status = 412


class Faulty(DomainError):
    """A document is not as it should be; ``messages`` by field, nested as it is."""

    status = 422

    def __init__(self, messages: Mapping[str, object]) -> None:
        super().__init__("Some of what was sent is not as it should be.")
        self.data = {"messages": messages}


PAGES: dict[int, tuple[str, str]] = {
    400: ("We could not read that request", "Something in what your browser sent was not as it should be."),
    401: ("A token is needed", "Send a token that is valid."),
    403: ("That could not be done here", "This is not for you."),
    404: (
        "Page not found",
        "If you typed the address, check that it is right. If you followed a link, the page may have moved, "
        "or it may be one that you cannot open.",
    ),
    405: ("That could not be done here", "This address does not take that kind of request."),
    406: ("That could not be done here", "We have nothing in the form that you asked for."),
    413: ("That was too large", "What you sent is larger than this page takes."),
    415: ("We could not read that request", "This address does not take that kind of document."),
    422: ("We could not read that request", "Some of what was sent is not as it should be."),
    429: ("Too many tries", "Wait a few minutes, then try again."),
    500: ("Something went wrong", "It is our fault, not yours. What you had saved before is safe. Try again later."),
    503: (
        "We are busy just now",
        "Nothing was changed. Wait a moment, then try again: what you typed is still in the page before.",
    ),
}


def new_reference() -> str:
    """Short enough to read out on the telephone."""
    return secrets.token_hex(4).upper()


def _asked_by_a_program() -> bool:
    """By its address; where a person and a program have the same one, by what they take."""
    if not request.path.startswith("/credentials/"):
        return request.path.startswith(("/api/", "/xapi/"))
    if request.path.startswith(("/credentials/achievements/", "/credentials/issuers/", "/credentials/keys/")):
        return True
    badges = ["application/json", "application/vc+jwt", "application/ld+json"]
    takes = request.accept_mimetypes.best_match(["text/html", *badges])
    return request.path.endswith((".json", ".jwt")) or takes not in (None, "text/html")


def page(
    status: int, title: str, message: str, reference: str = "", error: Exception | None = None
) -> tuple[str, int] | Response:
    """A page for people; a problem document for programs, under the addresses that are theirs."""
    reference = reference or new_reference()
    log.info("error page", reference=reference, status=status, endpoint=request.endpoint)
    if _asked_by_a_program():
        return problem(status, message, reference, error)
    return render_template("error.html", title=title, message=message, reference=reference), status


def register_errors(app: Flask) -> None:
    @app.errorhandler(DomainError)
    def domain(error: DomainError) -> tuple[str, int] | Response:
        return page(error.status, error.title, str(error) or PAGES.get(error.status, ("", ""))[1], error=error)

    @app.errorhandler(CSRFError)
    def csrf(_error: CSRFError) -> tuple[str, int] | Response:
        return kept_page(400, signed_in=current_user.is_authenticated) or page(
            400,
            "This page was open for too long",
            "For your safety we did not do what you asked. Go back, reload the page, and try again. If it happens "
            "again, your browser may be blocking cookies for this site.",
        )

    @app.errorhandler(HTTPException)
    def http(error: HTTPException) -> tuple[str, int] | Response:
        status = error.code or 500
        title, message = PAGES.get(status, PAGES[400 if status < 500 else 500])
        return page(status, title, message, error=error)

    @app.errorhandler(OperationalError)
    @app.errorhandler(InterfaceError)  # the connection was lost in the middle
    @app.errorhandler(PendingRollbackError)  # and something else had caught that
    @app.errorhandler(TimeoutError)  # all connections are taken
    def database(_error: Exception) -> tuple[str, int] | Response:
        g._login_user = AnonymousUserMixin()  # who it is stands in the database too: the page goes without
        reference = new_reference()
        log.error("the database did not answer", reference=reference, exc_info=True)
        return page(503, *PAGES[503], reference)

    @app.errorhandler(Exception)
    def fault(error: Exception) -> tuple[str, int] | Response:
        if app.config.get("PROPAGATE_FAULTS"):
            raise error
        reference = new_reference()
        log.error("fault", reference=reference, exc_info=True)
        return page(500, *PAGES[500], reference)
