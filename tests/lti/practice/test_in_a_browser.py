"""In Chromium, with third-party cookies blocked, and the tool on another site: what needs the browser's own rules."""

import json
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from html import escape
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import jwt
import pytest
from playwright.sync_api import Page, expect, sync_playwright
from werkzeug.serving import make_server

from lti.practice.app import create_practice_platform
from lti.practice.settings import PracticeSettings
from tests.databases import missing
from tests.journeys.conftest import ARGUMENTS, CHROMIUM
from tests.journeys.service import free_port
from tests.lti.practice.test_deep_linking import link
from tests.lti.practice.tool import DL, KEY, answer_of

ASK = """
<p id="storage">STORAGE</p><ol></ol>
<script>
const said = document.querySelector("ol");
addEventListener("message", (event) => {
  if (event.data === "asked") for (const message of MESSAGES) parent.postMessage(message, "*");
  else said.appendChild(document.createElement("li")).textContent = JSON.stringify([event.origin, event.data]);
});
</script>
<iframe src="http://localhost:PORT/intruder"></iframe>
"""
INTRUDER = """<script>
addEventListener("message", () => parent.postMessage("the intruder was answered", "*"));
top.postMessage({subject: "lti.get_data", message_id: "intruder", key: "state"}, "*");
parent.postMessage("asked", "*");
</script>"""
CLOSE = """<script>parent.postMessage({subject: "org.imsglobal.lti.close"}, "*");</script>"""
MESSAGES: list[Any] = [
    {"subject": "lti.capabilities", "message_id": "1"},
    {"subject": "lti.put_data", "message_id": "2", "key": "state", "value": "s-1"},
    {"subject": "lti.get_data", "message_id": "3", "key": "state"},
    {"subject": "lti.get_data", "message_id": "4", "key": "other"},
    {"subject": "lti.put_data", "message_id": "5"},
    {"subject": "lti.get_data", "key": "state"},
    {"subject": "lti.put_data", "message_id": "6", "key": "long", "value": "x" * 5000},
    {"subject": "lti.unheard_of", "message_id": "7"},
    {"subject": "not lti", "message_id": "8"},
    "text",
    {"subject": "lti.put_data", "message_id": "9", "key": "state", "value": ""},
    {"subject": "lti.get_data", "message_id": "10", "key": "state"},
]


class Tool(BaseHTTPRequestHandler):
    """A tool that keeps nothing: it goes through a launch, and says in its page what it heard."""

    platform: PracticeSettings

    def do_GET(self) -> None:
        if self.path == "/lti/jwks.json":
            public = jwt.algorithms.RSAAlgorithm.to_jwk(KEY.public_key(), as_dict=True)
            self._answer(json.dumps({"keys": [public | {"kid": "tool-1", "alg": "RS256"}]}))
        elif self.path.startswith("/lti/register"):
            self._answer(CLOSE)
        elif self.path == "/intruder":
            self._answer(INTRUDER)

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        sent = {name: values[0] for name, values in parse_qs(body).items()}
        if self.path == "/lti/login":
            request = {name: sent[name] for name in ("client_id", "login_hint", "lti_message_hint")} | {
                "scope": "openid",
                "response_type": "id_token",
                "response_mode": "form_post",
                "prompt": "none",
                "redirect_uri": sent["target_link_uri"],
                "state": sent.get("lti_storage_target", "none"),
                "nonce": "n",
            }
            self._form(self.platform.auth_url, request)
        elif self.path == "/lti/launch":
            claims = jwt.decode(sent["id_token"], options={"verify_signature": False})
            if chosen := claims.get(DL + "deep_linking_settings"):
                self._form(chosen["deep_link_return_url"], answer_of(self.platform, link("Chosen in a browser")))
            else:
                page = ASK.replace("MESSAGES", json.dumps(MESSAGES)).replace("STORAGE", sent["state"])
                self._answer(page.replace("PORT", str(self.server.server_address[1])))

    def _form(self, action: str, fields: dict[str, str]) -> None:
        inputs = "".join(f'<input name="{name}" value="{escape(value)}">' for name, value in fields.items())
        form = f'<form method="post" action="{action}">{inputs}</form>'
        self._answer(f"{form}<script>document.forms[0].submit()</script>")

    def _answer(self, body: str) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.end_headers()
        self.wfile.write(body.encode())

    def log_message(self, *args: Any) -> None:
        pass


Visit = Callable[[Callable[[Page, PracticeSettings], None]], None]


