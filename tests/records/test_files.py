"""Completions from exports of Totara and ESR: planned first, recorded together, and known the next time."""

import io
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import time_machine
from flask import Flask
from sqlalchemy import select

from catalogue.clock import now
from catalogue.credentials.actions import catch_up
from catalogue.enrolments.models import CompletedBy, Completion
from catalogue.extensions import db
from catalogue.people.models import Account, Person, Role
from catalogue.records import importing
from catalogue.records.cli import completions_group
from catalogue.records.models import CompletionImport, OutsideCompletion
from catalogue.systems.models import Membership, Organisation
from catalogue.transactions import run
from tests.conftest import Ask
from tests.records.conftest import SLUG
from tests.visitor import ORIGIN, Visitor

TRUST, OTHER = "example-riverside-trust", "care-quality-commission"
TOTARA = (
    "User's Fullname,User ID Number,User Email,Course Shortname,Course ID Number,Completion Status,Completion Date\r\n"
)
ESR = "Employee Number;Assignment Number;Class Name;Class Code;Enrolment Status;Completion Date\r\n"


def totara(*rows: str) -> bytes:
    return (TOTARA + "".join(f"{row}\r\n" for row in rows)).encode()


LENA = f"Lena Learner,20001234,,Huddle,{SLUG},Complete,04/03/2026"


@pytest.fixture
def people(app: Flask, add_person: Callable[..., int]) -> dict[str, int]:
    """Two people of a trust, and one of another organisation who has the same number there."""
    made = {name: add_person(name) for name in ("Lena", "Omar", "Stranger")}

    def belong() -> None:
        for name, number, key in (("Lena", "20001234", TRUST), ("Omar", "AB-77", TRUST), ("Stranger", "9", OTHER)):
            where = db.session.scalars(select(Organisation.id).where(Organisation.key == key)).one()
            db.session.add(Membership(person_id=made[name], organisation_id=where, staff_number=number))

    with app.app_context():
        run(belong)
    return made


def send(visitor: Visitor, content: bytes, source: str = "totara", status: int = 302, key: str = TRUST) -> str:
    """Send a file; returns the address of its report."""
    token = visitor.csrf_token()
    fields = {"csrf_token": token, "organisation": key, "source": source, "file": (io.BytesIO(content), "report.csv")}
    visitor.response = visitor.client.post(
        "/completions/import", data=fields, content_type="multipart/form-data", base_url=ORIGIN,
        headers={"Referer": f"{ORIGIN}/"},
    )  # fmt: skip
    assert visitor.response.status_code == status, visitor.response.text[:600]
    return str(visitor.response.headers.get("Location", ""))


def counts(visitor: Visitor) -> dict[str, int]:
    rows = visitor.page.select("dl.nhsuk-summary-list .nhsuk-summary-list__row")
    said = (row.get_text(" ", strip=True) for row in rows)
    return {words: int(count) for words, count in re.findall(r"^(.+?) (\d+) rows?$", "\n".join(said), re.MULTILINE)}


def recorded() -> list[Completion]:
    return list(db.session.scalars(select(Completion).where(Completion.voided_at.is_(None)).order_by(Completion.id)))


