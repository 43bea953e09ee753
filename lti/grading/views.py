"""The administrators' page on grades that need a person."""

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_login import current_user
from werkzeug.wrappers import Response

from catalogue.pages import plural
from catalogue.people.models import Role
from catalogue.security import granted
from catalogue.transactions import run
from lti.grading import actions, queries

lti_grades = Blueprint("lti_grades", __name__, url_prefix="/admin/grades")
INT = "int(max=2147483647)"


@lti_grades.get("")
@granted(Role.ADMINISTRATOR)
def index() -> str:
    before = request.args.get("before", type=int)
    before = before if before and 0 < before < 2**31 else None
    return render_template(
        "lti/grades.html",
        platforms=queries.parked_by_platform(),
        page=queries.parked(before),
        first_page=before is None,
    )


@lti_grades.post(f"/<{INT}:delivery_id>/again")
@granted(Role.ADMINISTRATOR)
def try_again(delivery_id: int) -> Response:
    actor = current_user.person.key
    was_parked = run(lambda: actions.try_again(delivery_id, actor))
    flash("The grade is on its way again." if was_parked else "This grade was on its way already, or has arrived.")
    return redirect(url_for("lti_grades.index"))


@lti_grades.post(f"/<{INT}:delivery_id>/keep")
@granted(Role.ADMINISTRATOR)
def keep(delivery_id: int) -> Response:
    actor = current_user.person.key
    run(lambda: actions.keep(delivery_id, actor))
    flash("The platform keeps what it has, and nothing is sent.")
    return redirect(url_for("lti_grades.index"))


@lti_grades.post(f"/platforms/<{INT}:platform_id>/again")
@granted(Role.ADMINISTRATOR)
def try_all_again(platform_id: int) -> Response:
    actor = current_user.person.key
    count = run(lambda: actions.try_all_again(platform_id, actor))
    flash(on_the_way(count))
    return redirect(url_for("lti_grades.index"))


def on_the_way(count: int) -> str:
    return f"{plural(count, 'grade')} {'is' if count == 1 else 'are'} on the way again." if count else "There are none."
