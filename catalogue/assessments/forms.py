"""The shape of answers. A dimension's form is made from its statements: none of them is known here."""

from flask_wtf import FlaskForm
from wtforms import RadioField, SelectField, TextAreaField
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]  # newer than its stubs
from wtforms.validators import InputRequired, Length, Optional

from catalogue.assessments.rules import SCALE
from catalogue.frameworks.models import Dimension, Seat


class SeatForm(FlaskForm):  # type: ignore[misc]
    seat = SelectField(
        "Which seat do you lead from?", coerce=int, validators=[InputRequired("Choose the seat nearest to yours")]
    )

    @classmethod
    def of(cls, seats: list[Seat], chosen: int | None) -> "SeatForm":
        form = cls(seat=chosen)
        form.seat.choices = [SelectChoice(seat.id, seat.name) for seat in seats]
        return form


def dimension_form(dimension: Dimension, answers: dict[int, int], note: str) -> FlaskForm:
    """A form with a scale for each statement, filled in as far as it has been answered."""

    class DimensionForm(FlaskForm):  # type: ignore[misc]
        note = TextAreaField(
            "What have you done that shows this?",
            validators=[Length(max=4000, message="The note must have 4,000 characters or fewer")],
        )

    for statement in dimension.statements:
        field = RadioField(
            statement.self_form,
            choices=[SelectChoice(str(value), label) for value, label in SCALE],
            validators=[Optional()],  # leaving and coming back loses nothing: what is there is saved
        )
        setattr(DimensionForm, field_name(statement.id), field)
    filled = {field_name(statement_id): str(agreement) for statement_id, agreement in answers.items()}
    return DimensionForm(data={"note": note, **filled})


def field_name(statement_id: int) -> str:
    return f"s{statement_id}"


def agreements(form: FlaskForm, dimension: Dimension) -> dict[int, int]:
    """What was answered, by statement id."""
    return {
        statement.id: int(value)
        for statement in dimension.statements
        if (value := form[field_name(statement.id)].data) not in (None, "", "None")
    }