@pytest.mark.both_databases
def test_a_file_is_shown_first_and_recorded_when_it_is_said(
    administrator: Visitor, people: dict[str, int], ask: Ask, sign_in: Callable[[int], Visitor]
) -> None:
    report = send(administrator, totara(
        LENA,
        "Omar O.,ab-77,,Huddle,ten-minute-huddle,Complete via RPL,1 March 2026",
        "Lena Learner,20001234,,Huddle,ten-minute-huddle,Complete,05/03/2026",
        "Lena Learner,20001234,,Other,xyz-9,Complete,04/03/2026",
        "Nobody,123,,Huddle,ten-minute-huddle,Complete,04/03/2026",
        "Lena Learner,20001234,,Huddle,ten-minute-huddle,In progress,",
        "Lena Learner,20001234,,Huddle,ten-minute-huddle,Complete,31/02/2026",
    ))  # fmt: skip
    administrator.get(report)
    expected = {"New": 2, "Already known": 1, "Not completed there": 1, "Not matched": 2, "Wrong": 1}
    assert counts(administrator) == expected
    text = administrator.text()
    assert "Row 8, completion date: is no date: 31/02/2026" in text
    assert "Row 6, staff number: is nobody's in this organisation" in text
    assert ask(recorded) == []
    administrator.get(f"{report}/wrong.csv")
    assert administrator.response.text.count("\r\n") == 4
    administrator.get(report)
    administrator.press("Record 2 completions")
    administrator.follow()
    assert counts(administrator) == expected
    done = ask(lambda: [(one.person_id, one.by, one.at) for one in recorded()])
    assert done == [
        (people["Lena"], CompletedBy.ELSEWHERE, datetime(2026, 3, 4, 12, tzinfo=UTC)),
        (people["Omar"], CompletedBy.ELSEWHERE, datetime(2026, 3, 1, 12, tzinfo=UTC)),
    ]
    lena = sign_in(people["Lena"])
    lena.get("/transcript")
    assert "Completed on 4 March 2026" in lena.text()
    assert "Badge that others can check" in lena.text()
    assert ask(lambda: db.session.scalars(select(CompletionImport.content)).all()) == [None]


def test_what_an_organisation_brings_has_no_badge_of_the_provider(
    people: dict[str, int], ask: Ask, add_person: Callable[..., int], sign_in: Callable[[int], Visitor], app: Flask
) -> None:
    trust = ask(lambda: db.session.scalars(select(Organisation.id).where(Organisation.key == TRUST)).one())
    theirs = sign_in(add_person("Theirs", Role.ADMINISTRATOR, organisation_id=trust))
    theirs.get(send(theirs, totara(LENA)))
    theirs.press("Record 1 completion")
    with app.app_context():
        catch_up()
    lena = sign_in(people["Lena"])
    lena.get("/transcript")
    assert "Completed on 4 March 2026" in lena.text()
    assert "Your organisation brought this from another system" in lena.text()
    assert "Badge that others can check" not in lena.text(), "who administers people is not the provider"
    lena.get("/transcript.pdf")
    assert lena.response.status_code == 200


@pytest.mark.both_databases
def test_the_same_file_again_changes_nothing(administrator: Visitor, people: dict[str, int], ask: Ask) -> None:
    administrator.get(send(administrator, totara(LENA)))
    administrator.press("Record 1 completion")
    for _ in range(2):
        report = send(administrator, totara(LENA))
        administrator.get(report)
        assert "There is nothing new in it" in administrator.text()
        administrator.post(f"{report}/write", {"csrf_token": administrator.csrf_token()})
    assert len(ask(recorded)) == 1
    assert len(ask(lambda: db.session.scalars(select(OutsideCompletion)).all())) == 1


def test_a_file_is_recorded_once_however_often_the_button_is_pressed(
    administrator: Visitor, people: dict[str, int], ask: Ask
) -> None:
    report = send(administrator, totara(LENA))
    token = administrator.csrf_token()
    administrator.post(f"{report}/write", {"csrf_token": token})
    administrator.post(f"{report}/write", {"csrf_token": token}, status=409)
    administrator.post(f"{report}/throw-away", {"csrf_token": token}, status=409)
    assert len(ask(recorded)) == 1


def test_another_system_that_tells_the_same_makes_no_second_completion(
    administrator: Visitor, people: dict[str, int], ask: Ask
) -> None:
    token = administrator.csrf_token()
    administrator.post(f"{send(administrator, totara(LENA))}/write", {"csrf_token": token})
    esr = (ESR + f"20001234;20001234-2;Huddle;{SLUG};Attended;05-MAR-2026\r\n").encode()
    report = send(administrator, esr, "esr")
    administrator.get(report)
    assert counts(administrator)["Already known"] == 1
    administrator.post(f"{report}/write", {"csrf_token": token})
    assert len(ask(recorded)) == 1
    assert ask(lambda: sorted(db.session.scalars(select(OutsideCompletion.source)).all())) == ["esr", "totara"]


