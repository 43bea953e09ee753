"""The shape of a code."""

from flask_wtf import FlaskForm
from wtforms import StringField
from wtforms.validators import InputRequired, Length


class CodeForm(FlaskForm):  # type: ignore[misc]
    code = StringField(
        "Code", validators=[InputRequired("Enter the code"), Length(max=40, message="A code is shorter than this")]
    )
