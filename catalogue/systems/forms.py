"""The shape of what is typed about systems, organisations and their people."""

from collections.abc import Sequence
from typing import Any

from flask_wtf import FlaskForm
from flask_wtf.file import FileField, FileRequired
from wtforms import HiddenField, RadioField, SelectField, SelectMultipleField, StringField
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]  # newer than its stubs
from wtforms.validators import AnyOf, DataRequired, InputRequired, ValidationError
from wtforms.validators import Optional as MayBeEmpty

from catalogue.publishing.forms.fields import DayField, at_most, stripped
from catalogue.shapes import can_be_seen
from catalogue.systems.actions import About
from catalogue.systems.models import LocalPartner, Organisation, System, SystemKind
from catalogue.systems.rules import (
    KINDS,
    LONGEST_NAME,
    LONGEST_STAFF_NUMBER,
    ODS_CODE,
    fault_of_dates,
    folded_code,
)


def _day(label: str) -> DayField:
    return DayField(label, validators=[MayBeEmpty()])


def _name(label: str) -> StringField:
    return StringField(
        label, filters=[stripped], validators=[DataRequired("Enter a name"), at_most(LONGEST_NAME), _seen]
    )  # fmt: skip


def _seen(_form: FlaskForm, field: StringField) -> None:
    if not can_be_seen(field.data or ""):
        raise ValidationError("Enter a name that can be read")


class _Between(FlaskForm):  # type: ignore[misc]
    """From a day to a day, each of which may be open."""

    started_on = _day("First day")
    ended_on = _day("Day on which it ended")

    def validate_ended_on(self, field: Any) -> None:
        if fault := fault_of_dates(self.started_on.data, field.data):
            raise ValidationError(fault)


KINDS_OF_SYSTEMS = {
    SystemKind.ICS: "Integrated care system (ICS)",
    SystemKind.STP: "Area: organisations are in it, and the catalogue counts their people by it",
}


class AddSystemForm(FlaskForm):  # type: ignore[misc]
    name = _name("Name")
    kind = RadioField(
        "What it is", choices=[SelectChoice(kind.value, words) for kind, words in KINDS_OF_SYSTEMS.items()],
        validate_choice=False, validators=[AnyOf(KINDS_OF_SYSTEMS, message="Choose what it is")],
    )  # fmt: skip
    started_on = _day("First day")
    followed = SelectMultipleField("Systems that it follows", validate_choice=False)

    @classmethod
    def of(cls, current: Sequence[System]) -> "AddSystemForm":
        """What has no end yet can be followed."""
        form = cls()
        form.followed.choices = [SelectChoice(one.key, f"{one.name} ({one.kind})") for one in current]
        return form

    def validate_followed(self, field: Any) -> None:
        if not {choice.value for choice in field.choices}.issuperset(field.data or ()):
            raise ValidationError("One that you chose has an end already. Choose from the list")

    def check(self) -> bool:
        """Whether it is fit; what is wrong becomes the faults of the fields."""
        if self.validate_on_submit() and self.followed.data and not self.started_on.data:
            self.started_on.errors = ["Enter the first day: what it follows ends on it"]
        return self.is_submitted() and not self.errors


class SystemForm(_Between):
    name = _name("Name")
    successor = SelectField("What followed it", validate_choice=False)

    @classmethod
    def of(cls, system: System, current: Sequence[System]) -> "SystemForm":
        """For a system; only what is there today can follow it, or what was said to before."""
        said = {"name": system.name, "started_on": system.started_on, "ended_on": system.ended_on}
        form = cls(data=said | {"successor": system.followed_by.key if system.followed_by else ""})
        there = {one.key: one for one in current if one.id != system.id}
        if system.followed_by:
            there.setdefault(system.followed_by.key, system.followed_by)
        form.successor.choices = [SelectChoice(one.key, f"{one.name} ({one.kind})") for one in there.values()]
        return form

    def validate_successor(self, field: Any) -> None:
        if field.data and field.data not in {choice.value for choice in field.choices}:
            raise ValidationError("Choose one from the list")


_FACTS = ("name", "kind", "ods_code", "started_on", "ended_on", "successor")


class OrganisationForm(_Between):
    name = _name("Name")
    kind = SelectField("What it is", validators=[InputRequired("Choose what it is")])
    ods_code = StringField("ODS code", filters=[lambda said: folded_code(said or "")])
    system = SelectField("System", validate_choice=False)
    successor = StringField("What followed it", filters=[stripped], validators=[at_most(LONGEST_NAME)])

    @classmethod
    def of(
        cls, organisation: Organisation | None, areas: Sequence[System], system: System | None
    ) -> "OrganisationForm":
        said = {name: getattr(organisation, name) for name in _FACTS} if organisation else {}
        form = cls(data=said | {"system": system.key if system else ""})
        kinds = [*KINDS] if organisation is None else list(dict.fromkeys([*KINDS, organisation.kind]))
        form.kind.choices = [SelectChoice(kind, kind.capitalize()) for kind in kinds]
        form.system.choices = [SelectChoice(area.key, area.name) for area in areas]
        return form

    def validate_ods_code(self, field: Any) -> None:
        if field.data and not ODS_CODE.fullmatch(field.data):
            raise ValidationError("Enter the 3 to 10 letters and digits that the register has, like RR8")

    def validate_system(self, field: Any) -> None:
        if field.data and field.data not in {choice.value for choice in field.choices}:
            raise ValidationError("Choose one from the list")

    def validate_successor(self, field: Any) -> None:
        if self.ended_on.data and not field.data:
            raise ValidationError("Say what followed it, so that people know where to turn")

    @property
    def about(self) -> About:
        return About(
            name=self.name.data or "", kind=self.kind.data, ods_code=self.ods_code.data or "",
            started_on=self.started_on.data, ended_on=self.ended_on.data, successor=self.successor.data or "",
        )  # fmt: skip


class PartnerDaysForm(FlaskForm):  # type: ignore[misc]
    starts_on = _day("First day")
    ends_on = _day("Last day")

    def validate_ends_on(self, field: Any) -> None:
        if fault := fault_of_dates(self.starts_on.data, field.data):
            raise ValidationError(fault)

    @classmethod
    def of(cls, partner: LocalPartner) -> "PartnerDaysForm":
        return cls(obj=partner)


class PartnerForm(PartnerDaysForm):
    organisation = StringField(
        "Organisation", filters=[stripped], validators=[DataRequired("Enter its ODS code, or its whole name")]
    )


def _staff_number() -> StringField:
    return StringField("Staff number", filters=[stripped], validators=[at_most(LONGEST_STAFF_NUMBER)])


class StaffNumberForm(FlaskForm):  # type: ignore[misc]
    staff_number = _staff_number()


class MemberForm(FlaskForm):  # type: ignore[misc]
    person = StringField(
        "Email address, or key of the person", filters=[stripped],
        validators=[DataRequired("Enter the address that they sign in with, or their key"), at_most(254)],
    )  # fmt: skip
    staff_number = _staff_number()


class AnswerForm(FlaskForm):  # type: ignore[misc]
    answer = RadioField(
        "Do you work for it?", choices=[SelectChoice("yes", "Yes"), SelectChoice("no", "No")],
        validators=[InputRequired("Choose yes or no")],
    )  # fmt: skip


class FileForm(FlaskForm):  # type: ignore[misc]
    file = FileField("Choose a file", validators=[FileRequired("Choose a file")])


class ConfirmFileForm(FlaskForm):  # type: ignore[misc]
    """What was read, on its way back: nothing of it is kept meanwhile."""

    content = HiddenField(validators=[DataRequired()])
