"""Loading the shipped data: again at any time, all or nothing, and saying what is wrong and where."""

import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from bs4 import BeautifulSoup
from click.testing import CliRunner, Result
from flask import Flask
from sqlalchemy import func, select

from catalogue import cli
from catalogue.clock import in_london, now
from catalogue.extensions import db
from catalogue.frameworks.models import Framework, RoleTarget, Seat
from catalogue.offers.models import Mapping, Offer, OfferVersion, VersionState
from catalogue.pages import format_date
from catalogue.resources import resource_dir
from catalogue.systems.models import Organisation
from catalogue.transactions import run
from tests.assessments.test_assessing import answer_all, assess, choose_seat, dimension_pages
from tests.visitor import Visitor

HUDDLE, INITIAL = "ten-minute-huddle", "stp-leaders-initial-training"
MODEL = "frameworks/healthcare-leadership-model.toml"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of ``seed/`` that the command then loads."""
    copy = tmp_path / "seed"
    shutil.copytree(resource_dir("seed"), copy)
    monkeypatch.setattr(cli, "resource_dir", lambda _name: copy)
    return copy


@pytest.fixture
def seed(app: Flask) -> Callable[..., Result]:
    def load(status: int = 0) -> Result:
        result = CliRunner().invoke(cli.command_line(lambda: app), ["seed"])
        assert result.exit_code == status, result.output
        return result

    return load


@pytest.fixture
def rows(app: Flask) -> Callable[[], dict[str, set[tuple[Any, ...]]]]:
    """What stands in every table, by its primary key, and the content of each offer's version."""

    def read() -> dict[str, set[tuple[Any, ...]]]:
        with app.app_context():
            found = {
                table.name: {tuple(row) for row in db.session.execute(select(*table.primary_key))}
                for table in db.metadata.sorted_tables
            }
            contents = select(OfferVersion.id, OfferVersion.state, OfferVersion.title, OfferVersion.content_hash)
            names = select(Organisation.key, Organisation.name)
            return found | {
                "contents": {tuple(row) for row in db.session.execute(contents)},
                "names": {tuple(row) for row in db.session.execute(names)},
            }

    return read


def edit(file: Path, old: str, new: str) -> None:
    """Change the first place where the text stands."""
    text = file.read_text(encoding="utf-8")
    assert old in text, f"{file.name} has no {old!r}"
    file.write_text(text.replace(old, new, 1), encoding="utf-8")


def edit_row(file: Path, key: str, old: str, new: str) -> None:
    """Change the first place after the line of this key."""
    head, line, tail = file.read_text(encoding="utf-8").partition(f'key = "{key}"\n')
    assert line, f"{file.name} has no {key}"
    assert old in tail, f"{key} has no {old!r}"
    file.write_text(head + line + tail.replace(old, new, 1), encoding="utf-8")


def versions(slug: str) -> list[OfferVersion]:
    return list(
        db.session.scalars(
            select(OfferVersion).join(OfferVersion.offer).where(Offer.slug == slug).order_by(OfferVersion.number)
        )
    )


@pytest.mark.both_databases
@pytest.mark.usefixtures("folder")
def test_loading_again_changes_nothing(
    seed: Callable[..., Result], rows: Callable[[], dict[str, set[tuple[Any, ...]]]]
) -> None:
    before = rows()
    for _ in range(2):
        seed()
        assert rows() == before
    assert len(before["offer_version"]) == len(before["offer"]) > 60


@pytest.mark.both_databases
def test_an_edited_offer_becomes_the_next_version_and_the_first_stays(
    app: Flask, folder: Path, seed: Callable[..., Result], learner: Visitor, visitor: Visitor
) -> None:
    learner.get(f"/offers/{HUDDLE}/enrol")
    learner.press("Confirm")
    mine = learner.response.headers["Location"].partition("?")[0]
    with app.app_context():
        title = versions(HUDDLE)[0].title
    edit(folder / "example_offers.toml", f'title = "{title}"', 'title = "The huddle, written anew"')
    seed()
    seed()
    with app.app_context():
        first, second = versions(HUDDLE)
        assert (first.number, first.state, first.title) == (1, VersionState.RETIRED, title)
        assert (second.number, second.state) == (2, VersionState.PUBLISHED)
        assert second.title == "The huddle, written anew"
        assert len(first.steps) == len(second.steps) > 0
        assert len(first.mappings) == len(second.mappings) > 0
    visitor.get(f"/offers/{HUDDLE}")
    assert "The huddle, written anew" in visitor.text()
    visitor.get("/offers?q=written+anew")
    assert HUDDLE in visitor.response.text
    learner.get(mine)
    assert title in learner.text(), "whoever is on an offer keeps the version they enrolled on"


