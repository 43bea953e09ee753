"""Administrators keep systems, their organisations and their local partners."""

from collections.abc import Callable

import pytest
from sqlalchemy import select

from catalogue.extensions import db
from catalogue.people.models import AuditEvent
from catalogue.resources import resource_dir
from catalogue.seeding.load import load
from catalogue.systems.models import Organisation, System
from tests.conftest import Ask
from tests.systems.conftest import LEEDS
from tests.visitor import Visitor

YORKSHIRE = "/admin/systems/west-yorkshire"


def test_every_area_is_listed_with_what_followed_it_page_by_page(administrator: Visitor) -> None:
    administrator.get("/admin")
    page = administrator.get("/admin/systems")
    names = [link.get_text() for link in page.select(".app-work-list a")]
    assert len(names) == 44
    assert "ended 1 July 2022; followed by North East and North Cumbria (ICS)" in administrator.text()
    administrator.press("Search", status=200, q="yorkshire")
    assert [link.get_text() for link in administrator.page.select(".app-work-list a")] == [
        "South Yorkshire and Bassetlaw", "West Yorkshire"
    ]  # fmt: skip
    page = administrator.get("/admin/systems?kind=all")
    seen = [str(link["href"]) for link in page.select(".app-work-list a")]
    page = administrator.get(str(page.select(".app-pages a")[-1]["href"]))
    seen += [str(link["href"]) for link in page.select(".app-work-list a")]
    assert len(seen) == len(set(seen)) == 86


def test_a_system_shows_its_organisations_and_what_followed_it(
    administrator: Visitor, lead_of: Callable[..., Visitor], staff_of: Callable[[str, int], None]
) -> None:
    lead_of("west-yorkshire")
    staff_of(LEEDS, 12)
    administrator.get(YORKSHIRE)
    said = administrator.text()
    assert "Leeds Teaching Hospitals NHS Trust (RR8)" in said
    assert "12 people" in said
    assert "Ended 1 July 2022 Followed by West Yorkshire (ICS)" in said
    assert "Led by Lead of 1 west-yorkshire" in said
    administrator.get("/admin/systems/ics-north-east-and-north-cumbria")
    assert "Northumberland, Tyne and Wear" in administrator.text()
    assert "North Cumbria Integrated Care NHS Foundation Trust" in administrator.text()
    administrator.get("/admin/systems/atlantis", status=404)


def test_a_system_is_changed_and_seeding_leaves_it_so(administrator: Visitor, change: Ask, ask: Ask) -> None:
    administrator.get(f"{YORKSHIRE}/change")
    administrator.press("Save", name="West Riding", ended_on="2022-07-02", successor="ics-sussex")
    administrator.follow()
    assert "Ended 2 July 2022 Followed by Sussex (ICS)" in administrator.text()
    change(lambda: load(resource_dir("seed"), demo=False))
    name, events = ask(
        lambda: (
            db.session.scalars(select(System.name).where(System.key == "west-yorkshire")).one(),
            db.session.scalars(select(AuditEvent).where(AuditEvent.action == "system changed")).all(),
        )
    )
    assert name == "West Riding"
    assert [event.detail["fields"] for event in events] == [["ended_on", "name", "successor_id"]]


def test_nothing_follows_itself_or_ends_before_it_starts(administrator: Visitor) -> None:
    at = "/admin/systems/ics-sussex"
    page = administrator.get(f"{at}/change")
    offered = {str(option["value"]) for option in page.select("select[name=successor] option")}
    assert "ics-sussex" not in offered
    assert "west-yorkshire" not in offered, "what has ended follows nothing"
    administrator.press("Save", status=422, started_on="2022-07-01", ended_on="2022-06-30", name="Sussex again")
    assert "It cannot end before it starts" in administrator.text()
    assert administrator.page.select_one("input[value='Sussex again']")
    administrator.press("Save", status=422, ended_on="", successor="west-yorkshire")
    assert "Choose one from the list" in administrator.text()
    administrator.get(f"{at}/change")
    administrator.press("Save", successor="ics-devon")
    administrator.get("/admin/systems/ics-devon/change")
    administrator.press("Save", status=422, successor="ics-sussex")
    assert "Devon would follow itself" in administrator.text()


