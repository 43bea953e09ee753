"""What the data files of the catalogue promise, checked on the files themselves."""

import re
import tomllib
from collections import Counter
from datetime import date
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

CHANGE = date(2022, 7, 1)

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


def test_the_44_areas_are_numbered_and_ended_on_the_day_on_which_42_systems_followed_them() -> None:
    areas, followers = SYSTEMS[:44], SYSTEMS[44:]
    assert [system["number"] for system in areas] == list(range(1, 45))
    assert len({system["name"] for system in areas}) == 44
    assert {(system["kind"], system["ended_on"]) for system in areas} == {("STP", CHANGE)}
    assert len({system["name"] for system in followers}) == 42
    assert {(system["kind"], system["started_on"]) for system in followers} == {("ICS", CHANGE)}
    assert all("ended_on" not in system for system in followers)


def test_each_area_was_followed_by_a_system_of_its_own_but_for_the_three_in_the_north_east() -> None:
    followed = Counter(system["successor"] for system in SYSTEMS[:44])
    assert set(followed) == set(keys(SYSTEMS[44:]))
    assert {key: count for key, count in followed.items() if count > 1} == {"ics-north-east-and-north-cumbria": 3}
    assert {system["successor"] for system in SYSTEMS[:3]} == {"ics-north-east-and-north-cumbria"}


def test_each_area_has_a_trust_with_its_code_in_the_register() -> None:
    trusts = [row for row in ORGANISATIONS if row.get("ods_code")]
    assert {row["system"] for row in trusts} == set(keys(SYSTEMS[:44]))
    assert len({row["ods_code"] for row in trusts}) == len(trusts)
    assert all(row["kind"] == "trust" and not row["example"] and "ended_on" not in row for row in trusts)


def test_codes_of_trusts_are_as_the_register_has_them_and_each_name_stands_once() -> None:
    """Trusts have three signs that begin with R, care trusts with TA; no other sort is here."""
    trusts = [row for row in ORGANISATIONS if row["kind"] == "trust" and not row["example"]]
    coded = [row for row in trusts if "ods_code" in row]
    wrong = [row["ods_code"] for row in coded if not re.fullmatch(r"R[A-Z0-9]{2}|TA[A-Z0-9]", row["ods_code"])]
    assert wrong == []
    assert Counter(row["name"] for row in ORGANISATIONS).most_common(1)[0][1] == 1
    assert [row["name"] for row in coded if not row["name"].endswith(" Trust")] == []
    # Without a code: under the names that the source has, which they do not bear any more.
    assert {row["key"] for row in trusts} - {row["key"] for row in coded} == {
        "buckinghamshire-hospitals", "central-lancashire-primary-care-trust", "walsall-hospitals"
    }  # fmt: skip


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
    publishers = {row["key"] for row in ORGANISATIONS if row.get("publishes")}
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


def minutes_of(offer: Row) -> int:
    """Of the steps that somebody does: of electives the shortest that they may choose."""
    groups = {group["key"]: group.get("choose") for group in offer.get("group", [])}
    by_group: dict[str, list[int]] = {}
    for step in offer["step"]:
        by_group.setdefault(step.get("group", ""), []).append(step["minutes"])
    return sum(sum(sorted(minutes)[: groups.get(group)]) for group, minutes in by_group.items())


def test_only_self_paced_offers_and_programmes_have_steps_and_they_fill_the_hours() -> None:
    for offer in OFFERS:
        steps = offer.get("step", [])
        programme = any("offer" in step for step in steps)
        assert bool(steps) == (offer["mode"] == "self-paced" or programme), offer["key"]
        if steps:
            assert minutes_of(offer) == offer["hours"] * 60, offer["key"]


def test_a_programme_brings_four_providers_together_and_has_a_cohort_that_meets() -> None:
    programmes = [offer for offer in EXAMPLES if any("offer" in step for step in offer.get("step", []))]
    assert programmes
    for offer in programmes:
        theirs = {step["offer"].partition("/")[0] for step in offer["step"] if "offer" in step}
        assert theirs == {offer["provider"], *offer["partners"]}
        assert len(theirs) == 4
        assert all(run["session"] for run in offer["run"])


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