@pytest.mark.both_databases
def test_a_framework_file_that_changed_under_its_number_is_refused(
    folder: Path, seed: Callable[..., Result], rows: Callable[[], dict[str, set[tuple[Any, ...]]]]
) -> None:
    before = rows()
    edit(folder / MODEL, "Looking away when something is wrong", "Looking at the floor when something is wrong")
    said = seed(status=1).output
    assert "healthcare-leadership-model.toml: version: 1.0 has been loaded with other content" in said
    assert rows() == before


@pytest.mark.both_databases
def test_with_a_new_version_of_the_framework_offers_are_mapped_to_it(
    app: Flask, folder: Path, seed: Callable[..., Result], learner: Visitor
) -> None:
    result = assess(learner, agreement=1)
    shutil.copy(folder / MODEL, folder / "frameworks/z-next.toml")
    edit(folder / "frameworks/z-next.toml", 'version = "1.0"', 'version = "2.0"')
    seed()
    with app.app_context():
        newest = db.session.scalars(select(Framework).where(Framework.version == "2.0")).one()
        mapped = db.session.scalars(
            select(Mapping).join(Mapping.version).where(OfferVersion.state == VersionState.PUBLISHED)
        ).all()
        assert {mapping.dimension.framework_id for mapping in mapped} == {newest.id}
        assert {version.number for version in versions(HUDDLE)} == {1, 2}
    learner.get(result)
    assert len(learner.page.select("table tbody tr")) == 9
    learner.get("/recommendations")
    assess(learner, agreement=1)
    learner.get("/recommendations")
    assert re.search(r"closes \d+% of your gap", learner.text())


SECOND = """
key = "three-by-two"
version = "1"
name = "Three by two"
label = "A framework with three dimensions"
notice = "Made up."
owner = "The tests"
source = "The tests"
level = [
  { value = 0, key = "not-yet", name = "Not yet", meaning = "It is missing." },
  { value = 1, key = "there", name = "There", meaning = "It is there." },
  { value = 2, key = "shining", name = "Shining", meaning = "Others copy it." },
]
""" + "".join(
    f"""
[[dimension]]
key = "{key}"
name = "{key.title()} and more"
what = "What {key} is."
why = "Why it matters."
what_it_is_not = []
[[dimension.level]]
level = "there"
heading = "{key} is there"
statement = [{{ key = "{key}-1", self = "I {key}.", others = "They {key}." }}]
[[dimension.level]]
level = "shining"
heading = "{key} shines"
statement = [
  {{ key = "{key}-2", self = "I {key} well.", others = "They {key} well." }},
  {{ key = "{key}-3", self = "I {key} best.", others = "They {key} best." }},
]
"""
    for key in ("listen", "decide", "thank")
)


def ask_for_the_second() -> None:
    """Every seat asks for the first level of the second framework."""
    framework = db.session.scalars(select(Framework).where(Framework.key == "three-by-two")).one()
    for seat in db.session.scalars(select(Seat)):
        for dimension in framework.dimensions:
            db.session.add(RoleTarget(seat_id=seat.id, dimension_id=dimension.id, level=1, importance=2))


