"""A joint programme of four providers and two systems: published, filled, taken, completed, and counted.

Two practice platforms send the people of two systems. Nothing is written past the pages but what other systems send:
statements of completions elsewhere, and the letters that line managers get.
"""

import csv
import io
import json
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, timedelta
from email import message_from_bytes
from pathlib import Path
from typing import Any

import jwt
import pytest
import requests
from playwright.sync_api import Browser, Frame, Page, expect

from catalogue.clock import today
from tests.databases import Template
from tests.journeys.door import enter
from tests.journeys.service import CLIENT_ID, Service, free_port, running
from tests.journeys.test_publishing_an_offer import submit

TITLE = "One plan, four providers"
SLUG = "one-plan-four-providers"
GROUNDWORK = "Run a huddle worth 10 minutes"
ELECTIVES = ("What to count first", "Say what you expect", "Map who your work touches")
SLUGS = ("ten-minute-huddle", "what-to-count-first", "say-what-you-expect")
"""What everybody takes of it: the groundwork, and two of three electives."""
FIRST, SECOND = "Nottinghamshire", "Kent and Medway"
SECOND_TRUST = "east-kent-hospitals-university"


@dataclass
class Platform:
    """A practice platform, with the numbers of its people by name."""

    service: Service
    address: str
    people: dict[str, str] = field(default_factory=lambda: {"Sam Ward": "4", "Priya Shah": "5", "Jo Mbeki": "6"})

    def be(self, page: Page, who: str) -> None:
        page.goto(self.address)
        page.get_by_role("button", name=re.compile(who)).click()

    def open(self, page: Page, who: str) -> Frame:
        """The programme, as somebody opens it from the course."""
        self.be(page, who)
        page.goto(f"{self.address}/course")
        page.get_by_role("link", name=TITLE, exact=True).last.click()
        return frame_of(page)

    def place(self, page: Page) -> None:
        """The teacher puts the programme into the course."""
        self.be(page, "Teacher")
        page.goto(f"{self.address}/course")
        page.get_by_role("link", name=re.compile("^Add from")).last.click()
        frame = frame_of(page)
        frame.get_by_label("Search").fill(TITLE)
        frame.get_by_role("button", name="Show offers").click()
        frame.get_by_role("button", name=f"Add {TITLE}").click()
        frame.get_by_role("button", name="Add to the course").click()
        expect(frame.get_by_role("heading", level=1)).to_have_text("Added to the course")

    def points(self, who: str) -> list[float]:
        """What the gradebook has for somebody on the programme."""
        book = requests.get(f"{self.address}/course/gradebook.json", timeout=10).json()
        lines = [str(item["number"]) for item in book["line_items"] if item["label"] == TITLE]
        (learner,) = (learner for learner in book["learners"] if learner["name"] == who)
        return [learner["grades"][line]["points"] for line in lines if learner["grades"].get(line)]


def frame_of(page: Page) -> Frame:
    frame = page.locator("iframe").element_handle().content_frame()
    assert frame is not None
    return frame


@pytest.fixture
def service(tmp_path: Path, template: Template) -> Iterator[Service]:
    """One of its own: its enrolments are counted."""
    with running(tmp_path, template) as started:
        yield started


@pytest.fixture
def platforms(service: Service) -> tuple[Platform, Platform]:
    """The platform of a trust of the first system, and one of a trust of the second."""
    port = free_port()
    address, folder = f"http://localhost:{port}", service.folder / "another"
    service.command(
        "platforms", "add", "--name", "Another platform", "--issuer", address, "--client-id", CLIENT_ID,
        "--deployment", "1", "--organisation", SECOND_TRUST, "--jwks-url", f"{address}/certs",
        "--auth-url", f"{address}/auth", "--token-url", f"{address}/token",
    )  # fmt: skip
    log = (service.folder / "another.log").open("ab")
    service.running["another"] = subprocess.Popen(
        [sys.executable, "-m", "everyseat", "practice-platform", "--port", str(port), "--tool-url", service.tool,
         "--folder", str(folder)],
        env=service.environment, stdout=log, stderr=log,
    )  # fmt: skip
    service.wait_for(lambda: answers(address), "the other platform to answer")
    return Platform(service, service.platform), Platform(service, address)


