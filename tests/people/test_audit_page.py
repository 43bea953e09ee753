"""Administrators search the audit trail; to read it is an event, and who was erased is only a key."""

import csv
import io
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from catalogue.clock import today
from catalogue.extensions import db
from catalogue.people import audit
from catalogue.people.audit_queries import ON_A_PAGE
from catalogue.people.models import AuditEvent, Person
from catalogue.privacy import erasing
from catalogue.transactions import run
from tests.visitor import Visitor

Ask = Callable[[Callable[[], Any]], Any]


@pytest.fixture
def events(app: Flask, add_person: Callable[..., int]) -> str:
    """Many events of Lena's; returns her key."""
    person_id = add_person("Lena Learner")
    with app.app_context():
        key = db.session.get_one(Person, person_id).key

        def write() -> None:
            for number in range(ON_A_PAGE + 10):
                audit.record("tried", f"thing:{number}", key, note="=1+1" if number == 0 else "plain")

        run(write)
    return key


def test_events_are_shown_newest_first_a_page_at_a_time(administrator: Visitor, events: str) -> None:
    administrator.get("/admin/audit?action=tried")
    subjects = [row.select("td")[4].get_text() for row in administrator.page.select("main tbody tr")]
    assert subjects == [f"thing:{number}" for number in range(ON_A_PAGE + 9, 9, -1)]
    assert "Lena Learner" in administrator.text()
    (older,) = [link for link in administrator.page.select("main a") if link.get_text() == "Older ones"]
    administrator.get(str(older["href"]))
    assert [row.select("td")[4].get_text() for row in administrator.page.select("main tbody tr")] == [
        f"thing:{number}" for number in range(9, -1, -1)
    ]
    assert "Back to the newest" in administrator.text()


@pytest.mark.both_databases
def test_events_are_found_by_person_subject_and_day(administrator: Visitor, events: str) -> None:
    for query, found in (
        (f"person={events}", True),
        ("subject=thing:3", True),
        (f"action=tried&from={today()}&to={today()}", True),
        ("action=tried&to=2020-01-01", False),
        ("action=tried&from=2999-01-01", False),
        ("subject=thing:999", False),
    ):
        administrator.get(f"/admin/audit?{query}")
        assert ("There is no event like this" not in administrator.text()) == found, query


def test_days_and_numbers_that_are_none_are_passed_over(administrator: Visitor, events: str) -> None:
    for query in (
        "from=yesterday",
        "to=2026-13-45",
        "before=x",
        "before=-1",
        "before=99999999999999",
        "from=0001-01-01",
    ):
        administrator.get(f"/admin/audit?action=tried&{query}")
        assert "thing:" in administrator.text()


def test_somebody_is_found_by_their_address_which_stands_in_no_address_of_a_page(
    administrator: Visitor, events: str
) -> None:
    administrator.get("/admin/audit")
    administrator.press("Find", email="lena.learner@test.example")
    assert administrator.response.headers["Location"].endswith(f"?person={events}")
    administrator.follow()
    assert "Shown: what Lena Learner did" in administrator.text()
    administrator.press("Find", status=422, email="nobody@test.example")
    assert "Nobody signs in with this address" in administrator.text()


def test_whoever_has_a_name_is_named_whatever_their_key_looks_like(administrator: Visitor, change: Ask) -> None:
    def by_key() -> None:
        db.session.add(Person(key="example-colleague-77", name="Bronwen Example"))
        audit.record(
            "tried",
            "example-colleague-77",
            "example-colleague-77",
            asked={"action": "tried"},
            empty={},
            system=None,
            due=True,
        )

    change(by_key)
    administrator.get("/admin/audit?action=tried")
    cells = [" ".join(cell.get_text(" ").split()) for cell in administrator.page.select("main tbody td")]
    assert cells[2] == cells[4] == "Bronwen Example example-colleague-77"
    assert cells[5] == "asked: action tried; system: none; due: yes", "and the detail is in words"


def test_who_was_erased_is_only_a_key(administrator: Visitor, events: str, change: Ask) -> None:
    change(lambda: erasing.erase_on_request(events, events))
    administrator.get("/admin/audit?action=tried")
    assert events in administrator.text()
    assert "Lena" not in administrator.text()


def test_reading_is_an_event_and_says_nothing_of_whom(administrator: Visitor, events: str, ask: Ask) -> None:
    administrator.get(f"/admin/audit?person={events}&subject=lena.learner@test.example&action=Lena")
    read = ask(lambda: db.session.scalars(select(AuditEvent.detail).where(AuditEvent.action == "audit read")).all())
    assert read == [{"asked": {"person": events}}]


def test_the_file_holds_all_that_was_found_in_harmless_cells(administrator: Visitor, events: str, ask: Ask) -> None:
    answer = administrator.client.get("/admin/audit/events.csv?action=tried", base_url="https://127.0.0.1:8000")
    rows = list(csv.DictReader(io.StringIO(answer.data.decode("utf-8-sig"))))
    assert [row["about"] for row in rows] == [f"thing:{number}" for number in range(ON_A_PAGE + 9, -1, -1)]
    assert {row["who by name"] for row in rows} == {"Lena Learner"}
    assert all(len(row["seal"]) == 64 for row in rows)
    assert ask(lambda: db.session.scalar(select(AuditEvent.id).where(AuditEvent.action == "audit file read")))


def test_a_name_that_is_a_formula_is_none_in_the_file(administrator: Visitor, events: str, change: Ask) -> None:
    def rename() -> None:
        db.session.scalars(select(Person).where(Person.key == events)).one().name = "=HYPERLINK(1)"

    change(rename)
    answer = administrator.client.get("/admin/audit/events.csv?action=tried", base_url="https://127.0.0.1:8000")
    assert "'=HYPERLINK(1)" in answer.data.decode("utf-8-sig")
    assert ",=HYPERLINK" not in answer.data.decode("utf-8-sig")