@pytest.mark.both_databases
def test_a_framework_of_any_size_can_be_loaded_and_assessed(
    app: Flask, folder: Path, seed: Callable[..., Result], learner: Visitor
) -> None:
    (folder / "frameworks/three-by-two.toml").write_text(SECOND, encoding="utf-8")
    assert "2 frameworks" in seed().output
    learner.get("/assessments/before-you-start")
    assert "Healthcare Leadership Model" in learner.text(), "until a seat has a target in it, it is not used"
    with app.app_context():
        run(ask_for_the_second)
    learner.get("/assessments/before-you-start")
    assert "A framework with three dimensions" in learner.text()
    choose_seat(learner)
    paths = dimension_pages(learner)
    assert len(paths) == 3
    assert "0 of 9 statements" in learner.text()
    for path, agreement in zip(paths, (4, 3, 1), strict=True):
        page = learner.get(path)
        learner.press("Save and go on", **answer_all(page, agreement))
    learner.get("/assessments/answer")
    learner.press("Finish and see your result")
    page = learner.follow()
    shown = [" ".join(row.get_text(" ").split()) for row in page.select("table tbody tr")]
    assert len(shown) == 3
    assert [level in row for level, row in zip(("Shining", "Shining", "Not yet"), shown, strict=True)] == [True] * 3
    assert "From the middle outwards: Not yet, There, Shining" in learner.text()
    picture = page.select_one("img.app-radar")
    assert picture is not None
    learner.get(str(picture["src"]))
    svg = BeautifulSoup(learner.response.text, "html.parser")
    assert len(str(svg.select("polygon")[0]["points"]).split()) == 3
    for path in (
        "/",
        "/recommendations",
        "/offers",
        f"/offers/{HUDDLE}",
        "/about",
        "/assessments",
        "/assessments/start",
    ):
        learner.get(path)


def offer_fault(key: str, old: str, new: str, file: str = "example_offers.toml") -> Callable[[Path], None]:
    return lambda folder: edit_row(folder / file, key, old, new)


def file_fault(file: str, old: str, new: str) -> Callable[[Path], None]:
    return lambda folder: edit(folder / file, old, new)


def same_key_in_both(folder: Path) -> None:
    edit(folder / "example_offers.toml", f'key = "{HUDDLE}"', f'key = "{INITIAL}"')


def removed(file: str) -> Callable[[Path], None]:
    return lambda folder: (folder / file).unlink()


def second_step_like_the_first(folder: Path) -> None:
    edit_row(folder / "example_offers.toml", HUDDLE, 'key = "step-2"', 'key = "step-1"')


def condition_twice(folder: Path) -> None:
    file = folder / "conditions.toml"
    text = file.read_text(encoding="utf-8")
    file.write_text(text + "\n[[condition]]" + text.split("[[condition]]")[1], encoding="utf-8")


def bytes_that_are_no_text(folder: Path) -> None:
    (folder / "systems.toml").write_bytes(b"# \xff\xfe\n")