def answers(address: str) -> bool:
    try:
        return requests.get(address, timeout=2).status_code == 200
    except requests.RequestException:
        return False


def letters(service: Service, to: str) -> list[str]:
    """The texts of the letters to somebody, the oldest first."""
    found = []
    for path in sorted((service.folder / "mail").iterdir(), key=lambda one: one.stat().st_mtime_ns):
        message = message_from_bytes(path.read_bytes())
        if to in str(message["To"]):
            payload = message.get_payload(decode=True)
            assert isinstance(payload, bytes)
            found.append(payload.decode())
    return found


def links(text: str) -> list[str]:
    return re.findall(r"https?://\S+", text)


def draft_it(page: Page) -> None:
    """The programme's draft: what it is, whom it is for, what it is made of."""
    page.get_by_role("link", name="Publish", exact=True).first.click()
    page.get_by_role("button", name="New offer").click()
    page.get_by_label("What is the offer called?").fill(TITLE)
    page.get_by_role("button", name="Start the draft").click()
    page.get_by_role("link", name="About", exact=True).click()
    page.get_by_label("Summary").fill("Put your part of the plan into practice, with others who answer for the rest.")
    page.get_by_label("What people will be able to do after it").fill("Show what your part of the plan has changed")
    page.get_by_label("Description").fill("You work on your own part of the plan from the first day.")
    page.get_by_role("button", name="Save", exact=True).click()
    page.get_by_role("link", name="What it changes").click()
    page.locator("main a[href*='/mapping/']").first.click()
    page.locator("input[name=start]").first.check()
    page.locator("input[name=to]").nth(1).check()
    page.get_by_label("It builds it: people practise it").check()
    page.get_by_role("button", name="Save").click()
    page.get_by_role("button", name="Done").click()
    page.get_by_role("link", name="For whom").click()
    page.locator("input[name=conditions]").first.check()
    page.get_by_role("button", name="Save", exact=True).click()
    page.get_by_role("link", name="Time, price and place").click()
    page.get_by_label("Online and in person").check()
    page.get_by_label("How many hours does it take in all?").fill("12")
    page.get_by_role("button", name="Save", exact=True).click()


def make_it_a_programme(page: Page, check_page: Callable[[Page], None]) -> None:
    page.get_by_role("link", name="Programme", exact=True).click()
    add_group(page, "Groundwork", [GROUNDWORK])
    add_group(page, "Electives", list(ELECTIVES), choose="2")
    check_page(page)
    page.get_by_role("button", name="Done").click()
    page.get_by_role("link", name="Joining and completing").click()
    page.get_by_label("Only people responsible for implementing").check()
    page.get_by_label("A line manager has to agree").check()
    page.get_by_label("How many sessions do people have to attend?").fill("1")
    check_page(page)
    page.get_by_role("button", name="Save", exact=True).click()
    submit(page)


def add_group(page: Page, title: str, offers: list[str], choose: str = "") -> None:
    page.get_by_role("button", name="Add a group").click()
    page.get_by_label("Title").fill(title)
    page.get_by_label("How many of its steps do people choose?").fill("")
    page.get_by_role("button", name="Save").click()
    for offer in offers:
        page.get_by_role("link", name=f"Add an offer to {title}").click()
        page.get_by_label("Search the catalogue").fill(offer)
        page.get_by_role("main").get_by_role("button", name="Search").click()
        page.get_by_role("button", name=re.compile(f"^Add.*{offer}")).click()
    if choose:
        page.get_by_role("link", name=re.compile(f"^Change.*{title}")).click()
        page.get_by_label("How many of its steps do people choose?").fill(choose)
        page.get_by_role("button", name="Save").click()


