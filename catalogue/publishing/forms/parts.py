"""A form for each part of a draft, filled in from the document and read back into it."""

from collections.abc import Collection
from typing import Any

from wtforms import BooleanField, RadioField, SelectField, SelectMultipleField, StringField
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]  # newer than its stubs
from wtforms.validators import DataRequired, InputRequired, NumberRange, Optional, ValidationError

from catalogue.clock import today
from catalogue.offers.content import LONGEST_STEP, MOST_STEPS
from catalogue.offers.models import Mode
from catalogue.offers.references import References
from catalogue.publishing.document import Document
from catalogue.publishing.forms.fields import (
    NumberField,
    SeenForm,
    WholeNumberField,
    at_most,
    stripped,
    text_area,
    web_address,
)
from catalogue.systems.models import Organisation

MODE_NAMES = {
    Mode.IN_PERSON: "In person", Mode.ONLINE: "Online", Mode.BLENDED: "Online and in person",
    Mode.SELF_PACED: "At their own pace",
}  # fmt: skip


class PartForm(SeenForm):
    """A part of a draft. Its fields have the names that they have in the document."""

    @classmethod
    def of(cls, document: Document, revision: int, _references: References) -> "PartForm":
        return cls(data={**cls.shown(document), "revision": revision})

    @classmethod
    def shown(cls, document: Document) -> dict[str, Any]:
        return document

    @property
    def changed(self) -> Document:
        """What the fields say, as they stand in a document."""
        return {name: value for name, value in self.data.items() if name not in ("revision", "csrf_token")}


class AboutForm(PartForm):
    title = StringField("Title", validators=[at_most(200)], filters=[stripped])
    summary = text_area("Summary", 1000)
    outcomes = text_area("What people will be able to do after it", 5000)
    description = text_area("Description")
    url = StringField("Your own page on it", validators=[at_most(500), web_address()], filters=[stripped])

    @classmethod
    def shown(cls, document: Document) -> dict[str, Any]:
        return {**document, "outcomes": "\n".join(document.get("outcomes") or [])}

    @property
    def changed(self) -> Document:
        lines = [line.strip() for line in (self.outcomes.data or "").splitlines()]
        return {**super().changed, "outcomes": [line for line in lines if line]}


class KeysField(SelectMultipleField):
    """Keys that are ticked; what is no choice, or is chosen twice, is refused in plain words."""

    def pre_validate(self, form: object) -> None:
        known = {value for value, *_ in self.iter_choices()}
        if not set(self.data or ()) <= known:
            raise ValidationError("Choose from the list")


def _publishing(references: References, chosen: Collection[str]) -> dict[str, Organisation]:
    """Who may provide an offer with others: who publishes today, and whoever was chosen before they ended."""
    return {
        key: row for key, row in references.organisations.items()
        if row.publishes and (key in chosen or not row.ended(today()))
    }  # fmt: skip


class ForWhomForm(PartForm):
    conditions = KeysField("Which conditions for good leadership does it serve?")
    seats = KeysField("Which seats is it for?")
    systems = KeysField("Which systems' people is it for?")
    partners = KeysField("Which other organisations provide it with you?")
    members_only = BooleanField("Only people of the organisations that provide it find it")
    prerequisites = text_area("What people need before they start")
    accessibility = text_area("Accessibility")

    @classmethod
    def of(cls, document: Document, revision: int, references: References) -> "ForWhomForm":
        form = cls(data={**document, "revision": revision})
        for field, rows in (
            (form.conditions, references.conditions), (form.seats, references.seats),
            (form.systems, references.systems),
            (form.partners, _publishing(references, document.get("partners", []))),
        ):  # fmt: skip
            field.choices = [SelectChoice(key, row.name) for key, row in rows.items()]
            field.data = list(dict.fromkeys(field.data or []))
        return form


class TimeForm(PartForm):
    mode = RadioField(
        "How do people take part?", validate_choice=False, validators=[Optional()],
        choices=[SelectChoice(mode.value, name) for mode, name in MODE_NAMES.items()],
    )  # fmt: skip
    hours = NumberField(
        "How many hours does it take in all?", places=None,
        validators=[Optional(), NumberRange(0.01, 2000, "Enter hours between 0.01 and 2,000")],
    )  # fmt: skip
    hours_estimated = BooleanField("This is an estimate")
    price_pounds = NumberField(
        "Price for one person, in pounds", places=None,
        validators=[Optional(), NumberRange(0, 1_000_000, "Enter a price between 0 and 1,000,000")],
    )  # fmt: skip
    place = StringField("Where", validators=[at_most(100)], filters=[stripped])

    def validate_mode(self, field: RadioField) -> None:
        if field.data and field.data not in set(Mode):
            raise ValidationError("Choose one of the four")

    @property
    def changed(self) -> Document:
        said = super().changed
        for name in ("hours", "price_pounds"):
            said[name] = None if said[name] is None else round(float(said[name]), 2)
        return {name: value for name, value in said.items() if value or name not in ("mode", "hours")}


class JoiningForm(PartForm):
    for_plan_leads = BooleanField("Only people responsible for implementing part or all of their system's plan")
    for_seats_only = BooleanField("Only people in the seats that you chose under “For whom”")
    approval_needed = BooleanField("A line manager has to agree before somebody has a place")
    sessions_needed = WholeNumberField(
        "How many sessions do people have to attend?",
        validators=[Optional(), NumberRange(1, 1000, "Enter a number of sessions between 1 and 1,000")],
    )
    reassessment_needed = BooleanField("People assess themselves again, after they have joined")


class GroupForm(SeenForm):
    title = StringField("Title", validators=[DataRequired("Give the group a title"), at_most(200)], filters=[stripped])
    choose = WholeNumberField(
        "How many of its steps do people choose?",
        validators=[Optional(), NumberRange(1, MOST_STEPS, f"Enter a number between 1 and {MOST_STEPS}")],
    )
    text = text_area("What people should know to choose", 5000)

    @classmethod
    def of(cls, row: Document, revision: int) -> "GroupForm":
        return cls(data={**row, "revision": revision})

    @property
    def changed(self) -> Document:
        return {"title": self.title.data, "text": self.text.data, "choose": self.choose.data}


class StepForm(SeenForm):
    title = StringField("Title", validators=[DataRequired("Give the step a title"), at_most(200)], filters=[stripped])
    minutes = WholeNumberField(
        "How many minutes does it take?",
        validators=[
            InputRequired("Enter the minutes"),
            NumberRange(1, LONGEST_STEP, f"Enter minutes between 1 and {LONGEST_STEP:,}"),
        ],
    )
    text = text_area("What people read and do")
    group = SelectField("Group")

    @classmethod
    def of(cls, row: Document, groups: list[Document], revision: int) -> "StepForm":
        form = cls(data={**row, "revision": revision})
        titles = [SelectChoice(group["key"], group["title"]) for group in groups]
        form.group.choices = [SelectChoice("", "None: it stands on its own"), *titles]
        form.group.data = form.group.data or ""
        return form

    @property
    def changed(self) -> Document:
        said = {"title": self.title.data, "minutes": self.minutes.data, "text": self.text.data}
        return {**said, "group": self.group.data or ""}


PART_FORMS: dict[str, type[PartForm]] = {
    "about": AboutForm,
    "for-whom": ForWhomForm,
    "time": TimeForm,
    "joining": JoiningForm,
}