@pytest.mark.both_databases
def test_a_merger_ends_some_systems_and_starts_another_whose_lead_leads_their_areas(
    administrator: Visitor, lead_of: Callable[..., Visitor], ask: Ask
) -> None:
    before = lead_of("ics-dorset")
    administrator.get("/admin/systems")
    administrator.get(link(administrator, "Add a system"))
    token = administrator.csrf_token("/admin/systems/add")

    def add(status: int, name: str, kind: str, started_on: str) -> None:
        followed = ["ics-dorset", "ics-somerset"]
        fields = {"csrf_token": token, "name": name, "kind": kind, "started_on": started_on, "followed": followed}
        administrator.post("/admin/systems/add", fields, status)

    add(422, "Wessex", "", "")
    assert "Choose what it is" in administrator.text()
    add(422, "Wessex", "ICS", "")
    assert administrator.text().count("Enter the first day: what it follows ends on it") == 2, "above, and at the field"
    assert administrator.page.select_one("input[name=followed][value=ics-dorset][checked]")
    assert not administrator.page.select("input[name=followed][value=dorset]"), "what has ended is not followed again"
    add(422, "sussex", "ICS", "2026-04-01")
    assert "Another system of this kind has this name already" in administrator.text()
    add(422, "Wessex", "ICS", "2022-06-30")
    assert "starts later than that" in administrator.text()
    add(302, "Wessex", "ICS", "2026-04-01")
    administrator.follow()
    assert "Since 1 April 2026 Followed Dorset , Somerset" in administrator.text()
    administrator.get("/admin/systems/ics-dorset")
    assert "Ended 1 April 2026 Followed by Wessex (ICS)" in administrator.text()
    after = lead_of("ics-wessex")
    for lead, areas in ((before, ["Dorset"]), (after, ["Dorset", "Somerset"])):
        lead.get("/your-system")
        said = [one.get_text() for one in lead.page.select("main h1, main li a")]
        assert [area for area in ("Dorset", "Somerset") if area in said] == areas
    administrator.get("/admin/systems/ics-wessex")
    assert "University Hospitals Dorset NHS Foundation Trust" in administrator.text(), "through what it followed"
    administrator.get("/admin/systems/dorset")
    assert "Led by Lead of 1 ics-dorset, Lead of 1 ics-wessex" in administrator.text()
    events = select(AuditEvent.action).where(AuditEvent.subject.startswith("system:")).order_by(AuditEvent.id)
    assert ask(lambda: db.session.scalars(events).all()) == ["system added", "system changed", "system changed"]


def test_a_new_area_can_have_organisations_and_its_address_is_no_other_page(administrator: Visitor) -> None:
    administrator.get("/admin/systems/add")
    administrator.press("Add", name="Import", kind="STP", started_on="")
    administrator.follow()
    administrator.get(link(administrator, "Add an organisation"))
    administrator.press("Add", name="Import Trust", kind="trust")
    administrator.get("/admin/systems/import-2")
    assert "Import Trust" in administrator.text()


def link(visitor: Visitor, text: str) -> str:
    """Where the link with these words leads."""
    return next(str(one["href"]) for one in visitor.page.select("main a") if text in one.get_text())


def test_an_organisation_is_added_changed_and_ended(administrator: Visitor) -> None:
    administrator.get(YORKSHIRE)
    at = administrator.page.find("a", string=lambda text: bool(text) and "Add an organisation" in text)
    assert at is not None
    administrator.get(str(at["href"]))
    administrator.press("Add", status=422, name="", ods_code="R-8")
    assert "Enter a name" in administrator.text()
    assert "3 to 10 letters and digits" in administrator.text()
    administrator.press("Add", status=422, name="Airedale NHS Foundation Trust", kind="trust", ods_code="rr8")
    assert "Leeds Teaching Hospitals NHS Trust has the code RR8 already" in administrator.text()
    administrator.press("Add", name="Airedale NHS Foundation Trust", kind="trust", ods_code="rcf")
    administrator.follow()
    assert "ODS code RCF System West Yorkshire (STP" in administrator.text()
    administrator.get("/organisations/airedale-nhs-foundation-trust/change")
    administrator.press("Save", status=422, ended_on="2026-04-01")
    assert "Say what followed it" in administrator.text()
    administrator.press("Save", ended_on="2026-04-01", successor="Bradford Teaching Hospitals")
    administrator.get(YORKSHIRE)
    assert "ended 1 April 2026; followed by Bradford Teaching Hospitals" in administrator.text()


def test_local_partners_are_assigned_from_a_day_to_a_day(administrator: Visitor) -> None:
    administrator.get(f"{YORKSHIRE}/partners")
    administrator.press("Add", status=422, organisation="Nobody at all")
    assert "No organisation has this code" in administrator.text()
    administrator.press("Add", status=422, organisation="NHS Improvement")
    assert "NHS Improvement has ended. Choose one that is there." in administrator.text()
    days = {"starts_on": "2026-02-01", "ends_on": "2026-01-01"}
    administrator.press("Add", status=422, organisation="the staff college", **days)
    assert "It cannot end before it starts" in administrator.text()
    administrator.press("Add", organisation="the staff college", starts_on="2026-01-01", ends_on="")
    administrator.follow()
    assert "The Staff College Now from 1 January 2026" in administrator.text()
    (link,) = [one for one in administrator.page.select("a") if one.get_text().startswith("Change the days")]
    administrator.get(str(link["href"]))
    administrator.press("Save", ends_on="2026-02-01")
    administrator.follow()
    assert "The Staff College Not now 1 January to 1 February 2026" in administrator.text()
    administrator.press("Remove The Staff College")
    administrator.follow()
    assert "No organisation has been assigned" in administrator.text()


def test_organisations_are_found_by_name_and_by_code(administrator: Visitor, ask: Ask) -> None:
    administrator.get("/admin/organisations")
    assert len(administrator.page.select(".app-work-list li")) == 50
    every, at = 0, "/admin/organisations"
    while at:
        page = administrator.get(at)
        every += len(page.select(".app-work-list li"))
        links = [link for link in page.select(".app-pages a") if link.get_text() == "Next page"]
        at = str(links[0]["href"]) if links else ""
    assert every == len(ask(lambda: db.session.scalars(select(Organisation.id)).all()))
    for words in ("rr8", "leeds teaching"):
        administrator.get(f"/admin/organisations?q={words}")
        assert [link.get_text() for link in administrator.page.select(".app-work-list a")] == [
            "Leeds Teaching Hospitals NHS Trust"
        ]
