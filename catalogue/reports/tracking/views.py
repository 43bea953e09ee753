"""The page of completions, its picture and its files, a person's record, and views that are kept."""

from collections.abc import Iterable, Iterator
from urllib.parse import parse_qsl, urlencode

from flask import Blueprint, Flask, Response, abort, flash, redirect, render_template, request, url_for
from flask_login import current_user
from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Response as BaseResponse

from catalogue.clock import today
from catalogue.errors import NotThere
from catalogue.extensions import db
from catalogue.people.audit import record_reading
from catalogue.people.models import Person, Role
from catalogue.reports.models import Every
from catalogue.reports.tracking import actions, charts, queries
from catalogue.reports.tracking.access import sights_of
from catalogue.reports.tracking.asked import Asked, asked_of
from catalogue.reports.tracking.figures import figures_of, months_of
from catalogue.reports.tracking.files import COUNTED, XLSX, Table, counted, xlsx_file
from catalogue.reports.tracking.filters import By, Eyes
from catalogue.reports.tracking.forms import LABELS, STATES, KeepForm
from catalogue.reports.tracking.jobs import register_tracking_jobs
from catalogue.reports.tracking.platforms import platform_names
from catalogue.reports.tracking.queries import Tracked
from catalogue.reports.tracking.rules import OVERDUE_AFTER, Outcome
from catalogue.reports.tracking.words import named, percent, said
from catalogue.security import signed_in
from catalogue.shapes import row_id
from catalogue.spreadsheets import Cell, csv_lines
from catalogue.transactions import run

track = Blueprint("track", __name__, url_prefix="/track")


def register_tracking(app: Flask) -> None:
    app.register_blueprint(track)
    app.jinja_env.filters["percent"] = percent
    register_tracking_jobs(app)


@track.get("")
@signed_in
def index() -> str | tuple[str, int]:
    person = current_user.person
    sights = sights_of(person)
    if not sights and any(grant.role == Role.LEAD for grant in person.grants):
        return render_template("reports/no_system.html")
    asked = asked_of(person, request.args)
    return _page(asked, KeepForm(formdata=None, query=urlencode(asked.as_query)))


def _page(asked: Asked, keeping: KeepForm) -> str | tuple[str, int]:
    person, day = current_user.person, today()
    after, before = (request.args.get(name, 0, type=row_id) for name in ("after", "before"))
    turned = asked.sight.by_name and (after or before)  # who turns to more rows has seen the figures
    figures = None if turned else figures_of(asked.sight, asked.filters, asked.by, day)
    page = None
    if asked.sight.by_name:
        page = queries.rows_of(asked.sight, asked.filters, day, after=after, before=before)
        if asked.names:
            _note("track", [row.person_key for row in page.rows])
    status = 422 if asked.faults or keeping.errors else 200
    shown = render_template(
        "tracking/index.html",
        asked=asked, figures=figures, page=page, said=said(figures) if figures else [],
        named=named(asked.filters, asked.choices, STATES),
        eyes=[sight.eyes for sight in sights_of(person)], bys=_bys(asked), labels=LABELS, states=STATES,
        outcomes=list(Outcome), platforms=platform_names(), overdue_after=OVERDUE_AFTER, form=keeping,
        typed={name: request.args.get(name, "") for name in ("since", "until")}, may_post=bool(person.email),
        everywhere=person.has(Role.ADMINISTRATOR),
    )  # fmt: skip
    return shown, status


def _bys(asked: Asked) -> list[By]:
    """What a table of counts can be by, for these eyes."""
    if not asked.sight.by_name:
        return []
    return [by for by in By if by != By.SYSTEM or asked.sight.eyes == Eyes.ALL or asked.sight.systems]


def _note(subject: str, keys: Iterable[str], **more: str) -> None:
    """Who is named to somebody is noted before it is shown, by opaque keys; that they see themselves is not."""
    reader = current_user.person.key
    others = sorted(set(keys) - {reader})
    if others:
        record_reading("completions", subject, reader, people=len(others), keys=others, **more)


