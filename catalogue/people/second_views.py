"""The code after the password, and one's own authenticator: setting it up, recovery codes, taking it away."""

import segno
from flask import Blueprint, flash, redirect, render_template, request, session, url_for
from flask_login import current_user
from markupsafe import Markup
from werkzeug.wrappers import Response

from catalogue.errors import Refused
from catalogue.extensions import client_network, db, limiter
from catalogue.people import authenticators, half_way, queries
from catalogue.people.entering import enter_and_set_up, enter_with_code
from catalogue.people.models import Person
from catalogue.people.rules import hash_token
from catalogue.people.second_forms import CodeForm
from catalogue.people.views import keep
from catalogue.security import public, signed_in
from catalogue.transactions import run

second = Blueprint("second", __name__)
OWN = "/your-authenticator"
WRONG = "The code is not right, or was used already. Wait for the next one"
SECRET = "authenticator"  # noqa: S105 the name under which a browser keeps an encrypted one


def _whose() -> tuple[int, str]:
    """For whose code, by their id, and what vouches for them so far: a new password has tries of its own."""
    if not request.path.startswith(OWN) and (there := half_way.there()):
        return there.vouched.person_id, there.vouched.proof
    return (current_user.person.id if current_user.is_authenticated else 0), ""


def _from_here() -> str:
    """Hashed, as the next, since counters may be kept outside our database."""
    return hash_token(f"{client_network()}:code:{_whose()[0]}")


def _from_anywhere() -> str:
    return hash_token(f"code:{_whose()}")


by_person = limiter.shared_limit("10 per 10 minutes", "codes of somebody", key_func=_from_here, methods=["POST"])
by_client = limiter.shared_limit("60 per 10 minutes", "codes", methods=["POST"])
by_proof = limiter.shared_limit("60 per day", "codes, wherever from", key_func=_from_anywhere, methods=["POST"])
"""Three of a million codes count: who knows a password, and has very many addresses, could else try them all."""


@second.route("/sign-in/code", methods=["GET", "POST"])
@public
@by_person
@by_client
@by_proof
def code() -> Response | str | tuple[str, int]:
    there, form = half_way.there(), CodeForm()
    if there is None or there.secret:
        return redirect(url_for("people.sign_in"))
    if form.validate_on_submit():
        typed, vouched = form.code.data or "", there.vouched
        token = run(lambda: enter_with_code(vouched, typed))
        if token == "":
            return _begin_again()
        if token is not None:
            keep(token)
            return redirect(there.target)
        form.code.errors = [WRONG]
    return render_template("people/second/code.html", form=form), 422 if form.errors else 200


@second.route("/sign-in/set-up", methods=["GET", "POST"])
@public
@by_person
@by_client
def set_up() -> Response | str | tuple[str, int]:
    """The first sign-in of an administrator: nobody is signed in before the code shows that the app is set up."""
    there, form = half_way.there(), CodeForm()
    if there is None or not there.secret:
        return redirect(url_for("people.sign_in"))
    if form.validate_on_submit():
        typed, vouched, sealed = form.code.data or "", there.vouched, there.secret
        entered = run(lambda: enter_and_set_up(vouched, sealed, typed))
        if entered is not None:
            token, codes = entered
            if not token:
                return _begin_again()
            keep(token)
            return render_template("people/second/recovery_codes.html", codes=codes, target=there.target)
        form.code.errors = [WRONG]
    return _set_up_page(form, there.secret, there.vouched.person_id, url_for("second.set_up"))


def _begin_again() -> Response:
    session.pop(half_way.NAME, None)
    return redirect(url_for("people.sign_in"))


def _set_up_page(form: CodeForm, sealed: str, person_id: int, action: str) -> tuple[str, int]:
    account, secret = queries.account_of(person_id), authenticators.opened(sealed)
    address = authenticators.address(secret, account.email if account else authenticators.NAME)
    picture = Markup(segno.make(address, error="m").svg_inline(scale=5, dark="#212b32", light="#fff"))  # noqa: S704 ours
    page = render_template(
        "people/second/set_up.html", form=form, picture=picture, secret=secret, action=action,
        must=not current_user.is_authenticated,
    )  # fmt: skip
    return page, 422 if form.errors else 200


@second.route(OWN, methods=["GET", "POST"])
@signed_in
@by_person
@by_client
@by_proof
def yours() -> Response | str | tuple[str, int]:
    """One's own: the way to set it up, or what can be done with it."""
    person_id, form = current_user.person.id, CodeForm()
    kept, sealed = queries.authenticator_of(person_id), session.get(SECRET, "")
    if kept is not None or not sealed:
        return _yours_page(form)
    if form.validate_on_submit():
        typed = form.code.data or ""
        codes = run(lambda: authenticators.set_up(db.session.get_one(Person, person_id), sealed, typed))
        if codes is not None:
            session.pop(SECRET)
            return render_template("people/second/recovery_codes.html", codes=codes, target=url_for("second.yours"))
        form.code.errors = [WRONG]
    return _set_up_page(form, sealed, person_id, url_for("second.yours"))


def _yours_page(form: CodeForm) -> tuple[str, int]:
    kept = queries.authenticator_of(current_user.person.id)
    return render_template("people/second/yours.html", form=form, kept=kept), 422 if form.errors else 200


@second.post(f"{OWN}/begin")
@signed_in
def begin() -> Response:
    """A secret for an app, which counts for nothing until its code is given."""
    if queries.account_of(current_user.person.id) is None:
        raise Refused("You sign in through something else, without a password: its codes are asked for there.")
    session[SECRET] = authenticators.new_secret()
    return redirect(url_for("second.yours"))


@second.post(f"{OWN}/codes")
@signed_in
@by_person
@by_client
@by_proof
def recovery_codes() -> str | tuple[str, int]:
    form, person_id = CodeForm(), current_user.person.id
    if form.validate_on_submit():
        typed = form.code.data or ""

        def renew() -> list[str]:
            person = db.session.get_one(Person, person_id)
            return authenticators.new_recovery_codes(person) if authenticators.accept(person, typed) else []

        if codes := run(renew):
            return render_template("people/second/recovery_codes.html", codes=codes, target=url_for("second.yours"))
        form.code.errors = [WRONG]
    return _yours_page(form)


@second.post(f"{OWN}/end")
@signed_in
@by_person
@by_client
@by_proof
def end() -> Response | tuple[str, int]:
    """Take it away, with its code; everything ends, and an administrator sets up another one at once."""
    form, person_id = CodeForm(), current_user.person.id
    if form.validate_on_submit():
        typed = form.code.data or ""

        def take_away() -> bool:
            person = db.session.get_one(Person, person_id)
            accepted = authenticators.accept(person, typed)
            if accepted:
                authenticators.take_away(person, person.key)
            return accepted

        if run(take_away):
            flash("Your authenticator is taken away. Sign in again.")
            return redirect(url_for("people.sign_in"))
        form.code.errors = [WRONG]
    return _yours_page(form)
