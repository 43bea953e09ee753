"""Every migration goes up, down and up again, and ends where the models are."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from flask import Flask
from flask_migrate import downgrade, upgrade
from sqlalchemy import inspect, select, text

from catalogue.enrolments import actions as enrolments
from catalogue.enrolments.models import Enrolment
from catalogue.extensions import db
from catalogue.offers.models import Mode, Offer, OfferVersion
from catalogue.people.actions import add_account
from catalogue.resources import resource_dir
from catalogue.seeding.load import load
from catalogue.settings import Settings
from catalogue.transactions import run
from everyseat import create_app
from tests import databases


@pytest.fixture
def empty_app(database: str, tmp_path: Path) -> Iterator[Flask]:
    """The service on a database in which there is nothing yet."""
    if database == "sqlite":
        yield from served(f"sqlite:///{tmp_path / 'empty.sqlite'}", tmp_path)
    else:
        with databases.fresh_postgres() as url:
            yield from served(url, tmp_path)


def served(url: str, folder: Path) -> Iterator[Flask]:
    app = create_app(Settings(env="development", database_url=url, instance=folder))
    with app.app_context():
        yield app
        db.session.remove()
        db.engine.dispose()


def tables() -> set[str]:
    """All but the full text index, which is no table of the models."""
    there = set(inspect(db.engine).get_table_names()) - {"alembic_version"}
    return {name for name in there if not name.startswith("offer_search")}


def fill() -> None:
    """The seed data, and somebody who has enrolled on the first offer that can be taken at once."""

    def act() -> None:
        load(resource_dir("seed"), demo=True)
        person = add_account("lena@test.example", "Lena Learner").person
        offer = db.session.scalars(
            select(Offer)
            .join(OfferVersion, OfferVersion.offer_id == Offer.id)
            .where(OfferVersion.mode == Mode.SELF_PACED)
            .order_by(Offer.id)
            .limit(1)
        ).one()
        enrolments.enrol(person, offer, None)

    run(act)
    db.session.remove()


def revisions() -> list[str]:
    """From the first migration to the newest."""
    scripts = ScriptDirectory(str(resource_dir("migrations")))
    return [script.revision for script in scripts.walk_revisions()][::-1]


@pytest.mark.both_databases
@pytest.mark.usefixtures("empty_app")
def test_up_down_and_up_again_with_data() -> None:
    upgrade()
    assert tables() == set(db.metadata.tables)
    fill()
    downgrade(revision="base")
    assert tables() == set()
    upgrade()
    assert tables() == set(db.metadata.tables)
    fill()
    assert db.session.scalars(select(Enrolment)).one()


@pytest.mark.both_databases
@pytest.mark.usefixtures("empty_app")
def test_each_migration_goes_down_and_up_again_with_data() -> None:
    upgrade()
    fill()
    for revision in reversed(revisions()):
        downgrade(revision=f"{revision}-1")
        upgrade(revision=revision)
        downgrade(revision=f"{revision}-1")
    assert tables() == set()


@pytest.mark.both_databases
@pytest.mark.usefixtures("empty_app")
def test_a_role_that_was_held_twice_is_held_once_and_one_that_has_ended_does_not_come_back() -> None:
    moment = "'2026-01-01 00:00:00'"
    held = 'INSERT INTO "grant" (person_id, role, created_at'
    upgrade(revision="0003")
    write(
        f"INSERT INTO person (id, key, name, email, created_at) VALUES (1, 'k', '', '', {moment})",
        *[f"{held}) VALUES (1, 'reviewer', {moment})"] * 2,
    )
    upgrade()
    write(
        f"{held}, ends_on) VALUES (1, 'administrator', {moment}, '2026-01-02')",
        f"{held}, starts_on) VALUES (1, 'facilitator', {moment}, '2999-01-01')",
    )
    downgrade(revision="0003")
    assert db.session.scalars(text('SELECT role FROM "grant"')).all() == ["reviewer"]


def write(*statements: str) -> None:
    with db.engine.begin() as connection:
        for statement in statements:
            connection.execute(text(statement))


@pytest.mark.both_databases
@pytest.mark.usefixtures("empty_app")
def test_the_models_and_the_newest_migration_agree() -> None:
    upgrade()
    with db.engine.connect() as connection:
        options = {"compare_type": True, "compare_server_default": True, "include_name": but_the_search_index}
        context = MigrationContext.configure(connection, opts=options)
        assert compare_metadata(context, db.metadata) == []


@pytest.mark.both_databases
@pytest.mark.usefixtures("empty_app")
def test_the_newest_migration_holds_the_same_rules_as_the_models() -> None:
    """Checks, unique rules and partial indexes, which the comparison of Alembic does not look into."""
    upgrade()
    migrated = rules()
    downgrade(revision="base")
    db.metadata.create_all(db.engine)
    assert rules() == migrated


def but_the_search_index(name: str | None, kind: str, _parents: object) -> bool:
    return not (kind == "table" and str(name).startswith("offer_search"))


def rules() -> dict[str, list[str]]:
    """What the database itself enforces on each table, in its own words."""
    look = inspect(db.engine)
    reading: dict[str, Callable[[str], object]] = {
        "checks": look.get_check_constraints,
        "unique": look.get_unique_constraints,
        "indexes": look.get_indexes,
        "foreign": look.get_foreign_keys,
        "primary": look.get_pk_constraint,
        "columns": look.get_columns,
    }
    found: dict[str, list[str]] = {}
    for table in sorted(tables()):
        for name, read in reading.items():
            rows = read(table)
            listed = rows if isinstance(rows, list) else [rows]
            found[f"{table}: {name}"] = sorted(json.dumps(row, default=str, sort_keys=True) for row in listed)
    if db.engine.dialect.name == "sqlite":  # of which indexes of expressions cannot be read in any other way
        indexes = text("SELECT sql FROM sqlite_master WHERE type = 'index' AND name LIKE 'uq%' ORDER BY name")
        found["unique indexes"] = list(db.session.scalars(indexes))
        db.session.remove()
    return found


@pytest.mark.both_databases
@pytest.mark.usefixtures("empty_app")
def test_going_up_twice_changes_nothing() -> None:
    upgrade()
    upgrade()
    assert db.session.scalars(text("SELECT version_num FROM alembic_version")).all() == revisions()[-1:]


def test_there_is_one_line_of_migrations() -> None:
    scripts = ScriptDirectory(str(resource_dir("migrations")))
    assert len(scripts.get_heads()) == 1
    assert len(scripts.get_bases()) == 1
