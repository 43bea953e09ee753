"""What was typed is kept where a form could not be taken, since its sign-in had run out: to be sent once more.

A view that is marked with ``keeps`` is for long forms that people fill in where connections and sign-ins break off.
What they had chosen comes back to them in a form with a fresh token; it is not kept by us.
"""

from collections.abc import Callable
from typing import Any, TypeVar
from urllib.parse import urlsplit

from flask import Response, current_app, make_response, render_template, request

View = TypeVar("View", bound=Callable[..., Any])


def keeps(view: View) -> View:
    """What is typed on this view's form is shown again where it could not be taken."""
    view.__keeps__ = True  # type: ignore[attr-defined]
    return view


def kept_page(status: int, *, signed_in: bool) -> Response | None:
    """The page that gives back what was typed on a form of ours; nothing where there is nothing to keep."""
    view = current_app.view_functions.get(request.endpoint or "")
    if request.method != "POST" or not getattr(view, "__keeps__", False):
        return None
    if urlsplit(request.referrer or "").netloc != request.host:
        return None  # another site's form is nobody's typing
    typed = [(name, value) for name, value in request.form.items(multi=True) if name != "csrf_token"]
    if not typed:
        return None
    return make_response(
        render_template("kept.html", typed=typed, signed_in=signed_in, action=request.full_path.rstrip("?")), status
    )