@track.get("/trend.svg")
@signed_in
def trend() -> Response:
    asked = _sound(asked_of(current_user.person, request.args))
    if not asked.sight.by_name:
        raise NotThere
    return Response(charts.trend(months_of(asked.sight, asked.filters, today())), mimetype="image/svg+xml")


@track.get("/completions.csv")
@signed_in
def csv_file() -> Response:
    asked = _sound(asked_of(current_user.person, request.args))
    header, rows = _contents(asked, "csv")
    return _sent(csv_lines(header, rows, bom=True), "text/csv", "csv")


@track.get("/completions.xlsx")
@signed_in
def xlsx() -> Response:
    asked = _sound(asked_of(current_user.person, request.args))
    header, rows = _contents(asked, "xlsx")
    return _sent(xlsx_file(header, rows), XLSX, "xlsx")


def _sound(asked: Asked) -> Asked:
    if asked.faults:
        abort(422)
    return asked


def _contents(asked: Asked, kind: str) -> tuple[list[str], Iterator[list[Cell]]]:
    """The heading and the rows of a file: those of the page, all of them."""
    if not asked.sight.by_name:
        parts = figures_of(asked.sight, asked.filters, asked.by, today()).parts
        return COUNTED, (counted(part) for part in parts)
    if asked.names:
        query = urlencode(asked.as_query)
        record_reading("completions", "track", current_user.person.key, file=kind, query=query)
    table = Table(asked.names, platform_names())
    rows: Iterator[Tracked] = queries.all_rows(db.engine, asked.sight, asked.filters, today())
    return table.header, (table.cells(row) for row in rows)


def _sent(parts: Iterable[str] | Iterable[bytes], mimetype: str, ending: str) -> Response:
    name = f"every-seat-completions-{today().isoformat()}.{ending}"
    return Response(parts, mimetype=mimetype, headers={"Content-Disposition": f'attachment; filename="{name}"'})


@track.get("/people/<key>")
@signed_in
def person(key: str) -> str:
    """All that somebody is on, for who may see them."""
    asked = asked_of(current_user.person, MultiDict({"of": request.args.get("of", "")}))
    seen = queries.person_seen(asked.sight, key, today())
    if seen is None:
        raise NotThere
    _note(key, [key])
    name, rows = seen
    return render_template(
        "tracking/person.html", name=name, rows=rows, states=STATES, platforms=platform_names(), asked=asked
    )


@track.get("/views")
@signed_in
def views() -> str:
    _may_track()
    kept = []
    for view in queries.saved_views(current_user.person.id):
        kept.append((view, dict(parse_qsl(view.query))))
    return render_template("tracking/views.html", kept=kept)


@track.post("/views")
@signed_in
def keep() -> BaseResponse | str | tuple[str, int]:
    form, person_id = KeepForm(), current_user.person.id
    query = MultiDict(parse_qsl(form.query.data or ""))
    asked = _sound(asked_of(current_user.person, query))
    if form.validate_on_submit() and form.every.data and not current_user.person.email:
        form.every.errors = ["We have no email address of yours to send it to"]
    if form.errors:
        return _page(asked, form)
    name, every = (form.name.data or "").strip(), Every(form.every.data) if form.every.data else None
    kept = urlencode(asked.named(names=False))
    run(lambda: actions.keep_view(db.session.get_one(Person, person_id), name, kept, every, today()))
    flash(f"Your view “{name}” is kept.")
    return redirect(url_for("track.views"))


@track.post("/views/<int(max=2147483647):view_id>/remove")
@signed_in
def remove(view_id: int) -> BaseResponse:
    person_id = current_user.person.id
    run(lambda: actions.forget_view(actions.own_view(person_id, view_id)))
    flash("The view is removed. No more letters come for it.")
    return redirect(url_for("track.views"))


def _may_track() -> None:
    if not sights_of(current_user.person):
        raise NotThere
