"""The page on which the API is tried: in a browser that holds it to its policy, and without a script."""

import threading
from collections.abc import Iterator

import pytest
from flask import Flask
from playwright.sync_api import sync_playwright
from werkzeug.serving import make_server

from tests.journeys.conftest import ARGUMENTS, CHROMIUM, NOT_WIDER
from tests.visitor import Visitor

PAGE = "/api/v1/docs"


@pytest.fixture
def served(app: Flask) -> Iterator[str]:
    server = make_server("127.0.0.1", 0, app, threaded=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()


def test_without_a_script_it_lists_what_there_is_to_read(visitor: Visitor) -> None:
    page = visitor.get(PAGE)
    links = {str(link["href"]) for link in page.select("main a")}
    assert {"/api/v1/openapi.json", "/tokens", "/api/v1/conditions", "/api/v1/runs"} <= links
    for link in links - {"/tokens"}:
        visitor.get(link)


def test_a_request_can_be_tried_out_and_the_page_breaks_no_rule_of_its_policy(served: str) -> None:
    said: list[str] = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        page = browser.new_page(viewport={"width": 1280, "height": 900})
        page.set_default_timeout(20_000)
        page.on("console", lambda message: said.append(message.text))
        page.on("pageerror", lambda error: said.append(str(error)))
        page.on("requestfailed", lambda request: said.append(f"no answer: {request.url}"))
        page.goto(f"{served}{PAGE}")
        page.get_by_role("button", name="GET /api/v1/conditions", exact=False).first.click()
        page.get_by_role("button", name="Try it out").click()
        page.get_by_role("button", name="Execute").click()
        answer = page.locator(".live-responses-table .response-col_status")
        answer.get_by_text("200").first.wait_for()
        assert "compassion" in page.locator(".live-responses-table").inner_text()
        page.set_viewport_size({"width": 320, "height": 800})
        assert page.evaluate(NOT_WIDER)
        browser.close()
    fonts = "https://assets.nhs.uk/fonts/"  # of the NHS's style sheet: no page of ours loads them
    assert [words for words in said if fonts not in words] == []
