"""The shape of joining an offer."""

from flask_wtf import FlaskForm
from wtforms import RadioField
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]  # newer than its stubs
from wtforms.validators import InputRequired

from catalogue.offers.models import Run
from catalogue.pages import format_dates, plural


class RunForm(FlaskForm):  # type: ignore[misc]
    # Whether a run can be joined now is for the action to say, in words that fit.
    run = RadioField(
        "Choose a date", coerce=int, validate_choice=False, validators=[InputRequired("Choose one of the dates")]
    )

    @classmethod
    def of(cls, runs: list[Run], free: dict[int, int], chosen: int | None) -> "RunForm":
        form = cls(run=chosen)
        form.run.choices = [SelectChoice(run.id, _label(run, free[run.id])) for run in runs]
        return form


class ConfirmForm(FlaskForm):  # type: ignore[misc]
    """A button; what it does is in the address."""


def _label(run: Run, free: int) -> str:
    places = plural(free, "place") + " left" if free else "full: join the waiting list"
    return f"{format_dates(run.starts_on, run.ends_on)}, {run.place} ({places})"
