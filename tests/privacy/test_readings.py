"""Whoever is shown somebody else's record is in the audit trail."""

import json
from collections.abc import Callable
from io import BytesIO
from typing import Any
from zipfile import ZipFile

import pytest
from flask import Flask
from sqlalchemy import select

from catalogue.enrolments import actions as enrolments
from catalogue.enrolments.models import Enrolment
from catalogue.extensions import db
from catalogue.offers.models import Offer, Run
from catalogue.people import actions, chain
from catalogue.people.models import AuditEvent, Person, Role
from catalogue.systems.models import Membership, Organisation, System
from tests.enrolments.conftest import WITH_RUNS
from tests.systems.conftest import LEEDS
from tests.visitor import Visitor

Ask = Callable[[Callable[[], Any]], Any]


def readings() -> list[tuple[str, str]]:
    events = select(AuditEvent.action, AuditEvent.subject).where(AuditEvent.action.endswith(" read"))
    rows = db.session.execute(events.order_by(AuditEvent.id))
    return [(action, subject) for action, subject in rows]


def test_every_page_that_is_noted_is_there_and_its_address_names_its_subject(app: Flask) -> None:
    arguments: dict[str, set[str]] = {}
    for rule in app.url_map.iter_rules():
        arguments.setdefault(rule.endpoint, set()).update(rule.arguments)
    for endpoint, (_what, subject) in app.extensions["readings"].items():
        assert endpoint in arguments, f"there is no {endpoint} any more"
        subject.format(**dict.fromkeys(arguments[endpoint], "1"))


@pytest.mark.both_databases
def test_to_be_shown_a_register_or_a_person_is_an_event(
    administrator: Visitor, add_person: Callable[..., int], ask: Ask
) -> None:
    person_id = add_person("Lena Learner")
    key = ask(lambda: db.session.get_one(Person, person_id).key)
    administrator.get("/offers/ten-minute-huddle/register")
    administrator.get(f"/admin/people/{key}")
    assert ask(readings) == [("register read", "offer:ten-minute-huddle"), ("person read", key)]
    assert ask(chain.verify).fault == ""


@pytest.mark.both_databases
def test_a_person_is_told_of_each_register_and_list_that_showed_them_and_of_nobody_else_on_it(
    administrator: Visitor, add_person: Callable[..., int], sign_in: Callable[[int], Visitor], ask: Ask, change: Ask
) -> None:
    people = [add_person(name) for name in ("Ann Able", "Ben Best", "Cat Cole")]
    keys = ask(lambda: [db.session.get_one(Person, one).key for one in people])

    def enrol() -> tuple[int, int, str, str]:
        first, other = db.session.scalars(
            select(Run).join(Run.offer).where(Offer.slug == WITH_RUNS).order_by(Run.id).limit(2)
        )
        for person_id, run in zip(people, (first, first, other), strict=True):
            enrolments.enrol(db.session.get_one(Person, person_id), run.offer, run.id)
        leeds = db.session.scalars(select(Organisation).where(Organisation.key == LEEDS)).one()
        db.session.add(Membership(person_id=people[0], organisation=leeds))
        return first.id, other.id, first.starts_on.isoformat(), db.session.get_one(System, leeds.system_id).key

    first, other, day, system = change(enrol)
    administrator.get(f"/offers/{WITH_RUNS}/register/runs/{first}/list")
    administrator.get(f"/offers/{WITH_RUNS}/register/runs/{other}/list")
    administrator.get(f"/offers/{WITH_RUNS}/register")
    administrator.get(f"/organisations/{LEEDS}/people")
    lead_id = add_person("Lee Lead")
    change(lambda: give_lead(lead_id, system))
    sign_in(lead_id).get(f"/seats/{first}")
    administrator.get("/track?names=1")

    def told(person_id: int, heading: str) -> list[dict[str, Any]]:
        return told_of(sign_in(person_id)).get(heading, [])

    lists = "Registers and lists of people with you among them that others were shown"
    both = [("register read", f"{WITH_RUNS}, {day}"), ("register read", f"offer:{WITH_RUNS}")]
    found = {one: [(row["action"], row["subject"]) for row in told(one, lists)] for one in people}
    assert found[people[0]] == [
        *both, ("people of an organisation read", f"organisation:{LEEDS}"),
        ("people of a system on a run read", f"{WITH_RUNS}, {day}"),
    ]  # fmt: skip
    assert found[people[1]] == both
    assert [action for action, _subject in found[people[2]]] == ["register read", "register read"]
    assert found[people[2]] != both, "on another run"
    done = told(people[0], "What others did with your record")
    (tracked,) = [row for row in done if row["action"] == "completions read"]
    assert tracked["detail"] == {"people": 3, "keys": [keys[0]]}, "and nobody else's"


@pytest.mark.both_databases
def test_whoever_left_is_told_of_what_showed_them_before(
    administrator: Visitor, add_person: Callable[..., int], sign_in: Callable[[int], Visitor], change: Ask
) -> None:
    person_id = add_person("Ann Able")

    def enrol() -> int:
        run = db.session.scalars(select(Run).join(Run.offer).where(Offer.slug == WITH_RUNS).order_by(Run.id)).first()
        assert run is not None
        return enrolments.enrol(db.session.get_one(Person, person_id), run.offer, run.id).id

    administrator.get(f"/offers/{WITH_RUNS}/register")
    number = change(enrol)
    administrator.get(f"/offers/{WITH_RUNS}/register")
    change(lambda: enrolments.withdraw(db.session.get_one(Enrolment, number), db.session.get_one(Person, person_id)))
    administrator.get(f"/offers/{WITH_RUNS}/register")
    held = told_of(sign_in(person_id))
    assert len(held["Registers and lists of people with you among them that others were shown"]) == 1


def give_lead(person_id: int, system: str) -> None:
    there = db.session.scalars(select(System.id).where(System.key == system)).one()
    actions.grant(db.session.get_one(Person, person_id), Role.LEAD, system_id=there)


def told_of(visitor: Visitor) -> dict[str, list[dict[str, Any]]]:
    """What the download says, by heading; found as its user would look for it."""
    visitor.get("/your-sign-ins")
    (link,) = [one for one in visitor.page.select("main a") if one.get_text().startswith("What we hold about you")]
    visitor.get(str(link["href"]))
    visitor.press("Download everything", status=200)
    with ZipFile(BytesIO(visitor.response.data)) as archive:
        held: dict[str, list[dict[str, Any]]] = json.loads(archive.read("about-you.json"))["held"]
    return held


def test_who_is_not_shown_it_has_not_read_it_and_to_see_oneself_is_no_event(
    learner: Visitor, administrator: Visitor, ask: Ask
) -> None:
    learner.get("/offers/ten-minute-huddle/register", status=404)
    own = ask(lambda: db.session.scalar(select(Person.key).where(Person.name == "Adam Administrator")))
    administrator.get(f"/admin/people/{own}")
    assert ask(readings) == []
