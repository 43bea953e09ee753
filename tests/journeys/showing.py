"""What the application answered, in a browser: no server runs, each request is answered by the application itself."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from urllib.parse import urlsplit

from bs4 import BeautifulSoup, Tag
from playwright.sync_api import Browser, Page, Route
from werkzeug.test import TestResponse

from tests.journeys.conftest import AXE, AXE_OPTIONS, NOT_WIDER
from tests.visitor import ORIGIN, Visitor

PHONE = {"width": 320, "height": 800}


@dataclass
class Shown:
    """Who was answered what, by which template, if any."""

    visitor: Visitor
    answer: TestResponse
    template: str

    @property
    def address(self) -> str:
        return f"{self.answer.request.full_path} ({self.template})"

    @property
    def soup(self) -> BeautifulSoup:
        return BeautifulSoup(self.answer.data, "html.parser")


class Window:
    """A browser's window as narrow as a small phone; without ``scripts``, as where scripts do not run."""

    def __init__(self, page: Page, *, scripts: bool) -> None:
        self._page, self._scripts = page, scripts
        self._shown: Shown
        self._asset = cache(self._ask)
        page.route("**/*", self._fulfil)

    def faults_of(self, shown: Shown) -> Iterator[str]:
        """What is wrong with a page, in words."""
        self._shown = shown
        self._page.goto(shown.answer.request.url)
        late = time.monotonic() + 5  # the header folds its places away a moment after the page is there
        while not self._page.evaluate(NOT_WIDER):
            if time.monotonic() > late:
                yield f"it is wider than its window of {PHONE['width']}"
                break
            self._page.wait_for_timeout(50)
        if self._scripts:
            found = AXE.run(self._page, options=AXE_OPTIONS)
            if found.violations_count:
                yield found.generate_report()

    def _fulfil(self, route: Route) -> None:
        request = route.request
        if request.url.startswith(f"{ORIGIN}/static/swagger-ui/"):
            return route.abort()  # what it makes is not of our making; the page says all without it
        if request.is_navigation_request():
            answer = self._shown.answer
        elif request.url.startswith(f"{ORIGIN}/static/"):
            answer = self._asset(request.url)
        else:
            answer = self._ask(request.url)
        return route.fulfill(status=answer.status_code, headers=dict(answer.headers), body=answer.data)

    def _ask(self, url: str) -> TestResponse:
        asked = urlsplit(url)
        return self._shown.visitor.client.get(f"{asked.path}?{asked.query}", base_url=ORIGIN)


@contextmanager
def window(browser: Browser, *, scripts: bool) -> Iterator[Window]:
    with browser.new_context(viewport=PHONE, java_script_enabled=scripts) as context:  # type: ignore[arg-type]
        context.set_default_timeout(20_000)
        yield Window(context.new_page(), scripts=scripts)


def needs_a_script(page: BeautifulSoup) -> Iterator[str]:
    """What on a page does nothing without a script: a button that sends nothing, a link that leads nowhere."""
    ids = {str(element["id"]) for element in page.select("[id]")}
    for element in page.select("body *"):
        if any(name.startswith("on") for name in element.attrs):
            yield f"{element.name} has a handler"
        if element.find_parent(hidden=True) or element.has_attr("hidden"):
            continue  # a script shows it
        if element.name == "a" and element.has_attr("href"):
            to = str(element["href"])
            if to.startswith("javascript:") or (to.startswith("#") and to[1:] not in ids):
                yield f"the link {element.get_text(strip=True)!r} leads nowhere: {to}"
        elif element.name == "button" and not _sends(element):
            yield f"the button {element.get_text(strip=True)!r} sends nothing"
        elif element.name in ("input", "select", "textarea") and not _form_of(element):
            yield f"the field {element.get('name')!r} is in no form"
        elif element.name == "form" and not element.select("button, input[type=submit]"):
            yield f"the form to {element.get('action')!r} has no button"


def _form_of(element: Tag) -> bool:
    return element.has_attr("form") or element.find_parent("form") is not None


def _sends(button: Tag) -> bool:
    return button.get("type", "submit") == "submit" and _form_of(button)
