"""The shape of what people send on the pages about their data."""

from flask_wtf import FlaskForm
from wtforms import PasswordField, RadioField, StringField
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]  # newer than its stubs
from wtforms.validators import DataRequired, InputRequired, Length


class PasswordAgainForm(FlaskForm):  # type: ignore[misc]
    password = PasswordField("Your password", validators=[DataRequired("Enter your password"), Length(max=1000)])


class SureForm(FlaskForm):  # type: ignore[misc]
    """For whom a fresh sign-in is enough."""


class FindForm(FlaskForm):  # type: ignore[misc]
    who = StringField(
        "Email address to sign in with, or key", filters=[lambda text: (text or "").strip()],
        validators=[DataRequired("Enter an email address or a key"), Length(max=254)],
    )  # fmt: skip


ASKED = {
    "in-writing": "In writing, from the address that they sign in with",
    "checked": "In another way, and I have checked that it is them",
    "organisation": "Through their organisation, which answers for it",
}


class AskedForm(FlaskForm):  # type: ignore[misc]
    asked = RadioField(
        "How did they ask?", validators=[InputRequired("Say how they asked")],
        choices=[SelectChoice(value, words) for value, words in ASKED.items()],
    )  # fmt: skip
