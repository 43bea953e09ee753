"""From a platform's request to the one answer to it.

Deep linking request and response: https://www.imsglobal.org/spec/lti-dl/v2p0#workflow
A token in the forms of the pages is the only thing that a teacher is known by: no cookie is needed in a frame.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import delete, select, update
from sqlalchemy.orm import joinedload

from catalogue.clock import now
from catalogue.errors import Refused
from catalogue.extensions import db
from catalogue.people.rules import hash_token, new_token
from lti import launch
from lti.addresses import origin
from lti.claims import Launch
from lti.deep_linking import queries
from lti.deep_linking.basket import MOST_ITEMS, Basket, Edit, added, edited, loaded, moved, removed, stored
from lti.errors import LaunchRefused, Why
from lti.login import inactive
from lti.models import DeepLinking, Deployment, Identity, Platform

OPEN_FOR = timedelta(hours=1)
KEPT_FOR = timedelta(days=1)
"""So long a choosing that is over can say so, in the platform's frame."""
PLAIN_ORIGIN = re.compile(r"https?://[A-Za-z0-9.:\[\]-]+")
"""What may stand in a policy for forms, which other signs would change."""


@dataclass(frozen=True, slots=True)
class Choosing:
    """A teacher choosing for a course, as the pages need it."""

    course: str
    takes_several: bool
    takes_line_items: bool
    basket: Basket
    frame_origin: str


@dataclass(frozen=True, slots=True)
class Answer:
    """What goes back, to whom, and where to."""

    issuer: str
    client_id: str
    deployment_id: str
    has_data: bool
    data: Any  # any JSON value, as it was sent
    basket: Basket
    return_url: str
    frame_origin: str


def begin(message: Launch) -> str:
    """Begin a choosing, in the present transaction; returns its token. Raises ``LaunchRefused``."""
    platform = db.session.get_one(Platform, message.platform_id)
    asked = message.deep_linking
    if not message.may_place:
        raise _refused(platform, Why.NOT_A_TEACHER, "the roles name nobody who teaches or designs the course")
    if asked is None or not PLAIN_ORIGIN.fullmatch(origin(asked.return_url)):
        raise _refused(platform, Why.INCOMPLETE, "the address to answer to is not a plain one (deep_link_return_url)")
    identity = launch.admit(message)
    db.session.execute(delete(DeepLinking).where(DeepLinking.expires_at < now() - KEPT_FOR))
    token = new_token()
    db.session.add(
        DeepLinking(
            token_hash=hash_token(token),
            deployment=launch.deployment_of(platform, message),
            identity=identity,
            course=message.context.title if message.context else "",
            return_url=asked.return_url,
            data=asked.data,
            takes_several=asked.takes_several,
            takes_line_items=asked.takes_line_items,
            basket=[],
            expires_at=now() + OPEN_FOR,
        )
    )
    return token


def find(token: str) -> Choosing:
    """An open choosing; raises ``LaunchRefused`` where there is none, or somebody in it is suspended."""
    return _shown(_open(token))


def change(token: str, edits: Mapping[str, Edit], step: str, key: str) -> Choosing:
    """Keep what was typed and take one step, in the present transaction. Raises ``LaunchRefused``, ``Refused``.

    ``step`` is ``add``, ``remove``, ``up`` or ``down``, with the ``key`` of an item; any other changes no more.
    """
    held = _open(token, alone=True)
    basket = edited(loaded(held.basket), edits)
    if step == "add":
        target, _, value = key.partition(":")
        item = queries.item_of(target, value, graded=held.takes_line_items)
        basket = added(basket, item, several=held.takes_several)
    elif step == "remove":
        basket = removed(basket, key)
    elif step in ("up", "down"):
        basket = moved(basket, key, -1 if step == "up" else 1)
    if len(basket) > MOST_ITEMS:
        raise Refused(f"You have chosen {MOST_ITEMS}, which is as many as go into a course at once. Add these first.")
    held.basket = stored(basket)
    return _shown(held)


def answer(token: str, edits: Mapping[str, Edit], *, cancelled: bool = False) -> Answer:
    """Close a choosing with what was typed last, in the present transaction: for exactly one caller.

    Raises ``LaunchRefused``.
    """
    held = _open(token, alone=True)
    basket = () if cancelled else edited(loaded(held.basket), edits)
    closed = db.session.execute(
        update(DeepLinking)
        .where(DeepLinking.id == held.id, DeepLinking.answered_at.is_(None))
        .values(answered_at=now(), basket=stored(basket))
        .returning(DeepLinking.id)
    ).scalar()
    platform = held.deployment.platform
    if closed is None:
        raise _answered(platform)
    return Answer(
        issuer=platform.issuer,
        client_id=platform.client_id,
        deployment_id=held.deployment.deployment_id,
        has_data=held.data is not None,
        data=json.loads(held.data) if held.data is not None else None,
        basket=basket,
        return_url=held.return_url,
        frame_origin=platform.origin,
    )


def _open(token: str, *, alone: bool = False) -> DeepLinking:
    """``alone``: held against whoever else writes it, and its platform against a suspension, until the commit."""
    wanted = (
        select(DeepLinking)
        .where(DeepLinking.token_hash == hash_token(token))
        .options(
            joinedload(DeepLinking.deployment).joinedload(Deployment.platform),
            joinedload(DeepLinking.identity).joinedload(Identity.person),
        )
    )
    held = db.session.scalar(wanted.with_for_update(of=DeepLinking) if alone else wanted)
    if held is None:
        raise LaunchRefused(Why.CHOOSING_OVER, "no choosing for a course has this token")
    platform = held.deployment.platform
    if alone:
        db.session.refresh(platform, with_for_update={"read": True, "key_share": True})
    if not platform.active:
        raise inactive(platform)
    if held.identity.person.suspended_at is not None:
        raise _refused(platform, Why.SUSPENDED_PERSON, "the person is suspended")
    if held.answered_at is not None:
        raise _answered(platform)
    if held.expires_at <= now():
        raise _refused(platform, Why.CHOOSING_OVER, "the choosing began more than an hour ago")
    return held


def _refused(platform: Platform, why: Why, reason: str) -> LaunchRefused:
    return LaunchRefused(why, reason, platform_id=platform.id, frame_origin=platform.origin)


def _answered(platform: Platform) -> LaunchRefused:
    return _refused(platform, Why.ANSWERED, "the choosing was answered already")


def _shown(held: DeepLinking) -> Choosing:
    return Choosing(
        held.course,
        held.takes_several,
        held.takes_line_items,
        loaded(held.basket),
        held.deployment.platform.origin,
    )
