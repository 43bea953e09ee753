"""The shape of joining an offer, of answering, and of leaving."""

from typing import Any, Self

from flask_wtf import FlaskForm
from werkzeug.datastructures import FileStorage
from wtforms import (
    BooleanField,
    EmailField,
    FileField,
    HiddenField,
    RadioField,
    SelectMultipleField,
    StringField,
    TextAreaField,
    ValidationError,
)
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]  # newer than its stubs
from wtforms.validators import DataRequired, Email, InputRequired, Length, Optional

from catalogue.clock import today
from catalogue.enrolments import rules
from catalogue.enrolments.actions import Joining
from catalogue.enrolments.approving import Manager
from catalogue.enrolments.nominating import How
from catalogue.offers.models import OfferVersion, Run
from catalogue.pages import format_dates, plural
from catalogue.people.models import Person
from catalogue.publishing.forms.fields import DayField
from catalogue.shapes import row_id

LONGEST_WORDS = 2000
LONGEST_LIST = 200_000
"""Characters of a list of people, bytes of its file."""
WHY_NOT = {
    "work": "My work does not leave me the time",
    "dates": "The dates do not suit me",
    "manager": "My organisation needs me elsewhere",
    "other": "I take something else instead",
    "change": "My role has changed",
    "health": "Illness, or care for somebody",
    "private": "I would rather not say",
}
"""Reasons to leave, or not to come, by what a form sends."""


def stripped(text: str | None) -> str:
    return (text or "").strip()


def at_most(longest: int) -> Length:
    return Length(max=longest, message=f"Write {longest:,} characters or fewer")


def _manager_name() -> StringField:
    return StringField(
        "Your line manager’s name", filters=[stripped],
        validators=[DataRequired("Enter your line manager’s name"), at_most(200)],
    )  # fmt: skip


def _manager_email() -> EmailField:
    return EmailField(
        "Your line manager’s email address", filters=[stripped],
        validators=[DataRequired("Enter your line manager’s email address"), at_most(254),
                    Email("Enter an email address, like name@example.org")],
    )  # fmt: skip


class ManagerForm(FlaskForm):  # type: ignore[misc]
    manager_name = _manager_name()
    manager_email = _manager_email()

    @property
    def manager(self) -> Manager | None:
        if "manager_email" not in self:
            return None
        return Manager(self.manager_name.data or "", self.manager_email.data or "")


class JoiningForm(ManagerForm):
    """What an offer asks of somebody who joins it, in the order of the page; what it does not ask for is taken away."""

    # Whether a run can be joined now is for the action to say, in words that fit.
    run = RadioField(
        "Choose a date", coerce=row_id, validate_choice=False, validators=[InputRequired("Choose one of the dates")]
    )
    plan_part = TextAreaField(
        "Which part of the plan do you answer for?", filters=[stripped],
        validators=[DataRequired("Say which part of your system’s plan you answer for"), at_most(LONGEST_WORDS)],
    )  # fmt: skip
    seat = RadioField(
        "Which seat is yours?", coerce=row_id, validate_choice=False, validators=[InputRequired("Choose your seat")]
    )
    manager_name = _manager_name()
    manager_email = _manager_email()
    name_shown = BooleanField("Colleagues of my system who are on the same dates may see my name")

    def ask(self, version: OfferVersion) -> None:
        """Keep the fields that this version asks for."""
        if version.for_seats_only and version.seats:
            self.seat.choices = [SelectChoice(seat.id, seat.name) for seat in version.seats]
        else:
            del self.seat
        if not version.for_plan_leads:
            del self.plan_part
        if not version.approval_needed:
            del self.manager_name, self.manager_email
        if version.self_paced:
            del self.name_shown

    def joining(self, via: str) -> Joining:
        return Joining(
            seat_id=self.seat.data if "seat" in self else None,
            plan_part=(self.plan_part.data or "") if "plan_part" in self else "",
            name_shown=bool(self.name_shown.data) if "name_shown" in self else False,
            via=via,
        )


class EnrolForm(JoiningForm):
    @classmethod
    def of(cls, version: OfferVersion, runs: list[Run], free: dict[int, int], chosen: int | None) -> "EnrolForm":
        form = cls(run=chosen)
        form.ask(version)
        if version.self_paced:
            del form.run
        else:
            form.run.choices = [SelectChoice(run.id, _label(run, free[run.id])) for run in runs]
        return form

    def refuse(self, words: str) -> bool:
        """Show a refusal beside the field that it is about; whether there is one."""
        about = {"line manager": "manager_email", "seat": "seat", "answer for": "plan_part", "address": "manager_email"}
        name = next((field for part, field in about.items() if part in words and field in self), "run")
        if name not in self:
            return False
        self[name].errors = [words]
        return True


