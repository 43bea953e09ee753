"""What stands in one cell of a table, forgivingly read: each function takes a cell that is not empty.

Raises ``Misread`` with the reason and the remedy, for the person whose file it is.
"""

import re
from datetime import date, datetime, time

Cell = str | int | float | bool | date | time | None
"""Text, or what a spreadsheet says that it is; a moment is a ``datetime``."""

_YES, _NO = {"yes", "y", "true", "1"}, {"no", "n", "false", "0"}
_NUMBER = r"(?P<figure>(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?|\.\d+)"
_HOURS = re.compile(rf"{_NUMBER}\s*(?P<unit>hours?|hrs?|h|minutes?|mins?|m)?", re.IGNORECASE | re.ASCII)
_POUNDS = re.compile(rf"(?:£|GBP)?\s*{_NUMBER}\s*(?:GBP|pounds?)?", re.IGNORECASE | re.ASCII)
_DAY = re.compile(r"(?P<day>\d{1,2})[/.\- ](?P<month>\d{1,2}|[A-Za-z]{3,9})[/.\- ](?P<year>\d{4})", re.ASCII)
_TIME = re.compile(r"(?P<hour>\d{1,2})(?:[:.](?P<minute>\d{2})(?::(?P<second>\d{2}))?)?\s*(?P<half>am|pm)?", re.ASCII)
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")


class Misread(ValueError):
    """What is wrong with a cell, and what to write instead."""

    def __init__(self, reason: str, remedy: str) -> None:
        super().__init__(reason)
        self.reason, self.remedy = reason, remedy


def shown(cell: Cell) -> str:
    """A cell as a message shows it: short."""
    said = " ".join(text(cell).split())
    return f"“{said if len(said) <= 60 else said[:59] + '…'}”"


def text(cell: Cell) -> str:
    """A number without needless decimals, a day in ISO 8601, anything else as it stands."""
    if isinstance(cell, bool):
        return "yes" if cell else "no"
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    if isinstance(cell, datetime) and cell.time() == time():
        return cell.date().isoformat()
    if isinstance(cell, date | time):
        return cell.isoformat()
    return "" if cell is None else str(cell).strip()


def yes_no(cell: Cell) -> bool:
    said = text(cell).casefold()
    if said in _YES or said in _NO:
        return said in _YES
    raise Misread(f"{shown(cell)} is neither yes nor no", "Write yes or no.")


def hours(cell: Cell) -> float:
    """Hours; minutes where they are said."""
    found = _HOURS.fullmatch(text(cell))
    if found is None:
        raise Misread(f"{shown(cell)} is not a number of hours", "Write hours as a number, such as 1.5.")
    figure = _number(found["figure"])
    return figure / 60 if (found["unit"] or "h").lower().startswith("m") else figure


def pounds(cell: Cell) -> float:
    said = text(cell)
    if said.casefold() == "free":
        return 0.0
    found = _POUNDS.fullmatch(said)
    if found is None:
        raise Misread(
            f"{shown(cell)} is not a price in pounds",
            "Write pounds as a number, such as 250 or 99.50; 0 where it is free; nothing where it is not known.",
        )
    return _number(found["figure"])


def count(cell: Cell) -> int:
    said = text(cell).replace(",", "")
    if not re.fullmatch(r"\d{1,9}", said, re.ASCII):
        raise Misread(f"{shown(cell)} is not a whole number", "Write a whole number, such as 20.")
    return int(said)


def day(cell: Cell) -> date:
    """A day: as a spreadsheet has it, in ISO 8601, or with the day before the month, as in Britain."""
    if isinstance(cell, datetime):
        return cell.date()
    if isinstance(cell, date):
        return cell
    said = text(cell)
    found = _DAY.fullmatch(said)
    try:
        if found is None:
            return date.fromisoformat(said) if re.fullmatch(r"\d{4}-\d\d-\d\d", said, re.ASCII) else _no_day(cell)
        return date(int(found["year"]), _month(found["month"]), int(found["day"]))
    except ValueError:
        return _no_day(cell)


def _no_day(cell: Cell) -> date:
    raise Misread(f"{shown(cell)} is not a date", "Write a date as 2027-03-31 or 31/03/2027.")


def _month(said: str) -> int:
    return int(said) if said.isdigit() else _MONTHS.index(said[:3].lower()) + 1


def clock(cell: Cell) -> time:
    """A time of the day, of 24 hours or with am and pm."""
    if isinstance(cell, datetime):
        return cell.time().replace(microsecond=0)
    if isinstance(cell, time):
        return cell.replace(microsecond=0, tzinfo=None)
    found = _TIME.fullmatch(text(cell).lower())
    try:
        if found is None or not (found["half"] or found["minute"]):
            raise ValueError
        hour = int(found["hour"])
        if found["half"]:
            if not 1 <= hour <= 12:
                raise ValueError
            hour = hour % 12 + (12 if found["half"] == "pm" else 0)
        return time(hour, int(found["minute"] or 0), int(found["second"] or 0))
    except ValueError:
        raise Misread(f"{shown(cell)} is not a time of the day", "Write a time as 09:30.") from None


def _number(figure: str) -> float:
    return float(figure.replace(",", ""))
