"""The administrators' page that searches the audit trail. To read it is an event too."""

import json
import re
from collections.abc import Iterator
from datetime import date

from flask import Blueprint, Response, redirect, render_template, request, stream_with_context, url_for
from flask_login import current_user
from flask_wtf import FlaskForm
from sqlalchemy import select
from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Response as BaseResponse
from wtforms import EmailField
from wtforms.validators import DataRequired, Length

from catalogue.clock import today
from catalogue.extensions import db
from catalogue.people import audit, audit_queries
from catalogue.people.audit_queries import Wanted
from catalogue.people.models import Person, Role
from catalogue.people.queries import account_by_email
from catalogue.security import granted
from catalogue.shapes import row_id
from catalogue.spreadsheets import Cell, csv_lines

audit_pages = Blueprint("audit", __name__, url_prefix="/admin/audit")
HEADER = ("number", "at", "who", "who by name", "what", "about", "about by name", "detail", "seal")
OPAQUE = re.compile(r"[0-9a-f]{32}|[a-z-]+:[0-9]+|[0-9]{4}-[0-9]{2}-[0-9]{2}")
LONGEST = 100  # letters of what an address asks for


class FindForm(FlaskForm):  # type: ignore[misc]
    """Somebody by their address, which is posted: it stands in no address of a page, and in no log."""

    email = EmailField("Email address to sign in with", validators=[DataRequired("Enter an address"), Length(max=254)])


@audit_pages.get("")
@granted(Role.ADMINISTRATOR)
def index() -> str:
    return _page(_wanted(request.args), FindForm())


@audit_pages.post("/person")
@granted(Role.ADMINISTRATOR)
def person() -> BaseResponse | tuple[str, int]:
    form = FindForm()
    if form.validate_on_submit():
        account = account_by_email(form.email.data or "")
        if account is not None:
            return redirect(url_for("audit.index", person=account.person.key))
        form.email.errors = ["Nobody signs in with this address"]
    return _page(Wanted(), form), 422


@audit_pages.get("/events.csv")
@granted(Role.ADMINISTRATOR)
def events() -> Response:
    wanted = _wanted(request.args)
    _note_reading("audit file", wanted)
    return Response(
        stream_with_context(csv_lines(HEADER, _rows(wanted), bom=True)),
        mimetype="text/csv",
        headers={"Content-Disposition": f'attachment; filename="every-seat-audit-{today().isoformat()}.csv"'},
    )


def _note_reading(what: str, wanted: Wanted) -> None:
    """With what was asked for, as far as that is nobody's name or address."""
    asked = {name: said for name, said in wanted.as_query.items() if name != "action" and OPAQUE.fullmatch(said)}
    audit.record_reading(what, "audit", current_user.person.key, asked=asked)


def _page(wanted: Wanted, form: FindForm) -> str:
    _note_reading("audit", wanted)
    chosen = db.session.scalar(select(Person).where(Person.key == wanted.person)) if wanted.person else None
    return render_template(
        "people/audit.html",
        wanted=wanted, page=audit_queries.page(wanted), actions=audit_queries.actions(), chosen=chosen, form=form,
    )  # fmt: skip


def _rows(wanted: Wanted) -> Iterator[list[Cell]]:
    for event, names in audit_queries.all_of(wanted):
        yield [
            event.number, event.at, event.actor_key, names.get(event.actor_key), event.action, event.subject,
            names.get(event.subject), json.dumps(event.detail, ensure_ascii=False) if event.detail else "", event.seal,
        ]  # fmt: skip


def _wanted(query: MultiDict[str, str]) -> Wanted:
    """What an address asks for; a day or a number that is none is passed over."""
    return Wanted(
        action=query.get("action", "")[:LONGEST], person=query.get("person", "").strip()[:LONGEST],
        subject=query.get("subject", "").strip()[:LONGEST], first_day=_day(query.get("from", "")),
        last_day=_day(query.get("to", "")), before=query.get("before", type=row_id),
    )  # fmt: skip


def _day(said: str) -> date | None:
    try:
        day = date.fromisoformat(said)
    except ValueError:
        return None
    return day if 1900 < day.year < 3000 else None
