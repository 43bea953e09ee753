"""A score goes to the line item that came with that learner's own verified launch, whatever else was ever said."""

import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from catalogue.enrolments import actions as enrolments
from catalogue.enrolments import completing as completing_actions
from catalogue.enrolments.models import CompletedBy
from catalogue.extensions import db
from catalogue.offers.models import Offer
from catalogue.people.models import Person
from catalogue.transactions import run
from lti.models import Identity
from tests.drills import dice, many, say
from tests.lti.platform import AGS, KEY, LTI, OTHER_KEY, SCOPES, TEACHER, Platform, jwk, serving
from tests.lti.threats.begun import post
from tests.visitor import Visitor

SWAPS = many(30, 300)
SUBS = ("anna", "ben", "cleo")
Claims = dict[str, Any]


@dataclass(frozen=True)
class Place:
    """A link in a course, with a line item of its own: all of it as the platform has it."""

    number: int  # of the platform
    deployment: str
    context: str
    link: str
    item: str

    def claims(self, platform: Platform, nonce: str, sub: str, slug: str, roles: Any = None) -> Claims:
        made = platform.claims(nonce, roles, sub=sub, deployment_id=self.deployment)
        made[LTI + "context"]["id"] = self.context
        made[LTI + "resource_link"]["id"] = self.link
        made[LTI + "custom"] = {"target": "offer", "offer": slug}
        made[AGS] = {"scope": SCOPES, "lineitem": self.item}
        return made


class World:
    """Two platforms, each with two deployments of two links; who was let in through what."""

    def __init__(self, app: Flask, platforms: list[Platform], slugs: list[str]) -> None:
        self.app, self.platforms, self.slug, self.other_slug = app, platforms, slugs[0], slugs[1]
        self.places = [
            Place(number, deployment, f"course-{deployment}", f"link-{link}", platform.add_item(label=link)["id"])
            for number, platform in enumerate(platforms)
            for deployment in ("1", "2")
            for link in ("a", "b")
        ]
        self.earned: set[tuple[int, str, str]] = set()  # platform, line item, sub
        self.came: set[tuple[Place, str]] = set()

    def key(self, place: Place) -> Any:
        return (KEY, OTHER_KEY)[place.number]

    def send(self, place: Place, sub: str, change: Callable[[Claims], Any] = lambda _: None, *, forged: bool = False,
             roles: Any = None) -> int:  # fmt: skip
        """A launch of somebody by a place; forged: changed after it was signed."""
        visitor, platform = Visitor(self.app), self.platforms[place.number]
        asked = platform.log_in(visitor)
        claims = place.claims(platform, asked["nonce"], sub, self.slug, roles)
        if forged:
            header, _, signature = platform.sign(claims, self.key(place)).split(".")
            change(claims)
            token = f"{header}.{platform.sign(claims, self.key(place)).split('.')[1]}.{signature}"
        else:
            change(claims)
            token = platform.sign(claims, self.key(place))
        return post(visitor.client, {"id_token": token, "state": asked["state"]})

    def launch(self, place: Place, sub: str) -> None:
        assert self.send(place, sub) == 303
        self.came.add((place, sub))

    def complete_all(self) -> None:
        """Everybody who is here completes the offer."""

        def completing() -> None:
            offer = db.session.scalars(select(Offer).where(Offer.slug == self.slug)).one()
            for person_id in set(db.session.scalars(select(Identity.person_id))):
                person = db.session.get_one(Person, person_id)
                completing_actions.complete(enrolments.enrol(person, offer, None), CompletedBy.LAST_STEP, person)

        with self.app.app_context():
            run(completing)

    def graded(self) -> set[tuple[int, str, str]]:
        return {
            (number, platform.items[item]["id"], sub)
            for number, platform in enumerate(self.platforms)
            for item, sub in platform.scores
        }


@pytest.fixture
def world(app: Flask, register: Callable[[Platform], int], slugs: list[str]) -> Iterator[World]:
    with ExitStack() as stack:
        platforms = []
        for number, key in enumerate((KEY, OTHER_KEY)):
            platform = stack.enter_context(serving(Platform(client_id=f"client-{number}", keys=[jwk(key, "key-1")])))
            for deployment in ("1", "2"):
                platform.deployment = deployment
                register(platform)
            platforms.append(platform)
        yield World(app, platforms, slugs)


TAMPER: dict[str, Callable[[Claims, Claims], Any]] = {
    "line item": lambda mine, theirs: mine[AGS].update(lineitem=theirs[AGS]["lineitem"]),
    "services": lambda mine, theirs: mine.update({AGS: theirs[AGS]}),
    "deployment": lambda mine, theirs: mine.update({LTI + "deployment_id": theirs[LTI + "deployment_id"]}),
    "context": lambda mine, theirs: mine.update({LTI + "context": theirs[LTI + "context"]}),
    "link": lambda mine, theirs: mine.update({LTI + "resource_link": theirs[LTI + "resource_link"]}),
    "user": lambda mine, theirs: mine.update(sub=theirs["sub"]),
    "link and line item": lambda mine, theirs: mine.update(
        {LTI + "resource_link": theirs[LTI + "resource_link"], AGS: theirs[AGS]}
    ),
    "all but the nonce": lambda mine, theirs: mine.update(theirs | {"nonce": mine["nonce"]}),
}
"""What is put into a launch that was signed already, from somebody else's launch."""

