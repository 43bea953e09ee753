"""The shape of what administrators type about people."""

from datetime import date

from flask_wtf import FlaskForm
from wtforms import SelectField
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]  # newer than its stubs
from wtforms.validators import InputRequired, Optional

from catalogue.clock import today
from catalogue.people.models import Role
from catalogue.people.rules import fault_of_place
from catalogue.publishing.forms.fields import DayField

ROLES = {
    Role.ADMINISTRATOR: "Administrator",
    Role.LEAD: "Lead of a system",
    Role.PARTNER: "Partner: answers for a provider’s offers",
    Role.EDITOR: "Editor: works on a provider’s offers",
    Role.REVIEWER: "Reviewer of offers and frameworks",
    Role.FACILITATOR: "Facilitator: keeps a provider’s registers",
}
"""What can be given, in plain words."""

EVERYWHERE = "everywhere"


class GrantForm(FlaskForm):  # type: ignore[misc]
    role = SelectField(
        "Role", validators=[InputRequired("Choose a role")],
        choices=[SelectChoice(role.value, words) for role, words in ROLES.items()],
    )  # fmt: skip
    where = SelectField("Where", validators=[InputRequired("Choose where it holds")])
    starts_on = DayField("First day (optional)", validators=[Optional()])
    ends_on = DayField("Last day (optional)", validators=[Optional()])

    def check(self) -> bool:
        """Whether it is fit; what is wrong becomes the faults of the fields."""
        if not self.validate_on_submit():
            return False
        organisation_id, system_id = self.place
        first, last = self.starts_on.data or date.min, self.ends_on.data
        fault = fault_of_place(
            Role(self.role.data), organisation=organisation_id is not None, system=system_id is not None
        )
        if fault:
            self.where.errors = [fault]
        if last is not None and last < today():
            self.ends_on.errors = ["The last day must be today or later"]
        elif last is not None and last < first:
            self.ends_on.errors = ["The last day must not be before the first one"]
        return not self.errors

    @property
    def place(self) -> tuple[int | None, int | None]:
        """The organisation or the system that was chosen, by its id; none: everywhere."""
        kind, _, number = self.where.data.partition(":")
        return (int(number) if kind == "organisation" else None, int(number) if kind == "system" else None)
