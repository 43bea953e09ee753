"""Who works on a provider's offers, and on one of them from outside."""

from flask import flash, redirect, render_template, request, url_for
from flask_login import current_user
from werkzeug.wrappers import Response

from catalogue.errors import NotThere
from catalogue.extensions import db, limiter
from catalogue.offers.access import can_answer_for
from catalogue.people.models import Person, Role
from catalogue.publishing import queries, team
from catalogue.publishing.forms.people import CollaboratorForm, ColleagueForm
from catalogue.publishing.letters import write_invited
from catalogue.publishing.views.common import OFFER, actor, answered_for, publishing, reset_link
from catalogue.publishing.views.drafting import chosen_provider
from catalogue.security import signed_in
from catalogue.systems.models import Organisation
from catalogue.transactions import run

INVITATIONS = "60 per hour"
"""Each writes to an address that may be anybody's."""
ADDED = "We have written to that address. Whoever has it can work here when they have signed in."


def _provider() -> Organisation:
    """The provider that the address names, if the person answers for it."""
    named = request.args.get("provider")
    answered = [one for one in queries.providers_of(current_user.person) if can_answer_for(current_user.person, one.id)]
    provider = chosen_provider(answered) if named or answered else None
    if provider is None or not can_answer_for(current_user.person, provider.id):
        raise NotThere
    return provider


@publishing.route("/publish/people", methods=["GET", "POST"])
@limiter.limit(INVITATIONS, methods=["POST"])
@signed_in
def colleagues() -> Response | str | tuple[str, int]:
    provider, form = _provider(), ColleagueForm()
    if form.validate_on_submit():
        email, role, person_id, key = form.email.data or "", Role(form.role.data), current_user.person.id, provider.key

        def add() -> None:
            there = queries.publishing_organisation(key)
            account = team.add_colleague(there, email, role, reset_link(), actor(person_id))
            write_invited(account.email, f"the offers of {there.name}")

        run(add)
        flash(ADDED)
        return redirect(url_for("publishing.colleagues", provider=provider.key))
    page = render_template(
        "publishing/people.html", provider=provider, form=form, colleagues=queries.colleagues(provider.id)
    )
    return page, 422 if form.errors else 200


@publishing.post("/publish/people/remove")
@signed_in
def remove_colleague() -> Response:
    provider = _provider()
    person_id, role = request.form.get("person", type=int), request.form.get("role", "")
    there = {(one.person.id, one.role) for one in queries.colleagues(provider.id)}
    if person_id is None or (person_id, role) not in there:
        raise NotThere
    actor_id, key = current_user.person.id, provider.key
    run(
        lambda: team.remove_colleague(
            queries.publishing_organisation(key), db.session.get_one(Person, person_id), Role(role), actor(actor_id)
        )
    )
    flash("They do not work on your offers any more.")
    return redirect(url_for("publishing.colleagues", provider=key))


@publishing.route(f"{OFFER}/collaborators", methods=["GET", "POST"])
@limiter.limit(INVITATIONS, methods=["POST"])
@signed_in
def collaborators(offer_id: int) -> Response | str | tuple[str, int]:
    work, form = answered_for(offer_id), CollaboratorForm()
    if form.validate_on_submit():
        email, person_id, title = form.email.data or "", current_user.person.id, work.title

        def add() -> None:
            offer = queries.offer_by_id(offer_id)
            account = team.add_collaborator(offer, email, reset_link(), actor(person_id))
            write_invited(account.email, f"the offer “{title}”", offer)

        run(add)
        flash(ADDED)
        return redirect(url_for("publishing.collaborators", offer_id=offer_id))
    page = render_template(
        "publishing/collaborators.html", work=work, form=form, collaborators=queries.collaborators(offer_id)
    )
    return page, 422 if form.errors else 200


@publishing.post(f"{OFFER}/collaborators/<int(max=2147483647):person_id>/remove")
@signed_in
def remove_collaborator(offer_id: int, person_id: int) -> Response:
    answered_for(offer_id)
    actor_id = current_user.person.id
    run(lambda: team.remove_collaborator(queries.offer_by_id(offer_id), person_id, actor(actor_id)))
    flash("They do not work on this offer any more.")
    return redirect(url_for("publishing.collaborators", offer_id=offer_id))
