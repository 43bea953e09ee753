"""What every format comes down to: a row for each offer, with its runs, and where in the file a fault stands."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import time
from typing import Any, Self

from pydantic import Field, model_validator

from catalogue.enrolments.sessions import MOST_SESSIONS, SessionValues
from catalogue.shapes import Day, Key, Shape, Words100, Words200, Words300, Words500, once
from catalogue.spreadsheets import RowFault

Document = dict[str, Any]
"""An ``OfferContent``, or a ``RunRow``, as it was read: not checked yet, fields by their names in it."""


class SessionRow(Shape):
    """A time at which the people of a run meet, in London."""

    key: Key
    title: Words200 = Field(min_length=1)
    day: Day
    starts: time
    ends: time
    place: Words100 = ""

    @model_validator(mode="after")
    def _forwards(self) -> Self:
        if self.starts.tzinfo is None and self.ends.tzinfo is None and self.starts >= self.ends:
            raise ValueError(f"the session “{self.title}” has to end after it starts")
        return self


class RunRow(Shape):
    """One presentation of an offer. Times are London's; pounds, and none where the price is the offer's."""

    key: Words300 = Field(min_length=1)
    starts_on: Day
    ends_on: Day
    start_time: time | None = None
    end_time: time | None = None
    place: Words100
    venue: str = ""
    join_link: Words500 = Field(default="", pattern=r"^(https?://\S+)?$")
    accessibility: str = ""
    price_pounds: float | None = Field(ge=0, le=1_000_000, default=None)
    places: int = Field(ge=0, le=1_000_000)
    name: Words100 = ""
    """Of a cohort."""
    apply_by: Day | None = None
    """The last day to join; none for the day before it starts."""
    withdraw_by: Day | None = None
    """The last day on which people leave without asking the provider."""
    session: list[SessionRow] = Field(default=[], max_length=MOST_SESSIONS)

    @model_validator(mode="after")
    def _each_once(self) -> Self:
        once("session", (session.key for session in self.session))
        return self

    @property
    def columns(self) -> dict[str, Any]:
        """As ``enrolments.runs`` takes a run: pence, and its sessions by key."""
        values = self.model_dump(exclude={"price_pounds", "session"})
        values["price_pence"] = None if self.price_pounds is None else round(self.price_pounds * 100)
        return values | {"sessions": [SessionValues(**one.model_dump()) for one in self.session]}


@dataclass(frozen=True, slots=True)
class OfferRow:
    """One offer as a file has it."""

    number: int
    """Of the row in a table, or of the line in a document: from 1, with the heading counted."""
    key: str
    """The provider's own: with the provider, the natural key."""
    offer: Document
    runs: tuple[Document, ...] = ()
    columns: Mapping[str, str] = field(default_factory=dict)
    """What the file calls a field, where that is not the field's own name; fields of runs have ``run.`` before it."""
    faults: tuple[RowFault, ...] = ()
    """What could not even be read."""
    run_numbers: tuple[int, ...] = ()
    """Where each of the runs stands: its row, or its line."""
    provider: tuple[str, ...] = ()
    """What the file calls whose offer it is, where it does: identifiers and a name."""