@pytest.fixture(params=[False, True], ids=["as in Moodle", "with client storage"])
def storage(request: pytest.FixtureRequest) -> bool:
    return bool(request.param)


@pytest.fixture
def visit(tmp_path: Path, storage: bool) -> Iterator[Visit]:
    """Run what is given with a page in which Tina is signed in.

    In a thread of its own: another test may have a browser open, and Playwright wants one to a thread."""
    if not Path(CHROMIUM).exists():
        missing("Chromium", f"there is no {CHROMIUM}")
    port = free_port()
    tool = ThreadingHTTPServer(("127.0.0.1", 0), Tool)
    settings = PracticeSettings(
        url=f"http://localhost:{port}",
        tool_url=f"http://127.0.0.1:{tool.server_port}",
        folder=tmp_path,
        client_storage=storage,
    )
    tool.RequestHandlerClass = type("ToolOfThisTest", (Tool,), {"platform": settings})
    platform = make_server("127.0.0.1", port, create_practice_platform(settings), threaded=True)
    for server in (tool, platform):
        threading.Thread(target=server.serve_forever, daemon=True).start()

    def run(steps: Callable[[Page, PracticeSettings], None]) -> None:
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
            page = browser.new_page()
            page.goto(settings.url)
            page.get_by_role("button", name="Tina Teacher").click()
            steps(page, settings)
            browser.close()

    with ThreadPoolExecutor(1) as pool:
        yield lambda steps: pool.submit(run, steps).result()
    for server in (tool, platform):
        server.shutdown()
        server.server_close()


def test_teacher_chooses_in_the_tool_and_comes_back(visit: Visit, storage: bool) -> None:
    def steps(page: Page, settings: PracticeSettings) -> None:
        page.get_by_role("link", name="Add from Every Seat").click()
        frame = page.frame_locator("iframe")
        expect(frame.get_by_role("heading", level=1)).to_have_text("Added to the course")
        expect(frame.get_by_text("Chosen in a browser")).to_be_visible()
        frame.get_by_role("link", name="Go to the course").click()
        expect(page.get_by_role("link", name="Chosen in a browser", exact=True)).to_be_visible()

    visit(steps)


def test_registration_that_is_over_leads_to_the_tools(visit: Visit, storage: bool) -> None:
    def steps(page: Page, settings: PracticeSettings) -> None:
        page.get_by_role("link", name="Learning tools").click()
        page.get_by_role("button", name="Register").click()
        page.wait_for_url(f"{settings.url}/tools")

    visit(steps)


def test_page_keeps_values_for_the_tool_and_for_nobody_else(visit: Visit, storage: bool) -> None:
    def error(number: str | None, subject: str, code: str) -> dict[str, Any]:
        body = {"subject": f"{subject}.response", "error": {"code": code}}
        return body | ({"message_id": number} if number else {})

    def put_or_get(number: str, name: str, **said: str) -> dict[str, Any]:
        return {"subject": f"lti.{name}_data.response", "message_id": number} | said

    wanted = [
        {
            "subject": "lti.capabilities.response",
            "message_id": "1",
            "supported_messages": [
                {"subject": "lti.capabilities"},
                {"subject": "lti.put_data", "frame": "_parent"},
                {"subject": "lti.get_data", "frame": "_parent"},
            ],
        },
        put_or_get("2", "put", key="state", value="s-1"),
        put_or_get("3", "get", key="state", value="s-1"),
        put_or_get("4", "get", key="other"),
        error("5", "lti.put_data", "bad_request"),
        error(None, "lti.get_data", "bad_request"),
        error("6", "lti.put_data", "storage_exhaustion"),
        error("7", "lti.unheard_of", "unsupported_subject"),
        put_or_get("9", "put", key="state"),
        put_or_get("10", "get", key="state"),
    ]

    def steps(page: Page, settings: PracticeSettings) -> None:
        page.get_by_role("link", name="Your self-assessment", exact=True).click()
        frame = page.frame_locator("iframe")
        expect(frame.locator("#storage")).to_have_text("_parent" if storage else "none")
        lines = frame.locator("li")
        expect(lines).to_have_count(len(wanted) if storage else 0)
        heard = [json.loads(line) for line in lines.all_inner_texts()]
        assert all(origin == settings.url for origin, _ in heard)
        for _, message in heard:
            if "error" in message:
                assert message["error"].pop("message")
        assert [message for _, message in heard] == (wanted if storage else [])

    visit(steps)
