"""Tokens that people give to programs of theirs: making one, which is shown once, and ending it."""

from flask import Blueprint, flash, redirect, render_template, url_for
from flask_login import current_user
from werkzeug.wrappers import Response

from catalogue.clock import now
from catalogue.extensions import db
from catalogue.people import actions, queries
from catalogue.people.forms import SCOPES, TokenForm
from catalogue.people.models import Person
from catalogue.security import signed_in
from catalogue.transactions import run

tokens = Blueprint("tokens", __name__, url_prefix="/tokens")


@tokens.route("", methods=["GET", "POST"])
@signed_in
def index() -> str | tuple[str, int]:
    form, made = TokenForm(), ""
    if form.validate_on_submit():
        name, scopes, days = form.name.data or "", form.scopes.data or [], int(form.days.data)
        person_id = current_user.person.id
        made = run(lambda: actions.add_api_token(db.session.get_one(Person, person_id), name, scopes, days))
        form = TokenForm(formdata=None)
    page = render_template(
        "people/tokens.html",
        form=form, made=made, kept=queries.tokens_of(current_user.person.id), words=SCOPES, now=now(),
    )  # fmt: skip
    return page, 422 if form.errors else 200


@tokens.post("/<int(max=2147483647):token_id>/end")
@signed_in
def end(token_id: int) -> Response:
    person_id = current_user.person.id
    run(lambda: actions.end_api_token(queries.own_api_token(person_id, token_id)))
    flash("The token is ended. A program that sends it is refused from now on.")
    return redirect(url_for("tokens.index"))
