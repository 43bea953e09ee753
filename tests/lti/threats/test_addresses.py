"""Whatever address a platform gives us, in its registration or in a message: nothing of our own network is called."""

import socket
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from flask import Flask
from jwt import PyJWK
from sqlalchemy import delete, select, update

from catalogue import egress, outbox
from catalogue.enrolments import actions as enrolments
from catalogue.enrolments import completing as completing_actions
from catalogue.enrolments.models import CompletedBy
from catalogue.extensions import db
from catalogue.offers.models import Offer, OfferVersion
from catalogue.outbox import Delivery
from catalogue.people.models import Person
from catalogue.settings import Settings
from catalogue.transactions import run
from everyseat import create_app
from lti import service_tokens
from lti.courses.roster import MEMBERS_READ
from lti.models import Deployment, Identity, LineItem, ServiceToken
from lti.models import Platform as Registered
from lti.platform_keys import PlatformKeys
from lti.platforms.rules import is_fit_url
from tests.catalogue.servers import Server
from tests.catalogue.test_egress_addresses import MALFORMED, PUBLIC, REFUSED, info_of, names  # noqa: F401
from tests.drills import dice, many, say
from tests.lti.platform import AGS, KEY, LTI, NRPS, SCOPES, TEACHER, Platform, jwk
from tests.visitor import Visitor

OURS = "https://everyseat.example"
HOSTED = [url for url in [*REFUSED, *MALFORMED] if url.startswith("https://")]
SAMPLE = many(12, len(HOSTED))
Try = Callable[["Tool", str], None]


class Tool:
    """The service under the rules of production, and one platform, whose registration is what a test makes of it."""

    def __init__(self, app: Flask, *, hosted: bool = True) -> None:
        self.app, self.platform, self.hosted = app, Platform(url="https://moodle.example"), hosted
        self.subs = iter(range(10_000))

    def registered(self, **values: str) -> None:
        def change() -> None:
            db.session.execute(update(Registered).values(self.values | values))
            for held in (LineItem, ServiceToken):
                db.session.execute(delete(held))

        with self.app.app_context():
            run(change)

    @property
    def values(self) -> dict[str, str]:
        url = self.platform.url
        return {"jwks_url": f"{url}/certs", "auth_url": f"{url}/auth", "token_url": f"{url}/token"}

    def grant_token(self, *scopes: str) -> None:
        """As if the platform had granted one before: what stands behind the token's address is reached too."""
        with self.app.app_context():
            platform_id = db.session.scalars(select(Registered.id)).one()
            service_tokens.keep(platform_id, " ".join(sorted(scopes)), "token", 3600)

    def launch(self, roles: Any = None, *, status: int = 303, **services: Any) -> Visitor:
        visitor = Visitor(self.app)
        self.sub = f"learner-{next(self.subs)}"
        target = f"{OURS}/lti/launch"
        visitor.post("/lti/login", self.platform.initiation(target_link_uri=target))
        asked = dict(part.split("=") for part in urlsplit(visitor.response.headers["Location"]).query.split("&"))
        claims = self.platform.claims(asked["nonce"], roles, sub=self.sub, target_link_uri=target)
        claims[LTI + "resource_link"]["id"] = claims[LTI + "context"]["id"] = self.sub  # nothing is held of it yet
        claims.update(services)
        visitor.post("/lti/launch", {"id_token": self.platform.sign(claims), "state": asked["state"]}, status)
        return visitor

    def complete(self) -> None:
        """Whoever came last completes an offer, and the worker does what it can."""

        def completing() -> None:
            offer = db.session.scalars(
                select(Offer).join(Offer.published).where(OfferVersion.mode == "self-paced").order_by(Offer.id).limit(1)
            ).one()
            identity = db.session.scalars(select(Identity).where(Identity.sub == self.sub)).one()
            person = db.session.get_one(Person, identity.person_id)
            completing_actions.complete(enrolments.enrol(person, offer, None), CompletedBy.LAST_STEP, person)

        with self.app.app_context():
            run(completing)
            outbox.deliver_due()
            states = db.session.scalars(select(Delivery.state).where(Delivery.kind == "score")).all()
            assert set(states) <= {"parked", "waiting"}
            run(lambda: db.session.execute(update(Delivery).values(state="parked")))


@pytest.fixture
def canary() -> Iterator[Server]:
    server = Server()
    yield server
    server.close()


@pytest.fixture
def tool(database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Tool]:
    settings = Settings(
        env="production", secret_key="x" * 40, public_url=OURS, database_url=database_url, instance=tmp_path
    )
    app = create_app(settings)
    app.config.update(TESTING=True, PROPAGATE_FAULTS=True)
    made = Tool(app)

    def add() -> None:
        known = Registered(name="Moodle", issuer=made.platform.url, client_id="client-1", **made.values)
        known.organisation_id = 1
        db.session.add_all([known, Deployment(platform=known, deployment_id="1")])

    with app.app_context():
        run(add)
    yield made
    with app.app_context():
        db.session.remove()
        db.engine.dispose()


