"""What happens on its day: publishing what is approved, and retiring what has had its time."""

from flask import Flask

from catalogue.clock import today
from catalogue.errors import Refused
from catalogue.jobs import on_its_day, register_hourly
from catalogue.offers.references import References
from catalogue.publishing import deciding, queries
from catalogue.publishing.actions import locked
from catalogue.publishing.letters import Letter
from catalogue.publishing.models import DraftState
from catalogue.publishing.rules import is_due
from catalogue.publishing.views.common import retire_and_tell


def register_publishing_jobs(app: Flask) -> None:
    register_hourly(app, "publish and retire what is due", keep_dates)


def keep_dates() -> None:
    """Publish and retire all that is due: each in a transaction of its own, so that none keeps another from its day."""
    for offer_id in queries.due_drafts(today()):
        on_its_day(lambda offer_id=offer_id: _publish(offer_id))  # type: ignore[misc]
    for offer_id in queries.due_to_retire(today()):
        on_its_day(lambda offer_id=offer_id: _retire(offer_id))  # type: ignore[misc]


def _publish(offer_id: int) -> None:
    draft = locked(offer_id)
    if draft.state != DraftState.APPROVED or not is_due(draft.publish_on, today()):
        return
    letter = Letter.on(draft)
    try:
        deciding.publish_drafts([draft], References())
    except Refused as refusal:
        deciding.give_back(draft)
        letter.not_published(str(refusal))
        return
    letter.approved()


def _retire(offer_id: int) -> None:
    offer = queries.offer_by_id(offer_id)
    if offer.published is not None and offer.published.retire_on and offer.published.retire_on <= today():
        retire_and_tell(offer)
