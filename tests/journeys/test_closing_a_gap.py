"""The map shows a gap that an added offer closes: by its pages and downloads, and in a real browser."""

from collections.abc import Callable

import pytest
from flask import Flask
from playwright.sync_api import Page, expect
from sqlalchemy import select

from catalogue.extensions import db
from catalogue.offers.models import Offer
from catalogue.people import actions
from catalogue.people.models import Person, Role
from catalogue.systems.models import System
from catalogue.transactions import run
from tests.journeys.door import enter
from tests.journeys.service import Service
from tests.reports.standing import CARE, NOTTINGHAMSHIRE, a_run, an_offer, assessed_people, downloaded
from tests.visitor import Visitor

GAP = "Leading with care × Leaders equipped to develop high quality local health and care systems in partnership"


def cell_of(visitor: Visitor) -> str:
    """What the heat map says in the cell that the seed has no offer for."""
    row = next(row for row in visitor.page.select(".app-map tbody tr") if "Leading with care" in row.get_text())
    return " ".join(row.select("td")[0].get_text(" ").split())


@pytest.mark.catalogue_alone
@pytest.mark.both_databases
def test_a_lead_sees_a_gap_and_an_added_offer_closes_it(
    app: Flask, add_person: Callable[..., int], sign_in: Callable[[int], Visitor]
) -> None:
    person_id = add_person("Lee Lead")

    def need() -> None:
        system = db.session.scalars(select(System).where(System.key == NOTTINGHAMSHIRE)).one()
        actions.grant(db.session.get_one(Person, person_id), Role.LEAD, system_id=system.id)
        assessed_people(NOTTINGHAMSHIRE, 12)

    with app.app_context():
        run(need)
    lead = sign_in(person_id)
    place = (NOTTINGHAMSHIRE, *CARE)
    lead.get("/")
    assert f"{GAP} : 12 people, no offer." in lead.text()
    assert cell_of(lead) == "○ Gap 12 people No offer"
    assert downloaded(lead, "/map/gaps.csv")[place]["people with a gap"] == "12"

    with app.app_context():
        run(lambda: an_offer("Caring across organisations"))
    lead.get("/")
    assert GAP not in lead.text()
    assert cell_of(lead).startswith("◐ Short 12 people 1 offer")
    assert place not in downloaded(lead, "/map/gaps.csv")

    with app.app_context():
        run(
            lambda: a_run(db.session.scalars(select(Offer).where(Offer.key == "Caring across organisations")).one(), 12)
        )
    lead.get("/")
    assert cell_of(lead).startswith("● Met 12 people 1 offer")
    assert cell_of(lead).endswith("12 places 6 hours")
    assert downloaded(lead, "/map/cells.csv")[place]["state"] == "met"
    lead.get("/offers?dimension=care&condition=partnership")
    assert "Caring across organisations" in lead.text()


def test_a_lead_reads_the_map_in_a_browser(service: Service, page: Page, check_page: Callable[[Page], None]) -> None:
    enter(page, service, "lead@demo.example")
    expect(page.get_by_role("heading", level=1)).to_have_text("Need and offers in Nottinghamshire")
    expect(page.locator(".app-gaps li").filter(has_text=GAP)).to_contain_text("people, no offer")
    check_page(page)
    with page.expect_download() as download:
        page.get_by_role("link", name="Download all gaps (CSV)").click()
    assert GAP.split(" × ")[1] in download.value.path().read_text()

    page.get_by_role("link", name="As a table").click()
    page.get_by_role("link", name="Hours").click()
    expect(page.locator("th[aria-sort]")).to_have_text("Hours ▼")
    check_page(page)
