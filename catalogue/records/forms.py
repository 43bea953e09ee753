"""The shape of a file with completions, and of what a code means."""

from collections.abc import Sequence
from typing import Any
from urllib.parse import urlsplit

from flask_wtf import FlaskForm
from flask_wtf.file import FileField, FileRequired
from wtforms import RadioField, SelectField, StringField
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]  # newer than its stubs
from wtforms.validators import DataRequired, InputRequired, Length

from catalogue.records.models import Source
from catalogue.systems.models import Organisation

SYSTEMS = {Source.TOTARA: "Totara: a course completion report", Source.ESR: "ESR: learning or competences"}


def _stripped(text: str | None) -> str:
    return (text or "").strip()


def system_field() -> RadioField:
    return RadioField(
        "Which system is it from?", validators=[InputRequired("Choose which system it is from")],
        choices=[SelectChoice(source.value, words) for source, words in SYSTEMS.items()],
    )  # fmt: skip


class FileForm(FlaskForm):  # type: ignore[misc]
    organisation = SelectField("Whose people are these?", validators=[InputRequired("Choose whose people these are")])
    source = system_field()
    file = FileField("Choose a file", validators=[FileRequired("Choose a file")])

    @classmethod
    def of(cls, organisations: Sequence[Organisation]) -> Any:
        form = cls(organisation=organisations[0].key) if len(organisations) == 1 else cls()
        form.organisation.choices = [SelectChoice(one.key, one.name) for one in organisations]
        return form


class CodeForm(FlaskForm):  # type: ignore[misc]
    source = system_field()
    code = StringField(
        "Code in that system", filters=[_stripped],
        validators=[DataRequired("Enter the code"), Length(max=200, message="Use 200 characters or fewer")],
    )  # fmt: skip
    offer = StringField(
        "Address of the offer here", filters=[_stripped],
        validators=[DataRequired("Enter the address of the offer"), Length(max=500, message="Use 500 or fewer")],
    )  # fmt: skip

    @property
    def slug(self) -> str:
        """The last part of the address, which is the offer's own."""
        return urlsplit(self.offer.data or "").path.rstrip("/").rsplit("/", 1)[-1]
