"""What a reviewer types, and what those who write answer."""

from wtforms import TextAreaField
from wtforms.validators import DataRequired, Optional

from catalogue.publishing.forms.fields import DayField, SeenForm, at_most, plain_lines


class ApproveForm(SeenForm):
    publish_on = DayField("Publish on", validators=[Optional()])
    retire_on = DayField("Retire on", validators=[Optional()])


class AskForm(SeenForm):
    text = TextAreaField(
        "What has to change?", filters=[plain_lines], validators=[DataRequired("Say what has to change"), at_most(5000)]
    )


class CommentForm(SeenForm):
    comment = TextAreaField(
        "Comment", filters=[plain_lines], validators=[DataRequired("Write a comment"), at_most(5000)]
    )
