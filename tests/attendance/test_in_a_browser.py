"""A register on a narrow phone, in Chromium: no script needed, large targets, two who keep it, and nothing lost."""

import threading
from collections.abc import Callable, Iterator

import pytest
from flask import Flask
from playwright.sync_api import Browser, Page, expect
from sqlalchemy import select
from werkzeug.serving import make_server

from catalogue.extensions import db
from catalogue.people.models import Account
from tests.attendance.conftest import Course, add_course, marks, put_on
from tests.conftest import PASSWORD, Ask
from tests.enrolments.conftest import WITH_RUNS, AddPerson
from tests.quick_secrets import QUICK_TO_HASH
from tests.visitor import Visitor

REGISTER = f"/offers/{WITH_RUNS}/register"
SMALLEST = "Math.min(...[...document.querySelectorAll('.app-scale__label')].map(one => one.offsetHeight))"


@pytest.fixture
def address(app: Flask) -> Iterator[str]:
    server = make_server("127.0.0.1", 0, app, threaded=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


@pytest.fixture
def opened(  # the facilitator's account, and a course that has begun
    address: str,
    facilitator: Visitor,
    browser: Browser,
    change: Ask,
    add_person: AddPerson,
) -> Iterator[tuple[Page, Page, Course]]:
    """Two windows of a facilitator, without scripts, and the course that they keep."""
    run_id, sessions = change(lambda: add_course(2, 2, begun_days_ago=1))
    people = [add_person(name) for name in ("Ada Lovelace", "Benjamin Featherstonehaugh-Cholmondeley")]
    course = Course(run_id, sessions, *(change(lambda one=one: put_on(one, WITH_RUNS, run_id)) for one in people))

    def with_password() -> None:
        account = db.session.scalars(select(Account).where(Account.email == "fay.facilitator@test.example")).one()
        account.password_hash = QUICK_TO_HASH.hash(PASSWORD)

    change(with_password)
    with browser.new_context(
        viewport={"width": 320, "height": 640}, base_url=address, java_script_enabled=False
    ) as context:
        context.set_default_timeout(20_000)
        first, second = context.new_page(), context.new_page()
        first.goto("/sign-in")
        first.get_by_label("Email address").fill("fay.facilitator@test.example")
        first.get_by_label("Password", exact=True).fill(PASSWORD)
        first.get_by_role("main").get_by_role("button", name="Sign in").click()
        yield first, second, course


def choose(page: Page, enrolment_id: int, answer: str) -> None:
    page.locator(f"#person-{enrolment_id}").get_by_label(answer, exact=True).check()


def test_a_register_is_kept_on_a_phone(opened: tuple[Page, Page, Course], ask: Ask) -> None:
    page, other, course = opened
    page.goto(REGISTER)
    page.get_by_role("link", name="Register of Day 1").click()
    other.goto(page.url)
    choose(page, course.ada, "There")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Saved: 1 mark.")).to_be_visible()
    choose(other, course.ada, "Not there")
    choose(other, course.ben, "There")
    other.get_by_role("button", name="Save").click()
    expect(other.get_by_role("heading", name="Some of it is not saved")).to_be_visible()
    first = course.sessions[0]
    assert ask(marks) == [(first, course.ada, True), (first, course.ben, True)]
    other.get_by_role("button", name="Save").click()
    assert ask(marks) == [(first, course.ada, False), (first, course.ben, True)]


@pytest.mark.parametrize(
    "path",
    ["", "/runs/{run}/sessions/{session}", "/runs/{run}/list", "/runs/{run}/file", "/runs/{run}/absent",
     "/{ada}/no-show"],
)  # fmt: skip
def test_its_pages_are_for_everybody_and_fit_a_phone(
    opened: tuple[Page, Page, Course],
    browser: Browser,
    check_page: Callable[[Page], None],
    path: str,
) -> None:
    signed_in, _other, course = opened
    cookies = signed_in.context.storage_state()
    with browser.new_context(viewport={"width": 390, "height": 800}, storage_state=cookies) as context:
        page = context.new_page()
        at = signed_in.url.split("/", 3)
        numbers = {"run": course.run_id, "session": course.sessions[0], "ada": course.ada}
        page.goto(f"{at[0]}//{at[2]}{REGISTER}{path.format(**numbers)}")
        expect(page.get_by_role("heading", level=1)).to_be_visible()
        check_page(page)
        if "sessions" in path:
            assert page.evaluate(SMALLEST) >= 44
