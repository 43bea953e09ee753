"""In a browser: an administrator gives a code and adds an identity provider; staff come through it."""

import subprocess
import sys
from collections.abc import Callable, Iterator

import pyotp
import pytest
from playwright.sync_api import Browser, Page, expect

from tests.journeys.door import enter
from tests.journeys.service import Service, free_port


@pytest.fixture
def issuer(service: Service) -> Iterator[str]:
    port = free_port()
    words = ["-p", str(port), "--user-claims", '{"sub": "nia", "name": "Nia Nurse"}']
    with (service.folder / "provider.log").open("ab") as log:
        process = subprocess.Popen([sys.executable, "-m", "oidc_provider_mock", *words], stdout=log, stderr=log)
    try:
        address = f"http://127.0.0.1:{port}"
        service.wait_for(lambda: service._answers(f"{address}/.well-known/openid-configuration"), "the provider")
        yield address
    finally:
        process.terminate()
        process.wait(timeout=20)


def add_provider(page: Page, service: Service, issuer: str, check_page: Callable[[Page], None]) -> None:
    page.goto(f"{service.tool}/admin/sign-on")
    page.get_by_role("button", name="Add an identity provider").click()
    typed = {
        "Name on the sign-in page": "Riverside Trust", "Key in its addresses": "riverside", "Issuer": issuer,
        "Client ID": "every-seat", "Client secret": "a secret",
    }  # fmt: skip
    for label, text in typed.items():
        page.get_by_label(label, exact=True).fill(text)
    page.get_by_label("Whose staff sign in there").select_option("shared")
    check_page(page)
    page.get_by_role("button", name="Add it").click()
    page.get_by_role("button", name="Check connection").click()
    expect(page.get_by_text("What can be tried works")).to_be_visible()
    check_page(page)


def test_staff_come_through_the_provider_that_an_administrator_added(
    browser: Browser, page: Page, service: Service, issuer: str, check_page: Callable[[Page], None]
) -> None:
    enter(page, service, "administrator@demo.example")
    add_provider(page, service, issuer, check_page)

    with browser.new_context(viewport={"width": 1280, "height": 900}) as context:
        staff = context.new_page()
        staff.set_default_timeout(20_000)
        staff.goto(f"{service.tool}/sign-in?next=/your-sign-ins")
        check_page(staff)
        staff.get_by_role("button", name="Riverside Trust").click()
        staff.get_by_role("button", name="nia").first.click()
        expect(staff).to_have_url(f"{service.tool}/your-sign-ins")
        expect(staff.get_by_role("link", name="Nia Nurse")).to_be_visible()
        check_page(staff)

    page.goto(f"{service.tool}/admin/people?q=nia")
    check_page(page)
    page.get_by_role("link", name="Nia Nurse").click()
    check_page(page)
    page.get_by_role("button", name="Suspend").click()
    expect(page.get_by_text("They are suspended")).to_be_visible()


def test_somebody_sets_up_an_authenticator(page: Page, service: Service, check_page: Callable[[Page], None]) -> None:
    enter(page, service, "nominee@demo.example")
    page.goto(f"{service.tool}/your-authenticator")
    page.get_by_role("button", name="Set it up").click()
    check_page(page)
    page.get_by_label("Code", exact=True).fill(pyotp.TOTP(page.locator(".app-token").inner_text()).now())
    page.get_by_role("button", name="Continue").click()
    expect(page.locator(".app-codes code")).to_have_count(10)
    check_page(page)
    page.get_by_role("button", name="I have kept them").click()
    expect(page.get_by_text("You have 10 recovery codes left")).to_be_visible()
