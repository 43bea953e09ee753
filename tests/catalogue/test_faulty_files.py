"""A faulty file is refused as a whole, and it is said what is wrong and where."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result

from tests.catalogue.seed_files import HUDDLE, INITIAL, MODEL, SECOND, edit, edit_row


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
        r"huddle\): only a self-paced offer has steps",
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
