"""The shape of what people say of the time and the money that they have, and of advice."""

from typing import Any

from flask import request
from flask_wtf import FlaskForm
from wtforms import BooleanField, DecimalField, RadioField, ValidationError
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]  # newer than its stubs
from wtforms.validators import InputRequired, NumberRange, Optional

from catalogue.clock import today
from catalogue.publishing.forms.fields import DayField
from catalogue.recommendations.models import Because
from catalogue.recommendations.rules import MOST_HOURS, USUAL_HOURS, Budget

MOST_POUNDS = 100_000
BECAUSE = {
    Because.KNOWN: "I can do what it teaches already",
    Because.LEVEL: "It is not at my level",
    Because.TIME: "I cannot be there at these times",
    Because.PLACE: "I cannot get to where it is",
    Because.KIND: "I do not learn well that way",
    Because.OTHER: "Something else",
}


class AmountField(DecimalField):
    """A number; what is none is said in words of ours."""

    def __init__(self, label: str, *, example: str, **options: Any) -> None:
        super().__init__(label, places=None, **options)  # as it was typed
        self.example = example

    def process_formdata(self, valuelist: list[Any]) -> None:
        try:
            super().process_formdata(valuelist)
        except ValueError as fault:
            raise ValueError(f"Enter a number of {self.example}") from fault
        if self.data is not None and not self.data.is_finite():
            self.data = None
            raise ValueError(f"Enter a number of {self.example}")


class LimitsForm(FlaskForm):  # type: ignore[misc]
    class Meta:
        csrf = False  # a question in an address, which changes nothing

    hours = AmountField(
        "How many hours do you have?",
        example="hours, like 12",
        validators=[
            InputRequired("Enter how many hours you have, like 12"),
            NumberRange(0.5, MOST_HOURS, f"Hours must be between half an hour and {MOST_HOURS} hours"),
        ],
    )
    pounds = AmountField(
        "How much may it cost in all?",
        example="pounds, like 250",
        validators=[Optional(), NumberRange(0, MOST_POUNDS, f"Pounds must be between 0 and {MOST_POUNDS:,}")],
    )
    done_by = DayField("By when do you want to be done?", validators=[Optional()])
    one_each = BooleanField("At most one offer of each provider")

    @classmethod
    def asked(cls) -> "LimitsForm":
        """What the address says, or the usual number of hours where it says nothing."""
        return cls(request.args) if "hours" in request.args else cls(hours=USUAL_HOURS)

    def validate_done_by(self, field: DayField) -> None:
        if field.data and field.data <= today():
            raise ValidationError("Enter a day that is still to come")

    @property
    def limited(self) -> bool:
        """Whether more than hours is asked for."""
        return any(field.data or field.errors for field in (self.pounds, self.done_by, self.one_each)) or (
            self.pounds.data is not None
        )

    @property
    def budget(self) -> Budget:
        pounds = self.pounds.data
        return Budget(
            hours=float(self.hours.data or 0),
            price=None if pounds is None else float(pounds),
            per_provider=1 if self.one_each.data else None,
        )


class NotForMeForm(FlaskForm):  # type: ignore[misc]
    because = RadioField(
        "Why is it not for you?",
        choices=[SelectChoice(because.value, label) for because, label in BECAUSE.items()],
        validators=[InputRequired("Choose why it is not for you")],
    )
