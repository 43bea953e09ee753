"""Leads see their own system, and no other."""

from collections.abc import Callable

from sqlalchemy import select

from catalogue.extensions import db
from catalogue.people import actions
from catalogue.people.models import Person, Role
from catalogue.systems.models import System
from tests.conftest import Ask
from tests.systems.conftest import LEEDS
from tests.visitor import Visitor


def test_a_lead_sees_the_organisations_of_their_system_and_counts_of_ten_and_more(
    lead_of: Callable[..., Visitor], staff_of: Callable[[str, int], None]
) -> None:
    staff_of(LEEDS, 12)
    staff_of("bradford-teaching-hospitals", 3)
    lead = lead_of("west-yorkshire")
    lead.get("/map")
    (link,) = [link for link in lead.page.select("main a") if "organisations and local partners" in link.get_text()]
    lead.get(str(link["href"]))
    said = lead.text()
    assert "Leeds Teaching Hospitals NHS Trust (RR8) 12 people" in said
    assert "Bradford Teaching Hospitals NHS Foundation Trust (RAE) Fewer than 10 people" in said
    assert "15 people" not in said, "the sum would tell of the three"
    assert "is not told" in said


def test_another_system_is_not_there(lead_of: Callable[..., Visitor], administrator: Visitor) -> None:
    lead = lead_of("west-yorkshire", "devon")
    page = lead.get("/your-system")
    assert [link.get_text() for link in page.select("main ul a")] == ["Devon", "West Yorkshire"]
    lead.get("/your-system/devon")
    for key in ("dorset", "ics-devon", "atlantis"):
        lead.get(f"/your-system/{key}", status=404)
    administrator.get("/your-system/devon", status=404)


def test_who_leads_what_followed_several_areas_leads_those(lead_of: Callable[..., Visitor]) -> None:
    lead = lead_of("ics-north-east-and-north-cumbria")
    page = lead.get("/your-system")
    assert len(page.select("main ul a")) == 3
    lead.get("/your-system/northumberland-tyne-and-wear")


def test_a_role_that_is_over_shows_no_system(
    lead_of: Callable[..., Visitor], change: Ask, add_person: Callable[..., int], sign_in: Callable[[int], Visitor]
) -> None:
    person_id = add_person("Lou Late")

    def give() -> None:
        system = db.session.scalars(select(System).where(System.key == "devon")).one()
        person = db.session.get_one(Person, person_id)
        actions.grant(person, Role.LEAD, system_id=system.id)
        db.session.flush()
        db.session.refresh(person)
        person.all_grants[0].ends_on = person.created_at.date().replace(year=2000)

    change(give)
    sign_in(person_id).get("/your-system", status=404)
