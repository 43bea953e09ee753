"""Which offers would help a group most together: for who leads a system, and who administers an organisation."""

from collections.abc import Sequence

from flask import Blueprint, render_template
from flask_login import current_user

from catalogue.offers.queries import joinable_runs, offers_by_id
from catalogue.recommendations import queries
from catalogue.recommendations.models import GroupAdvice
from catalogue.security import signed_in
from catalogue.systems.access import can_administer, told_together
from catalogue.systems.models import Organisation, System
from catalogue.systems.queries import led_system

advice = Blueprint("advice", __name__)


@advice.get("/your-system/<key>/advice")
@signed_in
def system(key: str) -> str:
    """For who leads the system: of it as a whole, and of those of its organisations that may be told."""
    led = led_system(current_user.person, key)
    return _page(led, None, queries.group_advice(led))


@advice.get("/organisations/<key>/advice")
@signed_in
def organisation(key: str) -> str:
    """For who administers the organisation, or leads its system."""
    found = told_together(current_user.person, key)
    newest = queries.advice_of(found)
    return _page(None, found, [newest] if newest is not None else [])


def _page(system: System | None, organisation: Organisation | None, told: Sequence[GroupAdvice]) -> str:
    shown = told[0] if told else None
    ids = {one["id"] for one in shown.content["offers"]} if shown is not None else set()
    return render_template(
        "recommendations/advice.html",
        system=system, organisation=organisation, shown=shown, others=told[1:],
        keeps=organisation is not None and can_administer(current_user.person, organisation),
        offers={offer.id: offer for offer in offers_by_id(ids, current_user.person)}, joinable_runs=joinable_runs,
    )  # fmt: skip
