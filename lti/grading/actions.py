"""What a person does about scores that are parked: try them again, or leave what the platform has."""

from sqlalchemy import Select, select

from catalogue import outbox
from catalogue.errors import NotThere, Refused
from catalogue.extensions import db
from catalogue.outbox import Delivery, DeliveryState
from catalogue.pages import plural
from catalogue.people import audit
from lti.grading.queries import IS_PARKED
from lti.grading.scores import KIND
from lti.models import Deployment, Platform, ResourceLink


def try_again(delivery_id: int, actor_key: str = "") -> bool:
    """Whether it was parked, and is on its way now. Raises ``NotThere``."""
    delivery = _held(delivery_id)
    if delivery.state != DeliveryState.PARKED:
        return False
    outbox.try_again(delivery)
    audit.record("grade tried again", _subject(delivery), actor_key)
    return True


def try_all_again(platform: Platform, actor_key: str = "") -> int:
    """Set all of a platform's going, in the order in which they were written; how many they are."""
    parked = db.session.scalars(_parked_of(platform).order_by(Delivery.id).with_for_update(of=Delivery)).all()
    for delivery in parked:
        outbox.try_again(delivery)
    if parked:
        audit.record("grades tried again", platform.via, actor_key, count=len(parked))
    return len(parked)


def keep(delivery_id: int, actor_key: str = "") -> bool:
    """Leave what the platform has: give up the score, and what is parked in its lane besides. Again, it does nothing.

    Raises ``NotThere``, and ``Refused`` where it is on its way or has arrived.
    """
    delivery = _held(delivery_id)
    if delivery.state == DeliveryState.DROPPED:
        return False
    if delivery.state != DeliveryState.PARKED:
        raise Refused("This grade is on its way, or has arrived.")
    in_lane = select(Delivery).where(*IS_PARKED, Delivery.lane == delivery.lane)
    for dropped in db.session.scalars(in_lane.order_by(Delivery.id).with_for_update()).all():
        outbox.drop(dropped)
        audit.record("grade of the platform kept", _subject(dropped), actor_key)
    return True


def on_the_way(count: int) -> str:
    return f"{plural(count, 'grade')} {'is' if count == 1 else 'are'} on the way again." if count else "There are none."


def platforms_named(name: str) -> list[Platform]:
    """Every platform of this name, or every one there is. Raises ``NotThere`` where none has it."""
    wanted = select(Platform).order_by(Platform.id)
    found = list(db.session.scalars(wanted.where(Platform.name == name) if name else wanted))
    if name and not found:
        raise NotThere(f"There is no platform {name}.")
    return found


def _held(delivery_id: int) -> Delivery:
    """A score, held until the commit, so that two people decide on it one after the other."""
    score = select(Delivery).where(Delivery.id == delivery_id, Delivery.kind == KIND)
    delivery = db.session.scalar(score.with_for_update())
    if delivery is None:
        raise NotThere("There is no such grade.")
    return delivery


def _parked_of(platform: Platform) -> Select[Delivery]:
    return (
        select(Delivery)
        .join(ResourceLink, ResourceLink.id == Delivery.payload["link_id"].as_integer())
        .join(Deployment, Deployment.id == ResourceLink.deployment_id)
        .where(*IS_PARKED, Deployment.platform_id == platform.id)
    )


def _subject(delivery: Delivery) -> str:
    return f"delivery:{delivery.id}"
