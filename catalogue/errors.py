"""The few domain errors, and how an error becomes a status and a page."""

import secrets

import structlog
from flask import Flask, g, render_template, request
from flask_login import AnonymousUserMixin
from flask_wtf.csrf import CSRFError
from sqlalchemy.exc import InterfaceError, OperationalError, PendingRollbackError, TimeoutError
from werkzeug.exceptions import HTTPException

log = structlog.get_logger()


class DomainError(Exception):
    """Something that a person asked for and that cannot be; the message is for them, in plain words."""

    status = 409
    title = "That could not be done"


class NotThere(DomainError):
    status = 404
    title = "Page not found"


class Refused(DomainError):
    """The state of things does not allow it (any more)."""


PAGES: dict[int, tuple[str, str]] = {
    400: ("We could not read that request", "Something in what your browser sent was not as it should be."),
    404: (
        "Page not found",
        "If you typed the address, check that it is right. If you followed a link, the page may have moved, "
        "or it may be one that you cannot open.",
    ),
    405: ("That could not be done here", "This address does not take that kind of request."),
    413: ("That was too large", "What you sent is larger than this page takes."),
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


def page(status: int, title: str, message: str, reference: str = "") -> tuple[str, int]:
    reference = reference or new_reference()
    log.info("error page", reference=reference, status=status, endpoint=request.endpoint)
    return render_template("error.html", title=title, message=message, reference=reference), status


def register_errors(app: Flask) -> None:
    @app.errorhandler(DomainError)
    def domain(error: DomainError) -> tuple[str, int]:
        return page(error.status, error.title, str(error) or PAGES.get(error.status, ("", ""))[1])

    @app.errorhandler(CSRFError)
    def csrf(_error: CSRFError) -> tuple[str, int]:
        return page(
            400,
            "This page was open for too long",
            "For your safety we did not do what you asked. Go back, reload the page, and try again. If it happens "
            "again, your browser may be blocking cookies for this site.",
        )

    @app.errorhandler(HTTPException)
    def http(error: HTTPException) -> tuple[str, int]:
        status = error.code or 500
        title, message = PAGES.get(status, PAGES[400 if status < 500 else 500])
        return page(status, title, message)

    @app.errorhandler(OperationalError)
    @app.errorhandler(InterfaceError)  # the connection was lost in the middle
    @app.errorhandler(PendingRollbackError)  # and something else had caught that
    @app.errorhandler(TimeoutError)  # all connections are taken
    def database(_error: Exception) -> tuple[str, int]:
        g._login_user = AnonymousUserMixin()  # who it is stands in the database too: the page goes without
        reference = new_reference()
        log.error("the database did not answer", reference=reference, exc_info=True)
        return page(503, *PAGES[503], reference)

    @app.errorhandler(Exception)
    def fault(error: Exception) -> tuple[str, int]:
        if app.config.get("PROPAGATE_FAULTS"):
            raise error
        reference = new_reference()
        log.error("fault", reference=reference, exc_info=True)
        return page(500, *PAGES[500], reference)