def open_offer(page: Page, service: Service) -> None:
    page.goto(f"{service.tool}/publish")
    page.get_by_role("main").get_by_role("link", name=TITLE, exact=True).first.click()


def add_cohort(page: Page, service: Service, check_page: Callable[[Page], None]) -> None:
    """Three places from today on, and a session today."""
    open_offer(page, service)
    page.get_by_role("link", name=re.compile("^Dates and places")).click()
    page.get_by_role("button", name="Add dates").click()
    page.get_by_label("Name").fill("First cohort")
    page.get_by_label("First day").fill(today().isoformat())
    page.get_by_label("Last day", exact=True).fill((today() + timedelta(days=60)).isoformat())
    page.get_by_label("Place", exact=True).fill("Nottingham")
    page.get_by_label("Places").fill("3")
    page.get_by_label("Last day to apply").fill(today().isoformat())
    page.get_by_role("button", name="Add a session").click()
    page.get_by_label("What it is called").fill("Where we stand")
    page.get_by_label("Day", exact=True).fill(today().isoformat())
    page.get_by_label("From").fill("00:01")
    page.get_by_label("To", exact=True).fill("23:59")
    check_page(page)
    page.get_by_role("button", name="Save", exact=True).last.click()


def keep_seats(page: Page, service: Service, rows: dict[str, tuple[str, date]]) -> None:
    """For each system, how many seats, and the first day on which they are not kept."""
    open_offer(page, service)
    page.get_by_role("link", name=re.compile("^Dates and places")).click()
    page.get_by_role("link", name=re.compile("^Seats for systems")).click()
    for index, (system, (seats, until)) in enumerate(rows.items()):
        if page.get_by_label("For whom").count() <= index:
            page.get_by_role("button", name="Add a row").click()
        page.get_by_label("For whom").nth(index).select_option(label=f"{system} (STP)")
        page.get_by_label("Seats", exact=True).nth(index).fill(seats)
        page.get_by_label("Given to others from").nth(index).fill(until.isoformat())
    page.get_by_role("button", name="Save", exact=True).last.click()


def nominate(page: Page, service: Service, who: str, check_page: Callable[[Page], None]) -> None:
    page.goto(f"{service.tool}/seats")
    page.get_by_role("link", name=TITLE).first.click()
    page.get_by_label("Search for a name").fill(who)
    page.get_by_role("main").get_by_role("button", name="Search").click()
    page.get_by_label(who).check()
    check_page(page)
    page.get_by_role("button", name="Nominate").click()
    expect(page.get_by_text("1 person is nominated")).to_be_visible()


def ask_manager(frame: Frame, number: int, button: str) -> None:
    """What is asked of whoever joins, with a manager of their own."""
    frame.get_by_label("Which part of the plan").fill("Home first, from the ward to the front door")
    frame.get_by_label("line manager’s name").fill("Mo Manager")
    frame.get_by_label("line manager’s email").fill(manager(number))
    frame.get_by_role("button", name=button).click()
    expect(frame.get_by_role("heading", level=1)).to_contain_text("We have asked your manager")


def manager(number: int) -> str:
    return f"manager{number}@trust.example"


def agree(page: Page, service: Service, number: int, check_page: Callable[[Page], None]) -> None:
    """A manager says yes by the link in the letter, without signing in."""
    service.wait_for(lambda: letters(service, manager(number)), "the letter to the manager")
    (link,) = (one for one in links(letters(service, manager(number))[-1]) if "/approvals/" in one)
    page.goto(link)
    check_page(page)
    page.get_by_label("Yes, I agree").check()
    page.get_by_role("button", name="Send my answer").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("You have agreed")


def enrolment_of(platform: Platform, page: Page, who: str) -> Frame:
    """How somebody's enrolment stands, as they see it from the course."""
    frame = platform.open(page, who)
    frame.get_by_role("link", name="Your plan", exact=True).click()
    frame.get_by_role("main").get_by_role("link", name=TITLE).first.click()
    return frame


