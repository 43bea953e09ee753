"""Kinds of values that statements are made of, each with its check: it raises ``Malformed`` with where and why.

Source: Experience API 1.0.3, part two, 2.2 (formatting requirements) and 4 (special data types),
https://github.com/adlnet/xAPI-Spec/blob/master/xAPI-Data.md.
"""

import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from catalogue.records.reading import fault
from catalogue.shapes import FIRST_DAY, LAST_DAY, is_day

Check = Callable[[Any, str], None]
LONGEST = 500  # characters of an address: as long as its column

_IRI = re.compile(r"[A-Za-z][A-Za-z0-9+.\-]*:[^\s<>\"{}|\\^`]+")
_UUID = re.compile(r"[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[1-8][0-9a-fA-F]{3}-[89abAB][0-9a-fA-F]{3}-[0-9a-fA-F]{12}")
_TIMESTAMP = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d([.,]\d{1,9})?)?(Z|[+-]\d\d(:?\d\d)?)?", re.ASCII)
_DURATION = re.compile(
    r"P(?=.)(\d+([.,]\d+)?W|(\d+([.,]\d+)?Y)?(\d+([.,]\d+)?M)?(\d+([.,]\d+)?D)?"
    r"(T(?=.)(\d+([.,]\d+)?H)?(\d+([.,]\d+)?M)?(\d+([.,]\d+)?S)?)?)",
    re.ASCII,
)
_LANGUAGE = re.compile(r"([A-Za-z]{2,8}|[ixIX](?=-))(-[A-Za-z0-9]{1,8})*")


def text(value: Any, where: str) -> None:
    if not isinstance(value, str):
        fault(where, "has to be a text")


def like(pattern: re.Pattern[str], called: str) -> Check:
    def checking(value: Any, where: str) -> None:
        text(value, where)
        if len(value) > LONGEST or not pattern.fullmatch(value):
            fault(where, f"has to be {called}")

    return checking


iri, uuid = like(_IRI, "an IRI"), like(_UUID, "a UUID")
language, duration = like(_LANGUAGE, "a language tag"), like(_DURATION, "an ISO 8601 duration")


def truth(value: Any, where: str) -> None:
    if not isinstance(value, bool):
        fault(where, "has to be true or false")


def number(value: Any, where: str) -> None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        fault(where, "has to be a number")


def count(value: Any, where: str) -> None:
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        fault(where, "has to be a whole number, 0 or more")


def moment(said: str, where: str) -> datetime:
    """An ISO 8601 timestamp, in UTC where it names no zone (section 4.5); raises ``Malformed``."""
    if not _TIMESTAMP.fullmatch(said) or said.endswith(("-00", "-0000", "-00:00")):
        fault(where, "is not an ISO 8601 timestamp")
    try:
        read = datetime.fromisoformat(said.replace(",", "."))
        return (read if read.tzinfo else read.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        return fault(where, "is not a moment that there is")


def timestamp(value: Any, where: str) -> None:
    text(value, where)
    if not is_day(moment(value, where).date()):
        fault(where, f"is not a moment of the years {FIRST_DAY.year} to {LAST_DAY.year}")


def one_of(*values: str) -> Check:
    def checking(value: Any, where: str) -> None:
        if not isinstance(value, str) or value not in values:
            fault(where, f"has to be {' or '.join(values)}")

    return checking


def words(value: Any, where: str) -> None:
    """A language map (4.2)."""
    if not isinstance(value, dict):
        fault(where, "has to be a language map")
    for tag, said in value.items():
        language(tag, f"{where}.{tag}")
        text(said, f"{where}.{tag}")


def extensions(value: Any, where: str) -> None:
    if not isinstance(value, dict):
        fault(where, "has to be an object")
    for name in value:
        iri(name, f"{where}.{name}")


def each(inner: Check) -> Check:
    def checking(value: Any, where: str) -> None:
        if not isinstance(value, list):
            fault(where, "has to be a list")
        for number, one in enumerate(value):
            inner(one, f"{where}[{number}]")

    return checking


def shape(value: Any, where: str, required: dict[str, Check], optional: dict[str, Check]) -> None:
    if not isinstance(value, dict):
        fault(where, "has to be an object")
    for name in required:
        if name not in value:
            fault(f"{where}.{name}", "is missing")
    for name, inner in value.items():
        checking = required.get(name) or optional.get(name)
        if checking is None:
            fault(f"{where}.{name}", "is not a property that there is; names are written as the specification does")
        if inner is None:
            fault(f"{where}.{name}", "is null")
        checking(inner, f"{where}.{name}")
