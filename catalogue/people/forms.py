"""The shape of what people type to sign in."""

from flask_wtf import FlaskForm
from wtforms import EmailField, PasswordField
from wtforms.validators import Email, InputRequired, Length

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
