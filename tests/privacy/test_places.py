"""Every table and column has its place: whoever adds one says what of it is shown to its person, and what is erased."""

import pytest
from flask import Flask
from sqlalchemy import Table

from catalogue.extensions import db
from catalogue.privacy.placing import Places, Rows
from catalogue.privacy.placing import places as placed


@pytest.fixture
def places(app: Flask) -> Places:
    with app.app_context():
        return placed()


def own(places: Places, table: str) -> list[Rows]:
    return [rows for rows in places.rows if rows.table == table and not rows.names]


def to_people(table: Table) -> set[str]:
    """Columns that refer to a person."""
    return {key.parent.name for key in table.foreign_keys if key.column.table.name == "person"}


def test_every_table_is_about_people_or_is_nobodys(places: Places) -> None:
    about = {rows.table for rows in places.rows if not rows.names}
    there = set(db.metadata.tables)
    missing = there - about - set(places.nobodys)
    assert not missing, f"say in placed.py (or in NOBODYS) what is about a person in {', '.join(sorted(missing))}"
    assert not about & set(places.nobodys)
    assert (about | set(places.nobodys)) <= there, "the table of places names a table that is not there any more"


def test_every_column_of_rows_about_a_person_is_shown_to_them_or_hidden(places: Places) -> None:
    for rows in places.rows:
        shown, hidden = rows.shown.split(), rows.hidden.split()
        columns = set(rows.place.columns.keys())
        assert set(shown) | set(hidden) <= columns, f"{rows.heading} names a column that {rows.table} has not"
        if not rows.names:
            assert set(shown).isdisjoint(hidden), rows.heading
            left = columns - set(shown) - set(hidden)
            assert not left, f"{rows.table}: say whether {', '.join(sorted(left))} is shown to whom it is about"


def test_every_column_of_rows_that_stay_is_emptied_or_stays_for_a_reason(places: Places) -> None:
    for rows in places.rows:
        if rows.erased is None:
            assert not rows.names, f"{rows.heading}: what is somebody else's is not deleted with who it names"
            continue
        assert rows.why, f"{rows.heading}: say why it stays"
        if not rows.names:
            left = set(rows.place.columns.keys()) ^ (set(rows.erased) | set(rows.stays.split()))
            assert not left, f"{rows.table}: say what erasing does to {', '.join(sorted(left))}"


def test_every_column_that_refers_to_a_person_leads_to_a_place(places: Places) -> None:
    for table in db.metadata.tables.values():
        ways = {rows.whose for rows in places.rows if rows.table == table.name and isinstance(rows.whose, str)}
        left = to_people(table) - {str(way) for way in ways}
        assert not left, f"say in placed.py whose {table.name} is by {', '.join(sorted(left))}"


def test_what_hangs_on_a_persons_rows_is_placed_as_theirs(places: Places) -> None:
    """A row that refers to one that is deleted would keep it from being deleted."""
    deleted = {rows.table for rows in places.rows if rows.erased is None}
    for table in db.metadata.tables.values():
        for key in table.foreign_keys:
            there = key.column.table.name
            if there in deleted and there != table.name:
                ways = [
                    rows
                    for rows in places.rows
                    if rows.table == table.name and str(rows.whose).startswith(f"{key.parent.name}.")
                ]
                assert ways, f"{table.name}.{key.parent.name} refers to {there}, which is deleted with its person"


def test_headings_are_different(places: Places) -> None:
    headings = [rows.heading for rows in places.rows]
    assert len(headings) == len(set(headings))
