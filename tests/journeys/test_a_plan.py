"""From a report of feedback to a plan that a manager reads and writes on, in two browsers; then it is theirs alone."""

from collections.abc import Callable
from datetime import timedelta

from playwright.sync_api import Browser, Page, expect

from catalogue.clock import today
from tests.journeys.door import enter
from tests.journeys.service import Service
from tests.journeys.test_feedback import link

MANAGER = "mo.manager@trust.example"
PROMISE, WORDS = "I thank one person by name each day", "I heard you thank the porters. It changed the morning."


def test_a_report_becomes_a_plan_that_a_manager_comments_on_until_it_is_not_shared_any_more(
    service: Service, page: Page, browser: Browser, check_page: Callable[[Page], None]
) -> None:
    enter(page, service, "matron@demo.example")
    page.goto(f"{service.tool}/feedback")
    page.get_by_role("main").get_by_role("link", name="Closed on").click()
    page.get_by_role("button", name="Commit to something").click()
    page.get_by_label("What will you do?").fill(PROMISE)
    page.get_by_label("By when?").fill((today() + timedelta(days=20)).isoformat())
    check_page(page)
    page.get_by_role("button", name="Put it on my plan").click()
    expect(page.get_by_role("link", name=PROMISE)).to_be_visible()

    page.goto(f"{service.tool}/feedback/1/report")
    expect(page.get_by_role("link", name=PROMISE)).to_be_visible()
    page.get_by_role("button", name="Put on my plan").first.click()
    expect(page.get_by_text("is on your plan")).to_be_visible()
    check_page(page)

    page.goto(f"{service.tool}/enrolments")
    page.get_by_role("link", name="What they see, send the link again, or stop").click()
    expect(page.get_by_text("They never see")).to_be_visible()
    page.get_by_label("Your line manager’s name").fill("Mo Manager")
    page.get_by_label("Your line manager’s email address").fill(MANAGER)
    page.get_by_role("button", name="Share my plan").click()
    expect(page.get_by_text("Mo Manager has a link to your plan")).to_be_visible()
    address = link(service, MANAGER, "/shared-plan/")

    with browser.new_context(viewport={"width": 390, "height": 800}) as elsewhere:
        elsewhere.set_default_timeout(20_000)
        manager = elsewhere.new_page()
        manager.goto(address)
        expect(manager.get_by_role("heading", level=1)).to_have_text("The plan of Maya Clarke")
        check_page(manager)
        manager.get_by_label("What is it about?").select_option(label=PROMISE)
        manager.get_by_label("What would you like to say?").fill(WORDS)
        manager.get_by_role("button", name="Write it").click()
        expect(manager.locator("li").filter(has_text=PROMISE)).to_contain_text(WORDS)
        expect(manager.get_by_text("What would help you to keep to it")).to_have_count(0)  # another manager's

        page.goto(f"{service.tool}/home")
        page.get_by_role("link", name="comments on your plan").click()
        expect(page.locator("li").filter(has_text=PROMISE)).to_contain_text(WORDS)
        check_page(page)
        page.get_by_role("link", name="What they see, send the link again, or stop").click()
        page.get_by_role("button", name="Stop sharing").click()
        expect(page.get_by_text("Nobody else sees your plan now")).to_be_visible()
        expect(page.locator("li").filter(has_text=PROMISE)).to_contain_text(WORDS)

        manager.goto(address)
        expect(manager.get_by_text("This link does not work any more")).to_be_visible()
        expect(manager.get_by_text(PROMISE)).to_have_count(0)
