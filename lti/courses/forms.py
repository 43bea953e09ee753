"""The shape of enrolling people of a course."""

from collections.abc import Sequence

from flask_wtf import FlaskForm
from wtforms import SelectMultipleField
from wtforms.validators import InputRequired, ValidationError

from lti.courses.enrolling import MOST_PEOPLE, Choice


class PeopleForm(FlaskForm):  # type: ignore[misc]
    listed: frozenset[str] = frozenset()
    people = SelectMultipleField(
        "Whom do you want to enrol?",
        validate_choice=False,  # by ``listed``
        validators=[InputRequired("Choose at least one person")],
    )

    @classmethod
    def of(cls, choices: Sequence[Choice]) -> "PeopleForm":
        form = cls()
        form.listed = frozenset(one.sub for one in choices)
        return form

    def validate_people(self, field: SelectMultipleField) -> None:
        """Only who is in the list counts: what was posted names nobody else."""
        if not self.listed.issuperset(field.data or ()):
            raise ValidationError("Somebody whom you chose is not in the course any more. Choose from the list")
        if len(set(field.data or ())) > MOST_PEOPLE:
            raise ValidationError(f"Choose {MOST_PEOPLE} people at most. You can enrol the others after them")
