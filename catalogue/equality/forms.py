"""The shape of what is answered: any of the questions, or none."""

from flask_wtf import FlaskForm
from wtforms import RadioField
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]  # newer than its stubs
from wtforms.validators import Optional as MayBeEmpty

from catalogue.equality.rules import QUESTIONS, Question


def _field(question: Question) -> RadioField:
    choices = [SelectChoice(name, said) for name, said in question.answers.items()]
    return RadioField(question.words, choices=choices, validators=[MayBeEmpty()], validate_choice=True)


class EqualityForm(FlaskForm):  # type: ignore[misc]
    """A field for each question, under the question's name."""

    @property
    def answers(self) -> dict[str, str]:
        return {name: str(self[name].data) for name in QUESTIONS if self[name].data}


for _name, _asked in QUESTIONS.items():
    setattr(EqualityForm, _name, _field(_asked))
