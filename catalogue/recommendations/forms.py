"""The shape of what people say of the time they have."""

from typing import Any

from flask import request
from flask_wtf import FlaskForm
from wtforms import DecimalField
from wtforms.validators import InputRequired, NumberRange

from catalogue.recommendations.rules import USUAL_HOURS

MOST_HOURS = 400
NOT_HOURS = "Enter a number of hours, like 12"


class HoursField(DecimalField):
    """A number of hours; what is none is said in words of ours."""

    def process_formdata(self, valuelist: list[Any]) -> None:
        try:
            super().process_formdata(valuelist)
        except ValueError as fault:
            raise ValueError(NOT_HOURS) from fault
        if self.data is not None and not self.data.is_finite():
            self.data = None
            raise ValueError(NOT_HOURS)


class HoursForm(FlaskForm):  # type: ignore[misc]
    class Meta:
        csrf = False  # a question in an address, which changes nothing

    hours = HoursField(
        "How many hours do you have?",
        places=None,  # as it was typed
        validators=[
            InputRequired("Enter how many hours you have, like 12"),
            NumberRange(0.5, MOST_HOURS, f"Hours must be between half an hour and {MOST_HOURS} hours"),
        ],
    )

    @classmethod
    def asked(cls) -> "HoursForm":
        """What the address says, or the usual number where it says nothing."""
        return cls(request.args) if "hours" in request.args else cls(hours=USUAL_HOURS)
