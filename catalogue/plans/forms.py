"""The shape of what people say about their plans."""

from collections.abc import Iterable
from datetime import date

from flask_wtf import FlaskForm
from wtforms import RadioField, SelectField, TextAreaField, ValidationError
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]  # newer than its stubs
from wtforms.validators import DataRequired, InputRequired, Optional

from catalogue.clock import today
from catalogue.frameworks.models import Dimension
from catalogue.pages import format_date
from catalogue.plans.actions import Promise
from catalogue.plans.models import Commitment
from catalogue.plans.rules import LONGEST, LONGEST_COMMENT, NEXT, SUGGESTED, CommitmentState, months_after
from catalogue.plans.steps import Step
from catalogue.publishing.forms.fields import DayField, at_most, plain_lines
from catalogue.shapes import row_id

HOW = {
    CommitmentState.TESTED: "I have tried it",
    CommitmentState.ADOPTED: "It works, and I keep doing it",
    CommitmentState.ADAPTED: "I do it in another way now",
    CommitmentState.ABANDONED: "I have let it go",
}


def _dimension_id(said: str | int) -> int | None:
    return row_id(said) if said else None


class CommitForm(FlaskForm):  # type: ignore[misc]
    words = TextAreaField(
        "What will you do?", filters=[plain_lines],
        validators=[DataRequired("Say what you will do"), at_most(LONGEST)],
    )  # fmt: skip
    by = DayField("By when?", validators=[InputRequired("Enter the day by which you will have done it")])
    dimension = SelectField("Which dimension is it for, if one?", coerce=_dimension_id)
    stays: date | None = None
    """A day that may stay as it is, though it is over."""

    @classmethod
    def of(
        cls, dimensions: Iterable[Dimension], chosen: str = "", commitment: Commitment | None = None
    ) -> "CommitForm":
        """Filled in with a commitment's own words; or new, with the dimension of this key chosen."""
        choices = {one.id: one for one in dimensions}
        if commitment is not None and commitment.dimension is not None:
            choices.setdefault(commitment.dimension.id, commitment.dimension)  # of an older version of the framework
        named = next((one.id for one in choices.values() if one.key == chosen), None)
        form = (
            cls(dimension=named) if commitment is None
            else cls(words=commitment.words, by=commitment.by, dimension=commitment.dimension_id)
        )  # fmt: skip
        form.dimension.choices = [
            SelectChoice("", "None in particular"), *(SelectChoice(one.id, one.name) for one in choices.values()),
        ]  # fmt: skip
        form.stays = commitment.by if commitment else None
        return form

    def validate_by(self, field: DayField) -> None:
        if field.data <= today() and field.data != self.stays:
            raise ValidationError("Enter a day that is still to come")

    @property
    def promise(self) -> Promise:
        return Promise(self.words.data or "", self.by.data, self.dimension.data)


class HowItWentForm(FlaskForm):  # type: ignore[misc]
    state = RadioField("How did it go?", validators=[InputRequired("Say how it went")])
    note = TextAreaField("What did you notice? (optional)", filters=[plain_lines], validators=[at_most(LONGEST)])

    @classmethod
    def of(cls, commitment: Commitment) -> "HowItWentForm":
        form = cls()
        after = NEXT[CommitmentState(commitment.state)]
        form.state.choices = [SelectChoice(state.value, HOW[state]) for state in after]
        return form


class PlanOfferForm(FlaskForm):  # type: ignore[misc]
    by = DayField("By when do you want to have joined it? (optional)", validators=[Optional()])
    stays: date | None = None

    def validate_by(self, field: DayField) -> None:
        if field.data <= today() and field.data != self.stays:
            raise ValidationError("Enter a day that is still to come, or leave it empty")


class AgainForm(FlaskForm):  # type: ignore[misc]
    when = RadioField("When?", validators=[InputRequired("Choose when")])
    day = DayField("The day, if you choose one", validators=[Optional()])

    @classmethod
    def of(cls) -> "AgainForm":
        form = cls()
        form.when.choices = [
            *(SelectChoice(str(n), f"In {n} months, on {format_date(months_after(today(), n))}") for n in SUGGESTED),
            SelectChoice("day", "On a day that I choose"),
        ]
        return form

    def validate_day(self, field: DayField) -> None:
        if self.when.data == "day" and field.data <= today():
            raise ValidationError("Enter a day that is still to come")

    def validate(self, extra_validators: object = None) -> bool:
        """An optional field without data is not looked at: whether it may be empty hangs on the other."""
        valid: bool = super().validate(extra_validators)
        if valid and self.when.data == "day" and self.day.data is None:
            self.day.errors = ["Enter the day"]
            return False
        return valid

    @property
    def due_on(self) -> date:
        chosen: date = self.day.data if self.when.data == "day" else months_after(today(), int(self.when.data))
        return chosen


class CommentForm(FlaskForm):  # type: ignore[misc]
    step = SelectField("What is it about?")
    words = TextAreaField(
        "What would you like to say?", filters=[plain_lines],
        validators=[DataRequired("Write what you would like to say"), at_most(LONGEST_COMMENT)],
    )  # fmt: skip

    @classmethod
    def of(cls, steps: Iterable[Step]) -> "CommentForm":
        form = cls()
        form.step.choices = [
            SelectChoice("", "The plan as a whole"), *(SelectChoice(step.key, _short(step.title)) for step in steps),
        ]  # fmt: skip
        return form


def _short(words: str) -> str:
    """As much as a list shows on a phone."""
    line = " ".join(words.split())
    return line if len(line) <= 60 else f"{line[:57].rstrip()}…"
