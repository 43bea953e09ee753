"""Signing in and out with a local account."""

from dataclasses import dataclass

from flask import Blueprint, current_app, redirect, render_template, request, session, url_for
from flask_login import UserMixin, current_user, login_user, logout_user
from werkzeug.wrappers import Response

from catalogue.extensions import client_network, limiter, login
from catalogue.people import actions, authenticators, half_way, queries
from catalogue.people.entering import Next, Vouched, enter
from catalogue.people.forms import ForgottenForm, PasswordForm, SignInForm
from catalogue.people.models import Person, SignIn
from catalogue.people.rules import fold_email, hash_token, safe_path
from catalogue.security import public, signed_in
from catalogue.signon import queries as signon
from catalogue.transactions import run

people = Blueprint("people", __name__)


@dataclass(frozen=True)
class SignedIn(UserMixin):  # type: ignore[misc]
    """Who is looking: what Flask-Login calls the user."""

    token: str
    sign_in_row: SignIn

    @property
    def person(self) -> Person:
        return self.sign_in_row.person

    @property
    def sign_in(self) -> SignIn:
        return self.sign_in_row

    def get_id(self) -> str:
        return self.token


@login.user_loader  # type: ignore[untyped-decorator]
def load(token: str) -> SignedIn | None:
    found = queries.open_sign_in(token)
    return SignedIn(token, found) if found else None


def keep(token: str) -> None:
    """Let this browser keep a sign-in: a new session, whatever it held before."""
    if current_user.is_authenticated:
        left = current_user.token  # nobody could sign it out any more
        run(lambda: _end(left))
    session.clear()
    user = load(token)
    if user is not None:
        login_user(user)


def _address() -> str:
    """Whoever asks, for whose account; hashed, since counters may be kept outside our database."""
    return hash_token(f"{client_network()}:{fold_email(request.form.get('email', ''))}")


@people.route("/sign-in", methods=["GET", "POST"])
@public
@limiter.limit("10 per 10 minutes", key_func=_address, methods=["POST"])
@limiter.limit("60 per 10 minutes", methods=["POST"])
def sign_in() -> Response | str | tuple[str, int]:
    form = SignInForm()
    target = safe_path(request.args.get("next")) or url_for("home.index")
    if current_user.is_authenticated and request.method == "GET":
        return redirect(target)
    if form.validate_on_submit():
        account = actions.check_password(form.email.data or "", form.password.data or "")
        entered = let_in(Vouched.by_password(account), target) if account else None
        if entered is not None:
            return entered
        form.password.errors = ["The email address or the password is not right"]
    page = render_template(
        "people/sign_in.html", form=form, providers=signon.open_providers(), target=request.args.get("next")
    )
    return page, 422 if form.errors else 200


def let_in(vouched: Vouched, target: str) -> Response | None:
    """Sign in whom something vouches for, and go on; or ask for a code first. None where it does so no more."""
    entered = run(lambda: enter(vouched))
    if isinstance(entered, Next):
        half_way.begin(vouched, target, secret=authenticators.new_secret() if entered == Next.SET_UP else "")
        return redirect(url_for("second.set_up" if entered == Next.SET_UP else "second.code"))
    if not entered:
        return None
    keep(entered)
    return redirect(target)


@people.post("/sign-out")
@signed_in
def sign_out() -> Response:
    token = current_user.token
    run(lambda: _end(token))
    logout_user()
    session.clear()
    return redirect(url_for("home.index"))


def _end(token: str) -> None:
    found = queries.open_sign_in(token)
    if found:
        actions.end_sign_in(found)


@people.route("/sign-in/forgotten", methods=["GET", "POST"])
@public
@limiter.limit("5 per 10 minutes", key_func=_address, methods=["POST"])
@limiter.limit("30 per 10 minutes", methods=["POST"])
def forgotten() -> Response | str | tuple[str, int]:
    form = ForgottenForm()
    if form.validate_on_submit():
        email = form.email.data or ""
        public_url = current_app.extensions["settings"].public_url.rstrip("/")
        link_to = f"{public_url}{url_for('people.reset', token='')}"
        run(lambda: actions.send_reset_link(email, link_to))
        return render_template("people/forgotten_sent.html", email=email)
    return render_template("people/forgotten.html", form=form), 422 if form.errors else 200


@people.route("/sign-in/reset/", defaults={"token": ""}, methods=["GET", "POST"])
@people.route("/sign-in/reset/<token>", methods=["GET", "POST"])
@public
def reset(token: str) -> Response | str | tuple[str, int]:
    form = PasswordForm()
    if queries.open_reset(token) is None:
        return render_template("people/reset_old.html"), 410
    if form.validate_on_submit():
        password = form.password.data or ""
        run(lambda: actions.set_password(token, password))
        return render_template("people/reset_done.html")
    return render_template("people/reset.html", form=form), 422 if form.errors else 200
