"""The shape of answers. A dimension's form is made from its questions: none of them is known here."""

from collections.abc import Sequence

from flask_wtf import FlaskForm
from wtforms import RadioField, SelectField, TextAreaField
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]  # newer than its stubs
from wtforms.validators import InputRequired, Length, Optional

from catalogue.assessments.models import Form
from catalogue.assessments.queries import Question
from catalogue.assessments.rules import SCALE
from catalogue.frameworks.models import Seat

IMPORTANCE = {3: "Essential", 2: "Important", 1: "Helpful"}
_FORMS = {
    Form.SHORT: "Short: one question for each level of a dimension, about 10 minutes",
    Form.FULL: "Full: every statement, about 20 minutes, and a surer result",
}


class SeatForm(FlaskForm):  # type: ignore[misc]
    seat = SelectField(
        "Which seat do you lead from?", coerce=int, validators=[InputRequired("Choose the seat nearest to yours")]
    )
    form = RadioField(
        "How much do you want to answer?",
        choices=[SelectChoice(form.value, label) for form, label in _FORMS.items()],
        validators=[InputRequired("Choose how much you want to answer")],
    )

    @classmethod
    def of(cls, seats: list[Seat], chosen: int | None, form: Form) -> "SeatForm":
        filled = cls(seat=chosen, form=str(form))
        filled.seat.choices = [SelectChoice(seat.id, seat.name) for seat in seats]
        return filled


def dimension_form(
    questions: Sequence[Question], answers: dict[int, int], note: str, importance: int | None
) -> FlaskForm:
    """A form with a scale for each question, filled in as far as it has been answered."""

    class DimensionForm(FlaskForm):  # type: ignore[misc]
        importance = RadioField(
            "How important is this to your role?",
            choices=[SelectChoice(str(value), label) for value, label in IMPORTANCE.items()],
            validators=[Optional()],
        )
        note = TextAreaField(
            "What have you done that shows this?",
            validators=[Length(max=4000, message="The note must have 4,000 characters or fewer")],
        )

    for question in questions:
        field = RadioField(
            question.words,
            choices=[SelectChoice(str(value), label) for value, label in SCALE],
            validators=[Optional()],  # leaving and coming back loses nothing: what is there is saved
        )
        setattr(DimensionForm, field_name(question.number), field)
    filled = {field_name(number): str(agreement) for number, agreement in answers.items()}
    return DimensionForm(data={"note": note, "importance": str(importance or ""), **filled})


def field_name(number: int) -> str:
    return f"s{number}"


def agreements(form: FlaskForm, questions: Sequence[Question]) -> dict[int, int]:
    """What was answered, by the number of the question."""
    return {
        question.number: int(value)
        for question in questions
        if (value := form[field_name(question.number)].data) not in (None, "", "None")
    }
