"""Recommended for you."""

from dataclasses import dataclass

from flask import Blueprint, render_template, request
from flask_login import current_user

from catalogue.assessments import queries as assessments
from catalogue.enrolments import seating
from catalogue.frameworks import queries as frameworks
from catalogue.offers.models import Mapping, Offer
from catalogue.offers.queries import joinable_runs
from catalogue.recommendations import queries
from catalogue.recommendations.forms import HoursForm
from catalogue.recommendations.rules import USUAL_HOURS, Budget, Choice, choose, what_if
from catalogue.security import signed_in

recommendations = Blueprint("recommendations", __name__, url_prefix="/recommendations")
MORE_HOURS = 4.0


@dataclass(frozen=True, slots=True)
class Reason:
    """Why an offer is in the set, ready for the page."""

    offer: Offer
    mappings: list[Mapping]
    """Those that close a part of the gap."""
    share: float
    """How much of the whole gap it adds, from 0 to 1."""


@recommendations.get("")
@signed_in
def index() -> str | tuple[str, int]:
    form = HoursForm.asked()
    valid = form.validate() if "hours" in request.args else True
    latest = next(iter(assessments.closed_of(current_user.person.id)), None)
    if latest is None:
        return render_template("recommendations/nothing_yet.html", draft=assessments.draft_of(current_user.person.id))
    standings = assessments.standings(latest)
    gaps = queries.gaps(standings)
    found = queries.candidates(latest, standings)
    hours = float(form.hours.data or 0) if valid else float(USUAL_HOURS)
    answer = choose(gaps, found.candidates, Budget(hours=hours))
    total = answer.total or 1.0
    share_with_more, new_slugs = what_if(gaps, found.candidates, Budget(hours=hours), MORE_HOURS)
    reasons = [_reason(c, found.offers[c.key], total) for c in answer.choices if c.key not in found.on_plan]
    runs = [run for reason in reasons for run in joinable_runs(reason.offer)]
    page = render_template(
        "recommendations/index.html",
        form=form, hours=hours, assessment=latest, gaps=gaps, answer=answer,
        reasons=reasons,
        free=seating.free_by_run(runs, current_user.person.id),
        on_plan=[found.offers[c.key] for c in answer.choices if c.key in found.on_plan],
        names=frameworks.level_names(latest.framework_id),
        more_hours=MORE_HOURS, share_with_more=share_with_more,
        new_with_more=[found.offers[slug] for slug in new_slugs],
        joinable_runs=joinable_runs,
    )  # fmt: skip
    return page, 200 if valid else 422


def _reason(choice: Choice, offer: Offer, total: float) -> Reason:
    gained = {gain.dimension for gain in choice.gains}
    return Reason(
        offer, [mapping for mapping in offer.published.mappings if mapping.dimension.key in gained], choice.gain / total
    )
