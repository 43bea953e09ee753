"""How a browser signs in to the demonstration: with the password and, as an administrator, a code."""

from playwright.sync_api import Page, expect

from catalogue.seeding.demonstration import DEMO_ADMINISTRATOR, DEMO_PASSWORD
from tests.journeys.service import Service


def enter(page: Page, service: Service, email: str) -> None:
    page.goto(f"{service.tool}/sign-in")
    page.get_by_label("Email address").fill(email)
    page.get_by_label("Password", exact=True).fill(DEMO_PASSWORD)
    page.get_by_role("main").get_by_role("button", name="Sign in").click()
    if email == DEMO_ADMINISTRATOR:
        page.get_by_label("Code").fill(service.command("users", "code", email).strip())
        page.get_by_role("button", name="Continue").click()
    expect(page.get_by_role("button", name="Sign out")).to_be_attached()
