"""What is held about a person: shown, handed out and erased; and for how long things are kept."""

from datetime import timedelta

from flask import Blueprint, Flask, Response, flash, redirect, render_template, send_file, session, url_for
from flask_login import current_user, logout_user
from sqlalchemy import select
from werkzeug.wrappers import Response as BaseResponse

from catalogue.clock import now, today
from catalogue.errors import NotThere, Refused
from catalogue.extensions import db, limiter
from catalogue.jobs import register_daily
from catalogue.pages import Task, add_admin_page
from catalogue.people import audit
from catalogue.people.actions import check_password
from catalogue.people.audit_views import audit_pages
from catalogue.people.models import Account, Person, Role
from catalogue.privacy import erasing, holding
from catalogue.privacy.exporting import packed
from catalogue.privacy.forms import AskedForm, FindForm, PasswordAgainForm, SureForm
from catalogue.privacy.models import Erasure
from catalogue.privacy.placed import NOBODYS, ROWS
from catalogue.privacy.placing import places, register_places
from catalogue.privacy.readings import register_readings
from catalogue.privacy.retention import keep_to_periods, periods, register_periods
from catalogue.security import granted, public, signed_in
from catalogue.transactions import run

privacy = Blueprint("privacy", __name__)
FRESH_FOR = timedelta(minutes=10)
ERASURES_SHOWN = 50


def register_privacy(app: Flask) -> None:
    register_places(app, ROWS, NOBODYS)
    register_periods(app)
    register_readings(app)
    app.register_blueprint(privacy)
    app.register_blueprint(audit_pages)
    add_admin_page(app, Task.PRIVACY, "Audit trail", "audit.index")
    add_admin_page(app, Task.PRIVACY, "What is held about somebody, and erasing them", "privacy.requests")
    register_daily(app, "keep to periods", _daily)


def _daily() -> None:
    keep_to_periods()
    erasing.complete_ledger()


@privacy.get("/privacy")
@public
def index() -> str:
    return render_template("privacy/index.html", periods=periods())


@privacy.get("/about-you")
@signed_in
def about_you() -> str:
    held = holding.held_about(holding.subject_of(current_user.person))
    return render_template("privacy/about_you.html", held=held)


@privacy.post("/about-you/download")
@signed_in
def download() -> Response:
    key = current_user.person.key
    run(lambda: audit.record("own data downloaded", key, key))
    return _file(current_user.person)


@privacy.route("/about-you/erase", methods=["GET", "POST"])
@signed_in
@limiter.limit("10 per 10 minutes", key_func=lambda: str(current_user.get_id()), methods=["POST"])
def erase() -> BaseResponse | str | tuple[str, int]:
    """Confirmed with the password, or, for who signs in by other means, by having done so just now."""
    account = db.session.scalar(select(Account).where(Account.person_id == current_user.person.id))
    by_password = account is not None and bool(account.password_hash) and current_user.sign_in.via == "password"
    fresh = by_password or current_user.sign_in.created_at > now() - FRESH_FOR
    form = PasswordAgainForm() if by_password else SureForm()
    if form.validate_on_submit():
        if not fresh:
            raise Refused("Sign out, sign in again, and come back to this page within 10 minutes.")
        if by_password and account is not None and check_password(account.email, form.password.data or "") is None:
            form.password.errors = ["The password is not right"]
        else:
            key = current_user.person.key
            run(lambda: erasing.erase_on_request(key, key))
            return _gone()
    page = render_template("privacy/erase.html", form=form, fresh=fresh, by_password=by_password, staying=_staying())
    return page, 422 if form.errors else 200


def _gone() -> BaseResponse:
    logout_user()
    session.clear()
    return redirect(url_for("privacy.erased"))


@privacy.get("/about-you/erased")
@public
def erased() -> str:
    return render_template("privacy/erased.html", staying=_staying())


@privacy.route("/admin/privacy", methods=["GET", "POST"])
@granted(Role.ADMINISTRATOR)
def requests() -> BaseResponse | str | tuple[str, int]:
    """Find somebody who asked in writing. By a form that is posted: no address stands in a log."""
    form = FindForm()
    if form.validate_on_submit():
        try:
            return redirect(url_for("privacy.request_of", key=holding.person_by(form.who.data or "").key))
        except NotThere:
            form.who.errors = ["Nobody signs in with this address, or has this key"]
    erasures = db.session.scalars(select(Erasure).order_by(Erasure.id.desc()).limit(ERASURES_SHOWN)).all()
    page = render_template("privacy/requests.html", form=form, erasures=erasures)
    return page, 422 if form.errors else 200


@privacy.get("/admin/privacy/<key>")
@granted(Role.ADMINISTRATOR)
def request_of(key: str) -> str:
    return _request_page(_other(key), AskedForm())


@privacy.post("/admin/privacy/<key>/download")
@granted(Role.ADMINISTRATOR)
def download_for(key: str) -> Response:
    person, actor = _other(key), current_user.person.key
    run(lambda: audit.record("data downloaded for them", key, actor))
    return _file(person)


@privacy.post("/admin/privacy/<key>/erase")
@granted(Role.ADMINISTRATOR)
def erase_for(key: str) -> BaseResponse | tuple[str, int]:
    person, form, actor = _other(key), AskedForm(), current_user.person.key
    if not form.validate_on_submit():
        return _request_page(person, form), 422
    asked: str = form.asked.data
    run(lambda: erasing.erase_on_request(key, actor, asked=asked))
    if key == actor:
        return _gone()
    flash("They were erased. It stands below, by the key that they had.")
    return redirect(url_for("privacy.requests"))


def _request_page(person: Person, form: AskedForm) -> str:
    audit.record_reading("what is held", person.key, current_user.person.key)
    held = holding.held_about(holding.subject_of(person))
    return render_template("privacy/request.html", person=person, held=held, form=form, staying=_staying())


def _other(key: str) -> Person:
    person = db.session.scalar(select(Person).where(Person.key == key))
    if person is None:
        raise NotThere
    return person


def _staying() -> list[tuple[str, list[str]]]:
    """Why something of a person's own stays after their erasure, and what it is, in the order of the table."""
    why: dict[str, list[str]] = {}
    for rows in places().rows:
        if rows.erased is not None and not rows.names:
            why.setdefault(rows.why, []).append(rows.heading)
    return list(why.items())


def _file(person: Person) -> Response:
    return send_file(
        packed(holding.subject_of(person)), "application/zip",
        as_attachment=True, download_name=f"about-you-{today().isoformat()}.zip",
    )  # fmt: skip
