"""The shape of what people type to sign in."""

from flask_wtf import FlaskForm
from wtforms import EmailField, PasswordField, RadioField, SelectMultipleField, StringField
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]  # newer than its stubs
from wtforms.validators import DataRequired, Email, InputRequired, Length

from catalogue.people.models import Scope
from catalogue.people.rules import SHORTEST_PASSWORD


class SignInForm(FlaskForm):  # type: ignore[misc]
    email = EmailField("Email address", validators=[InputRequired("Enter your email address"), Length(max=254)])
    password = PasswordField("Password", validators=[InputRequired("Enter your password"), Length(max=1000)])


class ForgottenForm(FlaskForm):  # type: ignore[misc]
    email = EmailField(
        "Email address",
        validators=[
            InputRequired("Enter your email address"),
            Email("Enter an email address in the correct format, like name@example.com"),
            Length(max=254),
        ],
    )


class PasswordForm(FlaskForm):  # type: ignore[misc]
    password = PasswordField(
        "New password",
        validators=[
            InputRequired("Enter a new password"),
            Length(SHORTEST_PASSWORD, 1000, f"The password must have {SHORTEST_PASSWORD} characters or more"),
        ],
    )


SCOPES = {
    Scope.READ_OFFERS: "Read offers, those that only your organisations can find too",
    Scope.WRITE_OFFERS: "Write drafts of the offers that you write, and send them to review",
    Scope.READ_STATEMENTS: "Read the xAPI statements that your programs have sent",
    Scope.WRITE_STATEMENTS: "Send xAPI statements, and record completions of the offers that you write",
}
"""What a token can be for, in plain words."""


class TokenForm(FlaskForm):  # type: ignore[misc]
    name = StringField(
        "What is it for?", filters=[lambda text: (text or "").strip()],
        validators=[DataRequired("Say what it is for"), Length(max=100, message="Use 100 letters or fewer")],
    )  # fmt: skip
    scopes = SelectMultipleField(
        "What may it do?", validators=[InputRequired("Choose what it may do")],
        choices=[SelectChoice(scope.value, words) for scope, words in SCOPES.items()],
    )  # fmt: skip
    days = RadioField(
        "How long will it last?", default="90", validators=[InputRequired("Choose how long it will last")],
        choices=[SelectChoice("30", "30 days"), SelectChoice("90", "90 days"), SelectChoice("365", "365 days")],
    )  # fmt: skip