@pytest.fixture
def known_key(monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """The platform's key is known: what is tried lies behind the launch."""
    key = PyJWK(jwk(KEY, "key-1"), algorithm="RS256")
    return lambda: monkeypatch.setattr(PlatformKeys, "find", lambda *_args: key)


def by_key_set(tool: Tool, url: str) -> None:
    tool.registered(jwks_url=url)
    tool.launch(status=400)


def by_token(tool: Tool, url: str) -> None:
    tool.registered(token_url=url)
    teacher = tool.launch(TEACHER)
    teacher.get(f"/lti/course/{course_of(teacher)}")
    tool.launch()
    tool.complete()


def by_line_items(tool: Tool, url: str) -> None:
    tool.registered(**({"jwks_url": url} if tool.hosted else {}))
    tool.grant_token(*SCOPES)
    tool.launch(**{AGS: {"scope": SCOPES, "lineitems": url}})
    tool.complete()
    tool.launch(
        **{
            AGS: {"scope": SCOPES, "lineitem": url, "lineitems": url},
            LTI + "custom": {"target": "home", "lineitem": url},
        }
    )
    tool.complete()


def by_members(tool: Tool, url: str) -> None:
    tool.registered(**({"jwks_url": url} if tool.hosted else {}))
    tool.grant_token(MEMBERS_READ)
    teacher = tool.launch(TEACHER, **{NRPS: {"context_memberships_url": url, "service_versions": ["2.0"]}})
    teacher.get(f"/lti/course/{course_of(teacher)}")


def course_of(teacher: Visitor) -> str:
    page = teacher.get("/")
    link = page.select_one("a[href^='/lti/course/']")
    assert link is not None
    return str(link["href"]).rsplit("/", 1)[1]


ENTRIES: dict[str, Try] = {"key set": by_key_set, "token": by_token, "line items": by_line_items, "members": by_members}


def test_the_canary_would_hear_of_it(app: Flask, visitor: Visitor, platform: Platform, canary: Server) -> None:
    """In development loopback addresses are called: the same way in does lead there."""
    with app.app_context():
        run(lambda: db.session.execute(update(Registered).values(jwks_url=canary.url)))
    platform.launch(visitor, status=400)
    assert canary.connections == 1


@pytest.mark.usefixtures("names")
@pytest.mark.parametrize("hosted", [True, False], ids=["a host of the registration", "another host"])
def test_no_address_of_a_platform_leads_into_our_network(
    tool: Tool, canary: Server, known_key: Callable[[], None], *, hosted: bool
) -> None:
    assert len(HOSTED) >= 60
    tool.hosted, began, tried = hosted, time.monotonic(), Counter[str]()
    urls = dice().sample(HOSTED, SAMPLE)
    for name, attempt in ENTRIES.items():
        if name != "key set":
            known_key()
        elif not hosted:
            continue
        for url in urls:
            attempt(tool, url.format(port=canary.port, long="a" * 64))
            tried[name] += 1
            assert canary.connections == 0, f"{name}: {url}"
    say(
        f"SSRF, {'registered' if hosted else 'other'} host: {SAMPLE} addresses by {', '.join(tried)}: "
        f"{tried.total()} tries, canary saw {canary.connections} requests; {time.monotonic() - began:.0f} s"
    )


@pytest.mark.parametrize("entry", ENTRIES)
def test_a_name_that_turns_inwards_is_called_at_the_address_that_was_checked(
    tool: Tool, canary: Server, known_key: Callable[[], None], monkeypatch: pytest.MonkeyPatch, entry: str
) -> None:
    called: list[str] = []
    looked_up: list[str] = []

    def look_up(host: str, port: int, **_options: int) -> list[tuple[object, ...]]:
        looked_up.append(host)
        return [info_of(PUBLIC if len(looked_up) % 2 else "127.0.0.1", port)]

    def connect(address: tuple[str, int], *_more: object) -> socket.socket:
        called.append(address[0])
        raise ConnectionRefusedError

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    monkeypatch.setattr(egress, "create_connection", connect)
    if entry != "key set":
        known_key()
    for _ in range(3):
        ENTRIES[entry](tool, f"https://rebinding.example:{canary.port}/{len(looked_up)}")
    assert looked_up, "it was not even tried"
    assert set(called) <= {PUBLIC}
    assert canary.connections == 0
    say(f"SSRF, rebinding name by {entry}: {len(looked_up)} look-ups, canary saw 0 requests")


@pytest.mark.parametrize("host", ["a..example", ".example", f"{'a' * 64}.example", "..", "."])
def test_a_host_that_no_name_can_be_is_none_of_a_registration(host: str) -> None:
    """Nobody could be sent there: each login would end in a fault of ours."""
    assert not is_fit_url(f"https://{host}/auth", development=False)
    assert is_fit_url("https://moodle.example./auth", development=False)
