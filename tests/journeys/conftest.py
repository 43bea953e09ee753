"""A real browser, with third-party cookies blocked as browsers ship it today, and the real service."""

import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, Error, Page, Playwright, expect, sync_playwright

from tests.databases import Template, missing
from tests.journeys.service import Service, running

CHROMIUM = "/usr/bin/chromium"
AXE = Axe()
AXE_OPTIONS = {
    "resultTypes": ["violations"],
    "preload": False,
}  # style sheets fetched again serve no rule
NOT_WIDER = "document.documentElement.scrollWidth <= document.documentElement.clientWidth"
ARGUMENTS = [
    "--no-sandbox", "--disable-quic", "--disable-background-networking", "--disable-component-update",
    "--disable-sync", "--disable-gpu", "--disable-dev-shm-usage", "--test-third-party-cookie-phaseout",
]  # fmt: skip
expect.set_options(timeout=20_000)  # milliseconds: a busy machine is no fault of the pages


@pytest.fixture(scope="module")  # no longer: other tests of the same process start one of their own
def playwright() -> Iterator[Playwright]:
    if not Path(CHROMIUM).exists():
        missing("Chromium", f"there is no {CHROMIUM}")
    with sync_playwright() as started:
        yield started


@pytest.fixture(scope="module")
def browser(playwright: Playwright) -> Iterator[Browser]:
    try:
        started = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
    except Error as fault:
        missing("Chromium", fault)
    yield started
    started.close()


@pytest.fixture
def keeping_no_cookies(playwright: Playwright, tmp_path: Path) -> Iterator[BrowserContext]:
    """A browser that keeps no cookie of the tool in a frame of the platform, not even a partitioned one."""
    blocked = {"127.0.0.1,localhost": {"setting": 2}}
    settings = {"profile": {"content_settings": {"exceptions": {"cookies": blocked}}}}
    (tmp_path / "browser" / "Default").mkdir(parents=True)
    (tmp_path / "browser" / "Default" / "Preferences").write_text(json.dumps(settings))
    opened = playwright.chromium.launch_persistent_context(
        tmp_path / "browser", executable_path=CHROMIUM, args=ARGUMENTS, viewport={"width": 1280, "height": 900}
    )
    opened.set_default_timeout(20_000)
    yield opened
    opened.close()


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    with browser.new_context(viewport={"width": 1280, "height": 900}) as opened:
        opened.set_default_timeout(20_000)
        yield opened


@pytest.fixture
def page(context: BrowserContext) -> Page:
    return context.new_page()


@pytest.fixture
def check_page() -> Callable[[Page], None]:
    """Axe finds nothing wrong in any frame, and nothing is wider than its window, also on a narrow phone."""

    def check(page: Page) -> None:
        for frame in page.frames:  # those of another site are not looked into from their parent
            frame.wait_for_load_state()  # half a page has no heading yet
            found = AXE.run(frame, options=AXE_OPTIONS)
            assert found.violations_count == 0, f"{frame.url}\n{found.generate_report()}"
        size = page.viewport_size
        assert size is not None
        for width in (320, size["width"]):
            page.set_viewport_size({"width": width, "height": size["height"]})
            for frame in page.frames:
                late = time.monotonic() + 5  # the header folds its places away a moment after the window has changed
                while not frame.evaluate(NOT_WIDER):
                    assert time.monotonic() < late, f"{frame.url} is wider than its window of {width}"
                    page.wait_for_timeout(50)
        for frame in page.frames:  # what is clicked next stands still by then
            heights: list[int] = []
            while len(heights) < 3 or len(set(heights[-3:])) > 1:
                heights.append(frame.evaluate("document.body.scrollHeight"))
                page.wait_for_timeout(100)

    return check


@pytest.fixture(scope="session")
def service(tmp_path_factory: pytest.TempPathFactory, templates: Callable[[str], Template]) -> Iterator[Service]:
    with running(tmp_path_factory.mktemp("service"), templates("sqlite")) as started:
        yield started