@pytest.mark.parametrize(
    ("row", "who"),
    [
        ("20001234;;Huddle;ten-minute-huddle;Completed;31-MAR-2026", "Lena"),
        (";20001234-2;Huddle;ten-minute-huddle;Completed;31/03/2026", "Lena"),
        (";AB-77;;ten-minute-huddle;Attended;2026-03-31 10:15:00", "Omar"),
    ],
)
def test_esr_names_people_by_employee_or_assignment(
    administrator: Visitor, people: dict[str, int], ask: Ask, row: str, who: str
) -> None:
    report = send(administrator, f"{ESR}{row}\r\n".encode(), "esr")
    administrator.get(report)
    administrator.press("Record 1 completion")
    assert ask(lambda: [(one.person_id, one.at.date().isoformat()) for one in recorded()]) == [
        (people[who], "2026-03-31")
    ]


def test_a_code_is_mapped_on_a_page_and_kept_for_the_next_file(
    administrator: Visitor, people: dict[str, int], ask: Ask
) -> None:
    content = totara("Lena,20001234,,TMH 1,,Complete,04/03/2026")
    report = send(administrator, content)
    page = administrator.get(report)
    link = page.select_one(f'a[href*="/completions/codes/{TRUST}?"]')
    assert link is not None
    administrator.get(str(link["href"]))
    administrator.press("Keep it", status=422, offer="https://every.seat/offers/there-is-none")
    assert "There is no offer at this address" in administrator.text()
    administrator.press("Keep it", offer=f"https://every.seat/offers/{SLUG}/")
    administrator.follow()
    assert counts(administrator)["New"] == 1
    send(administrator, content)
    administrator.get(send(administrator, content))
    assert counts(administrator)["New"] == 1
    administrator.get(f"/completions/codes/{TRUST}")
    administrator.press("Remove : TMH 1") if "Remove :" in administrator.text() else administrator.press(
        "Remove: TMH 1"
    )
    administrator.get(report)
    assert counts(administrator)["Not matched"] == 1


def test_an_address_names_a_member_where_there_is_no_number_and_nobody_else(
    app: Flask, administrator: Visitor, people: dict[str, int]
) -> None:
    with app.app_context():
        mail = {
            name: db.session.scalars(select(Account.email).where(Account.person_id == person_id)).one()
            for name, person_id in people.items()
        }
    rows = [f"X,,{mail[name].upper()},Huddle,{SLUG},Complete,04/03/2026" for name in ("Lena", "Stranger")]
    administrator.get(send(administrator, totara(*rows)))
    assert (counts(administrator)["New"], counts(administrator)["Not matched"]) == (1, 1)


def test_a_number_of_two_people_or_of_somebody_suspended_names_nobody(
    app: Flask, administrator: Visitor, people: dict[str, int]
) -> None:
    def share() -> None:
        lena = db.session.scalars(select(Membership).where(Membership.person_id == people["Lena"])).one()
        lena.staff_number = "ab-77"  # Omar's, in other letters

    with app.app_context():
        run(share)
    administrator.get(send(administrator, totara(LENA.replace("20001234", "AB-77"))))
    assert "is that of several people" in administrator.text()
    with app.app_context():
        run(lambda: setattr(db.session.get_one(Person, people["Omar"]), "suspended_at", now()))
    administrator.get(send(administrator, totara(LENA.replace("20001234", "AB-77"))))
    assert counts(administrator)["New"] == 1


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "There is nothing in the file"),
        (b"\r\n \r\n", "There is nothing in the file"),
        (b"PK\x03\x04rest", "is an Excel workbook"),
        (b"a,b\0,c\r\n", "is no CSV"),
        (b"Name,Date\r\nx,y\r\n", "has no column for staff number and course and completion date"),
        (TOTARA.encode() + b'"' + b"x" * 1_200_000, "never ends"),
        (b"x" * 5_000_001, "larger than 5 MB"),
        (TOTARA.encode() + b"a,b,c,d,e,f,g\r\n" * 20_001, "more than 20,000 rows"),
        (b"," * 300 + b"\r\n", "There is nothing"),
    ],
)
def test_a_file_that_cannot_be_read_is_refused_beside_the_field(
    administrator: Visitor, people: dict[str, int], ask: Ask, content: bytes, said: str
) -> None:
    if said == "There is nothing" and content.startswith(b","):
        administrator.get(send(administrator, content))
        assert counts(administrator)["New"] == 0
        return
    send(administrator, content, status=422)
    assert said in administrator.response.text
    assert ask(lambda: db.session.scalars(select(CompletionImport)).all()) == []


