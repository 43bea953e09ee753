"""The people of an organisation, for its administrators."""

from flask import flash, redirect, render_template, request, url_for
from flask_login import current_user
from werkzeug.wrappers import Response

from catalogue.errors import Refused
from catalogue.extensions import db, limiter
from catalogue.people.models import Person
from catalogue.security import signed_in
from catalogue.shapes import row_id
from catalogue.systems import actions, joining, queries
from catalogue.systems.access import adds_people, administered
from catalogue.systems.forms import MemberForm, StaffNumberForm
from catalogue.systems.joining import Came
from catalogue.systems.models import Organisation
from catalogue.systems.views.bodies import systems
from catalogue.systems.views.organisations import ORGANISATION
from catalogue.transactions import run

MEMBER = f"{ORGANISATION}/people/<int(max=2147483647):membership_id>"
NOBODY = "Nobody signs in with this address or has this key. Add them to the service first."
TOLD = {
    Came.ADDED: "They belong to this organisation now. We have written to them.",
    Came.ASKED: "We have asked them. They belong to this organisation when they say yes.",
    Came.WAITS: "They were asked before and have not answered yet. Nothing was changed, and we have not written again.",
    Came.THERE: "They belong to this organisation already. If you gave a staff number, it is theirs now.",
}


def own(key: str) -> Organisation:
    """The organisation, for who administers it; raises ``NotThere`` for anybody else."""
    return administered(current_user.person, queries.organisation_by_key(key))


@systems.route(f"{ORGANISATION}/people", methods=["GET", "POST"])
@limiter.limit("60 per hour", methods=["POST"])  # each writes to somebody
@signed_in
def people(key: str) -> Response | tuple[str, int]:
    """Who belongs to it, by name; whom it asked; and adding or asking somebody."""
    organisation, form = own(key), MemberForm()
    if form.validate_on_submit():
        called, number, actor_id = form.person.data or "", form.staff_number.data or "", current_user.person.id

        def add() -> Came:
            person = next(iter(queries.people_called([called]).values()), None)
            if person is None:
                raise Refused(NOBODY)
            there, actor = queries.organisation_by_key(key), db.session.get_one(Person, actor_id)
            return joining.add_or_ask(there, person, called, number, actor)

        try:
            flash(TOLD[run(add)])
            return redirect(url_for("systems.people", key=key))
        except Refused as refusal:
            field = form.person if str(refusal) == NOBODY else form.staff_number
            field.errors = [str(refusal)]
    q = request.args.get("q", "").strip()
    members, more = queries.members_page(organisation, q, request.args.get("after", 0, type=row_id))
    asked, more_asked = joining.requests_of(organisation, q, request.args.get("asked_after", 0, type=row_id))
    page = render_template(
        "systems/people.html",
        organisation=organisation, form=form, members=members, more=more, asked=asked, more_asked=more_asked, q=q,
        adds=adds_people(current_user.person),
    )  # fmt: skip
    return page, 422 if form.errors else 200


@systems.route(MEMBER, methods=["GET", "POST"])
@signed_in
def member(key: str, membership_id: int) -> Response | tuple[str, int]:
    """Somebody's staff number."""
    organisation = own(key)
    membership = queries.member_of(organisation, membership_id)
    form = StaffNumberForm(obj=membership)
    if form.validate_on_submit():
        number, actor = form.staff_number.data or "", current_user.person.key
        try:
            run(
                lambda: actions.set_staff_number(
                    queries.member_of(queries.organisation_by_key(key), membership_id), number, actor
                )
            )
            flash("The staff number was changed.")
            return redirect(url_for("systems.people", key=key))
        except Refused as refusal:
            form.staff_number.errors = [str(refusal)]
    page = render_template("systems/member.html", organisation=organisation, membership=membership, form=form)
    return page, 422 if form.errors else 200


@systems.post(f"{MEMBER}/remove")
@signed_in
def remove_member(key: str, membership_id: int) -> Response:
    queries.member_of(own(key), membership_id)
    actor = current_user.person.key
    run(lambda: actions.remove_member(queries.member_of(queries.organisation_by_key(key), membership_id), actor))
    flash("They do not belong to this organisation any more.")
    return redirect(url_for("systems.people", key=key))


@systems.post(f"{ORGANISATION}/people/asked/<int(max=2147483647):request_id>/take-back")
@signed_in
def take_back(key: str, request_id: int) -> Response:
    own(key)
    actor = current_user.person.key
    run(lambda: joining.take_back(queries.organisation_by_key(key), request_id, actor))
    flash("It was taken back: they are not asked any more.")
    return redirect(url_for("systems.people", key=key))
