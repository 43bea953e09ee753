"""Choosing for a course, in the platform's frame, and sending off what was chosen.

Every page is the answer to a POST whose body holds the token: it is in no address, no cookie and no referrer.
"""

import re
from typing import Any

from flask import Blueprint, current_app, g, render_template, request, url_for
from werkzeug.datastructures import MultiDict

from catalogue.enrolments import seating
from catalogue.errors import Refused
from catalogue.extensions import csrf, limiter
from catalogue.frameworks import queries as frameworks
from catalogue.offers import queries as offers
from catalogue.offers.facets import facets, looked_for
from catalogue.offers.forms import filters_of
from catalogue.security import public
from catalogue.settings import Settings
from catalogue.transactions import run
from lti import keys, refusals
from lti.addresses import origin
from lti.claims import Launch, text
from lti.deep_linking import actions, queries
from lti.deep_linking.actions import Choosing
from lti.deep_linking.basket import Edit
from lti.deep_linking.forms import ItemForm, anchor_of, item_forms
from lti.deep_linking.response import signed
from lti.errors import LaunchRefused, Why

lti_choosing = Blueprint("lti_choosing", __name__, url_prefix="/lti/choose")

STEPS = "300 per minute"
"""For one client address, which the teachers of a whole hospital may share."""
ICON_SIZE = 48  # pixels
Errors = list[dict[str, str]]


@lti_choosing.errorhandler(LaunchRefused)
def refused(refusal: LaunchRefused) -> tuple[str, int]:
    """One that is just over is no fault that an administrator would look for."""
    if refusal.why not in (Why.ANSWERED, Why.CHOOSING_OVER):
        return refusals.page(refusal)
    g.frame_origin = refusal.frame_origin
    said = refusals.PAGES[refusal.why]
    return render_template("lti/choose_over.html", said=said), said.status


@lti_choosing.get("")
@lti_choosing.get("/answer")
@public
def by_hand() -> tuple[str, int]:
    """Somebody opened an address that only forms of ours post to."""
    return render_template("lti/open_in_course.html"), 400


def begin(message: Launch) -> str:
    """The first page of a teacher's choosing. Raises ``LaunchRefused``."""
    token = run(lambda: actions.begin(message))
    return _page(token, actions.find(token), MultiDict())


# No cookie is used, so that none can be abused: whoever posts the token is the teacher whom it was given to.
@lti_choosing.post("")
@csrf.exempt  # type: ignore[untyped-decorator]
@public
@limiter.limit(STEPS)
def choose() -> str | tuple[str, int]:
    """Keep what was typed in the basket, take one step, and show the offers that are looked for."""
    token, form = request.form.get("token", ""), request.form
    choosing = actions.find(token)
    typed = item_forms(choosing.basket, takes_line_items=choosing.takes_line_items, posted=form)
    step, key = _step(form)
    kept = {of: item for of, item in typed.items() if step != "remove" or of != key}
    if errors := _errors(kept):
        return _page(token, choosing, form, typed=typed, errors=errors), 422
    try:
        changed = run(lambda: actions.change(token, _edits(kept), step, key))
    except Refused as refusal:
        errors = [{"text": str(refusal), "href": "#basket"}]
        return _page(token, choosing, form, typed=typed, errors=errors), 422
    return _page(token, changed, form, said=_said(choosing, changed, step, key))


@lti_choosing.post("/answer")
@csrf.exempt  # type: ignore[untyped-decorator]
@public
@limiter.limit(STEPS)
def answer() -> str | tuple[str, int]:
    """Send off what was chosen, or that nothing was: once."""
    token, form = request.form.get("token", ""), request.form
    choosing = actions.find(token)
    cancelled = form.get("do") == "cancel"
    typed = item_forms(choosing.basket, takes_line_items=choosing.takes_line_items, posted=form)
    if not cancelled and (errors := _errors(typed) or _not_to_be_sent(choosing)):
        return _page(token, choosing, form, typed=typed, errors=errors), 422
    edits = {} if cancelled else _edits(typed)
    key = keys.signing_key()
    given = run(lambda: actions.answer(token, edits, cancelled=cancelled))
    g.frame_origin, g.form_action = given.frame_origin, origin(given.return_url)
    return render_template(
        "lti/answer.html", return_url=given.return_url, token=signed(given, _icon(), key), items=given.basket
    )


