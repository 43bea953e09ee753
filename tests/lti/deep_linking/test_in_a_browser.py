"""Choosing for a course in Chromium, in a platform's frame: with a script and without, with cookies and without."""

import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from html import escape
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import jwt
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Frame, FrameLocator, Page, expect, sync_playwright
from werkzeug.serving import make_server

from catalogue.settings import Settings
from catalogue.transactions import run
from everyseat import create_app
from lti.platforms.actions import Registration, add_platform
from tests.journeys.conftest import ARGUMENTS, CHROMIUM
from tests.journeys.service import free_port
from tests.lti import platform as platforms
from tests.lti.deep_linking.choosing import ASSESSMENT, DL, asks
from tests.lti.platform import TEACHER, Answer, Platform, serving

HTML = {"Content-Type": "text/html; charset=utf-8"}


@dataclass
class Course(Platform):
    """A platform with a page that shows the tool in a frame; what comes back is in ``returned``, with its frame."""

    tool: str = ""
    several: bool = True
    returned: list[tuple[str, dict[str, Any]]] = field(default_factory=list)

    def answer(self, method: str, path: str, headers: Any, body: bytes) -> Answer:
        parts = urlsplit(path)
        if parts.path == "/course":
            begins = escape(f"{self.tool}/lti/login?{urlencode(self.initiation())}")
            return (
                200,
                HTML,
                _page(f'<main><h1>A course</h1><iframe title="Every Seat" src="{begins}"></iframe></main>'),
            )
        if parts.path == "/auth":
            asked = {name: values[0] for name, values in parse_qs(parts.query).items()}
            claims = self.claims(asked["nonce"], TEACHER)
            asks(self, claims, accept_multiple=self.several)
            sent = {"id_token": self.sign(claims), "state": asked["state"]}
            fields = "".join(f'<input type="hidden" name="{name}" value="{value}">' for name, value in sent.items())
            form = f'<form method="post" action="{self.tool}/lti/launch">{fields}<button>Go on</button></form>'
            return 200, HTML, _page(form + "<script>document.forms[0].submit()</script>")
        if parts.path == "/return":
            [message] = parse_qs(body.decode())["JWT"]
            claims = jwt.decode(message, options={"verify_signature": False})
            self.returned.append((headers["Sec-Fetch-Dest"], claims))
            return 200, HTML, _page("<main><h1>Back in the course</h1></main>")
        return super().answer(method, path, headers, body)


def _page(body: str) -> bytes:
    style = "<style>iframe { border: 0; width: 100%; height: 850px }</style>"
    return f'<!doctype html><html lang="en"><title>A course</title>{style}{body}'.encode()


