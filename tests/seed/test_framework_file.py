"""The shipped framework has the shape of the published one, in words that are not the published ones."""

import hashlib
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
LEVELS = ["insufficient", "essential", "proficient", "strong", "exemplary"]
IN_A_RUN = 6

# Per dimension: its name, then heading and number of statements from Essential to Exemplary.
SHAPE: dict[str, tuple[str, list[tuple[str, int]]]] = {
    "shared-purpose": (
        "Inspiring shared purpose",
        [
            ("Staying true to NHS principles and values", 3),
            ("Holding to principles and values under pressure", 3),
            ("Taking personal risks to stand up for the shared purpose", 2),
            ("Making courageous challenges for the benefit of the service", 2),
        ],
    ),
    "care": (
        "Leading with care",
        [
            ("Caring for the team", 3),
            ("Recognising underlying reasons for behaviour", 3),
            ("Providing opportunities for mutual support", 3),
            ("Spreading a caring environment beyond my own area", 2),
        ],
    ),
    "information": (
        "Evaluating information",
        [
            ("Gathering data", 4),
            ("Scanning widely", 3),
            ("Thinking creatively", 3),
            ("Developing new concepts", 3),
        ],
    ),
    "connecting": (
        "Connecting our service",
        [
            ("Recognising how my area of work relates to other parts of the system", 3),
            ("Understanding the culture and politics across my organisation", 3),
            ("Adapting to different standards and approaches outside my organisation", 3),
            ("Working strategically across the system", 3),
        ],
    ),
    "vision": (
        "Sharing the vision",
        [
            ("Communicating to create credibility and trust", 4),
            ("Creating clear direction", 3),
            ("Making long-term goals desirable", 3),
            ("Inspiring confidence for the future", 3),
        ],
    ),
    "team": (
        "Engaging the team",
        [
            ("Involving the team", 3),
            ("Fostering creative participation", 3),
            ("Co-operating to raise the game", 3),
            ("Stretching the team for excellence", 4),
        ],
    ),
    "accountability": (
        "Holding to account",
        [
            ("Setting clear expectations", 4),
            ("Managing and supporting performance", 4),
            ("Challenging for continuous improvement", 3),
            ("Creating a mindset for innovative change", 3),
        ],
    ),
    "capability": (
        "Developing capability",
        [
            ("Providing opportunities for people development", 3),
            ("Taking multiple steps to develop team members", 3),
            ("Building longer-term capability", 3),
            ("Creating systems for succession to all key roles", 3),
        ],
    ),
    "influence": (
        "Influencing for results",
        [
            ("Engaging with others to convince or persuade", 5),
            ("Adapting my approach to connect with diverse groups", 4),
            ("Developing collaborative agendas and consensus", 3),
            ("Building sustainable commitments", 3),
        ],
    ),
}


def load(name: str) -> dict[str, Any]:
    return tomllib.loads((ROOT / "seed" / name).read_text(encoding="utf-8"))


FRAMEWORK = load("frameworks/healthcare-leadership-model.toml")
SEATS = load("seats.toml")
STATEMENTS: list[dict[str, str]] = [
    statement
    for dimension in FRAMEWORK["dimension"]
    for level in dimension["level"]
    for statement in level["statement"]
]


def run_hashes(text: str) -> set[str]:
    """Hash every six words in a row, as the head of source_runs.txt describes."""
    words = re.findall(r"[a-z0-9]+", re.sub("['’]", "", text.lower()))
    runs = (" ".join(words[i : i + IN_A_RUN]) for i in range(len(words) - IN_A_RUN + 1))
    return {hashlib.sha256(run.encode()).hexdigest()[:16] for run in runs}


def source_lines() -> list[str]:
    lines = (ROOT / "tests" / "data" / "source_runs.txt").read_text(encoding="utf-8").splitlines()
    return [line for line in lines if not line.startswith("#")]


def own_words() -> Iterator[str]:
    yield from (level["meaning"] for level in FRAMEWORK["level"])
    for dimension in FRAMEWORK["dimension"]:
        yield from (dimension["what"], dimension["why"], *dimension["what_it_is_not"])
    for statement in STATEMENTS:
        yield from (statement["self"], statement["others"])


def test_levels_run_from_insufficient_to_exemplary() -> None:
    found = [(level["value"], level["key"], level["name"]) for level in FRAMEWORK["level"]]
    assert found == [(value, key, key.capitalize()) for value, key in enumerate(LEVELS)]


def test_dimensions_headings_and_counts_have_the_expected_shape() -> None:
    found = {
        dimension["key"]: (
            dimension["name"],
            [(level["heading"], len(level["statement"])) for level in dimension["level"]],
        )
        for dimension in FRAMEWORK["dimension"]
    }
    assert found == SHAPE
    assert list(found) == list(SHAPE)
    for dimension in FRAMEWORK["dimension"]:
        assert [level["level"] for level in dimension["level"]] == LEVELS[1:]
    assert len(STATEMENTS) == 113


def test_every_statement_has_its_own_key_and_two_forms() -> None:
    for part in ("key", "self", "others"):
        assert len({statement[part] for statement in STATEMENTS}) == len(STATEMENTS)
    for statement in STATEMENTS:
        assert statement["self"] != statement["others"]
        assert statement["self"].endswith(".")
        assert statement["others"].endswith(".")
        assert re.search(r"\b(I|my|me)\b", statement["self"], re.IGNORECASE)
        assert not re.search(r"\b(I|my|me|myself|mine)\b", statement["others"], re.IGNORECASE)


def test_no_text_repeats_six_words_of_the_source() -> None:
    published = set(source_lines())
    assert [text for text in own_words() if run_hashes(text) & published] == []


def test_the_detector_can_find_a_copied_run() -> None:
    lines = source_lines()
    assert len(lines) > 500
    assert lines == sorted(set(lines))
    assert all(re.fullmatch(r"[0-9a-f]{16}", line) for line in lines)
    # One run that the source shares with every textbook.
    assert run_hashes("SMART stands for specific, measurable, achievable goals") & set(lines)
    motto = "The quick brown fox doesn't jump"
    assert len(run_hashes(motto)) == 1
    assert run_hashes(motto) == run_hashes("the QUICK brown, fox doesn’t jump!")
    assert run_hashes(motto).isdisjoint(run_hashes("The quick brown dog doesn't jump"))


def test_every_seat_has_a_target_for_every_dimension() -> None:
    assert SEATS["framework"] == FRAMEWORK["key"]
    seats = SEATS["seat"]
    assert len(seats) >= 8
    assert len({seat["key"] for seat in seats}) == len(seats)
    for seat in seats:
        assert set(seat["targets"]) == set(SHAPE)
        for target in seat["targets"].values():
            assert target["level"] in LEVELS[1:]
            assert target["importance"] in (1, 2, 3)
