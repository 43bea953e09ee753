"""The shape of the seats of a run that are kept for systems and partners, row by row."""

from collections.abc import Sequence
from datetime import date
from typing import Any

from flask_wtf import FlaskForm
from wtforms import FieldList, Form, FormField, SelectField
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]  # newer than its stubs
from wtforms.validators import NumberRange, Optional

from catalogue.enrolments.allocations import Row
from catalogue.enrolments.seating import Allocated
from catalogue.publishing.forms.fields import DayField, WholeNumberField
from catalogue.systems.models import Organisation, System

MOST_ROWS = 100
Bodies = dict[str, str]
"""Those for whom seats can be kept: "system:12" or "organisation:7", with their names."""


def bodies_of(systems: Sequence[System], organisations: Sequence[Organisation]) -> Bodies:
    return {f"system:{one.id}": f"{one.name} ({one.kind})" for one in systems} | {
        f"organisation:{one.id}": one.name for one in organisations
    }


class SeatsRow(Form):
    """A row in which nothing is chosen and typed is none."""

    body = SelectField("For whom", validate_choice=False)
    seats = WholeNumberField("Seats", validators=[Optional(), NumberRange(0, 1_000_000, "Enter 0 or more seats")])
    release_on = DayField("Given to others from", validators=[Optional()])

    @property
    def is_empty(self) -> bool:
        fields = (self.body, self.seats, self.release_on)
        return not any(field.data not in (None, "") or field.errors for field in fields)

    def validate(self, extra_validators: Any = None) -> bool:
        if not super().validate(extra_validators):
            return False
        if self.is_empty:
            return True
        if self.body.data not in {value for value, *_ in self.body.iter_choices() if value}:
            self.body.errors = ["Choose for whom the seats are"]
        if self.seats.data is None:
            self.seats.errors = ["Enter how many seats"]
        if self.release_on.data is None:
            self.release_on.errors = ["Enter the first day on which they are not kept"]
        return not self.errors


class SeatsForm(FlaskForm):  # type: ignore[misc]
    rows = FieldList(FormField(SeatsRow), max_entries=MOST_ROWS)

    @classmethod
    def of(cls, kept: Sequence[Allocated], bodies: Bodies) -> "SeatsForm":
        form = cls(data={"rows": [_row(one) for one in kept]})
        form.offer(bodies)
        return form

    def offer(self, bodies: Bodies) -> None:
        choices = [SelectChoice("", "Choose one"), *(SelectChoice(body, name) for body, name in bodies.items())]
        for entry in self.rows:
            entry.form.body.choices = choices

    def add_row(self, bodies: Bodies) -> None:
        if len(self.rows) < MOST_ROWS:
            self.rows.append_entry()
            self.offer(bodies)

    def refuse(self, reason: str, bodies: Bodies) -> None:
        """Say beside the row that a reason names, or beside the first, why the seats cannot be so."""
        forms = [entry.form for entry in self.rows]
        named = (form for form in forms if bodies.get(form.body.data or "", "\0").partition(" (")[0] in reason)
        row = next(named, next(iter(forms), None))
        self.rows.errors = [reason]
        if row is not None:
            row.seats.errors = [reason]

    @property
    def values(self) -> list[Row]:
        return [_values(entry.form) for entry in self.rows if not entry.form.is_empty]


def body_of(one: Allocated) -> str:
    """For whom an allocation is, as the form names it."""
    system_id = one.allocation.system_id
    return f"organisation:{one.allocation.organisation_id}" if system_id is None else f"system:{system_id}"


def _row(one: Allocated) -> dict[str, object]:
    return {"body": body_of(one), "seats": one.allocation.seats, "release_on": one.allocation.release_on}


def _values(row: Any) -> Row:
    kind, _, number = row.body.data.partition(":")
    seats: int = row.seats.data
    day: date = row.release_on.data
    return (int(number), None, seats, day) if kind == "system" else (None, int(number), seats, day)
