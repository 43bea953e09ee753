"""The shape of what administrators type about a platform."""

from typing import Any

from flask_wtf import FlaskForm
from wtforms import BooleanField, SelectField, StringField
from wtforms.validators import InputRequired, Optional

from lti.platforms.rules import LONGEST, Registration, faults_of

SAME_NAME = "same-name"


class _Refusable(FlaskForm):  # type: ignore[misc]
    def refuse(self, faults: dict[str, str]) -> None:
        for name, message in faults.items():
            field: Any = self[name]
            field.errors = [*field.errors, message]


class PlatformForm(_Refusable):
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
        faults = faults_of(self._typed(), development=development)
        self.refuse(faults)
        return fit and not faults

    def registration(self) -> Registration:
        return Registration(**self._typed(), organisation=_key(self.organisation.data))

    def _typed(self) -> dict[str, str]:
        """Names go without the spaces that pasting leaves."""
        return {name: _clean(self[name].data) for name in LONGEST}


class ApprovalForm(_Refusable):
    """For whom a platform that registered itself is."""

    name = StringField("What you call it")
    organisation = SelectField(
        "Whose people come from it", validators=[InputRequired("Choose an organisation")], validate_choice=False
    )

    @property
    def organisation_key(self) -> str:
        return _key(self.organisation.data)

    @property
    def chosen_name(self) -> str:
        return _clean(self.name.data)


class SettingsForm(_Refusable):
    name = StringField("Name")
    frames_origin = StringField("Where its frames are from")
    allows_anonymous = BooleanField("People may come without saying who they are")

    @property
    def values(self) -> dict[str, Any]:
        return {
            "name": _clean(self.name.data),
            "frames_origin": _clean(self.frames_origin.data),
            "allows_anonymous": self.allows_anonymous.data,
        }


def _clean(typed: str | None) -> str:
    return (typed or "").strip()


def _key(chosen: str | None) -> str:
    """The key of an organisation that is there; empty for a new one of the platform's name."""
    return "" if (chosen or SAME_NAME) == SAME_NAME else str(chosen)
