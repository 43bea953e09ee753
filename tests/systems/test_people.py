"""Who belongs to an organisation is kept by its own administrators and by those of the whole service."""

from collections.abc import Callable

import pytest
from sqlalchemy import select

from catalogue.extensions import db
from catalogue.people.models import AuditEvent, Person
from catalogue.systems import actions
from catalogue.systems.models import Organisation
from tests.conftest import Ask
from tests.systems.conftest import LEEDS
from tests.visitor import Visitor

AT = f"/organisations/{LEEDS}/people"


def test_somebody_is_added_by_who_answers_for_all_and_given_a_number_and_removed_by_its_own(
    administrator: Visitor, keeper: Visitor, add_person: Callable[..., int], ask: Ask, letters: Callable[[], list[str]]
) -> None:
    add_person("Ann Able")
    add_person("Ben Best")
    administrator.get(AT)
    assert "Nobody belongs to it yet" in administrator.text()
    administrator.press("Add", status=422, person="who@test.example", staff_number="1")
    assert "Nobody signs in with this address" in administrator.text()
    administrator.press("Add", person="Ann.Able@test.example", staff_number="1")
    administrator.follow()
    assert "Ann Able ann.able@test.example, staff number 1" in administrator.text()
    assert letters() == ["You are listed as working for Leeds Teaching Hospitals NHS Trust"]
    key = ask(lambda: db.session.scalars(select(Person.key).where(Person.name == "Ben Best")).one())
    administrator.press("Add", status=422, person=key, staff_number="1")
    assert "has the staff number 1" in administrator.text()
    administrator.press("Add", person=key, staff_number="2")
    keeper.get("/organisations")
    assert [link["href"] for link in keeper.page.select("main ul a")] == [f"/organisations/{LEEDS}"]
    keeper.get(AT)
    keeper.get(str(keeper.page.select(".app-work-list a")[1]["href"]))
    keeper.press("Save", status=422, staff_number="1")
    keeper.press("Save", staff_number="3")
    keeper.follow()
    keeper.press("Remove Ann Able")
    keeper.follow()
    assert "Ann Able" not in keeper.text()
    assert "staff number 3" in keeper.text()
    events = ask(lambda: db.session.scalars(select(AuditEvent.action).order_by(AuditEvent.id)).all())
    assert [event for event in events if "member" in event or "staff" in event] == [
        "member added", "member added", "staff number changed", "member removed"
    ]  # fmt: skip


def test_a_long_list_comes_in_pages_and_is_searched(keeper: Visitor, staff_of: Callable[[str, int], None]) -> None:
    staff_of(LEEDS, 120)
    seen, at = [], AT
    while at:
        page = keeper.get(at)
        seen += [strong.get_text() for strong in page.select(".app-work-list strong")]
        links = [link for link in page.select(".app-pages a") if link.get_text() == "Next page"]
        at = str(links[0]["href"]) if links else ""
    assert seen == sorted(set(seen))
    assert len(seen) == 120
    keeper.get(f"{AT}?q=lee-17")
    assert [strong.get_text() for strong in keeper.page.select(".app-work-list strong")] == [f"Staff 017 of {LEEDS}"]


def test_an_organisation_is_there_for_its_own_administrator_alone(
    keeper: Visitor, learner: Visitor, lead_of: Callable[..., Visitor], staff_of: Callable[[str, int], None]
) -> None:
    staff_of(LEEDS, 1)
    keeper.get(AT)
    member = str(keeper.page.select(".app-work-list a")[0]["href"])
    number = member.rsplit("/", 1)[1]
    for other in (learner, lead_of("west-yorkshire")):
        assert "Leeds" not in other.get("/organisations").get_text()
        for path in (f"/organisations/{LEEDS}", AT, f"{AT}/import", member):
            other.get(path, status=404)
        for path in (AT, f"{AT}/import", member, f"{member}/remove"):
            other.post(path, {"csrf_token": other.csrf_token()}, status=404)
    elsewhere = "/organisations/stockport"
    for path in (elsewhere, f"{elsewhere}/people", f"{elsewhere}/people/import", f"{elsewhere}/people/{number}"):
        keeper.get(path, status=404)
    for path in (f"/organisations/{LEEDS}/change", "/admin/organisations", "/admin/systems/west-yorkshire"):
        keeper.get(path, status=404)


def test_a_member_of_another_organisation_is_not_found_under_this_one(
    administrator: Visitor, staff_of: Callable[[str, int], None]
) -> None:
    staff_of("stockport", 1)
    administrator.get("/organisations/stockport/people")
    number = str(administrator.page.select(".app-work-list a")[0]["href"]).rsplit("/", 1)[1]
    administrator.get(f"{AT}/{number}", status=404)
    administrator.post(f"{AT}/{number}/remove", {"csrf_token": administrator.csrf_token()}, status=404)
    administrator.get(f"/organisations/stockport/people/{number}")


def test_nobody_is_added_to_what_has_ended(administrator: Visitor, add_person: Callable[..., int]) -> None:
    add_person("Ann Able")
    at = "/organisations/central-lancashire-primary-care-trust/people"
    administrator.get(at)
    assert not administrator.page.select("input[name=person]")
    fields = {"csrf_token": administrator.csrf_token(), "person": "ann.able@test.example"}
    administrator.post(at, fields, status=422)


@pytest.mark.both_databases
def test_a_staff_number_is_one_persons(ask: Ask, change: Ask, add_person: Callable[..., int]) -> None:
    first, second = add_person("Ann Able"), add_person("Ben Best")

    def add(person_id: int, number: str) -> None:
        there = db.session.scalars(select(Organisation).where(Organisation.key == LEEDS)).one()
        actions.add_member(there, db.session.get_one(Person, person_id), number, "")

    change(lambda: add(first, "1"))
    with pytest.raises(Exception, match="staff number 1"):
        change(lambda: add(second, "1"))
    change(lambda: add(second, ""))
    change(lambda: add(first, ""))
    change(lambda: add(second, "2"))
