"""Cookies in a frame on another site: kept for the pair of sites, or by the platform, or not at all."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import BrowserContext, Frame, Page, expect

from tests.journeys.service import Service

STATEMENT = "Every Seat: where you stand"
OFFER = "Meetings that finish on time"


def sign_in(page: Page, service: Service, who: str) -> None:
    page.goto(service.platform)
    page.get_by_role("button", name=re.compile(who)).click()
    page.goto(f"{service.platform}/course")


def frame_of(page: Page) -> Frame:
    frame = page.locator("iframe").element_handle().content_frame()
    assert frame is not None
    return frame


def choose(page: Page | Frame, title: str) -> None:
    """Put an offer into the basket, and the basket into the course."""
    page.get_by_label("Search").fill(title)
    page.get_by_role("button", name="Show offers").click()
    page.get_by_role("listitem").filter(has_text=title).get_by_role("button", name=f"Add {title}").click()
    page.get_by_role("button", name="Add to the course").click()


@pytest.fixture
def storing(service: Service) -> Iterator[Service]:
    """The platform keeps data for the tools in its frames."""
    service.stop("platform")
    service.platform_options = ["--client-storage"]
    service.start("platform")
    yield service
    service.stop("platform")
    service.platform_options = []
    service.start("platform")


def test_a_cookie_for_the_pair_of_sites_keeps_everything_in_the_frame(page: Page, service: Service) -> None:
    sign_in(page, service, "Jo Mbeki")
    page.get_by_role("link", name=STATEMENT).first.click()
    frame = frame_of(page)
    expect(frame.get_by_role("heading", level=1)).to_be_visible()
    frame.get_by_role("link", name="Your plan").click()
    expect(frame.get_by_role("heading", level=1)).to_contain_text("Your plan")
    kept = [cookie for cookie in page.context.cookies(service.tool) if cookie["name"] == "__Host-everyseat"]
    assert [cookie.get("partitionKey") for cookie in kept] == ["http://localhost"]


def test_what_the_platform_keeps_lets_a_launch_go_on_in_a_window(
    keeping_no_cookies: BrowserContext, storing: Service
) -> None:
    page = keeping_no_cookies.new_page()
    sign_in(page, storing, "Jo Mbeki")
    page.get_by_role("link", name=STATEMENT).first.click()
    frame = frame_of(page)
    expect(frame.get_by_role("heading", level=1)).to_have_text("Go on in a new window")
    with keeping_no_cookies.expect_page() as opened:
        frame.get_by_role("button", name="Go on in a new window").click()
    opened.value.get_by_role("link", name="Your plan").click()
    expect(opened.value.get_by_role("heading", level=1)).to_contain_text("Your plan")


def test_what_the_platform_keeps_lets_a_teacher_choose_in_the_frame(
    keeping_no_cookies: BrowserContext, storing: Service
) -> None:
    page = keeping_no_cookies.new_page()
    sign_in(page, storing, "Tina|Teacher")
    page.get_by_role("link", name="Add from Every Seat").click()
    frame = frame_of(page)
    expect(frame.get_by_role("heading", level=1)).to_contain_text("Choose for your course")
    choose(frame, OFFER)
    expect(frame.get_by_role("heading", level=1)).to_have_text("Added to the course")
    expect(frame.locator("main")).to_contain_text(OFFER)
    assert len(keeping_no_cookies.pages) == 2, "it never left its frame (the first page is the browser's own)"


def test_where_nothing_is_kept_a_new_window_opens_the_link(
    keeping_no_cookies: BrowserContext, service: Service
) -> None:
    page = keeping_no_cookies.new_page()
    sign_in(page, service, "Jo Mbeki")
    page.get_by_role("link", name=STATEMENT).first.click()
    frame = frame_of(page)
    expect(frame.get_by_role("heading", level=1)).to_have_text("Your browser keeps Every Seat out of this frame")
    with keeping_no_cookies.expect_page() as opened:
        frame.get_by_role("button", name="Open in a new window").click()
    opened.value.get_by_role("link", name="Your plan").click()
    expect(opened.value.get_by_role("heading", level=1)).to_contain_text("Your plan")


def test_where_nothing_is_kept_what_a_window_chose_is_answered_from_the_frame(
    keeping_no_cookies: BrowserContext, service: Service
) -> None:
    page = keeping_no_cookies.new_page()
    sign_in(page, service, "Tina|Teacher")
    page.get_by_role("link", name="Add from Every Seat").click()
    frame = frame_of(page)
    with keeping_no_cookies.expect_page() as opened:
        frame.get_by_role("button", name="Open in a new window").click()
    window = opened.value
    expect(window.get_by_role("heading", level=1)).to_contain_text("Choose for your course")
    with window.expect_event("close"):
        choose(window, OFFER)
    expect(frame_of(page).get_by_role("heading", level=1)).to_have_text("Added to the course")
    page.goto(f"{service.platform}/course")
    expect(page.get_by_role("main")).to_contain_text(OFFER)
