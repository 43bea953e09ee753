"""Every page, for whoever may open it: axe finds nothing wrong, a small phone shows all of it, no script is needed.

A new route is opened by the tables in ``tests/catalogue/tenancy.py``. What its address names beyond them, and
the way to a page that no address alone opens, is said in ``tests/journeys/every_page.py``, as ``named`` and ``WAYS``;
what is not for here below, with the reason.
"""

from collections.abc import Callable, Iterator

import pytest
from flask import Flask, request, template_rendered
from jinja2 import Template, meta
from playwright.sync_api import Browser
from werkzeug.test import TestResponse

from lti.platforms.actions import add_platform
from lti.platforms.rules import Registration
from tests.catalogue.tenancy import by_blueprint, everywhere, make_tenants
from tests.drills import DRILL, dealt, dice
from tests.journeys.every_page import WAYS, Scene, addresses, named, whose
from tests.journeys.showing import Shown, needs_a_script, window
from tests.lti.platform import Platform, serving
from tests.lti.registering import Registering
from tests.visitor import ORIGIN, Visitor

ELSEWHERE = {
    "lti/answer.html": "sends itself to a platform, which tests/lti/deep_linking/test_in_a_browser.py has",
    "privacy/export.html": "is in a file that is downloaded",
}
"""Templates of pages that are not opened here."""

NO_PAGE = by_blueprint("""
    api: draft framework
    case: association concept document item item_associations item_type package rubric
    completions: wrong
    credentials: achievement issuer key status
    feeds: run
    lti_admin: opened_again
    own_dates: feed one
    signon: start back
    xapi: statements
""") | {"static"}
"""Routes without a page, and without a file here either: for programs, or that only lead on."""

HANDS = 6


@pytest.fixture
def scene(app: Flask, add_person: Callable[..., int], sign_in: Callable[[int], Visitor]) -> Iterator[Scene]:
    tenant = next(make_tenants(app, add_person, sign_in))
    with serving(Platform()) as platform, serving(Registering(client_id="client-2")) as moodle:
        made = Scene(app, tenant, everywhere(add_person, sign_in), add_person, sign_in, platform, moodle)
        made.change(lambda: add_platform(Registration(**platform.registration), development=True))
        yield made


@pytest.fixture
def rendered(app: Flask) -> Iterator[list[tuple[str, str]]]:
    """Which templates have been rendered, each with the route that had it rendered."""
    pages: list[tuple[str, str]] = []

    def note(_app: Flask, template: Template, **_context: object) -> None:
        pages.append((request.endpoint or "", template.name or ""))

    with template_rendered.connected_to(note, app):
        yield pages


def opened(scene: Scene, nobody: Visitor) -> Iterator[tuple[str, Visitor, TestResponse]]:
    """What each route that takes GET answers the first who may open it; in a drill each who may."""
    with scene.app.app_context():
        values = named(scene.tenant)
    for rule in scene.app.url_map.iter_rules():
        if "GET" not in (rule.methods or ()):
            continue
        for path in addresses(scene.app, rule, scene.tenant, values):
            for one in whose(rule.endpoint, scene.tenant, scene.everywhere, nobody).values():
                answer = one.client.get(path, base_url=ORIGIN)
                if answer.status_code == 200:
                    yield rule.endpoint, one, answer
                    if not DRILL:
                        break


def templates_of_pages(app: Flask) -> set[str]:
    """All but those that only others are made of."""
    env = app.jinja_env
    assert env.loader is not None
    ours = {name for name in env.list_templates(["html"]) if not name.startswith("nhsuk/")}
    sources = [env.loader.get_source(env, name)[0] for name in ours]
    return ours - {name for source in sources for name in meta.find_referenced_templates(env.parse(source)) if name}


def test_every_page_works_for_everybody(
    scene: Scene, visitor: Visitor, rendered: list[tuple[str, str]], browser: Browser
) -> None:
    """In the browser a sixth of the pages, by chance, each of them once; in a drill all, for each who may open them."""
    shown, files = [], set()
    for endpoint, one, answer in opened(scene, visitor):
        if answer.mimetype == "text/html":
            shown.append(Shown(one, answer, rendered[-1][1]))
        else:
            answer.close()  # it may be sent piece by piece
            files.add(endpoint)
    for way in WAYS:
        shown += [Shown(one, one.response, rendered[-1][1]) for one in way(scene)]
    routes = {rule.endpoint for rule in scene.app.url_map.iter_rules() if "GET" in (rule.methods or ())}
    seen = files | {endpoint for endpoint, template in rendered if template != "error.html"}
    assert routes - seen == NO_PAGE, "a route is opened, or stands in NO_PAGE"
    unseen = templates_of_pages(scene.app) - {page.template for page in shown}
    assert unseen == set(ELSEWHERE), "each page is opened, or stands in ELSEWHERE"

    faults = [(page.address, fault) for page in shown for fault in needs_a_script(page.soup)]
    once = list({page.template: page for page in shown}.values())
    for scripts in (True, False) if DRILL else (True,):
        with window(browser, scripts=scripts) as narrow:
            for page in shown if DRILL else dealt(once, HANDS, dice().randrange(HANDS)):
                faults += [(page.address, fault) for fault in narrow.faults_of(page)]
    assert not faults, "\n".join(f"{address}: {fault}" for address, fault in faults)