def test_a_file_that_is_far_too_large_is_not_taken(administrator: Visitor, people: dict[str, int]) -> None:
    send(administrator, b"x" * 6_000_000, status=413)


def test_a_file_is_for_whoever_administers_its_people(
    app: Flask, administrator: Visitor, people: dict[str, int], add_person: Callable[..., int],
    sign_in: Callable[[int], Visitor], learner: Visitor, visitor: Visitor,
) -> None:  # fmt: skip
    with app.app_context():
        ids = {key: db.session.scalars(select(Organisation.id).where(Organisation.key == key)).one()
               for key in (TRUST, OTHER)}  # fmt: skip
    theirs = sign_in(add_person("Theirs", Role.ADMINISTRATOR, organisation_id=ids[TRUST]))
    others = sign_in(add_person("Others", Role.ADMINISTRATOR, organisation_id=ids[OTHER]))
    lead = sign_in(add_person("Lead", Role.LEAD, organisation_id=ids[TRUST]))
    report = send(theirs, totara(LENA))
    theirs.get(report)
    administrator.get(report)
    paths = (report, f"{report}/wrong.csv", f"/completions/codes/{TRUST}")
    for stranger in (others, lead, learner):
        for path in paths:
            stranger.get(path, status=404)
        for form in ("write", "throw-away"):
            stranger.post(f"{report}/{form}", {"csrf_token": stranger.csrf_token()}, status=404)
    visitor.get(report, status=302)
    send(others, totara(LENA), status=422)  # not one of their choices
    theirs.press("Record 1 completion")


def test_what_is_not_recorded_within_a_day_is_not_kept(
    app: Flask, administrator: Visitor, people: dict[str, int], ask: Ask
) -> None:
    report = send(administrator, totara(LENA))
    with time_machine.travel(now() + timedelta(hours=25), tick=False), app.app_context():
        run(importing.forget_files)
    administrator.get(report)
    assert "A file is kept for a day" in administrator.text()
    administrator.post(f"{report}/write", {"csrf_token": administrator.csrf_token()}, status=409)
    assert ask(recorded) == []


def test_a_file_can_be_thrown_away(administrator: Visitor, people: dict[str, int]) -> None:
    report = send(administrator, totara(LENA))
    administrator.post(f"{report}/throw-away", {"csrf_token": administrator.csrf_token()})
    administrator.get(report, status=404)


# By command


def command(app: Flask, *words: Any) -> tuple[int, str]:
    answer = app.test_cli_runner().invoke(completions_group, [str(word) for word in words])
    return answer.exit_code, answer.output


def test_the_command_says_what_it_would_do_and_does_it(
    app: Flask, people: dict[str, int], add_person: Callable[..., int], tmp_path: Path, ask: Ask
) -> None:
    add_person("Adam", Role.ADMINISTRATOR)
    file = tmp_path / "report.csv"
    file.write_bytes(totara("Lena,20001234,,TMH,,Complete,04/03/2026"))
    said = ("--from", "totara", "--organisation", TRUST, "--by", "adam@test.example")
    code, output = command(app, "import", *said, file)
    assert code == 1
    assert "no offer goes by the code TMH" in output
    assert command(app, "code", *said, "TMH", SLUG)[0] == 0
    code, output = command(app, "import", *said, "--dry-run", file)
    assert code == 0
    assert "nothing was recorded" in output
    assert ask(recorded) == []
    for _ in range(2):
        assert command(app, "import", *said, file)[0] == 0
        assert len(ask(recorded)) == 1
    for wrong in (
        ("--from", "totara", "--organisation", TRUST, "--by", "lena@test.example"),
        ("--from", "totara", "--organisation", "nowhere", "--by", "adam@test.example"),
        ("--from", "totara", "--organisation", TRUST, "--by", "nobody@test.example"),
        ("--from", "xapi", "--organisation", TRUST, "--by", "adam@test.example"),
    ):
        assert command(app, "import", *wrong, file)[0] != 0
