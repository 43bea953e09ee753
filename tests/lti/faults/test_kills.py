"""``kill -9`` under load: who was told that they completed an offer has completed it, and their grade arrives, once."""

import random
import re
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import count
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
from flask import Flask
from sqlalchemy import func, select, update

from catalogue.clock import now
from catalogue.enrolments.models import Completion
from catalogue.extensions import db
from catalogue.offers.models import Offer
from catalogue.outbox import Delivery, DeliveryState
from catalogue.settings import Settings
from catalogue.transactions import run
from everyseat import create_app
from lti.models import Identity, LineItem
from tests.databases import Template
from tests.drills import DRILL, dice, many, say
from tests.lti.faults.machine import Machine, machine, until
from tests.lti.faults.platform import FaultyPlatform, serving

KILLS = many(1, 50)
LOADERS = many(2, 4)
PATIENCE = 60  # seconds in which a worker gets on, be the machine as busy as it may
OFFER, STEPS = "ten-minute-huddle", ("step-1", "step-2", "step-3")
KILLED = [["web"], ["worker"], ["database"], ["cache"]] if DRILL else [["web", "worker"]]


class Browser:
    """Keeps cookies as a browser does: those of ours are for secure places, which loopback is one of."""

    def __init__(self, tool: str) -> None:
        self.tool = tool
        self.cookies: dict[str, str] = {}

    def ask(self, method: str, path: str, **fields: str) -> requests.Response:
        headers = {"Cookie": "; ".join(f"{n}={v}" for n, v in self.cookies.items()), "Referer": f"{self.tool}/"}
        answer = requests.request(
            method, self.tool + path, data=fields, headers=headers, allow_redirects=False, timeout=20
        )
        for cookie in answer.raw.headers.getlist("Set-Cookie"):
            name, _, value = cookie.partition(";")[0].partition("=")
            self.cookies[name] = value
        return answer


@dataclass
class Load:
    """Learners who come one after the other, and do the steps of an offer; who was told that it is completed."""

    tool: str
    platform: FaultyPlatform
    numbers: "count[int]" = field(default_factory=count)
    acknowledged: list[str] = field(default_factory=list)
    unanswered: int = 0
    over: threading.Event = field(default_factory=threading.Event)
    faults: list[str] = field(default_factory=list)

    def run(self) -> None:
        while not self.over.is_set():
            sub = f"learner-{next(self.numbers)}"
            try:
                self._learner(sub)
            except AssertionError as fault:
                self.faults.append(f"{sub}: {fault}")

    def _learner(self, sub: str) -> None:
        browser = Browser(self.tool)
        self._again(lambda: self._launch(browser, sub), 303)
        page = self._again(lambda: browser.ask("GET", f"/offers/{OFFER}/enrol"), 200)
        found = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', page.text)
        assert found is not None
        token = found[1]
        joined = self._again(lambda: browser.ask("POST", f"/offers/{OFFER}/enrol", csrf_token=token), 302)
        number = re.search(r"/enrolments/(\d+)", joined.headers["Location"])
        assert number is not None, joined.headers["Location"]
        for step in STEPS:
            path = f"/enrolments/{number[1]}/steps/{step}"
            self._again(lambda path=path: browser.ask("POST", path, csrf_token=token), 302)
        self.acknowledged.append(sub)

    def _launch(self, browser: Browser, sub: str) -> requests.Response:
        login = browser.ask("POST", "/lti/login", **self.platform.initiation(target_link_uri=f"{self.tool}/lti/launch"))
        if login.status_code != 302:
            return login
        asked = {name: values[0] for name, values in parse_qs(urlsplit(login.headers["Location"]).query).items()}
        claims = self.platform.claims(asked["nonce"], sub=sub, target_link_uri=f"{self.tool}/lti/launch")
        return browser.ask("POST", "/lti/launch", id_token=self.platform.sign(claims), state=asked["state"])

    def _again(self, request: Callable[[], requests.Response], status: int) -> requests.Response:
        """What a person does whose page does not come, or says that we are busy: it again."""
        for _ in range(600):
            try:
                answer = request()
            except requests.RequestException:
                self.unanswered += 1
            else:
                if answer.status_code == status:
                    return answer
                assert answer.status_code in (400, 429, 500, 503), f"{answer.status_code}: {answer.text[:300]}"
                self.unanswered += answer.status_code != 429
            time.sleep(0.1)
            if self.over.is_set():
                raise SystemExit
        raise AssertionError("no answer in a minute")