class AnswerForm(JoiningForm):
    """Accepting a nomination."""

    @classmethod
    def of(cls, version: OfferVersion) -> "AnswerForm":
        form = cls(prefix="yes")
        del form.run
        form.ask(version)
        return form


class LeaveForm(FlaskForm):  # type: ignore[misc]
    why = RadioField(
        "Why?", choices=[SelectChoice(key, words) for key, words in WHY_NOT.items()],
        validators=[InputRequired("Choose the reason that fits best")],
    )  # fmt: skip
    words = TextAreaField("More about it, if you wish", filters=[stripped], validators=[at_most(LONGEST_WORDS)])

    @property
    def reason(self) -> str:
        """In words, as they are kept: the choice, and what was added to it."""
        return ": ".join(filter(None, [WHY_NOT[self.why.data], self.words.data]))


class DecideForm(FlaskForm):  # type: ignore[misc]
    decision = RadioField(
        "Do you agree?", choices=[SelectChoice("yes", "Yes, I agree"), SelectChoice("no", "No, I do not agree")],
        validators=[InputRequired("Choose yes or no")],
    )  # fmt: skip
    reason = TextAreaField("If you do not agree, why?", filters=[stripped], validators=[at_most(LONGEST_WORDS)])

    def validate_reason(self, field: Any) -> None:
        if self.decision.data == "no" and not field.data:
            raise ValidationError("Say why, so that they know")


class UntilForm(FlaskForm):  # type: ignore[misc]
    """Until when people can answer who are nominated for a run."""

    answer_by = DayField("Last day to answer", validators=[Optional()])
    run: Run

    @classmethod
    def on(cls, run: Run) -> Self:
        """With the day that it is where nobody chooses another."""
        form = cls(data={"answer_by": rules.answer_by(today(), run.starts_on)})
        form.run = run
        return form

    def validate_answer_by(self, field: DayField) -> None:
        if field.data is not None and (refused := rules.why_not_until(field.data, today(), self.run.starts_on)):
            raise ValidationError(refused)


class NominateForm(UntilForm):
    people = SelectMultipleField("People of your system", coerce=row_id, validate_choice=False)
    pasted = TextAreaField(
        "Or paste email addresses or staff numbers", filters=[stripped], validators=[at_most(20_000)]
    )
    team = StringField("Name of the team", filters=[stripped], validators=[at_most(100)])
    wait = BooleanField("If there are too few places, put them on the waiting list")

    @property
    def how(self) -> How:
        return How(team=self.team.data or "", answer_by=self.answer_by.data, wait=bool(self.wait.data))

    @classmethod
    def of(cls, people: list[Person], run: Run) -> "NominateForm":
        form = cls.on(run)
        form.people.choices = [SelectChoice(person.id, person.name or "Name not given") for person in people]
        return form


class ListForm(UntilForm):
    """People in lines, typed or in a file; looked at first, then written."""

    step = HiddenField(default="look")
    people = TextAreaField("People", filters=[stripped], validators=[at_most(LONGEST_LIST)])
    file = FileField("Or choose a CSV file")
    all_or_none = BooleanField("All of them or nobody")
    text = ""

    @classmethod
    def of(cls, run: Run, *, asked: bool) -> "ListForm":
        """Without a day to answer where nobody is asked."""
        form = cls.on(run)
        if not asked:
            del form.answer_by
        return form

    def validate_file(self, field: Any) -> None:
        """Read it: UTF-8, or what a spreadsheet program of old writes."""
        self.text = self.people.data or ""
        sent = field.data
        if not isinstance(sent, FileStorage) or not sent.filename:
            return
        content = sent.read(LONGEST_LIST + 1)
        if len(content) > LONGEST_LIST:
            raise ValidationError("The file is too long. Take at most 1,000 people at once")
        try:
            self.text = content.decode("utf-8-sig")
        except UnicodeDecodeError:
            self.text = content.decode("cp1252", "replace")
        if "\0" in self.text:
            raise ValidationError("This is not a CSV file. Save your list as CSV and choose that")


class ConfirmForm(FlaskForm):  # type: ignore[misc]
    """A button; what it does is in the address."""


def _label(run: Run, free: int) -> str:
    places = plural(free, "place") + " left" if free else "full: join the waiting list"
    name = f"{run.name}: " if run.name else ""
    return f"{name}{format_dates(run.starts_on, run.ends_on)}, {run.place} ({places})"
