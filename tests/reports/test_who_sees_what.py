"""Whose map it is: an administrator's of all systems, a lead's of their own, and nobody else's."""

from collections.abc import Callable

import pytest
from flask import Flask
from sqlalchemy import select

from catalogue.extensions import db
from catalogue.people import actions
from catalogue.people.models import Person, Role
from catalogue.systems.models import Membership, System
from catalogue.transactions import run
from tests.reports.standing import CUMBRIA, NOTTINGHAMSHIRE, YORKSHIRE, a_trust, an_offer, assessed_people, downloaded
from tests.visitor import Visitor

FILES = ("/map/cells.csv", "/map/gaps.csv")


@pytest.fixture
def lead_of(app: Flask, add_person: Callable[..., int], sign_in: Callable[[int], Visitor]) -> Callable[..., Visitor]:
    """A lead of these systems."""

    def make(*keys: str) -> Visitor:
        person_id = add_person(f"Lead {' '.join(keys)}")

        def lead() -> None:
            for system in db.session.scalars(select(System).where(System.key.in_(keys))):
                actions.grant(db.session.get_one(Person, person_id), Role.LEAD, system_id=system.id)

        with app.app_context():
            run(lead)
        return sign_in(person_id)

    return make


def systems_in(visitor: Visitor, path: str = "/map/cells.csv") -> set[str]:
    return {system for system, _dimension, _condition in downloaded(visitor, path)}


def test_leads_of_two_systems_never_see_each_others(app: Flask, lead_of: Callable[..., Visitor]) -> None:
    with app.app_context():
        run(lambda: [assessed_people(NOTTINGHAMSHIRE, 11), assessed_people(CUMBRIA, 13)])
    leads = {NOTTINGHAMSHIRE: lead_of(NOTTINGHAMSHIRE), CUMBRIA: lead_of(CUMBRIA)}
    for (own, other), people in {(NOTTINGHAMSHIRE, CUMBRIA): 11, (CUMBRIA, NOTTINGHAMSHIRE): 13}.items():
        lead = leads[own]
        for path in FILES:
            assert systems_in(lead, path) == {own}
            assert systems_in(lead, f"{path}?system={own}") == {own}
            lead.get(f"{path}?system={other}", status=404)
        for path in ("/", "/map", "/map?view=table", f"/map?system={own}"):
            page = lead.get(path)
            assert f"{people} people" in lead.text()
            assert not page.select("main select"), "there is nothing to choose between"
        for address in (f"/map?system={other}", f"/?system={other}", "/map?system=nowhere", "/map?system=%ed%a0%80"):
            lead.get(address, status=404)


def test_a_lead_of_two_systems_sees_both_and_sums_of_what_is_shown(
    app: Flask, lead_of: Callable[..., Visitor], administrator: Visitor
) -> None:
    with app.app_context():
        run(
            lambda: [
                assessed_people(NOTTINGHAMSHIRE, 11),
                assessed_people(CUMBRIA, 9),
                assessed_people(YORKSHIRE, 3, 4),
            ]
        )
    lead = lead_of(NOTTINGHAMSHIRE, CUMBRIA)
    found = downloaded(lead, "/map/cells.csv")
    assert {system for system, *_ in found} == {NOTTINGHAMSHIRE, CUMBRIA, ""}
    assert {row["people assessed"] for (system, *_), row in found.items() if not system} == {"11"}
    page = lead.get("/")
    assert [option["value"] for option in page.select("select[name=system] option")] == ["", NOTTINGHAMSHIRE, CUMBRIA]
    assert "In 1 system, fewer than 10 people have" in lead.text()
    lead.press("Show", status=200, system=CUMBRIA)
    assert (
        "West, North and East Cumbria (STP, ended 1 July 2022; followed by North East and North Cumbria (ICS))"
        in lead.text()
    )
    assert "fewer than 10 have finished an assessment" in lead.text()
    assert len(systems_in(administrator)) == 45


def test_the_offers_of_a_cell_are_found_by_its_link(app: Flask, lead_of: Callable[..., Visitor]) -> None:
    def offering() -> None:
        assessed_people(NOTTINGHAMSHIRE, 11)
        an_offer("for Nottinghamshire", systems=[NOTTINGHAMSHIRE])
        an_offer("for Cumbria and Yorkshire", systems=[CUMBRIA, YORKSHIRE])
        an_offer("for all")

    with app.app_context():
        run(offering)
    for systems, offers in (([NOTTINGHAMSHIRE], 2), ([NOTTINGHAMSHIRE, CUMBRIA], 3)):
        lead = lead_of(*systems)
        links = lead.get("/").select(".app-map__cell a")
        assert len(links) >= 40
        in_care = next(link for link in links if "dimension=care&condition=partnership" in str(link["href"]))
        for link in (in_care, *links[::9]):
            counted = int(str(link.contents[0]).split()[0])
            found = lead.get(str(link["href"])).select_one("main h2")
            assert found is not None
            assert int(found.get_text().split()[0]) == counted, link
            assert counted == offers or link is not in_care


