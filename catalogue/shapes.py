"""What every file and message that comes in is made of: strict shapes, and words that a database can hold."""

from collections import Counter
from collections.abc import Iterable
from datetime import date
from typing import Annotated, Any
from unicodedata import category

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, field_validator

# As long as their columns: SQLite would take more, PostgreSQL would not.
_KEY = r"^[a-z0-9]+(-[a-z0-9]+)*$"
Key = Annotated[str, Field(pattern=_KEY, max_length=60)]
LongKey = Annotated[str, Field(pattern=_KEY, max_length=100)]
Words20 = Annotated[str, Field(max_length=20)]
Words100 = Annotated[str, Field(max_length=100)]
Words200 = Annotated[str, Field(max_length=200)]
Words300 = Annotated[str, Field(max_length=300)]
Words500 = Annotated[str, Field(max_length=500)]
FIRST_DAY, LAST_DAY = date(1900, 1, 1), date(2199, 12, 31)
"""Between these are the days that are taken from anybody: near the ends of the calendar no day has one after it."""
HIGHEST_ID = 2**31 - 1


def is_day(day: date) -> bool:
    return FIRST_DAY <= day <= LAST_DAY


def _of_our_time(day: date) -> date:
    if not is_day(day):
        raise ValueError(f"is not a day from {FIRST_DAY.year} to {LAST_DAY.year}")
    return day


Day = Annotated[date, AfterValidator(_of_our_time)]


def can_be_seen(text: str) -> bool:
    """Whether anything of it shows: a letter, a figure or a sign, and not spaces and marks without a body alone."""
    return any(category(letter)[0] in "LNPS" for letter in text)


def row_id(said: str | int) -> int:
    """The id of a row, as an address or a form sends it; raises ``ValueError`` for what no row can have."""
    number = int(said)
    if not 0 < number <= HIGHEST_ID:
        raise ValueError("no row has this id")
    return number


class Shape(BaseModel):
    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True, strict=True)

    @field_validator("*")
    @classmethod
    def _can_be_stored(cls, value: Any) -> Any:
        texts = value if isinstance(value, list) else [value]
        if any("\0" in text for text in texts if isinstance(text, str)):
            raise ValueError("holds a NUL character")
        return value


def once(what: str, keys: Iterable[object]) -> None:
    """Raises ``ValueError`` for a key that stands twice."""
    for key, count in Counter(keys).items():
        if count > 1:
            raise ValueError(f"{what} {key} stands twice")
