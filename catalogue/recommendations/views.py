"""Recommended for you."""

from dataclasses import dataclass
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_login import current_user
from werkzeug.wrappers import Response

from catalogue.assessments import queries as assessments
from catalogue.enrolments import seating
from catalogue.evidence.queries import Shown, shown_of
from catalogue.extensions import db
from catalogue.frameworks import queries as frameworks
from catalogue.offers.models import Mapping, Offer
from catalogue.offers.queries import joinable_runs, published_offer
from catalogue.people.models import Person
from catalogue.plans.queries import planned_ids
from catalogue.recommendations import actions, queries
from catalogue.recommendations.forms import LimitsForm, NotForMeForm
from catalogue.recommendations.models import Because
from catalogue.recommendations.rules import USUAL_HOURS, Budget, Choice
from catalogue.recommendations.what_ifs import with_what_ifs
from catalogue.security import signed_in
from catalogue.transactions import run

recommendations = Blueprint("recommendations", __name__, url_prefix="/recommendations")


@dataclass(frozen=True, slots=True)
class Reason:
    """Why an offer is in the set, ready for the page."""

    offer: Offer
    mappings: list[Mapping]
    """Those that close a part of the gap."""
    evidence: list[Shown]
    """What is known of whether it works, in what it closes."""
    share: float
    """How much of the whole gap it adds, from 0 to 1."""
    first: list[Offer]
    """What has to be completed before one can join it."""
    leads_to: list[Offer]
    """What of the set needs it."""


@recommendations.get("")
@signed_in
def index() -> str | tuple[str, int]:
    form = LimitsForm.asked()
    valid = form.validate() if "hours" in request.args else True
    latest = next(iter(assessments.closed_of(current_user.person.id)), None)
    if latest is None:
        return render_template("recommendations/nothing_yet.html", draft=assessments.draft_of(current_user.person.id))
    standings = assessments.standings(latest)
    gaps = queries.gaps(standings)
    found = queries.candidates(latest, standings, form.done_by.data if valid else None)
    budget = form.budget if valid else Budget(hours=float(USUAL_HOURS))
    answer, what_ifs = with_what_ifs(
        gaps, found.candidates, budget, any_day=found.any_day, with_set_aside=found.with_set_aside
    )
    chosen = [found.offers[choice.key] for choice in answer.choices]
    evidence = shown_of([offer.id for offer in chosen])
    reasons = [
        _reason(choice, found, chosen, answer.total or 1.0, evidence)
        for choice in answer.choices
        if choice.key not in found.on_plan
    ]
    runs = [each for reason in reasons for each in joinable_runs(reason.offer)]
    page = render_template(
        "recommendations/index.html",
        form=form, hours=budget.hours, budget=budget, limits=_limits(), assessment=latest, gaps=gaps, answer=answer,
        reasons=reasons,
        free=seating.free_by_run(runs, current_user.person.id),
        on_plan=[offer for offer in chosen if offer.slug in found.on_plan],
        names=frameworks.level_names(latest.framework_id),
        what_ifs=what_ifs, offers=found.offers,
        joinable_runs=joinable_runs, set_aside=found.set_aside, planned=planned_ids(current_user.person.id),
    )  # fmt: skip
    return page, 200 if valid else 422


def _limits() -> dict[str, Any]:
    """The limits that the address says, to be said again by the next one."""
    names = (name for name in LimitsForm().data if name in request.args)
    return {name: request.args[name] for name in names}


@recommendations.route("/<slug>/not-for-me", methods=["GET", "POST"])
@signed_in
def not_for_me(slug: str) -> Response | tuple[str, int]:
    """Say why an offer is not for one; from then on it is not recommended."""
    offer, form, person_id = published_offer(slug, current_user.person), NotForMeForm(), current_user.person.id
    if form.validate_on_submit():
        because = Because(form.because.data)
        run(
            lambda: actions.set_aside(
                db.session.get_one(Person, person_id), published_offer(slug, current_user.person), because
            )
        )
        flash(f"{offer.published.title} is not recommended to you any more. It stays in the catalogue.")
        return redirect(url_for("recommendations.index", **_limits()))
    page = render_template("recommendations/not_for_me.html", offer=offer, form=form, limits=_limits())
    return page, 422 if form.errors else 200


@recommendations.post("/<slug>/bring-back")
@signed_in
def bring_back(slug: str) -> Response:
    person_id = current_user.person.id
    title = published_offer(slug, current_user.person).published.title
    run(
        lambda: actions.bring_back(db.session.get_one(Person, person_id), published_offer(slug, current_user.person).id)
    )
    flash(f"{title} can be recommended to you again.")
    return redirect(url_for("recommendations.index", **_limits()))


def _reason(
    choice: Choice, found: queries.Candidates, chosen: list[Offer], total: float, evidence: dict[int, list[Shown]]
) -> Reason:
    gained = {gain.dimension for gain in choice.gains}
    offer = found.offers[choice.key]
    mappings = [mapping for mapping in offer.published.mappings if mapping.dimension.key in gained]
    names = {mapping.dimension.name for mapping in mappings}
    return Reason(
        offer, mappings, [shown for shown in evidence.get(offer.id, []) if shown.dimension in names],
        choice.gain / total, found.first[offer.slug], [one for one in chosen if offer in found.first[one.slug]],
    )  # fmt: skip
