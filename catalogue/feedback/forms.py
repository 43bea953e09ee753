"""The shape of asking for feedback, and of giving it. A dimension's form is made from its statements."""

from flask_wtf import FlaskForm
from wtforms import BooleanField, EmailField, RadioField, StringField, TextAreaField, ValidationError
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]  # newer than its stubs
from wtforms.validators import DataRequired, Email, InputRequired, Optional

from catalogue.assessments.forms import field_name
from catalogue.assessments.rules import SCALE
from catalogue.clock import today
from catalogue.enrolments.forms import LONGEST_WORDS, at_most, stripped
from catalogue.feedback import rules
from catalogue.feedback.actions import Named
from catalogue.feedback.models import FeedbackRater
from catalogue.feedback.report import QUESTIONS
from catalogue.feedback.rules import NAMES, Group
from catalogue.frameworks.models import Dimension
from catalogue.publishing.forms.fields import DayField

CANNOT_SAY = "cannot-say"
IMPORTANCE = ((4, "Very much"), (3, "Much"), (2, "Somewhat"), (1, "A little"), (0, "Not at all"))
AN_ADDRESS = Email("Enter an email address, like name@example.org")


class OpenForm(FlaskForm):  # type: ignore[misc]
    closes_on = DayField("Last day to answer", validators=[InputRequired("Enter the last day to answer")])
    facilitator_name = StringField("Facilitator’s name", filters=[stripped], validators=[at_most(200)])
    facilitator_email = EmailField(
        "Facilitator’s email address", filters=[stripped], validators=[Optional(), at_most(254), AN_ADDRESS]
    )

    def validate_closes_on(self, field: DayField) -> None:
        first, last = rules.closing_days(today())
        if not first <= field.data <= last:
            raise ValidationError("The last day must be between 7 and 60 days from today")

    def validate_facilitator_name(self, field: StringField) -> None:
        if self.facilitator_email.data and not field.data:
            raise ValidationError("Enter your facilitator’s name, or leave both empty")

    @property
    def facilitator(self) -> Named | None:
        email = self.facilitator_email.data or ""
        return Named(self.facilitator_name.data or "", email) if email else None

    def validate(self, extra_validators: object = None) -> bool:
        valid: bool = super().validate(extra_validators)
        if valid and self.facilitator_name.data and not self.facilitator_email.data:
            self.facilitator_email.errors = ["Enter your facilitator’s email address, or leave both empty"]
            return False
        return valid


class AskForm(FlaskForm):  # type: ignore[misc]
    group = RadioField(
        "How do they stand to you?", choices=[SelectChoice(group.value, NAMES[group]) for group in Group],
        validators=[InputRequired("Choose how they stand to you")],
    )  # fmt: skip
    name = StringField("Name", filters=[stripped], validators=[DataRequired("Enter their name"), at_most(200)])
    email = EmailField(
        "Email address", filters=[stripped],
        validators=[DataRequired("Enter their email address"), at_most(254), AN_ADDRESS],
    )  # fmt: skip

    @property
    def who(self) -> Named:
        return Named(self.name.data or "", self.email.data or "")


class CloseForm(FlaskForm):  # type: ignore[misc]
    sure = BooleanField("I know that nobody can answer any more", validators=[InputRequired("Say that you know this")])


class BeginForm(FlaskForm):  # type: ignore[misc]
    knows = BooleanField(
        "I know that my answers and comments are shown as mine", validators=[InputRequired("Say that you know this")]
    )


class CommentsForm(FlaskForm):  # type: ignore[misc]
    """A field for each question, under the question's name."""

    @property
    def comments(self) -> dict[str, str]:
        return {name: str(self[name].data) for name in QUESTIONS if self[name].data}


for _name, _question in QUESTIONS.items():
    setattr(CommentsForm, _name, TextAreaField(_question, filters=[stripped], validators=[at_most(LONGEST_WORDS)]))


class RatingForm(FlaskForm):  # type: ignore[misc]
    """The statements of a dimension, which ``rating_form`` adds, and how much it matters."""

    importance = RadioField(
        "How much does this matter in their job?",
        choices=[SelectChoice(str(value), said) for value, said in IMPORTANCE],
        validators=[Optional()],
    )

    def answers(self, dimension: Dimension) -> dict[int, int | None]:
        """What was answered, by statement id."""
        return {
            statement.id: None if said == CANNOT_SAY else int(said)
            for statement in dimension.statements
            if (said := self[field_name(statement.id)].data) not in (None, "", "None")
        }

    @property
    def weight(self) -> int | None:
        return int(self.importance.data) if self.importance.data not in (None, "", "None") else None


def rating_form(dimension: Dimension, rater: FeedbackRater) -> RatingForm:
    """A form with a scale for each statement, filled in as far as it has been answered."""

    class Form(RatingForm):
        pass

    scale = [SelectChoice(str(value), said) for value, said in SCALE]
    for statement in dimension.statements:
        field = RadioField(
            statement.others_form, choices=[*scale, SelectChoice(CANNOT_SAY, "I cannot say")], validators=[Optional()]
        )
        setattr(Form, field_name(statement.id), field)
    filled = {
        field_name(statement.id): CANNOT_SAY if rater.answers[str(statement.id)] is None
        else str(rater.answers[str(statement.id)])
        for statement in dimension.statements
        if str(statement.id) in rater.answers
    }  # fmt: skip
    importance = rater.importance.get(str(dimension.id))
    return Form(data={"importance": None if importance is None else str(importance), **filled})