def register(page: Page, service: Service, people: list[str], check_page: Callable[[Page], None]) -> None:
    page.goto(f"{service.tool}/offers/{SLUG}/register")
    page.get_by_role("link", name=re.compile("^Register of")).click()
    for who in people:
        page.get_by_role("group", name=who).get_by_label("There", exact=True).check()
    check_page(page)
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text(f"Saved: {len(people)} marks.")).to_be_visible()


def token_of(page: Page, service: Service) -> str:
    """What lets a learning record store tell of completions."""
    page.goto(f"{service.tool}/tokens")
    page.get_by_label("What is it for?").fill("Our learning record store")
    page.get_by_label(re.compile("Send xAPI statements")).check()
    page.get_by_role("button", name="Make the token").click()
    return page.locator("#made").inner_text()


def tell(service: Service, token: str, platform: Platform, who: str) -> None:
    """Another system says that somebody has completed the offers that are steps of the programme."""
    actor = {"objectType": "Agent", "account": {"homePage": platform.address, "name": platform.people[who]}}
    statements = [
        {
            "actor": actor,
            "verb": {"id": "http://adlnet.gov/expapi/verbs/completed"},
            "object": {"id": f"{service.tool}/offers/{slug}"},
        }
        for slug in SLUGS
    ]
    headers = {"Authorization": f"Bearer {token}", "X-Experience-API-Version": "1.0.3"}
    answer = requests.post(f"{service.tool}/xapi/statements", json=statements, headers=headers, timeout=20)
    assert answer.status_code == 200, answer.text


def check_badge(frame: Frame, service: Service) -> None:
    """The badge for the programme, checked by what anybody can get: its page, its signature and our keys."""
    frame.get_by_role("link", name="Your plan", exact=True).click()
    frame.get_by_role("link", name=re.compile("^Your transcript")).click()
    page = str(frame.get_by_role("link", name=re.compile(f"^Badge.*{TITLE}")).get_attribute("href"))
    shown = requests.get(f"{service.tool}{page}", timeout=20)
    assert "This badge is valid" in shown.text
    (signed,) = set(re.findall(r'href="(/credentials/[^"]+)" download>the signed badge', shown.text))
    (keys,) = set(re.findall(r'href="(/[^"]+)">our keys', shown.text))
    badge = requests.get(f"{service.tool}{signed}", timeout=20).text
    ring = jwt.PyJWKSet.from_dict(requests.get(f"{service.tool}{keys}", timeout=20).json())
    said = jwt.decode(
        badge, next(key for key in ring.keys if str(jwt.get_unverified_header(badge)["kid"]).endswith(str(key.key_id))),
        algorithms=["RS256"],
        options={"verify_aud": False},
    )  # fmt: skip
    assert said["credentialSubject"]["achievement"]["name"] == TITLE
    assert "Ward" not in json.dumps(said)


def count(page: Page, service: Service, people: list[str], check_page: Callable[[Page], None]) -> None:
    """The administrators' page on the programme and on what is taken within it, and its file, agree to the row."""
    page.goto(f"{service.tool}/track")
    page.get_by_text("Choose what to look at").click()
    page.get_by_label("Programme", exact=True).select_option(label=TITLE)
    page.get_by_role("button", name="Show", exact=True).click()
    page.get_by_role("link", name="Show names").click()
    check_page(page)
    lead = page.locator("main p.nhsuk-lede-text").inner_text()
    all_of_it = len(people) * (1 + len(SLUGS))
    assert lead == f"{all_of_it} enrolments by {len(people)} people: {all_of_it} completed."
    shown = [row.locator("th, td").all_inner_texts() for row in page.locator("tr[id^=row-]").all()]
    with page.expect_download() as downloading:
        page.get_by_role("link", name="Download as CSV").click()
    file = list(csv.DictReader(io.StringIO(downloading.value.path().read_text("utf-8-sig"))))
    assert [row["Person"] for row in file] == [cells[0].strip() for cells in shown]
    assert len(file) == all_of_it
    assert sorted(row["Person"] for row in file if row["Offer"] == TITLE) == sorted(people)
    for row, cells in zip(file, shown, strict=True):
        assert row["Offer"] in cells[1]
        assert row["State"] == cells[4].split("\n")[0].strip() == "Completed"


