"""The page behind a break-glass link: opening it does nothing yet, since mail programs open links too."""

from flask import Blueprint, redirect, render_template, url_for
from flask_wtf import FlaskForm
from werkzeug.wrappers import Response

from catalogue.extensions import limiter
from catalogue.people import break_glass
from catalogue.people.views import keep
from catalogue.security import public
from catalogue.transactions import run

break_glass_pages = Blueprint("break_glass", __name__)


@break_glass_pages.route("/sign-in/break-glass/<token>", methods=["GET", "POST"])
@public
@limiter.limit("30 per 10 minutes", methods=["POST"])
def enter(token: str) -> Response | str | tuple[str, int]:
    if not break_glass.is_open(token):
        return render_template("people/break_glass_old.html"), 410
    if FlaskForm().validate_on_submit():
        keep(run(lambda: break_glass.use(token)))
        return redirect(url_for("home.admin"))
    return render_template("people/break_glass.html")