@pytest.mark.parametrize("how", ["organisation", "membership"])
def test_a_lead_may_be_named_by_an_organisation_or_be_a_member_of_one(
    app: Flask, add_person: Callable[..., int], sign_in: Callable[[int], Visitor], how: str
) -> None:
    person_id = add_person("Lee Lead")

    def lead() -> None:
        trust = a_trust(NOTTINGHAMSHIRE)
        person = db.session.get_one(Person, person_id)
        actions.grant(person, Role.LEAD, trust.id if how == "organisation" else None)
        member_of = trust if how == "membership" else a_trust(CUMBRIA)
        db.session.add(Membership(person=person, organisation=member_of))

    with app.app_context():
        run(lead)
    assert systems_in(sign_in(person_id)) == {NOTTINGHAMSHIRE}


def test_what_to_do_about_a_gap_depends_on_who_looks(
    app: Flask, add_person: Callable[..., int], sign_in: Callable[[int], Visitor], lead_of: Callable[..., Visitor]
) -> None:
    both = add_person("Bea Both")

    def make() -> None:
        people = assessed_people(NOTTINGHAMSHIRE, 11)
        trust = a_trust(NOTTINGHAMSHIRE)
        for role in (Role.LEAD, Role.PARTNER):
            actions.grant(db.session.get_one(Person, both), role, trust.id)
        db.session.add_all(Membership(person=person, organisation=a_trust(CUMBRIA)) for person in people)

    with app.app_context():
        run(make)
    lead, partner = lead_of(NOTTINGHAMSHIRE), sign_in(both)
    lead.get("/")
    partner.get("/")
    assert "Ask a provider for a new offer" in lead.text()
    assert "You are a partner yourself" not in lead.text()
    address = partner.page.find("a", string="see your own offers")
    assert address is not None
    partner.get(str(address["href"]))  # type: ignore[index]
    assert systems_in(lead_of(CUMBRIA), "/map/gaps.csv") == {CUMBRIA}, "who belongs to two systems counts in both"


def test_a_lead_without_a_system_is_told_what_to_do_and_keeps_their_own_home(
    add_person: Callable[..., int], sign_in: Callable[[int], Visitor]
) -> None:
    lead = sign_in(add_person("Lee Lead", Role.LEAD))
    lead.get("/map")
    assert "Ask the administrator" in lead.text()
    for path in FILES:
        lead.get(path, status=404)
    lead.get("/")
    assert "See where you stand" in lead.text()


def test_leads_and_administrators_have_their_own_home_too(lead_of: Callable[..., Visitor], learner: Visitor) -> None:
    lead = lead_of(NOTTINGHAMSHIRE)
    page = lead.get("/")
    assert "Your system" in [link.get_text(strip=True) for link in page.select("header nav a")]
    home = page.find("a", string="Your own home: your assessment and your plan")
    assert home is not None
    lead.get(str(home["href"]))  # type: ignore[index]
    own = lead.text()
    learner.get("/")
    assert learner.text() == own, "the same as everybody's"
    assert not learner.page.select("a[href='/map']")


def test_the_table_sorts_by_each_of_its_headings_and_has_every_cell_once(app: Flask, administrator: Visitor) -> None:
    with app.app_context():
        run(lambda: assessed_people(NOTTINGHAMSHIRE, 11))
    page = administrator.get("/map?view=table&system=nottinghamshire")
    for link in [str(link["href"]) for link in page.select("thead a")]:
        orders = []
        for address in (link, link.replace("sort=-", "sort=") if "sort=-" in link else link.replace("sort=", "sort=-")):
            rows = administrator.get(address).select("tbody tr")
            orders.append([" ".join(row.get_text(" ").split()) for row in rows])
            assert len(set(orders[-1])) == len(rows) == 45
            assert len(administrator.page.select("th[aria-sort]")) == 1
        assert sorted(orders[0]) == sorted(orders[1])
        assert orders[0] != orders[1], link
    page, seen = administrator.get("/map?view=table"), 0
    while True:
        seen += len(page.select("tbody tr"))
        onward = page.find("a", string="Next page")
        if onward is None:
            break
        page = administrator.get(str(onward["href"]))  # type: ignore[index]
    assert seen == 45 * 45


@pytest.mark.parametrize(
    "odd", ["sort=x", "sort=-", "page=0", "page=-1", "page=99999999999999999999", "page=x", "view=x"]
)
def test_what_an_address_asks_oddly_is_passed_over(administrator: Visitor, odd: str) -> None:
    administrator.get(f"/map?view=table&{odd}")
