"""A partner's XCRI-CAP file: in with a dry run, in again without a difference, out again and valid."""

import io
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result
from flask import Flask
from lxml import etree

from catalogue.interchange.documents import Listed, Publisher
from catalogue.interchange.reading import read
from catalogue.interchange.rows import OfferRow, RunRow
from catalogue.interchange.xcri.write import catalog
from catalogue.offers.content import OfferContent
from catalogue.settings import Settings
from tests.catalogue.test_command_line import everyseat
from tests.drills import dice, many, say
from tests.interchange.importing import PROVIDER, everything
from tests.interchange.memory import growth_of_feeds
from tests.interchange.xcri_schema import faults

COURSES = many(100, 5000)
TOPICS = ("Leading a team", "Holding meetings", "Giving feedback", "Café conversations", "Budgets & bids", "<Change>")
DIMENSIONS = ("care", "team", "vision", "influence", "information")
NOW = datetime(2026, 11, 25, 9, 30, tzinfo=UTC)


def courses(count: int) -> Iterator[Listed]:
    """So many different ones, with up to two runs each."""
    chance = dice()
    publisher = Publisher(PROVIDER, "Saltbeck", "https://saltbeck.example/")
    for number in range(count):
        topic, dimension = chance.choice(TOPICS), chance.choice(DIMENSIONS)
        content = OfferContent.model_validate(
            {
                "title": f"{topic}, part {number}",
                "summary": f"{topic} for people in seat {number % 17}.",
                "outcomes": [f"Do {topic.lower()} on your own", "Say why it matters"][: chance.randint(1, 2)],
                "description": f"**{topic}** with others.\n\n- day {number}\n- “quoted” & <tagged>",
                "mode": chance.choice(["in-person", "online", "blended"]),
                "hours": chance.choice([0.5, 1.0, 3.5, 6.0, 12.0]),
                "hours_estimated": chance.random() < 0.3,
                "price_pounds": chance.choice([None, 0.0, 49.5, 250.0]),
                "prerequisites": chance.choice(["", "None but an open mind."]),
                "conditions": chance.choice([["learning"], ["partnership", "compassion"]]),
                "seats": chance.choice([[], ["ward-manager"]]),
                "mapping": [
                    {"framework": "healthcare-leadership-model", "dimension": dimension, "from": "essential",
                     "to": "proficient", "strength": "builds"}
                ],
            }
        )  # fmt: skip
        day = date(2031, 1, 1) + timedelta(days=chance.randint(0, 700))
        runs = tuple(
            RunRow(
                key=f"r{place}", starts_on=day + timedelta(days=30 * place),
                ends_on=day + timedelta(days=30 * place + 1),
                place=chance.choice(["Leeds", "York"]), venue=chance.choice(["", "Mill Lane 1"]),
                places=chance.randint(1, 40),
            )
            for place in range(chance.randint(0, 2))
        )  # fmt: skip
        yield Listed(f"course-{number}", f"https://saltbeck.example/{number}", publisher, content, runs)


@pytest.fixture
def offers(app: Flask) -> Callable[..., Result]:
    def call(*words: str) -> Result:
        whose = ["--provider", PROVIDER] if words[0] == "export" else []  # the file itself says whose courses they are
        result = everyseat("offers", *words, *whose, make=lambda: app)
        assert result.exit_code == 0, result.output
        return result

    return call


def contents(rows: list[OfferRow]) -> dict[str, OfferContent]:
    return {row.key: OfferContent.model_validate(row.offer) for row in rows}


@pytest.mark.both_databases
def test_a_partners_xcri_comes_in_twice_without_a_difference_and_goes_out_again_and_validates(
    app: Flask, settings: Settings, offers: Callable[..., Result], tmp_path: Path, database: str
) -> None:
    def state() -> dict[str, Any]:
        with app.app_context():
            return everything()

    feed = list(courses(COURSES))
    file = tmp_path / "feed.xml"
    file.write_bytes(b"".join(catalog(feed, NOW, "Courses")))
    assert faults(etree.parse(file).getroot()) == []

    before = state()
    assert "Dry run: nothing was changed" in offers("import", str(file), "--dry-run").stdout
    assert state() == before
    offers("import", str(file))
    once = state()
    assert len(once["offer"]) == len(before["offer"]) + COURSES
    assert len(once["run"]) == len(before["run"]) + sum(len(one.runs) for one in feed)

    dry = " ".join(offers("import", str(file), "--dry-run").stdout.split())
    assert f"same │ {COURSES}" in dry
    assert "new │ 0" in dry
    assert "changed │ 0" in dry
    offers("import", str(file))
    assert state() == once, "the second time makes no difference"

    exported = offers("export", "--format", "xcri").stdout.encode()
    assert faults(etree.fromstring(exported)) == []
    rows = list(read(io.BytesIO(exported), "exported.xml"))
    given = {one.key: one for one in feed}
    ours = {key: content for key, content in contents(rows).items() if key in given}
    assert ours == {key: one.content for key, one in given.items()}
    runs = {row.key: tuple(RunRow.model_validate(run) for run in row.runs) for row in rows if row.key in given}
    assert runs == {key: one.runs for key, one in given.items()}
    file.write_bytes(exported)
    offers("import", str(file))
    assert state() == once, "what went out comes in without a difference"
    grown, size = growth_of_feeds(settings)
    assert grown < 50_000_000
    say(f"feeds of {size:,} bytes on {database}: memory grew by {grown:,} bytes")
    say(f"an XCRI-CAP file of {COURSES} courses on {database}: in, in again with difference 0, out and valid, in again")
