"""Organisations and staff from files: a dry run first, then all the good rows in one transaction."""

from collections.abc import Callable
from io import BytesIO
from pathlib import Path

import pytest
from click.testing import Result
from sqlalchemy import func, select

from catalogue.extensions import db
from catalogue.systems.models import Membership, Organisation, System
from tests.conftest import Ask
from tests.systems.conftest import LEEDS
from tests.visitor import ORIGIN, Visitor

FILE = (
    "ODS code,Name,Kind,System,Close date,Successor\n"
    "RCF,Airedale NHS Foundation Trust,trust,West Yorkshire,,\n"
    "rr8,,,5,,\n"
    "RWA,Hull Hospitals,,,,\n"
    "RYJ,,,North East and North Cumbria,,\n"
    "!!,Nothing,,,,\n"
    "RCF,Twice,,,,\n"
    "R1X,,,,,\n"
    "RM3,,,,2026-01-01,\n"
)


def known(ask: Ask) -> dict[str, str]:
    rows = select(Organisation.ods_code, Organisation.name).where(Organisation.ods_code.is_not(None))
    return ask(lambda: {code: name for code, name in db.session.execute(rows)})  # noqa: C416


def send(visitor: Visitor, path: str, content: str | bytes, status: int = 200) -> None:
    token = visitor.csrf_token()
    content = content.encode() if isinstance(content, str) else content
    answer = visitor.client.post(
        path, base_url=ORIGIN, headers={"Referer": f"{ORIGIN}/"},
        data={"csrf_token": token, "file": (BytesIO(content), "list.csv")},
    )  # fmt: skip
    visitor._took(answer, status, "POST", path)


def test_the_command_shows_first_and_then_imports_again_and_again(
    command: Callable[..., Result],
    tmp_path: Path,
    ask: Ask,
) -> None:
    file = tmp_path / "organisations.csv"
    file.write_text(FILE, encoding="utf-8")
    before = known(ask)
    said = command("systems", "import", str(file), "--dry-run", status=1).output
    assert "Dry run: nothing was changed." in said
    assert "1 new, 1 changed, 1 the same, 5 wrong." in said
    for words in (
        "Row 2: RCF Airedale NHS Foundation Trust: new",
        "Row 4: RWA Hull Hospitals: changed; name: Hull University Teaching Hospitals NHS Trust becomes Hull Hospitals",
        "Row 5, system: North East and North Cumbria followed several areas",
        "Row 6, ODS code: “!!” is no code. Enter the 3 to 10 letters and digits",
        "Row 7, ODS code: RCF stands in row 2 too. Keep one of the two rows.",
        "Row 8, name: is missing, and the code is new here",
        "Row 9, successor: is missing, and it has ended. Enter the name of what followed it.",
    ):
        assert words in said, said
    assert known(ask) == before
    assert "1 new, 1 changed, 1 the same, 5 wrong." in command("systems", "import", str(file), status=1).output
    assert known(ask) == before | {"RCF": "Airedale NHS Foundation Trust", "RWA": "Hull Hospitals"}
    assert "0 new, 0 changed, 3 the same, 5 wrong." in command("systems", "import", str(file), status=1).output


def test_the_page_shows_first_and_then_imports(administrator: Visitor, ask: Ask) -> None:
    before = known(ask)
    send(administrator, "/admin/organisations/import", FILE)
    assert "Nothing has been changed yet" in administrator.text()
    assert "Row 6: !! Wrong In the column ODS code : “!!” is no code." in administrator.text()
    assert known(ask) == before
    administrator.press("Import 2 good rows", status=200)
    assert "Those that are wrong were left out" in administrator.text()
    assert known(ask) == before | {"RCF": "Airedale NHS Foundation Trust", "RWA": "Hull Hospitals"}


def test_the_wrong_rows_come_back_as_a_file_that_can_be_set_right_and_sent(administrator: Visitor, ask: Ask) -> None:
    wrong = 'ODS code,name,kind\nRCF,"Airedale, really",circus\n,=Nameless,\nRCD,Harrogate,trust\n'
    send(administrator, "/admin/organisations/import", wrong)
    assert "Row 3 Wrong In the column ODS code : is missing. Enter the code that the register has." in (
        administrator.text()
    )
    administrator.press("Import 1 good row", status=200)
    administrator.press("Download the wrong rows (CSV)", status=200)
    file = administrator.response.get_data(as_text=True)
    assert 'RCF,"Airedale, really",circus,,,,,2,kind,“circus” is none that we know' in file
    assert "'=Nameless" in file, "no cell is a formula"
    assert "Harrogate" not in file
    mended = file.replace("circus", "trust", 1).replace("\r\n,'", "\r\nRDR,'")
    send(administrator, "/admin/organisations/import", mended)
    assert "Row 2: RCF Airedale, really New" in administrator.text()
    assert "Row 3: RDR =Nameless New" in administrator.text()


def test_of_very_many_rows_the_first_are_listed_and_the_rest_counted(administrator: Visitor) -> None:
    send(administrator, "/admin/organisations/import", "ODS code\n" + "".join(f"{row:03}\n" for row in range(600)))
    assert "The first 500 are here, the wrong ones first; 100 more are not listed." in administrator.text()
    assert len(administrator.page.select(".app-work-list > li")) == 500