WORDS: dict[str, Callable[[Claims, Claims], Any]] = {
    "line item in custom parameters": lambda mine, theirs: mine[LTI + "custom"].update(
        lineitem=theirs[AGS]["lineitem"], lineitem_url=theirs[AGS]["lineitem"], lineitems=theirs[AGS]["lineitem"]
    ),
    "user in custom parameters": lambda mine, theirs: mine[LTI + "custom"].update(
        sub=theirs["sub"], user_id=theirs["sub"], userId=theirs["sub"]
    ),
    "line item among the link's own values": lambda mine, theirs: mine[LTI + "resource_link"].update(
        lineitem=theirs[AGS]["lineitem"], url=theirs[AGS]["lineitem"]
    ),
    "somebody else as the one it is for": lambda mine, theirs: mine.update(
        {LTI + "for_user": {"user_id": theirs["sub"]}}
    ),
    "somebody else as the one they mentor": lambda mine, theirs: mine.update(
        {LTI + "role_scope_mentor": [theirs["sub"]]}
    ),
    "a grade of its own": lambda mine, theirs: mine.update(
        {LTI + "score": {"scoreGiven": 100}, LTI + "custom": mine[LTI + "custom"] | {"score": "100", "scoreGiven": "9"}}
    ),
    "an outcomes service of old": lambda mine, theirs: mine.update(
        {LTI.replace("lti", "lti-bo", 1) + "basicoutcome": {
            "lis_result_sourcedid": theirs["sub"], "lis_outcome_service_url": theirs[AGS]["lineitem"]}}
    ),
    "a return address that is a line item": lambda mine, theirs: mine[LTI + "launch_presentation"].update(
        return_url=theirs[AGS]["lineitem"]
    ),
}  # fmt: skip
"""What a signed message can say besides, which grades nobody else."""


def test_no_swap_moves_a_score(world: World, deliver: Callable[[], list[tuple[str, str]]]) -> None:
    chance, answers, began = dice(), Counter[str](), time.monotonic()
    for place in world.places:  # everybody comes honestly by some places, as learners
        for sub in chance.sample(SUBS, 2):
            world.launch(place, sub)
    for number in range(SWAPS):
        mine, theirs = chance.sample(world.places, 2)
        sub, other = chance.sample(SUBS, 2)
        said = theirs.claims(world.platforms[theirs.number], "-", other, world.slug)
        kind, (name, change) = ("forged", chance.choice(list(TAMPER.items())))
        if number % 3 == 1:
            kind, (name, change) = ("words", chance.choice(list(WORDS.items())))
        if number % 3 == 2:
            kind = "as a teacher"
        status = world.send(
            mine, sub, partial(change, theirs=said) if kind != "as a teacher" else unchanged,
            forged=kind == "forged", roles=TEACHER if kind == "as a teacher" else None,
        )  # fmt: skip
        changed = kind != "forged" or said_differs(world, mine, sub, said, change)
        if kind == "forged" and changed:
            assert status == 400, f"{name}: {mine} {theirs}"
        elif kind == "as a teacher":
            world.came.discard((mine, sub))  # what they came as the last time counts
            assert status == 303
        else:
            assert status == 303, name
            world.came.add((mine, sub))
        answers[kind] += 1
    world.complete_all()
    for _ in range(3):
        states = deliver()
    expected = {(place.number, place.item, sub) for place, sub in world.came}
    graded = world.graded()
    say(
        f"grade injection: {SWAPS} swaps ({', '.join(f'{n} {k}' for k, n in answers.items())}): "
        f"{len(graded)} scores, {len(graded - expected)} elsewhere, {len(expected - graded)} missing; "
        f"{time.monotonic() - began:.0f} s"
    )
    assert graded == expected
    assert {state for state, _ in states} == {"delivered"}


def unchanged(_claims: Claims) -> None:
    pass


def said_differs(world: World, mine: Place, sub: str, said: Claims, change: Callable[[Claims, Claims], Any]) -> bool:
    before = mine.claims(world.platforms[mine.number], "-", sub, world.slug)
    after = mine.claims(world.platforms[mine.number], "-", sub, world.slug)
    change(after, said)
    return {**before, "iat": 0, "exp": 0} != {**after, "iat": 0, "exp": 0}


def test_a_platform_that_names_anothers_line_item_grades_nobody_there(
    world: World, deliver: Callable[[], list[tuple[str, str]]]
) -> None:
    """Signed by its own key: a host that is not of its registration gets no score and no token."""
    first, last = world.places[0], world.places[-1]
    elsewhere = last.item.replace("127.0.0.1", "localhost")
    assert world.send(first, "anna", lambda claims: claims[AGS].update(lineitem=elsewhere)) == 303
    world.complete_all()
    (state, error), *_ = deliver()
    assert (state, "its host is none of those" in error) == ("parked", True)
    assert world.graded() == set()
    assert not any("scores" in path for platform in world.platforms for _, path in platform.calls)
