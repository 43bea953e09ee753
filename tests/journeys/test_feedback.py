"""360 feedback with 14 raters, in a browser: what may be told, as the person, a rater and a facilitator see it."""

import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from email import message_from_bytes, policy
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from catalogue.extensions import db
from catalogue.feedback import queries, rating
from catalogue.people.actions import add_account
from catalogue.seeding.demonstration import DEMO_PASSWORD
from catalogue.settings import Settings
from catalogue.transactions import run
from everyseat import create_app
from tests.feedback.rounds import assessed
from tests.journeys.door import enter
from tests.journeys.service import Service

PHONE = {"width": 360, "height": 740}
FACILITATOR = "fay.facilitator@coach.example"
GROUPS = {"Line manager": [1], "Peers": [4, 4, 2, 3], "Direct reports": [0, 1, 1, 2, 4, 4, 4], "Others": [2, 4]}
"""What each of 14 raters answers everywhere."""
POOLED = {"Peers": [4], "Direct reports": [3], "Others": [2]}


@contextmanager
def somebody(browser: Browser, service: Service, email: str = "") -> Iterator[Page]:
    """A browser of one person's; without an address, one who has only a link, on a phone."""
    with browser.new_context(viewport={"width": 1280, "height": 900} if email else PHONE) as context:
        context.set_default_timeout(20_000)
        page = context.new_page()
        if email:
            enter(page, service, email)
        yield page


def address(group: str, number: int, whose: str) -> str:
    return f"{whose}.{group.lower().replace(' ', '-')}.{number}@raters.example"


def within(service: Service, action: Callable[[], object]) -> None:
    """Do something in the service's database, from here."""
    app = create_app(Settings(env="development", public_url=service.tool, instance=service.folder))
    with app.app_context():
        run(action)
        db.session.remove()
        db.engine.dispose()


def ready(service: Service, name: str) -> str:
    """Somebody with an account, who has assessed themself; returns their address."""
    email = f"{name.lower().replace(' ', '.')}@demo.example"
    within(service, lambda: assessed(add_account(email, name, DEMO_PASSWORD).person_id))
    return email


def link(service: Service, to: str, path: str) -> str:
    """The newest link of this kind that somebody has been sent, once the worker has sent it."""
    found: list[str] = []

    def there() -> bool:
        files = sorted(Path(service.folder, "mail").glob("*.eml"), key=lambda file: file.stat().st_mtime)
        for file in files:
            message = message_from_bytes(file.read_bytes(), policy=policy.default)
            if message["To"] == to:
                body = message.get_body(("plain",))
                found.extend(re.findall(rf"{service.tool}{path}\S+", body.get_content() if body else ""))
        return bool(found)

    service.wait_for(there, f"a letter to {to}")
    return found[-1]


def open_round(page: Page, service: Service, facilitator: str = "") -> None:
    page.goto(f"{service.tool}/feedback")
    page.get_by_role("button", name="Ask for feedback").click()
    if facilitator:
        page.get_by_label("Facilitator’s name").fill("Fay Facilitator")
        page.get_by_label("Facilitator’s email address").fill(facilitator)
    page.get_by_role("button", name="Choose whom to ask").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Your feedback")


def ask(page: Page, group: str, email: str) -> None:
    page.get_by_label(group, exact=True).check()
    page.get_by_label("Name", exact=True).fill("Somebody")
    page.get_by_label("Email address").fill(email)
    page.get_by_role("button", name="Ask them").click()
    expect(page.get_by_text("We have asked Somebody.")).to_be_visible()


def answer_by_pages(page: Page, path: str, agreement: int, check_page: Callable[[Page], None]) -> None:
    """On a phone, all of it by the pages; left half-way once and taken up again by the same link."""
    page.goto(path)
    expect(page.get_by_role("heading", name="Who sees what")).to_be_visible()
    check_page(page)
    known = page.get_by_label("I know that my answers and comments are shown as mine")
    if known.count():
        page.get_by_role("button", name="Start").click()
        expect(page.get_by_role("alert")).to_contain_text("Say that you know this")
        known.check()
    page.get_by_role("button", name="Start").click()
    check_page(page)
    page.get_by_role("button", name="Go on with").click()
    check_page(page)
    page.locator("fieldset.app-scale").first.get_by_label("Strongly agree").check()
    with page.expect_navigation():
        page.get_by_role("button", name="Save and come back later").click()
    page.goto(path)
    page.get_by_role("button", name="Go on", exact=True).click()
    for _ in range(9):
        page.get_by_role("button", name="Go on with").click()
        scales = page.locator("fieldset.app-scale")
        expect(scales.first).to_be_visible()
        for scale in scales.all():
            scale.locator(f"input[value='{agreement}']").check()
        with page.expect_navigation():
            page.get_by_role("button", name="Save and go on").click()
        page.goto(f"{path}/answer")
    page.get_by_role("link", name="In your own words").click()
    check_page(page)
    page.get_by_label("What do they do well as a leader?").fill("Keeps their word.")
    page.get_by_role("button", name="Save and go on").click()
    page.get_by_role("button", name="Send my answers").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Thank you")
    check_page(page)


