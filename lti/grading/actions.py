"""What a person does about scores that are parked: try them again, or leave what the platform has."""

from sqlalchemy import select

from catalogue import outbox
from catalogue.errors import NotThere, Refused
from catalogue.extensions import db
from catalogue.outbox import Delivery, DeliveryState
from catalogue.people import audit
from lti.grading.queries import with_deployment
from lti.grading.scores import KIND
from lti.models import Deployment, Platform


def try_again(delivery_id: int, actor_key: str = "") -> bool:
    """Whether it was parked, and is on its way now. Raises ``NotThere``."""
    delivery = _held(delivery_id)
    if delivery.state != DeliveryState.PARKED:
        return False
    outbox.try_again(delivery)
    audit.record("grade tried again", _subject(delivery), actor_key)
    return True


def try_all_again(platform_id: int, actor_key: str = "") -> int:
    """Set all of a platform's going, in the order in which they were written; how many they are.

    Raises ``NotThere``.
    """
    platform = db.session.get(Platform, platform_id)
    if platform is None:
        raise NotThere("There is no such platform.")
    of_platform = with_deployment(select(Delivery)).where(
        Deployment.platform_id == platform_id, Delivery.state == DeliveryState.PARKED
    )
    parked = db.session.scalars(of_platform.order_by(Delivery.id).with_for_update(of=Delivery)).all()
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
    parked = select(Delivery).where(
        Delivery.kind == KIND, Delivery.lane == delivery.lane, Delivery.state == DeliveryState.PARKED
    )
    for dropped in db.session.scalars(parked.order_by(Delivery.id).with_for_update()).all():
        outbox.drop(dropped)
        audit.record("grade of the platform kept", _subject(dropped), actor_key)
    return True


def _held(delivery_id: int) -> Delivery:
    """A score, held until the commit, so that two people decide on it one after the other."""
    score = select(Delivery).where(Delivery.id == delivery_id, Delivery.kind == KIND)
    delivery = db.session.scalar(score.with_for_update())
    if delivery is None:
        raise NotThere("There is no such grade.")
    return delivery


def _subject(delivery: Delivery) -> str:
    return f"delivery:{delivery.id}"
