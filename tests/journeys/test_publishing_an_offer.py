"""In a browser: an offer is drafted, sent back, approved and edited, and who is enrolled keeps theirs."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.journeys.door import enter
from tests.journeys.service import Service

TITLE = "Handover in ten minutes"


@pytest.fixture
def as_somebody(browser: Browser, service: Service) -> Callable[[str], "contextmanager[Page]"]:
    @contextmanager
    def signed_in(name: str) -> Iterator[Page]:
        with browser.new_context(viewport={"width": 1280, "height": 900}) as context:
            context.set_default_timeout(20_000)
            page = context.new_page()
            enter(page, service, f"{name}@demo.example")
            yield page

    return signed_in  # type: ignore[return-value]


def submit(page: Page) -> None:
    page.get_by_role("button", name="Submit to a reviewer").click()
    page.get_by_role("button", name="Submit").click()
    expect(page.get_by_text("Your offer is with the reviewers")).to_be_visible()


def write_offer(page: Page, check_page: Callable[[Page], None]) -> None:
    page.get_by_role("link", name="Publish", exact=True).first.click()
    page.get_by_role("button", name="New offer").click()
    page.get_by_label("What is the offer called?").fill(TITLE)
    page.get_by_role("button", name="Start the draft").click()
    check_page(page)
    page.get_by_role("link", name="About", exact=True).click()
    page.get_by_label("Summary").fill("A handover that everybody can follow.")
    page.get_by_label("What people will be able to do after it").fill("Hand over in ten minutes")
    page.get_by_label("Description").fill("You **practise** it on your own ward.")
    expect(page.locator("[data-preview-pane] strong")).to_have_text("practise")  # nothing has been saved yet
    check_page(page)
    page.get_by_role("button", name="Save", exact=True).click()
    page.get_by_role("link", name="What it changes").click()
    check_page(page)
    page.locator("main a[href*='/mapping/']").first.click()
    page.locator("input[name=start]").first.check()
    page.locator("input[name=to]").nth(1).check()
    page.get_by_label("It builds it: people practise it").check()
    check_page(page)
    page.get_by_role("button", name="Save").click()
    page.get_by_role("button", name="Done").click()
    page.get_by_role("link", name="For whom").click()
    page.locator("input[name=conditions]").first.check()
    check_page(page)
    page.get_by_role("button", name="Save", exact=True).click()
    page.get_by_role("link", name="Time, price and place").click()
    page.get_by_label("At their own pace").check()
    page.get_by_label("How many hours does it take in all?").fill("0.5")
    page.get_by_role("button", name="Save", exact=True).click()
    page.get_by_role("link", name="Steps").click()
    page.get_by_role("button", name="Add a step").click()
    page.get_by_label("Title").fill("Watch one")
    page.get_by_label("How many minutes does it take?").fill("10")
    page.get_by_role("button", name="Save").click()
    check_page(page)
    page.get_by_role("button", name="Done").click()
    page.get_by_role("link", name="Preview").click()
    expect(page.get_by_text("This is a preview")).to_be_visible()
    check_page(page)
    page.get_by_role("link", name="Go back to the draft").click()
    submit(page)


def open_in_review(page: Page, service: Service) -> None:
    page.goto(f"{service.tool}/review")
    page.get_by_role("main").get_by_role("link", name=TITLE).first.click()


def test_an_offer_is_written_reviewed_and_kept_by_who_is_enrolled(
    service: Service, as_somebody: Callable[[str], "contextmanager[Page]"], check_page: Callable[[Page], None]
) -> None:
    with as_somebody("partner") as partner, as_somebody("reviewer") as reviewer, as_somebody("ward.manager") as learner:
        write_offer(partner, check_page)
        draft = partner.url

        open_in_review(reviewer, service)
        check_page(reviewer)
        reviewer.get_by_label("What has to change?").fill("Say who has tried it.")
        reviewer.get_by_role("button", name="Ask for changes").click()

        partner.goto(draft)
        expect(partner.get_by_text("Say who has tried it.")).to_be_visible()
        partner.get_by_role("link", name="About", exact=True).click()
        partner.get_by_label("Description").fill("You practise it. Two wards have tried it.")
        partner.get_by_role("button", name="Save", exact=True).click()
        submit(partner)
        open_in_review(reviewer, service)
        reviewer.get_by_role("button", name="Approve").click()
        expect(reviewer.get_by_text("It is in the catalogue.")).to_be_visible()

        learner.goto(f"{service.tool}/offers/handover-in-ten-minutes/enrol")
        learner.get_by_role("button", name="Confirm").click()
        expect(learner.get_by_text("You are enrolled")).to_be_visible()
        mine = learner.url.partition("?")[0]

        partner.goto(draft)
        partner.get_by_role("button", name="Change it").click()
        partner.get_by_role("link", name="About", exact=True).click()
        partner.get_by_label("Title").fill(f"{TITLE}, and by telephone")
        partner.get_by_role("button", name="Save", exact=True).click()
        submit(partner)
        open_in_review(reviewer, service)
        expect(reviewer.locator("main dl ins")).to_contain_text("and by telephone")
        check_page(reviewer)
        reviewer.get_by_role("button", name="Approve").click()
        learner.goto(f"{service.tool}/offers/handover-in-ten-minutes")
        expect(learner.get_by_role("heading", level=1)).to_contain_text("and by telephone")
        learner.goto(mine)
        expect(learner.get_by_role("heading", level=1)).to_have_text(TITLE)
        partner.goto(f"{service.tool}/publish")
        check_page(partner)
        partner.goto(f"{draft}/runs/new")
        check_page(partner)