@pytest.fixture
def somebody(browser: Browser, service: Service) -> Callable[[str], "contextmanager[Page]"]:
    @contextmanager
    def opened(name: str = "") -> Iterator[Page]:
        with browser.new_context(viewport={"width": 1280, "height": 900}) as context:
            context.set_default_timeout(20_000)
            page = context.new_page()
            if name:
                enter(page, service, f"{name}@demo.example")
            yield page

    return opened  # type: ignore[return-value]


def test_from_publication_to_badges(
    service: Service, platforms: tuple[Platform, Platform], somebody: Callable[..., Any],
    check_page: Callable[[Page], None],
) -> None:  # fmt: skip
    service.command("users", "add", "ward.manager@demo.example", "--role", "lead", "--system", "kent-and-medway")
    one, other = platforms
    going = [(one, "Sam Ward"), (other, "Priya Shah"), (other, "Jo Mbeki")]
    later = today() + timedelta(days=30)
    with somebody("partner") as partner, somebody("reviewer") as reviewer:
        draft_it(partner)
        make_it_a_programme(partner, check_page)
        reviewer.goto(f"{service.tool}/review")
        reviewer.get_by_role("main").get_by_role("link", name=TITLE).first.click()
        reviewer.get_by_role("button", name="Approve").click()
        expect(reviewer.get_by_text("It is in the catalogue.")).to_be_visible()
        add_cohort(partner, service, check_page)
        keep_seats(partner, service, {FIRST: ("2", later), SECOND: ("1", later)})
        check_page(partner)

    with somebody() as page, somebody("lead") as lead, somebody("ward.manager") as second_lead:
        for platform in platforms:
            platform.place(page)
        for platform, who in going:  # somebody is known here once they have come
            expect(platform.open(page, who).get_by_role("heading", level=1)).to_contain_text(TITLE)
        nominate(lead, service, "Sam Ward", check_page)
        nominate(second_lead, service, "Priya Shah", check_page)
        second_lead.goto(f"{service.tool}/seats?system=nottinghamshire")
        expect(second_lead.get_by_role("heading", level=1)).to_have_text("Page not found")

        for number, (platform, who) in enumerate(going[:2]):
            frame = platform.open(page, who)
            frame.get_by_role("button", name=re.compile("^A place is held for you")).click()
            frame.get_by_role("button", name="Say whether you take it").click()
            check_page(page)
            ask_manager(frame, number, "Accept and ask my manager")
            with somebody() as managing:
                agree(managing, service, number, check_page)

        frame = other.open(page, "Jo Mbeki")
        frame.get_by_role("button", name="Enrol").first.click()
        ask_manager(frame, 2, "Ask my manager")
        with somebody() as managing:
            agree(managing, service, 2, check_page)
        waiting = re.compile("number 1 of 1 on the waiting list")
        expect(enrolment_of(other, page, "Jo Mbeki").get_by_role("main")).to_contain_text(waiting)

    with somebody("partner") as partner, somebody() as page, somebody("administrator") as administrator:
        keep_seats(partner, service, {FIRST: ("2", today()), SECOND: ("1", later)})  # the first system's day has come
        frame = enrolment_of(other, page, "Jo Mbeki")
        expect(frame.get_by_role("main")).to_contain_text("Still to do")
        check_page(page)

        register(partner, service, [who for _platform, who in going], check_page)
        token = token_of(administrator, service)
        for platform, who in going:
            tell(service, token, platform, who)
        for platform, who in going:
            service.wait_for(lambda: platform.points(who) == [100], f"the grade of {who}")  # noqa: B023 called at once
        assert one.points("Priya Shah") == other.points("Sam Ward") == []

        check_badge(one.open(page, "Sam Ward"), service)
        count(administrator, service, [who for _platform, who in going], check_page)