@dataclass
class KeepsNoCookies:
    """In a frame, this browser keeps none of the tool's cookies."""

    app: Callable[..., Any]

    def __call__(self, environ: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
        framed = environ.get("HTTP_SEC_FETCH_DEST") == "iframe"
        if framed:
            environ.pop("HTTP_COOKIE", None)

        def started(status: str, headers: list[tuple[str, str]], *more: Any) -> Any:
            return start(status, [one for one in headers if not framed or one[0] != "Set-Cookie"], *more)

        answered: Iterable[bytes] = self.app(environ, started)
        return answered


@pytest.fixture
def cookies(request: pytest.FixtureRequest) -> bool:
    """Whether the browser keeps the tool's cookies in a frame."""
    return bool(getattr(request, "param", True))


@pytest.fixture
def course(settings: Settings, monkeypatch: pytest.MonkeyPatch, cookies: bool) -> Iterator[Course]:
    port = free_port()
    tool = f"http://127.0.0.1:{port}"
    monkeypatch.setattr(platforms, "TOOL", tool)
    app = create_app(settings.model_copy(update={"public_url": tool}))
    # The platform is on localhost: another site than the tool's, as in life.
    with serving(Course(tool=tool)) as made:
        made.url = made.url.replace("127.0.0.1", "localhost")
        with app.app_context():
            run(lambda: add_platform(Registration(**made.registration), development=True))
        server = make_server("127.0.0.1", port, app if cookies else KeepsNoCookies(app), threaded=True)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield made
        finally:
            server.shutdown()
            server.server_close()


@contextmanager
def opened(course: Course, *, width: int = 1280, scripts: bool = True) -> Iterator[Page]:
    """The course's page, in a browser of its own."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        context = browser.new_context(viewport={"width": width, "height": 900}, java_script_enabled=scripts)
        context.set_default_timeout(20_000)
        page = context.new_page()
        page.goto(f"{course.url}/course")
        yield page
        browser.close()


def frame_of(page: Page) -> FrameLocator:
    return page.frame_locator("iframe")


def titles(course: Course) -> list[str]:
    [(_, claims)] = course.returned
    return [item["title"] for item in claims[DL + "content_items"]]


def is_fit(page: Page) -> None:
    """Nothing that axe finds, and nothing that has to be scrolled sideways."""
    found = Axe().run(page).response["violations"]
    assert not found, [(one["id"], [node["target"] for node in one["nodes"]]) for one in found]
    frame: Frame = page.frames[-1]
    assert frame.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")


@pytest.mark.parametrize("width", [320, 1280])
def test_a_teacher_chooses_edits_and_adds(course: Course, width: int) -> None:
    with opened(course, width=width) as page:
        frame = frame_of(page)
        expect(frame.get_by_role("heading", level=1)).to_contain_text("Choose for your course")
        is_fit(page)
        frame.get_by_role("button", name=f"Add {ASSESSMENT}").click()
        expect(frame.locator("#page-assessment")).to_contain_text("In your basket")
        expect(frame.locator("#page-assessment")).to_be_in_viewport()
        frame.get_by_label("Search").fill("meetings")
        frame.get_by_label("Search").press("Enter")
        expect(frame.locator("#list h3")).to_contain_text("found for “meetings”")
        expect(frame.locator("#list h3")).to_be_in_viewport()
        offer = frame.locator("[id^=offer-]").first
        title = offer.locator("h4").inner_text().split("\n")[0]
        offer.get_by_role("button").click()
        expect(offer).to_contain_text("In your basket")
        is_fit(page)
        offer.get_by_role("link", name="See your basket").click()
        expect(frame.locator("#basket")).to_contain_text(title.removesuffix("EXAMPLE").removesuffix("Example").strip())
        chosen = frame.locator("#basket li").nth(1)
        chosen.get_by_text("Change title, text or grading").click()
        chosen.get_by_label("Title", exact=True).fill("")
        chosen.get_by_role("button", name="Save").click()
        expect(frame.get_by_role("alert")).to_contain_text("Enter a title")
        expect(frame.get_by_role("alert")).to_be_in_viewport()
        is_fit(page)
        chosen.get_by_label("Title", exact=True).fill("Meetings that end")
        chosen.get_by_label("Not graded").check()
        frame.get_by_role("button", name="Add to the course").click()
        expect(frame.get_by_role("heading", level=1)).to_have_text("Back in the course")
        assert titles(course) == [ASSESSMENT, "Meetings that end"]
        assert course.returned[0][0] == "iframe"


def test_no_script_is_needed(course: Course) -> None:
    with opened(course, scripts=False) as page:
        frame = frame_of(page)
        frame.get_by_role("button", name="Go on").click()
        frame.get_by_role("button", name=f"Add {ASSESSMENT}").click()
        expect(frame.locator("#basket li")).to_have_count(1)
        frame.get_by_role("button", name="Add to the course").click()
        expect(frame.get_by_role("heading", level=1)).to_have_text("Adding to your course")
        frame.get_by_role("button", name="Add to the course").click()
        expect(frame.get_by_role("heading", level=1)).to_have_text("Back in the course")
    assert titles(course) == [ASSESSMENT]


@pytest.mark.parametrize("cookies", [False], indirect=True)
def test_where_a_frame_keeps_no_cookies_the_answer_goes_from_the_new_window_to_the_frame(course: Course) -> None:
    with opened(course) as page:
        frame = frame_of(page)
        expect(frame.get_by_role("heading", level=1)).to_contain_text("keeps Every Seat out of this frame")
        with page.expect_popup() as opening:
            frame.get_by_role("button", name="Open in a new window").click()
        window = opening.value
        window.get_by_role("button", name=f"Add {ASSESSMENT}").click()
        with window.expect_event("close"):
            window.get_by_role("button", name="Add to the course").click()
        expect(frame.get_by_role("heading", level=1)).to_have_text("Back in the course")
        assert page.url == f"{course.url}/course"
    assert titles(course) == [ASSESSMENT]
    assert course.returned[0][0] == "iframe"


def test_a_window_that_a_page_of_ours_outside_any_frame_opened_answers_in_itself(course: Course) -> None:
    with opened(course) as page:
        page.goto(f"{course.tool}/about")
        with page.expect_popup() as opening:
            page.evaluate(
                "address => { window.open(address) }", f"{course.tool}/lti/login?{urlencode(course.initiation())}"
            )
        window = opening.value
        window.get_by_role("button", name="Cancel").click()
        expect(window.get_by_role("heading", level=1)).to_have_text("Back in the course")
        assert page.url == f"{course.tool}/about"
    assert titles(course) == []
