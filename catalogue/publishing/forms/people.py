"""Whom somebody adds to those who work on offers, and what a new offer is called."""

from flask_wtf import FlaskForm
from wtforms import EmailField, RadioField, SelectField, StringField
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]  # newer than its stubs
from wtforms.validators import DataRequired, Email, InputRequired, Length

from catalogue.people.models import Role
from catalogue.publishing.forms.fields import at_most, stripped
from catalogue.systems.models import Organisation

WRONG_ADDRESS = "Enter an email address in the correct format, like name@example.com"


class CollaboratorForm(FlaskForm):  # type: ignore[misc]
    email = EmailField(
        "Email address", filters=[stripped],
        validators=[
            InputRequired("Enter an email address"), Email(WRONG_ADDRESS), Length(max=254, message=WRONG_ADDRESS)
        ],
    )  # fmt: skip


class ColleagueForm(CollaboratorForm):
    role = RadioField(
        "What will they do?", default=Role.EDITOR.value, validators=[InputRequired("Choose what they will do")],
        choices=[
            SelectChoice(Role.EDITOR.value, "Editor: write offers and their dates"),
            SelectChoice(Role.PARTNER.value, "Partner: also submit offers, keep registers and add people"),
        ],
    )  # fmt: skip


class NewOfferForm(FlaskForm):  # type: ignore[misc]
    title = StringField(
        "What is the offer called?", filters=[stripped], validators=[DataRequired("Give it a title"), at_most(200)]
    )
    provider = SelectField("Who provides it?", validators=[InputRequired("Choose who provides it")])

    @classmethod
    def of(cls, providers: list[Organisation], chosen: str) -> "NewOfferForm":
        form = cls(provider=chosen)
        form.provider.choices = [SelectChoice(provider.key, provider.name) for provider in providers]
        return form