def answer(service: Service, path: str, agreement: int, words: str) -> None:
    """All of it, without the pages."""
    token = path.rsplit("/", 1)[1]

    def act() -> None:
        rating.begin(token)
        for step in queries.steps(queries.rater_by_token(token)):
            given = {statement.id: agreement for statement in step.dimension.statements}
            rating.save(token, step.dimension.id, given, 4)
        rating.comment(token, {"more": words})
        rating.send(token)

    within(service, act)


def close(page: Page, service: Service) -> None:
    page.goto(f"{service.tool}/feedback")
    page.get_by_role("button", name="Go on").click()
    page.get_by_role("link", name="See what closing now would show").click()
    page.get_by_label("I know that nobody can answer any more").check()
    page.get_by_role("button", name="Close now").click()


def row(page: Page, dimension: str) -> Sequence[str]:
    cells = page.locator("table").first.locator("tr", has_text=dimension).locator("td")
    return [" ".join(text.split()) for text in cells.all_inner_texts()]


@pytest.fixture
def asked(browser: Browser, service: Service, check_page: Callable[[Page], None]) -> Iterator[Page]:
    """Somebody who has asked 14 people, all of whom have answered."""
    with somebody(browser, service, ready(service, "Robin Asker")) as page:
        open_round(page, service, FACILITATOR)
        check_page(page)
        for group, answers in GROUPS.items():
            for number, _agreement in enumerate(answers):
                ask(page, group, address(group, number, "robin"))
        check_page(page)
        with somebody(browser, service) as rater:
            manager = link(service, address("Line manager", 0, "robin"), "/rate/")
            answer_by_pages(rater, manager, 1, check_page)
        for group, answers in GROUPS.items():
            for number, agreement in enumerate(answers):
                if group != "Line manager":
                    path = link(service, address(group, number, "robin"), "/rate/")
                    answer(service, path, agreement, f"Words of {group} {number}.")
        yield page


def test_fourteen_raters_and_every_rule_on_what_may_be_told(
    asked: Page, browser: Browser, service: Service, check_page: Callable[[Page], None]
) -> None:
    asked.goto(f"{service.tool}/feedback")
    asked.get_by_role("button", name="Go on").click()
    for group, answers in GROUPS.items():
        told = asked.locator("table tr", has_text=group).locator("td")
        expect(told).to_have_text([str(len(answers))] * 2)
    expect(asked.locator("table tr", has_text="Others")).to_contain_text("1 more needed")
    close(asked, service)
    expect(asked.get_by_role("heading", level=1)).to_have_text("Your facilitator has your report")
    here = asked.url
    refused = asked.goto(f"{here}/report")
    assert refused is not None
    assert refused.status == 404

    with somebody(browser, service) as facilitator:
        facilitator.goto(link(service, FACILITATOR, "/release/"))
        expect(facilitator.get_by_text("has not seen this yet")).to_be_visible()
        check_page(facilitator)
        facilitator.get_by_role("button", name="We have talked: release it").click()
        expect(facilitator.get_by_role("heading", level=1)).to_have_text("The report is released")

    asked.goto(f"{here}/report")
    check_page(asked)
    # You; the line manager, named; peers, four of them, to the whole; direct reports, seven, to the half with a range;
    # others are two, and withheld.
    assert row(asked, "Leading with care") == ["3", "1", "3", "2.5 0 to 4"]
    for words in (
        "Not shown, with fewer than 3 answers even together: Others", "Others: 2 of 2", "Line manager: 1 of 1",
        "Keeps their word.", "Words of Others 1.",
    ):  # fmt: skip
        expect(asked.locator("main")).to_contain_text(words)
    comments = asked.locator("blockquote").all_inner_texts()
    assert len(comments) == 14
    assert not re.search(r"@raters\.example", asked.content())
    asked.get_by_role("link", name="See what would help").click()
    expect(asked).to_have_url(f"{service.tool}/recommendations")

    with somebody(browser, service) as rater:
        gone = rater.goto(link(service, address("Peers", 0, "robin"), "/rate/"))
        assert gone is not None
        assert gone.status == 404


def test_small_groups_are_pooled_and_without_a_facilitator_the_report_is_there_at_once(
    browser: Browser, service: Service, check_page: Callable[[Page], None]
) -> None:
    with somebody(browser, service, ready(service, "Kit Asker")) as page:
        open_round(page, service)
        for group, answers in POOLED.items():
            for number, agreement in enumerate(answers):
                ask(page, group, address(group, number, "kit"))
                path = link(service, address(group, number, "kit"), "/rate/")
                answer(service, path, agreement, f"Words of {group}.")
        close(page, service)
        page.get_by_role("button", name="See your report").click()
        check_page(page)
        expect(page.locator("main")).to_contain_text("Peers, direct reports and others together")
        assert row(page, "Leading with care") == ["3", "3"]
        with page.expect_download() as download:
            page.get_by_role("link", name="Download it (PDF)").click()
        assert download.value.suggested_filename == "feedback-report.pdf"