def test_a_file_that_is_none_is_refused_with_what_to_do(administrator: Visitor) -> None:
    for content, words in (
        (b"name\nLeeds\n", "there is none called ODS code"),
        (b"", "The file is empty"),
        (b"ODS code\nR\0R\n", "characters that are none"),
        (b"ODS code\n" + b"x" * 400_000, "larger than 400 KB"),
        (b"ODS code\n" + b"RR8\n" * 10_001, "more than 10,000 rows"),
    ):
        send(administrator, "/admin/organisations/import", content, status=422)
        assert words in administrator.text()


def test_what_spreadsheets_write_is_read(administrator: Visitor) -> None:
    for content in (
        "ODS Code;Name\nRCF;Ærøskøbing\n".encode("cp1252"),
        "\ufeffODS code\tName\nRCF\tÆrøskøbing\n".encode("utf-16"),
        '\ufeff"ODS_code","name"\r\n"RCF","Ærøskøbing"\r\n'.encode(),
    ):
        send(administrator, "/admin/organisations/import", content)
        assert "RCF Ærøskøbing New" in administrator.text()


SYSTEMS = (
    "System,Kind,Start date,Close date,Followed by\n"
    "Dorset,ICS,,2026-04-01,Wessex\n"
    "ics-somerset,,,01/04/2026,Wessex\n"
    "Wessex,ics,20260401,,\n"
    "West Yorkshire,,2022-07-01,,\n"
    "Sussex,ICS,,2020-01-01,\n"
    "Sussex,ICS,,,Atlantis\n"
    "Mercia,,,,\n"
    "Rutland,PCT,,,\n"
    "One,ICS,,,Two\n"
    "Two,ICS,,,One\n"
    ",ICS,,,\n"
    "Devon,ICS,2022-07-01,,\n"
    "ICS-Devon,,2022-07-01,,\n"
)


@pytest.mark.both_databases
def test_systems_come_with_what_followed_them_wherever_it_stands(
    command: Callable[..., Result], administrator: Visitor, tmp_path: Path, ask: Ask
) -> None:
    file = tmp_path / "systems.csv"
    file.write_text(SYSTEMS, encoding="utf-8")
    count = select(func.count()).select_from(System)
    said = command("systems", "import", "--of", "systems", str(file), "--dry-run", status=1).output
    assert ask(lambda: db.session.scalar(count)) == 86
    assert "1 new, 2 changed, 1 the same, 9 wrong." in said
    for words in (
        "Row 2: Dorset (ICS): changed; ended on: nothing becomes 2026-04-01; successor: nothing becomes Wessex (ICS)",
        "Row 3: Somerset (ICS): changed",
        "Row 4: Wessex (ICS): new",
        "Row 5, kind: is missing, and several systems are called West Yorkshire. Enter STP or ICS.",
        "Row 6, ended on: is before it started.",
        "Row 7, successor: there is no “Atlantis” today.",
        "Row 8, kind: is missing, and the system is new here. Enter STP or ICS.",
        "Row 9, kind: “PCT” is none that we know.",
        "Row 10, successor: there is no “Two” today.",
        "Row 11, successor: there is no “One” today.",
        "Row 12, name: is missing.",
        "Row 14, name: Devon stands in row 13 too. Keep one of the two rows.",
    ):
        assert words in said, said
    send(administrator, "/admin/systems/import", SYSTEMS)
    administrator.press("Import 3 good rows", status=200)
    assert ask(lambda: db.session.scalar(count)) == 87
    send(administrator, "/admin/systems/import", SYSTEMS)
    assert "There is nothing to import" in administrator.text()


def test_staff_come_with_their_numbers_and_are_written_to(
    administrator: Visitor, add_person: Callable[..., int], ask: Ask, letters: Callable[[], list[str]]
) -> None:
    for name in ("Ann Able", "Ben Best", "Cat Cole"):
        add_person(name)
    at = f"/organisations/{LEEDS}/people/import"
    content = (
        "Email,Staff number\nANN.able@test.example,100\nben.best@test.example,\ncat.cole@test.example,100\n"
        "ann.able@test.example,7\nnobody@test.example,8\n"
    )
    send(administrator, at, content)
    for words in (
        "Row 4: cat.cole@test.example Wrong In the column staff number : Somebody else at Leeds Teaching",
        "Row 5: ann.able@test.example Wrong In the column person : the same person stands in row 2 too.",
        "Row 6: nobody@test.example Wrong In the column person : nobody signs in with this address or has this key.",
    ):
        assert words in administrator.text(), administrator.text()
    count = select(func.count()).select_from(Membership)
    assert ask(lambda: db.session.scalar(count)) == 0
    assert letters() == []
    administrator.press("Import 2 good rows", status=200)
    assert ask(lambda: db.session.scalar(count)) == 2
    assert letters() == ["You are listed as working for Leeds Teaching Hospitals NHS Trust"] * 2
    send(administrator, at, "person,staff number\nben.best@test.example,'=1+1\n")
    administrator.press("Import 1 good row")
    administrator.follow()
    assert "staff number =1+1" in administrator.text()
    assert len(letters()) == 2
