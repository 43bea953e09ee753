"""The shape of a run. Dates and times are London's."""

import re
from collections.abc import Iterator
from dataclasses import asdict
from itertools import count
from typing import Any

from flask_wtf import FlaskForm
from wtforms import FieldList, Form, FormField, HiddenField, StringField
from wtforms.validators import DataRequired, InputRequired, NumberRange, Optional, ValidationError

from catalogue.enrolments.sessions import MOST_SESSIONS, SessionValues
from catalogue.offers.models import Run
from catalogue.publishing.forms.fields import (
    ClockField,
    DayField,
    NumberField,
    WholeNumberField,
    at_most,
    stripped,
    text_area,
    web_address,
)

COLUMNS = (
    "name", "starts_on", "ends_on", "start_time", "end_time", "place", "venue", "join_link", "accessibility", "places",
    "apply_by", "withdraw_by",
)  # fmt: skip


class SessionForm(Form):
    """One time at which people meet; a row in which nothing is typed is none."""

    key = HiddenField()
    title = StringField("What it is called", filters=[stripped], validators=[at_most(200)])
    day = DayField("Day", validators=[Optional()])
    starts = ClockField("From", validators=[Optional()])
    ends = ClockField("To", validators=[Optional()])
    place = StringField("Place", filters=[stripped], validators=[at_most(100)])

    @property
    def is_empty(self) -> bool:
        fields = (self.title, self.day, self.starts, self.ends, self.place)
        return not any(field.data or field.errors for field in fields)

    def validate(self, extra_validators: Any = None) -> bool:
        if not super().validate(extra_validators):
            return False
        if self.is_empty:
            return True
        for field, wanted in (
            (self.title, "Give the session a title"), (self.day, "Enter the day"),
            (self.starts, "Enter when it begins"), (self.ends, "Enter when it ends"),
        ):  # fmt: skip
            if not field.data:
                field.errors = [wanted]
        if self.starts.data and self.ends.data and self.ends.data <= self.starts.data:
            self.ends.errors = ["It must end after it starts"]
        return not self.errors


class RunForm(FlaskForm):  # type: ignore[misc]
    name = StringField("Name", filters=[stripped], validators=[at_most(100)])
    starts_on = DayField("First day", validators=[InputRequired("Enter the first day")])
    ends_on = DayField("Last day", validators=[InputRequired("Enter the last day")])
    start_time = ClockField("Starts at", validators=[Optional()])
    end_time = ClockField("Ends at", validators=[Optional()])
    place = StringField(
        "Place", filters=[stripped], validators=[DataRequired("Say where it is: a town, or Online"), at_most(100)]
    )
    venue = text_area("Venue", 1000)
    join_link = StringField("Link to join", filters=[stripped], validators=[at_most(500), web_address(secure=True)])
    price_pounds = NumberField(
        "Price for one person, in pounds", places=None,
        validators=[Optional(), NumberRange(0, 1_000_000, "Enter a price between 0 and 1,000,000")],
    )  # fmt: skip
    accessibility = text_area("Accessibility", 5000)
    places = WholeNumberField(
        "Places",
        validators=[InputRequired("Enter how many places there are"),
                    NumberRange(0, 1_000_000, "Enter places between 0 and 1,000,000")],
    )  # fmt: skip

    apply_by = DayField("Last day to apply", validators=[Optional()])
    withdraw_by = DayField("Last day to withdraw", validators=[Optional()])
    sessions = FieldList(FormField(SessionForm), max_entries=MOST_SESSIONS)

    @classmethod
    def of(cls, run: Run | None) -> "RunForm":
        if run is None:
            return cls()
        pounds = None if run.price_pence is None else run.price_pence / 100
        said = {name: getattr(run, name) for name in COLUMNS}
        sessions = [asdict(SessionValues.of(session)) for session in run.sessions]
        return cls(data={**said, "price_pounds": pounds, "sessions": sessions})

    def add_session(self) -> None:
        if len(self.sessions) < MOST_SESSIONS:
            self.sessions.append_entry()

    def refuse(self, reason: str) -> None:
        """Say beside a field why it cannot be so."""
        row = next((entry.form for entry in self.sessions if f"“{entry.form.title.data}”" in reason), None)
        if row is None:
            self.places.errors = [reason]
        else:
            row.title.errors = self.sessions.errors = [reason]

    def validate_apply_by(self, field: DayField) -> None:
        if field.data and self.starts_on.data and field.data > self.starts_on.data:
            raise ValidationError("People cannot apply after the first day")

    def validate_withdraw_by(self, field: DayField) -> None:
        if field.data and self.ends_on.data and field.data > self.ends_on.data:
            raise ValidationError("The last day to withdraw must not be after the last day")

    def validate_sessions(self, field: Any) -> None:
        first, last = self.starts_on.data, self.ends_on.data
        for day in (entry.form.day for entry in field):
            if day.data and first and last and not first <= day.data <= last:
                day.errors = ["It must be on one of the days above"]
                raise ValidationError("A session is on none of these days")

    def validate_ends_on(self, field: DayField) -> None:
        if self.starts_on.data and field.data and field.data < self.starts_on.data:
            raise ValidationError("The last day must not be before the first")

    def validate_end_time(self, field: ClockField) -> None:
        one_day = self.starts_on.data == self.ends_on.data
        if one_day and field.data and self.start_time.data and field.data <= self.start_time.data:
            raise ValidationError("It must end after it starts")

    @property
    def values(self) -> dict[str, Any]:
        """The columns of a run."""
        price = self.price_pounds.data
        return {name: self[name].data for name in COLUMNS} | {
            "price_pence": None if price is None else round(price * 100),
            "sessions": list(self._sessions()),
        }

    def _sessions(self) -> Iterator[SessionValues]:
        """Those that are filled in; a new one gets a key that none has had in this form."""
        rows = [entry.form for entry in self.sessions if not entry.form.is_empty]
        used = {entry.form.key.data for entry in self.sessions}
        seen: set[str] = set()
        for row in rows:
            key = row.key.data or ""
            if not re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", key) or len(key) > 60 or key in seen:
                key = next(free for number in count(1) if (free := f"session-{number}") not in used | seen)
            seen.add(key)
            yield SessionValues(
                key, row.title.data or "", row.day.data, row.starts.data, row.ends.data, row.place.data or ""
            )  # fmt: skip
