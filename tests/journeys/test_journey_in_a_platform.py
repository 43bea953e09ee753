"""The main job, end to end, in a browser that blocks third-party cookies, in a frame on another site."""

import json
import re
from collections.abc import Callable
from pathlib import Path

import requests
from playwright.sync_api import BrowserContext, Frame, Page, expect

from tests.journeys.service import Service


def open_link(page: Page, service: Service, who: str, link: str) -> Frame:
    """Sign in to the platform as this person, and open a link of the course; returns the tool's frame."""
    page.goto(service.platform)
    page.get_by_role("button", name=re.compile(who)).click()
    page.goto(f"{service.platform}/course")
    page.get_by_role("link", name=re.compile(link)).first.click()
    frame = page.locator("iframe").element_handle().content_frame()
    assert frame is not None
    frame.wait_for_url(re.compile(re.escape(service.tool) + r"/(?!lti/)"))
    return frame


def assess(frame: Frame, seat: str = "Ward manager") -> None:
    """From the first page to the result: agree with the first statements of each dimension, not with the last."""
    frame.get_by_role("button", name=re.compile("see where you stand", re.I)).click()
    expect(frame.get_by_role("heading", level=1)).to_contain_text("who sees what")
    frame.get_by_role("button", name="Continue").click()
    frame.get_by_label("Which seat do you lead from?").select_option(label=seat)
    frame.get_by_role("button", name="Start", exact=True).click()
    frame.get_by_role("button", name=re.compile("^Go on with")).click()
    for _ in range(20):
        groups = frame.locator("fieldset.app-scale")
        expect(groups.first).to_be_visible()
        for index in range(groups.count()):
            groups.nth(index).get_by_label("Agree" if index < 5 else "Disagree", exact=True).check()
        heading = frame.get_by_role("heading", level=1).inner_text()
        frame.get_by_role("button", name="Save and go on").click()
        expect(frame.get_by_role("heading", level=1)).not_to_have_text(heading)
        if frame.get_by_role("button", name="Finish and see your result").count():
            break
    frame.get_by_role("button", name="Finish and see your result").click()
    expect(frame.get_by_role("heading", level=1)).to_have_text("Where you stand")


def gradebook(service: Service) -> dict[str, list[float]]:
    """The points that each learner has, by name."""
    learners = requests.get(f"{service.platform}/course/gradebook.json", timeout=10).json()["learners"]
    return {learner["name"]: [grade["points"] for grade in learner["grades"].values() if grade] for learner in learners}


def work_through(frame: Frame, *, but_the_last: bool = False) -> None:
    """Do the steps of the offer that is open, all or all but the last."""
    frame.get_by_role("button", name=re.compile("^(Start|Go on)$")).click()
    steps = int(re.findall(r"of (\d+)", frame.locator("main").inner_text())[0])
    for step in range(1, steps + 1 - but_the_last):
        expect(frame.locator("main")).to_contain_text(f"Step {step} of {steps}")
        frame.get_by_role("button", name="I have done this").click()


def test_from_launch_to_grade(page: Page, service: Service, check_page: Callable[[Page], None]) -> None:
    frame = open_link(page, service, "Sam Ward", "Every Seat: where you stand")
    check_page(page)
    assess(frame)
    check_page(page)
    expect(frame.locator("img.app-radar")).to_be_visible()
    expect(frame.locator("table tbody tr")).to_have_count(9)

    frame.get_by_role("button", name="See what would help").click()
    expect(frame.get_by_role("heading", level=1)).to_have_text("Recommended for you")
    expect(frame.locator("main")).to_contain_text(re.compile(r"closes \d+% of your gap"))
    expect(frame.locator("main")).to_contain_text(re.compile(r"No (other )?set of 12 hours closes more"))
    expect(frame.locator("main")).to_contain_text("Too early to say")
    check_page(page)
    at_own_pace = frame.locator("main li").filter(has_text="At your own pace").filter(has=frame.locator("h3"))
    title = at_own_pace.first.locator("h3 a").inner_text()
    at_own_pace.first.locator("h3 a").click()
    expect(frame.get_by_role("heading", level=1)).to_contain_text(title)
    check_page(page)
    frame.get_by_role("button", name="Enrol").first.click()
    check_page(page)
    frame.get_by_role("button", name="Confirm").click()
    expect(frame.get_by_role("heading", level=1)).to_contain_text("You are enrolled")
    check_page(page)
    work_through(frame)
    expect(frame.get_by_role("heading", level=1)).to_contain_text("You have completed this")

    service.wait_for(lambda: gradebook(service)["Sam Ward"] == [100], "the grade to arrive")
    page.goto(f"{service.platform}/course/gradebook")
    expect(page.locator("table")).to_contain_text(title)
    expect(page.locator("table")).to_contain_text("100")
    assert gradebook(service)["Priya Shah"] == []

    frame = open_link(page, service, "Sam Ward", "Every Seat: where you stand")
    expect(frame.get_by_role("heading", level=1)).to_contain_text("Welcome back")
    check_page(page)


def test_with_the_platform_switched_off_the_grade_waits_and_arrives(page: Page, service: Service) -> None:
    frame = open_link(page, service, "Priya Shah", "Offer: ")
    expect(frame.get_by_role("heading", level=1)).to_contain_text("Meetings that finish on time")
    frame.get_by_role("button", name="Enrol").first.click()
    frame.get_by_role("button", name="Confirm").click()
    work_through(frame, but_the_last=True)
    service.stop("platform")
    frame.get_by_role("button", name="I have done this").click()
    expect(frame.get_by_role("heading", level=1)).to_contain_text("You have completed this")

    def waiting() -> int:
        return int(json.loads(service.command("grades", "status", "--json"))["waiting"])

    service.wait_for(lambda: waiting() == 1, "the score to be waiting")
    service.start("platform")
    service.wait_for(lambda: gradebook(service)["Priya Shah"] == [100], "the grade to arrive", seconds=90)
    assert waiting() == 0


def test_two_people_in_two_tabs_of_one_course_stay_themselves(context: BrowserContext, service: Service) -> None:
    first, second = context.new_page(), context.new_page()
    open_link(first, service, "Jo Mbeki", "Your self-assessment")
    open_link(second, service, "Jo Mbeki", "Every Seat: where you stand")
    first.reload()
    frame = first.locator("iframe").element_handle().content_frame()
    assert frame is not None
    frame.wait_for_url(re.compile(re.escape(service.tool) + "/assessments"))


def test_a_launch_in_a_new_window_arrives_too(page: Page, service: Service) -> None:
    page.goto(service.platform)
    page.get_by_role("button", name=re.compile("Jo Mbeki")).click()
    page.goto(f"{service.platform}/launch/1?target=window")
    page.wait_for_url(re.compile(re.escape(service.tool) + r"/(?!lti/)"))
    expect(page.get_by_role("heading", level=1)).to_be_visible()


def test_a_page_of_ours_cannot_be_framed_by_anybody_else(page: Page, service: Service, tmp_path: Path) -> None:
    page.goto(f"{service.platform}/")
    page.evaluate(
        "url => { const frame = document.createElement('iframe'); frame.src = url; document.body.append(frame) }",
        f"{service.tool}/sign-in",
    )
    page.wait_for_timeout(1000)
    framed = [frame for frame in page.frames if frame != page.main_frame]
    assert all("Sign in" not in frame.locator("body").inner_text() for frame in framed)