def held(app: Flask) -> tuple[dict[str, int], dict[str, int]]:
    """Completions by ``sub``, and deliveries of scores by state; time is moved on for what a killed worker held."""

    def time_passes() -> None:
        past = now() - timedelta(seconds=1)
        db.session.execute(update(Delivery).where(Delivery.state == DeliveryState.WAITING).values(due_at=past))
        db.session.execute(update(LineItem).values(claimed_at=now() - timedelta(minutes=10)))

    with app.app_context():
        run(time_passes)
        completed = select(Identity.sub, func.count(Completion.id)).join(
            Completion, Completion.person_id == Identity.person_id
        )
        offer = select(Offer.id).where(Offer.slug == OFFER).scalar_subquery()
        rows = db.session.execute(completed.where(Completion.offer_id == offer).group_by(Identity.sub))
        completions = {str(sub): int(number) for sub, number in rows}
    return completions, states_of(app)


def states_of(app: Flask) -> dict[str, int]:
    with app.app_context():
        rows = db.session.execute(
            select(Delivery.state, func.count()).where(Delivery.kind == "score").group_by(Delivery.state)
        )
        states = {str(state): number for state, number in rows}
        db.session.remove()
        db.engine.dispose()
    return states


def settings_of(service: Machine, tool: str) -> Settings:
    return Settings(
        env="development", public_url=tool, instance=service.folder,
        database_url=service.postgres.url if service.postgres else "",
        jobs_url=service.redis.url if service.redis else "",
    )  # fmt: skip


def register(service: Machine, platform: FaultyPlatform) -> None:
    given = platform.registration
    service.command(
        "platforms", "add", "--name", given["name"], "--issuer", given["issuer"], "--client-id", given["client_id"],
        "--deployment", given["deployment"], "--jwks-url", given["jwks_url"], "--auth-url", given["auth_url"],
        "--token-url", given["token_url"],
    )  # fmt: skip


@pytest.mark.parametrize("killed", KILLED, ids=" and ".join)
def test_what_was_acknowledged_is_kept_and_graded_once(tmp_path: Path, template: Template, killed: list[str]) -> None:
    chance, began = dice(), time.monotonic()
    with serving(FaultyPlatform()) as platform, machine(tmp_path, template, servers=DRILL) as service:
        register(service, platform)
        service.start("web", "worker")
        load = Load(service.tool, platform)
        loaders = [threading.Thread(target=load.run, daemon=True) for _ in range(LOADERS)]
        for loader in loaders:
            loader.start()
        until("the first completion", lambda: load.acknowledged or load.faults)
        before = min(kill_again_and_again(service, name, load, chance) for name in killed)
        load.over.set()
        for loader in loaders:
            loader.join(30)
        acknowledged = set(load.acknowledged)
        app = create_app(settings_of(service, service.tool))
        deliver_the_rest(service, app)
        completions, states = held(app)
    lost = [sub for sub in acknowledged if not completions.get(sub)]
    ungraded = [sub for sub in completions if sub not in {user for _, user in platform.scores}]
    twice = [sub for sub, number in completions.items() if number > 1]
    twice += [user for (_, user), scores in platform.graded.items() if len(scores) != 1]
    say(
        f"kill -9 {' and '.join(killed)}, {'PostgreSQL and Redis' if DRILL else 'SQLite'}: {KILLS} times, "
        f"{len(acknowledged)} completions acknowledged ({before} of them before the last kill), "
        f"{load.unanswered} requests unanswered: "
        f"lost {len(lost)}, not graded {len(ungraded)}, twice {len(twice)}, line items {len(platform.items)}; "
        f"{time.monotonic() - began:.0f} s"
    )
    assert load.faults == []
    assert (lost, ungraded, twice) == ([], [], [])
    assert len(platform.items) == 1
    assert states == {"delivered": len(completions)}
    assert before > 0


def kill_again_and_again(service: Machine, killed: str, load: Load, chance: random.Random) -> int:
    """How many had been acknowledged when it was killed last; each time it has to go on before the next."""

    def done() -> int:
        return len(load.platform.graded) if killed == "worker" else len(load.acknowledged)

    before = 0
    for _ in range(KILLS):
        time.sleep(chance.uniform(0.05, 0.8))
        before = len(load.acknowledged)
        service.kill(killed)
        so_far = done()
        time.sleep(chance.uniform(0, 0.3))
        service.revive(killed)
        until(f"the {killed} to go on", lambda so_far=so_far: done() > so_far or load.faults, 120)
    return before


def deliver_the_rest(service: Machine, app: Flask) -> None:
    """What waits is sent: a worker that starts looks for it."""
    for _ in range(5):
        service.kill("worker")
        _, states = held(app)
        if not states.get("waiting"):
            return
        service.start("worker")
        seen = time.monotonic()
        while states.get("waiting") and time.monotonic() - seen < PATIENCE:
            before, states = states, states_of(app)
            seen = seen if states == before else time.monotonic()
            time.sleep(0.2)
