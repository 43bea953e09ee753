"""From nothing to grades: a platform connects itself, a teacher places offers, a learner works, a course is copied."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
from playwright.sync_api import Browser, BrowserContext, Frame, Page, expect

from tests.databases import Template
from tests.journeys.door import enter
from tests.journeys.service import Service, running
from tests.journeys.test_journey_in_a_platform import work_through

OFFER = "Meetings that finish on time"
NAME = "Connected by itself"


def frame_of(page: Page) -> Frame:
    frame = page.locator("iframe").element_handle().content_frame()
    assert frame is not None
    return frame


def be(page: Page, service: Service, who: str) -> None:
    page.goto(service.platform)
    page.get_by_role("button", name=re.compile(who)).click()


def column(service: Service, course: str) -> dict[str, dict[str, Any] | None]:
    """The one column of a course's gradebook, by learner."""
    book = requests.get(f"{service.platform}/courses/{course}/gradebook.json", timeout=10).json()
    named = [str(item["number"]) for item in book["line_items"] if item["label"] == OFFER]
    assert len(named) == 1, book["line_items"]
    return {learner["name"]: learner["grades"][named[0]] for learner in book["learners"]}


def grade(service: Service, course: str, who: str) -> tuple[float | None, str]:
    found = column(service, course)[who]
    return (found["points"], found["activity_progress"]) if found else (None, "")


@pytest.fixture
def service(tmp_path: Path, template: Template) -> Iterator[Service]:
    """One of its own: its gradebook is counted, and its platform is suspended."""
    with running(tmp_path, template) as started:
        yield started


@pytest.fixture
def administrator(browser: Browser, service: Service) -> Page:
    page = browser.new_context().new_page()
    page.set_default_timeout(20_000)
    enter(page, service, "administrator@demo.example")
    page.get_by_role("link", name="Track", exact=True).click()
    page.get_by_role("link", name="Administration").click()
    page.get_by_role("link", name="Learning platforms").click()
    return page


def connect(page: Page, administrator: Page, service: Service, check: Callable[[Page], None]) -> None:
    be(page, service, "Teacher")
    page.goto(f"{service.platform}/tools")
    page.get_by_role("button", name="Register").click()
    frame = frame_of(page)
    check(page)
    frame.get_by_role("button", name="Connect").click()
    expect(page.get_by_role("heading", name="Learning tools")).to_be_visible()
    page.get_by_role("button", name=re.compile("^Activate")).click()

    administrator.reload()
    check(administrator)
    administrator.get_by_role("button", name=re.compile("^Approve")).click()

    administrator.get_by_label("Name", exact=True).fill(NAME)
    administrator.get_by_label("Whose people come from it").select_option(index=1)
    check(administrator)
    administrator.get_by_role("button", name="Approve").click()
    expect(administrator.get_by_text("Working")).to_be_visible()
    administrator.get_by_role("button", name="Check connection").click()
    expect(administrator.get_by_text("Fine", exact=True)).to_have_count(3)
    expect(administrator).to_have_title(re.compile("^3 of 3 work"))
    expect(administrator.locator("#checked")).to_be_focused()
    check(administrator)


def place(page: Page, service: Service, check: Callable[[Page], None]) -> None:
    """A teacher puts the self-assessment and an offer, graded as people go through its steps, into the course."""
    page.goto(f"{service.platform}/course")
    page.get_by_role("link", name=re.compile("^Add from")).last.click()
    frame = frame_of(page)
    frame.get_by_role("listitem").filter(has_text="self-assessment").get_by_role(
        "button", name=re.compile("^Add")
    ).first.click()
    frame.get_by_label("Search").fill(OFFER)
    frame.get_by_role("button", name="Show offers").click()
    frame.get_by_role("button", name=f"Add {OFFER}").click()
    frame.get_by_text(f"Change title, text or grading of {OFFER}").click()
    frame.get_by_label(re.compile("step", re.I)).first.check()
    frame.get_by_role("button", name=f"Save changes to {OFFER}").click()
    check(page)
    frame.get_by_role("button", name="Add to the course").click()
    expect(frame.get_by_role("heading", level=1)).to_have_text("Added to the course")
    expect(frame.locator("main li")).to_have_count(2)


def begin(page: Page, service: Service, course: str) -> Frame:
    """The learner opens the offer from the course, and enrols."""
    page.goto(f"{service.platform}/courses/{course}")
    page.get_by_role("link", name=OFFER, exact=True).last.click()
    frame = frame_of(page)
    frame.get_by_role("button", name="Enrol").first.click()
    frame.get_by_role("button", name="Confirm").click()
    return frame


def test_from_a_registration_to_grades_and_a_copied_course(
    context: BrowserContext, administrator: Page, service: Service, check_page: Callable[[Page], None]
) -> None:
    page = context.new_page()
    connect(page, administrator, service, check_page)
    place(page, service, check_page)

    be(page, service, "Sam Ward")
    frame = begin(page, service, "2")
    frame.get_by_role("button", name=re.compile("^(Start|Go on)$")).click()
    frame.get_by_role("button", name="I have done this").click()
    service.wait_for(lambda: grade(service, "2", "Sam Ward")[1] == "InProgress", "the progress to arrive")
    assert 0 < (grade(service, "2", "Sam Ward")[0] or 0) < 100
    steps = int(re.findall(r"of (\d+)", frame.locator("main").inner_text())[0])
    for step in range(2, steps + 1):
        expect(frame.locator("main")).to_contain_text(f"Step {step} of {steps}")
        frame.get_by_role("button", name="I have done this").click()
    service.wait_for(lambda: grade(service, "2", "Sam Ward") == (100, "Completed"), "the completion to arrive")

    be(page, service, "Teacher")
    page.goto(f"{service.platform}/course/gradebook")
    page.get_by_role("link", name=f"Open submission of Sam Ward: {OFFER}").click()
    frame = frame_of(page)
    expect(frame.get_by_role("heading", level=1)).to_contain_text(OFFER)
    expect(frame.locator("main")).to_contain_text("100 of 100")
    check_page(page)

    page.goto(f"{service.platform}/course")
    page.get_by_role("button", name="Copy this course").click()
    copy = page.url.rsplit("/", 1)[1]
    be(page, service, "Priya Shah")
    work_through(begin(page, service, copy))
    service.wait_for(lambda: grade(service, copy, "Priya Shah") == (100, "Completed"), "the grade in the copy")
    assert grade(service, "2", "Priya Shah") == (None, "")
    assert grade(service, copy, "Sam Ward") == (None, "")

    be(page, service, "Teacher")
    page.goto(f"{service.platform}/courses/{copy}")
    page.get_by_role("link", name=OFFER, exact=True).last.click()
    frame = frame_of(page)
    frame.get_by_role("link", name="Your course").click()
    expect(frame.get_by_role("heading", level=1)).to_contain_text("Copied from")
    priya = frame.get_by_role("row").filter(has_text="Priya Shah")
    expect(priya).to_contain_text("1")
    check_page(page)

    administrator.goto(f"{service.tool}/admin/platforms")
    administrator.get_by_role("link", name=NAME).click()
    administrator.get_by_role("button", name=f"Suspend {NAME}").click()
    frame.get_by_role("link", name="Home").click()
    expect(frame.locator("body")).not_to_contain_text("Welcome back")
    page.goto(f"{service.platform}/courses/{copy}")
    page.get_by_role("link", name=OFFER, exact=True).last.click()
    expect(frame_of(page).get_by_role("heading", level=1)).to_contain_text("switched off")