def _icon() -> dict[str, Any]:
    settings: Settings = current_app.extensions["settings"]
    path = url_for("static", filename="everyseat-icon.svg")
    return {"url": settings.public_url.rstrip("/") + path, "width": ICON_SIZE, "height": ICON_SIZE}


def _step(form: MultiDict[str, str]) -> tuple[str, str]:
    """What the button says: a step, and what it is taken with."""
    step, _, key = text(form.get("do"), 1000).partition(" ")
    return step, f"offers:{queries.query_of(filters_of(form))}" if key == "offers" else key


def _edits(typed: dict[str, ItemForm]) -> dict[str, Edit]:
    return {key: form.edit for key, form in typed.items() if form.typed}


def _errors(typed: dict[str, ItemForm]) -> Errors:
    """Of each field the first, linked to it. All forms are looked at."""
    wrong = [form for form in typed.values() if form.typed and not form.validate()]
    return [{"text": str(field.errors[0]), "href": f"#{field.id}"} for form in wrong for field in form if field.errors]


def _not_to_be_sent(choosing: Choosing) -> Errors:
    if not choosing.basket:
        return [{"text": "Choose something to add, or cancel", "href": "#q"}]
    slugs = [item.value for item in choosing.basket if item.target == "offer"]
    there = queries.still_there(slugs)
    return [
        {
            "text": f"“{item.title}” is no longer in the catalogue. Remove it, then add the rest",
            "href": f"#{anchor_of(item)}-title",
        }
        for item in choosing.basket
        if item.target == "offer" and item.value not in there
    ]


def _said(before: Choosing, after: Choosing, step: str, key: str) -> str:
    """What the step did with the basket, in words."""
    new = [item for item in after.basket if item.key not in {held.key for held in before.basket}]
    gone = [item for item in before.basket if item.key not in {held.key for held in after.basket}]
    if new and gone:
        return f"“{new[0].title}” takes the place of “{gone[0].title}”"
    if new:
        return f"“{new[0].title}” is in your basket"
    if gone:
        return f"“{gone[0].title}” is out of your basket"
    if step in ("up", "down"):
        place = next((number for number, item in enumerate(after.basket, 1) if item.key == key), 0)
        return f"“{after.basket[place - 1].title}” is now {place} of {len(after.basket)}" if place else ""
    if before.basket != after.basket:
        return "Your changes are saved"
    return "Nothing was changed" if step == "keep" else ""


def _page(
    token: str,
    choosing: Choosing,
    form: MultiDict[str, str],
    *,
    typed: dict[str, ItemForm] | None = None,
    errors: Errors | None = None,
    said: str = "",
) -> str:
    g.frame_origin = choosing.frame_origin
    filters = filters_of(form)
    after = _after(form, queries.query_of(filters))
    page = offers.search(filters, None, after)
    found = facets(filters, None)
    runs = [one for offer in page.offers for one in offers.joinable_runs(offer)]
    return render_template(
        "lti/choose.html",
        token=token, choosing=choosing, said=said, errors=errors or [], anchor_of=anchor_of,
        typed=typed or item_forms(choosing.basket, takes_line_items=choosing.takes_line_items),
        held={item.key for item in choosing.basket}, pages=queries.PAGES,
        filters=filters, query=queries.query_of(filters), looked_for=looked_for(found, filters),
        page=page, after=after, listed=_step(form)[0] in ("show", "first", "next"),
        facets=found, names=frameworks.level_names(frameworks.current_framework().id),
        free=seating.free_by_run(runs), joinable_runs=offers.joinable_runs,
    )  # fmt: skip


def _after(form: MultiDict[str, str], query: str) -> str:
    """Where the page before ended."""
    step, key = _step(form)
    asked = key if step == "next" else form.get("after", "")
    same = form.get("shown", "") == query and step not in ("show", "first")
    return asked if same and re.fullmatch("[A-Za-z0-9_-]{1,2000}", asked) else ""