FAULTS: dict[str, tuple[Callable[[Path], None], str]] = {
    "bad TOML": (file_fault("seats.toml", "framework =", "framework"), r"seats\.toml: .*line 6"),
    "bytes that are no text": (bytes_that_are_no_text, r"systems\.toml: .*decode"),
    "missing file": (removed("organisations.toml"), r"organisations\.toml"),
    "missing table": (file_fault("conditions.toml", "[[condition]]", "[[terms]]"), r"conditions\.toml: terms"),
    "unknown key": (
        offer_fault(HUDDLE, "summary =", "colour = 'red'\nsummary ="),
        r"offer 1 \(ten-minute-huddle\), colour: Extra inputs",
    ),
    "missing title": (
        offer_fault(HUDDLE, "title =", "# title ="),
        r"offer 1 \(ten-minute-huddle\), title: Field required",
    ),
    "wrong type": (
        offer_fault(HUDDLE, "hours = ", "hours = 'two' # "),
        r"offer 1 \(ten-minute-huddle\), hours: Input should be a valid number",
    ),
    "a number as text": (
        offer_fault(HUDDLE, "minutes = ", "minutes = '9' # "),
        r"ten-minute-huddle\), step 1 \(step-1\), minutes: Input should be a valid integer",
    ),
    "no hours": (
        offer_fault(HUDDLE, "hours = ", "hours = 0.001 # "),
        r"ten-minute-huddle\), hours: .*greater than or equal to 0.01",
    ),
    "hours that are no number": (offer_fault(HUDDLE, "hours = ", "hours = nan # "), r"ten-minute-huddle\), hours: "),
    "a price below nothing": (
        offer_fault(HUDDLE, "price_pounds = ", "price_pounds = -1 # "),
        r"huddle\), price_pounds: ",
    ),
    "key with a space": (
        file_fault("example_offers.toml", f'"{HUDDLE}"', '"ten minute huddle"'),
        r"offer 1 \(ten minute huddle\), key: String should match",
    ),
    "key of another page": (
        file_fault("example_offers.toml", f'"{HUDDLE}"', '"search"'),
        r"offer 1 \(search\), key: is the address of another page",
    ),
    "title longer than its column": (
        offer_fault(HUDDLE, 'title = "', 'title = "' + "x" * 200),
        r"title: String should have at most 200",
    ),
    "NUL": (offer_fault(HUDDLE, 'title = "', 'title = "\\u0000'), r"offer 1 \(ten-minute-huddle\), title: holds a NUL"),
    "unknown provider": (
        offer_fault(HUDDLE, 'provider = "', 'provider = "no-'),
        r"offer \(ten-minute-huddle\), provider: there is no no-example",
    ),
    "provider that does not publish": (
        offer_fault(HUDDLE, 'provider = "example-fennimore"', 'provider = "care-quality-commission"'),
        r"huddle\), provider: care-quality-commission does not publish",
    ),
    "unknown partner": (
        offer_fault(INITIAL, "partners = []", 'partners = ["nobody"]', "offers.toml"),
        r"offers\.toml: offer \(stp-leaders-initial-training\), partners: there is no nobody",
    ),
    "unknown dimension": (
        offer_fault(INITIAL, 'dimension = "connecting"', 'dimension = "juggling"', "offers.toml"),
        r"training\), mapping, dimension: there is no juggling",
    ),
    "unknown level": (
        offer_fault(INITIAL, 'to = "strong"', 'to = "superb"', "offers.toml"),
        r"training\), mapping, to: there is no superb",
    ),
    "from above to": (
        offer_fault(INITIAL, 'from = "proficient"', 'from = "exemplary"', "offers.toml"),
        r"training\), mapping: exemplary is not below strong",
    ),
    "from level with to": (
        offer_fault(INITIAL, 'from = "proficient"', 'from = "strong"', "offers.toml"),
        r"training\), mapping: strong is not below strong",
    ),
    "the same mapping twice": (
        offer_fault(INITIAL, 'dimension = "vision"', 'dimension = "connecting"', "offers.toml"),
        r"offer 1 \(stp-leaders-initial-training\): mapping from proficient in connecting stands twice",
    ),
    "unknown condition": (
        offer_fault(INITIAL, '["partnership"]', '["weather"]', "offers.toml"),
        r"training\), conditions: there is no weather",
    ),
    "the same condition twice": (
        offer_fault(INITIAL, '["partnership"]', '["partnership", "partnership"]', "offers.toml"),
        r"training\): condition partnership stands twice",
    ),
    "unknown seat": (
        offer_fault(INITIAL, '["system-lead"]', '["throne"]', "offers.toml"),
        r"training\), seats: there is no throne",
    ),
    "missing source": (
        offer_fault(INITIAL, "source = ", "# source = ", "offers.toml"),
        r"offer 1 \(stp-leaders-initial-training\): an offer that is no example names its source",
    ),
    "missing step": (
        offer_fault(INITIAL, 'mode = "in-person"', 'mode = "self-paced"', "offers.toml"),
        r"training\): a self-paced offer has steps, any other has none",
    ),
    "steps where there are none": (
        offer_fault(HUDDLE, 'mode = "self-paced"', 'mode = "online"'),
        r"huddle\): a self-paced offer has steps, any other has none",
    ),
    "unknown way to take part": (
        offer_fault(HUDDLE, 'mode = "self-paced"', 'mode = "by-post"'),
        r"huddle\), mode: Input should be 'in-person'",
    ),
    "the same step twice": (second_step_like_the_first, r"offer 1 \(ten-minute-huddle\): step step-1 stands twice"),
    "the same offer twice": (
        file_fault("example_offers.toml", 'key = "thank-people-well"', f'key = "{HUDDLE}"'),
        r"example_offers\.toml: .*ten-minute-huddle stands twice",
    ),
    "the same offer in two files": (
        same_key_in_both,
        r"example_offers\.toml: offer \(stp-leaders-initial-training\): stands in offers\.toml too",
    ),
    "the same condition row twice": (condition_twice, r"conditions\.toml: condition partnership stands twice"),
    "the same system twice": (
        file_fault("systems.toml", 'key = "west-north-and-east-cumbria"', 'key = "northumberland-tyne-and-wear"'),
        r"systems\.toml: system northumberland-tyne-and-wear stands twice",
    ),
    "kind of system unknown": (
        file_fault("systems.toml", 'kind = "STP"', 'kind = "PCT"'),
        r"systems\.toml: system 1 \(northumberland-tyne-and-wear\), kind: Input should be 'STP' or 'ICS'",
    ),
    "a date that is none": (
        file_fault("systems.toml", "ended_on = 2022-07-01", "ended_on = '1 July'"),
        r"system 1 \(northumberland-tyne-and-wear\), ended_on: ",
    ),
    "unknown framework": (
        file_fault("seats.toml", 'framework = "healthcare-leadership-model"', 'framework = "astrology"'),
        r"seats\.toml: framework: astrology has not been loaded",
    ),
    "a target missing": (
        file_fault("seats.toml", "care = {", "# care = {"),
        r"seats\.toml: seat \(receptionist\), targets: missing or unknown: care",
    ),
    "a target of an unknown level": (
        file_fault("seats.toml", '{ level = "proficient"', '{ level = "superb"'),
        r"seat \(receptionist\), targets, shared-purpose: no level superb",
    ),
    "importance off its scale": (
        file_fault("seats.toml", "importance = 3", "importance = 9"),
        r"seat 1 \(receptionist\), targets, shared-purpose, importance: ",
    ),
    "levels out of order": (
        file_fault(MODEL, "value = 1", "value = 7"),
        r"leadership-model\.toml: the levels must be numbered",
    ),
    "a level described twice": (
        file_fault(MODEL, 'level = "proficient"', 'level = "essential"'),
        r"dimension shared-purpose: each level above 0 must be described once",
    ),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_faulty_file_is_refused_by_file_row_and_reason_and_nothing_is_changed(
    folder: Path, seed: Callable[..., Result], rows: Callable[[], dict[str, set[tuple[Any, ...]]]], fault: str
) -> None:
    before = rows()
    break_it, said = FAULTS[fault]
    # What is right, and is read and written before the fault is found, must not stay either.
    edit(folder / "organisations.toml", 'name = "NHS Improvement"', 'name = "Renamed"')
    break_it(folder)
    output = " ".join(seed(status=1).output.split())
    assert output.startswith("Error: nothing was changed: ")
    assert re.search(said, output), output
    assert "Traceback" not in output
    assert rows() == before


@pytest.mark.both_databases
def test_a_fault_in_the_very_last_row_leaves_nothing_behind(
    folder: Path, seed: Callable[..., Result], rows: Callable[[], dict[str, set[tuple[Any, ...]]]]
) -> None:
    before = rows()
    edit_row(folder / "offers.toml", INITIAL, 'title = "', 'title = "Changed: ')
    (folder / "frameworks/three-by-two.toml").write_text(SECOND, encoding="utf-8")
    file = folder / "example_offers.toml"
    head, dimension, tail = file.read_text(encoding="utf-8").rpartition('dimension = "')
    file.write_text(f"{head}{dimension}no-{tail}", encoding="utf-8")
    assert "mapping, dimension: there is no no-" in seed(status=1).output
    assert rows() == before


def test_bodies_that_have_ended_show_when_and_who_followed(app: Flask, visitor: Visitor) -> None:
    today = in_london(now()).date()
    with app.app_context():
        ended = [
            (offer.slug, format_date(body.ended_on), body.name, body.successor)
            for offer in db.session.scalars(select(Offer))
            for body in (offer.provider, *offer.partners)
            if body.ended_on is not None and body.ended(today)
        ]
    assert len(ended) >= 3
    for slug, day, name, successor in ended:
        visitor.get(f"/offers/{slug}")
        assert f"{name} (ended {day}; followed by {successor})" in visitor.text().replace("( ", "("), slug


def test_the_notice_and_the_page_name_whose_words_these_are(app: Flask, visitor: Visitor) -> None:
    notice = (resource_dir("seed") / "NOTICE.md").read_text(encoding="utf-8")
    visitor.get("/about")
    with app.app_context():
        framework = db.session.scalars(select(Framework)).one()
        for words in (framework.name, framework.owner, framework.label):
            assert words in notice
            assert words in visitor.text()
        assert framework.notice in visitor.text()
        assert db.session.scalar(select(func.count()).select_from(Offer).where(Offer.example)) or 0
    for owner in ("NHS Leadership Academy", "NHS Improvement", "NHS Institute for Innovation and Improvement"):
        assert owner in notice
    assert "not the NHS instrument, not validated" in notice
    assert "is not part of the NHS" in visitor.response.text
