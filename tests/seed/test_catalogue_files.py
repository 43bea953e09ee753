"""What the data files of the catalogue promise, checked on the files themselves."""

import tomllib
from collections import Counter
from itertools import chain
from pathlib import Path
from typing import Any

import pytest

SEED = Path(__file__).resolve().parents[2] / "seed"
DIMENSIONS = (
    "shared-purpose",
    "care",
    "information",
    "connecting",
    "vision",
    "team",
    "accountability",
    "capability",
    "influence",
)
LEVELS = ("insufficient", "essential", "proficient", "strong", "exemplary")
CONDITIONS = ("partnership", "compassion", "improvement", "learning", "oversight")

Row = dict[str, Any]
Step = tuple[str, int]


def rows(file: str, table: str) -> list[Row]:
    found: list[Row] = tomllib.loads((SEED / file).read_text(encoding="utf-8"))[table]
    return found


SYSTEMS = rows("systems.toml", "system")
ORGANISATIONS = rows("organisations.toml", "organisation")
REAL = rows("offers.toml", "offer")
EXAMPLES = rows("example_offers.toml", "offer")
OFFERS = REAL + EXAMPLES


def keys(of: list[Row]) -> list[str]:
    return [row["key"] for row in of]


def level_steps(offer: Row) -> set[Step]:
    """The steps from one level to the next that an offer carries its learners over."""
    return {
        (mapping["dimension"], level)
        for mapping in offer["mapping"]
        for level in range(LEVELS.index(mapping["from"]), LEVELS.index(mapping["to"]))
    }


def reach(offers: list[Row]) -> Counter[Step]:
    return Counter(chain.from_iterable(level_steps(offer) for offer in offers))


def test_the_44_systems_are_numbered_and_have_ended() -> None:
    assert [system["number"] for system in SYSTEMS] == list(range(1, 45))
    assert len({system["name"] for system in SYSTEMS}) == 44
    assert all(system["kind"] == "STP" and system["ended_on"] for system in SYSTEMS)


@pytest.mark.parametrize("of", [SYSTEMS, ORGANISATIONS, OFFERS], ids=["systems", "organisations", "offers"])
def test_keys_are_unique(of: list[Row]) -> None:
    assert len(keys(of)) == len(set(keys(of)))


@pytest.mark.parametrize("part", ["step", "run"])
def test_keys_of_steps_and_runs_are_unique_within_their_offer(part: str) -> None:
    for offer in OFFERS:
        inner = keys(offer.get(part, []))
        assert len(inner) == len(set(inner)), offer["key"]


def test_whatever_has_ended_names_its_successor() -> None:
    ended = [row for row in SYSTEMS + ORGANISATIONS if "ended_on" in row]
    assert [row["key"] for row in ended if not row.get("successor")] == []


def test_every_provider_and_partner_publishes() -> None:
    publishers = {row["key"] for row in ORGANISATIONS if row["publishes"]}
    named = {key for offer in OFFERS for key in (offer["provider"], *offer["partners"])}
    assert named <= publishers


def test_examples_are_marked_and_come_from_invented_providers() -> None:
    invented = {row["key"] for row in ORGANISATIONS if row["example"]}
    assert len(EXAMPLES) >= 60
    assert all(offer["example"] and offer["provider"] in invented for offer in EXAMPLES)


def test_real_offers_have_a_source_an_estimate_and_no_run() -> None:
    assert REAL
    for offer in REAL:
        assert not offer["example"], offer["key"]
        assert offer["source"], offer["key"]
        assert offer["hours_estimated"], offer["key"]
        assert "run" not in offer, offer["key"]


def test_only_self_paced_offers_have_steps_and_they_fill_the_hours() -> None:
    for offer in OFFERS:
        steps = offer.get("step", [])
        assert bool(steps) == (offer["mode"] == "self-paced"), offer["key"]
        if steps:
            assert sum(step["minutes"] for step in steps) == offer["hours"] * 60, offer["key"]


def test_other_examples_have_one_to_three_runs() -> None:
    for offer in EXAMPLES:
        allowed = range(1) if offer["mode"] == "self-paced" else range(1, 4)
        assert len(offer.get("run", [])) in allowed, offer["key"]


def test_every_mapping_leads_upwards_in_a_known_dimension() -> None:
    for offer in OFFERS:
        assert 1 <= len(offer["mapping"]) <= 4, offer["key"]
        for mapping in offer["mapping"]:
            assert mapping["dimension"] in DIMENSIONS, offer["key"]
            assert LEVELS.index(mapping["from"]) < LEVELS.index(mapping["to"]), offer["key"]
            assert mapping["strength"] in {"touches", "builds", "masters"}, offer["key"]


@pytest.mark.parametrize("dimension", DIMENSIONS)
def test_examples_reach_each_step_between_levels(dimension: str) -> None:
    anyhow = reach(EXAMPLES)
    alone = reach([offer for offer in EXAMPLES if offer["mode"] == "self-paced"])
    assert min(anyhow[dimension, level] for level in range(4)) >= 2
    assert min(alone[dimension, level] for level in range(2)) >= 1


def test_examples_reach_each_condition() -> None:
    count = Counter(condition for offer in EXAMPLES for condition in offer["conditions"])
    assert set(count) == set(CONDITIONS)
    assert min(count.values()) >= 6
