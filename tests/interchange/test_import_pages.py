"""A provider sends a file, sees what it would change, and imports it."""

import csv
import io
from collections.abc import Callable

import pytest
from flask import Flask
from sqlalchemy import select

from catalogue.extensions import db
from catalogue.interchange.limits import MAX_FILE
from catalogue.interchange.models import ImportState, OfferImport
from catalogue.interchange.plan import PlannedRow
from catalogue.interchange.report import MOST_ROWS, Report
from catalogue.interchange.rows import OfferRow
from catalogue.people.models import Role
from tests.interchange.importing import PROVIDER, as_csv, course, dry_run, rows
from tests.interchange.workers import imports_there, send, state, work
from tests.visitor import Visitor


@pytest.mark.both_databases
def test_a_file_is_shown_before_it_changes_anything_then_imported_and_then_the_same(
    app: Flask, administrator: Visitor
) -> None:
    administrator.get("/admin")
    assert "Import offers from a file" in administrator.text()
    before = state(app)
    at = send(administrator, as_csv(rows(60)))
    page = administrator.get(at)
    assert "Reading the file: 0 rows so far." in administrator.text()
    refresh, bar = page.select_one("meta[http-equiv=refresh]"), page.select_one("main progress")
    assert refresh is not None
    assert refresh["content"] == "2"
    assert bar is not None
    work(app)
    page = administrator.get(at)
    assert page.select_one("meta[http-equiv=refresh]") is None
    assert "60 offers new" in administrator.text()
    assert "What the file does not mention stays as it is." in administrator.text()
    assert "Row 2: Leading a team, part 1" in administrator.text()
    assert "Page 1 of 2" in administrator.text()
    administrator.get(f"{at}?page=2&kind=new")
    assert "Row 61: Leading a team, part 60" in administrator.text()
    assert "There is no such row." in (administrator.get(f"{at}?kind=wrong&page=-4") and administrator.text())
    assert state(app) == before, "a dry run changed something"

    administrator.get(at)
    administrator.press("Import the 60 good rows")
    administrator.get(at)
    assert "Importing 60 rows: all of it, or nothing." in administrator.text()
    work(app)
    administrator.get(at)
    assert "What was imported" in administrator.text()
    assert "came out otherwise" not in administrator.text()
    once = state(app)
    assert len(once["offer"]) == len(before["offer"]) + 60
    administrator.get("/offers?q=leading+a+team+part+60")
    assert "Leading a team, part 60" in administrator.text()
    with app.app_context():
        assert db.session.scalars(select(OfferImport.content)).one() is None

    again = send(administrator, as_csv(rows(60)))
    work(app)
    administrator.get(again)
    assert "60 offers the same as before" in administrator.text()
    assert "There is nothing to import: everything is as the file says already." in administrator.text()
    administrator.press("Throw away")
    administrator.follow()
    assert "The file is thrown away. Nothing was changed." in administrator.text()
    administrator.get(again, status=404)
    assert state(app) == once
    changed = send(administrator, as_csv(rows(1, hours=7.0)))
    work(app)
    administrator.get(changed)
    assert "hours: 6 → becomes 7" in administrator.text()


def test_wrong_rows_are_named_with_column_reason_and_remedy_and_the_good_ones_go_in(
    app: Flask, partner: Visitor
) -> None:
    wanted = [
        *rows(1),
        OfferRow(3, "c2", course(2, conditions=["sunshine"])),
        OfferRow(4, "c3", course(3, mode="post", title="=1+1")),
        OfferRow(5, "c4", course(4, summary="")),
    ]
    partner.get("/publish")
    page = partner.page.select_one("main a[href^='/publish/import']")
    assert page is not None
    at = send(partner, as_csv(wanted))
    work(app)
    partner.get(at)
    text = partner.text()
    assert "2 offers wrong: to be left out" in text
    assert "conditions : there is no sunshine. Write the key of a condition that is there, or leave it out." in text
    assert "To be completed: summary" in text
    assert "becomes drafts, which reviewers see before they are published" in text
    partner.get(f"{at}/wrong.csv")
    assert partner.response.mimetype == "text/csv"
    heading, first, second = csv.reader(io.StringIO(partner.response.text.removeprefix("\ufeff")))
    assert heading == ["row", "key", "title", "column", "what is wrong", "what to do"]
    assert first[:5] == ["3", "c2", "Leading a team, part 2", "conditions", "there is no sunshine"]
    assert (second[0], second[3]) == ("4", "mode")
    partner.get(at)
    partner.press("Import the 2 good rows")
    work(app)
    partner.get(at)
    assert "2 offers wrong: left out" in partner.text()
    partner.get("/publish")
    assert "Leading a team, part 1" in partner.text()
    assert "Leading a team, part 3" not in partner.text()
    partner.post(f"{at}/write", {"csrf_token": partner.csrf_token()}, status=409)
    partner.post(f"{at}/throw-away", {"csrf_token": partner.csrf_token()}, status=409)


