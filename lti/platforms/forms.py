"""The shape of what administrators type about a platform."""

from typing import Any

from flask_wtf import FlaskForm
from wtforms import SelectField, StringField
from wtforms.validators import Optional

from lti.platforms.actions import LONGEST, Registration, faults_of

SAME_NAME = "same-name"


class PlatformForm(FlaskForm):  # type: ignore[misc]
    name = StringField("Name")
    issuer = StringField("Issuer (Moodle: Platform ID)")
    client_id = StringField("Client ID")
    deployment = StringField("Deployment ID")
    jwks_url = StringField("Public key set URL")
    auth_url = StringField("Authentication request URL")
    token_url = StringField("Access token URL")
    organisation = SelectField("Organisation", validators=[Optional()])

    def check(self, *, development: bool) -> bool:
        """Whether the registration is fit; its faults become those of the fields."""
        fit: bool = self.validate_on_submit()
        for name, message in faults_of(self._typed(), development=development).items():
            self[name].errors = [*self[name].errors, message]
            fit = False
        return fit

    def registration(self) -> Registration:
        chosen = self.organisation.data or SAME_NAME
        return Registration(**self._typed(), organisation="" if chosen == SAME_NAME else chosen)

    def _typed(self) -> dict[str, str]:
        """Names go without the spaces that pasting leaves."""
        return {name: (self[name].data or "").strip() for name in LONGEST}

    def refuse(self, faults: dict[str, str]) -> None:
        for name, message in faults.items():
            field: Any = self[name]
            field.errors = [*field.errors, message]
