"""Your dates for your calendar: a file of one enrolment, and a private address of all of them."""

from urllib.parse import urlsplit

from flask import Blueprint, Response, flash, redirect, render_template, url_for
from flask_login import current_user
from werkzeug.wrappers import Response as BaseResponse

from catalogue.enrolments import calendars, queries
from catalogue.enrolments.forms import ConfirmForm
from catalogue.enrolments.models import Enrolment
from catalogue.errors import NotThere
from catalogue.extensions import db
from catalogue.mail import link_to
from catalogue.people.models import Person
from catalogue.security import public, signed_in
from catalogue.transactions import run as in_transaction

own_dates = Blueprint("own_dates", __name__)


def _answer(enrolments: list[Enrolment], name: str) -> Response:
    pages = {one.id: link_to("enrolments.enrolment", enrolment_id=one.id) for one in enrolments}
    host = urlsplit(link_to("home.index")).hostname or "localhost"
    answer = Response(calendars.calendar(enrolments, host, pages), mimetype="text/calendar")
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer


@own_dates.get("/enrolments/<int(max=2147483647):enrolment_id>/calendar.ics")
@signed_in
def one(enrolment_id: int) -> Response:
    mine = queries.own(current_user.person.id, enrolment_id)
    if mine.run is None or mine.state not in calendars.SHOWN:
        raise NotThere
    return _answer([mine], "every-seat.ics")


@own_dates.get("/calendars/<token>.ics")
@public
def feed(token: str) -> Response:
    """All dates of whoever made this address: for their calendar program, which cannot sign in."""
    person_id = calendars.feed_owner(token)
    if person_id is None:
        raise NotThere
    return _answer(calendars.dates_of(person_id), "every-seat.ics")


@own_dates.route("/enrolments/calendar", methods=["GET", "POST"])
@signed_in
def address() -> str:
    """Make the private address, which is shown once."""
    person_id, form, made = current_user.person.id, ConfirmForm(), ""
    if form.validate_on_submit():
        token = in_transaction(lambda: calendars.make_feed(db.session.get_one(Person, person_id)))
        made = link_to("own_dates.feed", token=token)
    return render_template("enrolments/calendar.html", form=form, made=made, there=calendars.feed_of(person_id))


@own_dates.post("/enrolments/calendar/end")
@signed_in
def end() -> BaseResponse:
    person_id = current_user.person.id
    in_transaction(lambda: calendars.end_feed(db.session.get_one(Person, person_id)))
    flash("The address is ended. A calendar that reads it finds nothing from now on.")
    return redirect(url_for("own_dates.address"))