def test_a_file_that_is_too_large_is_refused_in_words_and_nothing_of_it_is_kept(app: Flask, partner: Visitor) -> None:
    large = b"x" * (MAX_FILE + 100_000)
    send(partner, large, status=413)
    assert "That file is too large" in partner.text()
    assert "The file is larger than 20 MB. Split it into several files" in partner.text()
    assert imports_there(app) == 0
    send(partner, b"x" * 2_000_000, "odd\0/../name.csv")
    assert imports_there(app) == 1
    token = partner.csrf_token()
    partner.post("/publish/feeds", {"csrf_token": token, "url": "x" * 2_000_000}, status=413)
    Visitor(app).post("/publish/import", {"file": (io.BytesIO(b"x" * 2_000_000), "a.csv")}, status=413)


@pytest.mark.parametrize(
    ("content", "reason"),
    [(b"", "There is nothing in the file."), (b"colour\nblue\n", "has no column that is called key"),
     (b"\x89PNG\r\n\x1a\n\0\0", "is neither CSV, nor an Excel workbook, nor XCRI-CAP")],
)  # fmt: skip
def test_a_file_that_cannot_be_read_says_why(app: Flask, partner: Visitor, content: bytes, reason: str) -> None:
    at = send(partner, content)
    work(app)
    partner.get(at)
    assert reason in partner.text()
    assert "Send another file" in partner.text()
    partner.post(f"{at}/write", {"csrf_token": partner.csrf_token()}, status=409)


def test_a_form_without_a_file_says_so(partner: Visitor, administrator: Visitor) -> None:
    partner.get("/publish/import")
    template = partner.page.find("a", string="Take our template")
    assert template is not None
    Visitor(partner.client.application).get(str(template["href"]))
    partner.press("See what it would change", status=422)
    assert "Choose a file" in partner.text()
    administrator.get("/publish/import")
    administrator.press("See what it would change", status=422)
    assert "Choose whose offers these are" in administrator.text()
    send(administrator, "x", status=422, provider="nobody")
    partner.get("/publish/import?provider=nobody", status=404)


def test_an_import_is_not_there_for_people_of_another_provider(
    app: Flask, partner: Visitor, add_worker: Callable[..., int], add_person: Callable[..., int],
    sign_in: Callable[[int], Visitor],
) -> None:  # fmt: skip
    at = send(partner, as_csv(rows(1)))
    work(app)
    colleague = sign_in(add_worker("Edith Editor", Role.EDITOR))
    colleague.get(at)
    strangers = [
        sign_in(add_worker("Other Partner", key="nhs-improvement")),
        sign_in(add_person("Rita Reviewer", Role.REVIEWER)),
        sign_in(add_person("Lena Learner")),
    ]
    for stranger in strangers:
        token = stranger.csrf_token()
        stranger.get(at, status=404)
        stranger.get(f"{at}/wrong.csv", status=404)
        stranger.post(f"{at}/write", {"csrf_token": token}, status=404)
        stranger.post(f"{at}/throw-away", {"csrf_token": token}, status=404)
    with app.app_context():
        assert db.session.scalars(select(OfferImport.state)).one() == ImportState.READ
    send_as = {"csrf_token": strangers[0].csrf_token(), "provider": PROVIDER, "file": (io.BytesIO(b"x"), "a.csv")}
    strangers[0].post("/publish/import", send_as, status=422)
    assert imports_there(app) == 1
    Visitor(app).get(at, status=302)


def test_whose_offers_the_file_says_they_are_is_said_where_it_is_somebody_else(app: Flask, partner: Visitor) -> None:
    feed = (
        '<catalog xmlns="http://xcri.org/profiles/1.2/catalog" xmlns:dc="http://purl.org/dc/elements/1.1/">'
        "<provider><dc:title>{}</dc:title><course><dc:identifier>c1</dc:identifier><dc:title>Leading</dc:title>"
        "</course></provider></catalog>"
    )
    at = send(partner, feed.format("North Academy"), "courses.xml")
    own = send(partner, feed.format("Example: Saltbeck Inclusion Network"), "courses.xml")
    work(app)
    partner.get(at)
    note = "The file says of 1 offer that another provider gives them, such as North Academy."
    assert note in partner.text()
    partner.get(own)
    assert "another provider" not in partner.text()


def test_a_report_lists_what_is_wrong_first_and_holds_what_can_be_shown(app: Flask) -> None:
    with app.app_context():
        (new,) = dry_run(rows(1))
        (wrong,) = dry_run([OfferRow(9, "\ud800\0", course(2))])
        report = Report()
        report.add([new] * (MOST_ROWS + 1))
        report.add([wrong])
        said = report.document(["a note"])
        assert isinstance(new, PlannedRow)
    assert (said["total"], said["good"], said["unlisted"]) == (MOST_ROWS + 2, MOST_ROWS + 1, 2)
    assert [row["key"] for row in said["rows"] if row["kind"] == "wrong"] == ["?\ufffd"]
    assert report.words == f"1 wrong, {MOST_ROWS + 1:,} new."
