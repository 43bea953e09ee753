"""Script in partners' text never runs: shown by a real Chromium, with our content security policy and without it."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

import pytest
from flask import Flask
from playwright.sync_api import Browser, BrowserContext, Page, Playwright, Route, sync_playwright
from sqlalchemy import select

from catalogue.clock import today
from catalogue.enrolments.actions import enrol
from catalogue.extensions import db
from catalogue.frameworks.queries import conditions, current_framework
from catalogue.offers.actions import add_offers, publish_many
from catalogue.offers.content import OfferContent
from catalogue.offers.models import Offer, Run
from catalogue.offers.references import References
from catalogue.people.models import Person, Role
from catalogue.publishing.models import DraftState, OfferComment, OfferDraft
from catalogue.systems.models import Organisation
from catalogue.transactions import run
from tests.drills import many, say
from tests.journeys.conftest import ARGUMENTS, CHROMIUM
from tests.publishing.payloads import PAYLOADS
from tests.visitor import ORIGIN, Visitor

COUNTING = "window.count = 0; window.fired = () => { window.count += 1; }; window.alert = window.fired;"
OTHER_LINKS = "[...document.querySelectorAll('a')].filter(a => !/^(https?|mailto):$/.test(a.protocol)).length"


@dataclass
class Seen:
    pages: int = 0
    executions: int = 0
    links_elsewhere: int = 0


def groups() -> list[list[str]]:
    """Every payload alone in a drill, else all of them in a few fields."""
    count = many(2, len(PAYLOADS))
    return [PAYLOADS[start::count] for start in range(count)]


def content(payloads: list[str], self_paced: bool) -> dict[str, Any]:
    """An offer that says nothing else, in every field."""
    framework = current_framework()
    long, first = "\n\n".join(payloads), payloads[0]
    address = "https://a.example/" + "/".join(first.split())
    step = {"key": "step-1", "title": first, "minutes": 5, "text": long}
    return {
        "title": first, "summary": long, "outcomes": payloads, "description": long, "prerequisites": long,
        "accessibility": long, "url": address, "mode": "self-paced" if self_paced else "in-person", "hours": 1.0,
        "place": first[:100], "conditions": [conditions()[0].key], "step": [step] if self_paced else [],
        "mapping": [{"framework": framework.key, "dimension": framework.dimensions[0].key,
                     "from": framework.levels[0].key, "to": framework.levels[1].key, "strength": "builds"}],
    }  # fmt: skip


def write(person_id: int, provider_id: int) -> tuple[list[tuple[str, int]], list[str]]:
    """Offers with runs, drafts, comments and somebody on them; gives their addresses, and those of enrolments."""
    person, provider = db.session.get_one(Person, person_id), db.session.get_one(Organisation, provider_id)
    person.name = provider.name = PAYLOADS[0]
    provider.description = "\n\n".join(PAYLOADS)
    documents = [content(group, self_paced) for group in groups() for self_paced in (True, False)]
    offers = add_offers(provider, {f"script-{at}": document["title"] for at, document in enumerate(documents)})
    publish_many(
        [(offer, OfferContent.model_validate(said)) for offer, said in zip(offers.values(), documents, strict=True)],
        References(),
    )
    day = today() + timedelta(days=20)
    for offer, said in zip(offers.values(), documents, strict=True):
        text = said["summary"]
        draft = {**said, "title": said["title"][:190] + " anew"}
        db.session.add(
            OfferDraft(
                offer=offer, content=draft, state=DraftState.SUBMITTED, submitted_at=person.created_at,
                changed_by=person,
            )
        )  # fmt: skip
        db.session.add(OfferComment(offer_id=offer.id, person=person, text=text))
        if not said["step"]:
            db.session.add(Run(offer=offer, key="1", starts_on=day, ends_on=day, place=said["place"], venue=text,
                               join_link=said["url"], accessibility=text, places=9))  # fmt: skip
    db.session.flush()
    on = [
        f"/enrolments/{enrol(person, offer, offer.runs[0].id if offer.runs else None).id}"
        for offer in list(offers.values())[:4]
    ]
    return [(offer.slug, offer.id) for offer in offers.values()], on


@pytest.fixture
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        opened = _launch(playwright)
        yield opened
        opened.close()


def _launch(playwright: Playwright) -> Browser:
    return playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)


def through(visitor: Visitor, context: BrowserContext, with_policy: bool) -> Page:
    """A page of a browser whose every request this visitor makes; it gets their answers, with or without our policy."""

    def answer(route: Route) -> None:
        asked = urlsplit(route.request.url)
        if f"{asked.scheme}://{asked.netloc}" != ORIGIN:
            route.abort()
            return
        there = visitor.client.get(f"{asked.path}?{asked.query}", base_url=ORIGIN)
        headers = {
            name: value for name, value in there.headers.items()
            if with_policy or name != "Content-Security-Policy"
        }  # fmt: skip
        route.fulfill(status=there.status_code, headers=headers, body=there.data)

    context.route("**/*", answer)
    context.add_init_script(COUNTING)
    return context.new_page()


def test_no_script_in_partners_text_runs_on_any_page(
    app: Flask, browser: Browser, add_person: Callable[..., int], sign_in: Callable[[int], Visitor]
) -> None:
    assert len(PAYLOADS) >= 200
    with app.app_context():
        provider_id = db.session.scalars(
            select(Offer.provider_id).where(Offer.example).order_by(Offer.id).limit(1)
        ).one()
    partner_id = add_person("Pia Partner", Role.PARTNER, organisation_id=provider_id)
    with app.app_context():
        offers, enrolments = run(lambda: write(partner_id, provider_id))
    partner, reviewer = sign_in(partner_id), sign_in(add_person("Rita", Role.REVIEWER))
    lists = ["/", "/offers", "/offers?view=calendar", f"/offers?view=calendar&month={today() + timedelta(20):%Y-%m}"]
    for_partner = [*lists, "/publish", "/publish/people", "/enrolments", *enrolments]
    for_reviewer = ["/review"]
    for slug, offer_id in offers:
        at = f"/publish/offers/{offer_id}"
        for_partner += [f"/offers/{slug}", f"{at}/preview", at, f"{at}/steps", f"{at}/runs"]
        for_reviewer += [f"/review/{offer_id}"]
    slug, offer_id = offers[0]
    for_partner += [f"/offers/{slug}/register", f"/offers/{offers[1][0]}/register", *more_pages(offers)]
    seen = Seen()
    for with_policy in (False, True):
        for visitor, paths in ((partner, for_partner), (reviewer, for_reviewer)):
            with browser.new_context() as context:
                page = through(visitor, context, with_policy)
                for path in paths if not with_policy else paths[:12]:
                    look(page, path, seen)
    say(
        f"script in partners' text: {len(PAYLOADS)} payloads in every field, {seen.pages} pages in Chromium: "
        f"executions {seen.executions}, links to anywhere but the web and mailboxes {seen.links_elsewhere}"
    )
    assert seen.executions == 0
    assert seen.links_elsewhere == 0


def more_pages(offers: list[tuple[str, int]]) -> list[str]:
    """Pages of a listing beyond the first are asked for by what the page before says; by title they all come up."""
    return [f"/offers?q={word}" for word in ("fired", "script", "onerror", "javascript")] + [
        f"/offers/{slug}/enrol" for slug, _id in offers[4:12]
    ]


def look(page: Page, path: str, seen: Seen) -> None:
    answer = page.goto(ORIGIN + path, wait_until="load")
    assert answer is not None
    assert answer.status in (200, 302), f"{path}: {answer.status}"
    seen.pages += 1
    seen.executions += page.evaluate("window.count")
    seen.links_elsewhere += page.evaluate(OTHER_LINKS)


def test_the_browser_notices_a_script_that_runs(browser: Browser) -> None:
    """So that the figure above can be another than 0."""
    with browser.new_context() as context:
        context.add_init_script(COUNTING)
        page = context.new_page()
        page.route("**/*", lambda route: route.fulfill(body="<img src=x onerror=fired()><a href='javascript:1'>x</a>",
                                                       content_type="text/html"))  # fmt: skip
        page.goto(ORIGIN)
        page.wait_for_function("window.count > 0")
        assert page.evaluate(OTHER_LINKS) == 1
