"""What people can do before an offer and after it, in the words of a dimension's statements."""

from wtforms import RadioField
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]  # newer than its stubs
from wtforms.validators import InputRequired

from catalogue.frameworks.models import Dimension
from catalogue.publishing.forms.fields import SeenForm

STRENGTHS = (
    ("touches", "It touches on it: people hear of it"),
    ("builds", "It builds it: people practise it"),
    ("masters", "It masters it: people practise it until they can do it at work"),
)


class MappingForm(SeenForm):
    start = RadioField("What can people do before?", validators=[InputRequired("Choose what people can do before")])
    to = RadioField("What can people do after?", validators=[InputRequired("Choose what people can do after")])
    strength = RadioField(
        "How strongly does it work on this?",
        choices=[SelectChoice(key, words) for key, words in STRENGTHS],
        validators=[InputRequired("Choose how strongly it works on this")],
    )

    @classmethod
    def of(cls, dimension: Dimension, row: dict[str, str], revision: int) -> "MappingForm":
        """Filled in from a row of the mapping; empty for an empty one."""
        form = cls(data={"start": row.get("from"), "to": row.get("to"), "strength": row.get("strength"),
                         "revision": revision})  # fmt: skip
        headings = {heading.level: heading.heading for heading in dimension.headings}
        levels = dimension.framework.levels
        choices = [SelectChoice(level.key, headings.get(level.value, level.name)) for level in levels]
        form.start.choices, form.to.choices = choices[:-1], choices[1:]
        return form

    def upwards(self, dimension: Dimension) -> bool:
        """Whether it leads upwards; says so at the field where it does not."""
        values = {level.key: level.value for level in dimension.framework.levels}
        if values[self.start.data] < values[self.to.data]:
            return True
        self.to.errors = ["Choose something that people cannot do before"]
        return False
