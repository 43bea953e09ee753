"""The shape of what administrators type about a platform."""

from typing import Any

from flask_wtf import FlaskForm
from wtforms import BooleanField, Field, SelectField, StringField
from wtforms.validators import InputRequired, ValidationError

from lti.platforms.rules import LONGEST, Registration, Unfit, bare_origin, fault_of, faults_of

SAME_NAME = "same-name"


class _Refusable(FlaskForm):  # type: ignore[misc]
    def refuse(self, faults: dict[str, str]) -> None:
        for name, message in faults.items():
            field: Any = self[name]
            field.errors = [*field.errors, message]


def _organisation_field(label: str) -> SelectField:
    """One has to be chosen: a new one is made for nobody who has not asked for it."""
    return SelectField(label, validators=[InputRequired("Choose an organisation")], validate_choice=False)


class PlatformForm(_Refusable):
    name = StringField("Name")
    issuer = StringField("Issuer (Moodle: Platform ID)")
    client_id = StringField("Client ID")
    deployment = StringField("Deployment ID")
    jwks_url = StringField("Public key set URL")
    auth_url = StringField("Authentication request URL")
    token_url = StringField("Access token URL")
    organisation = _organisation_field("Organisation")

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


class _Named(_Refusable):
    name = StringField("Name")

    def validate_name(self, field: Field) -> None:
        if fault := fault_of("name", _clean(field.data), development=False):
            raise ValidationError(fault)


class ApprovalForm(_Named):
    """For whom a platform that registered itself is."""

    organisation = _organisation_field("Whose people come from it")

    @property
    def organisation_key(self) -> str:
        return _key(self.organisation.data)

    @property
    def chosen_name(self) -> str:
        return _clean(self.name.data)


class SettingsForm(_Named):
    frames_origin = StringField("Where its frames are from")
    allows_anonymous = BooleanField("People may come without saying who they are")

    def check(self, *, development: bool) -> bool:
        """Whether the settings are fit; what is not becomes the error of its field."""
        fit: bool = self.validate_on_submit()
        try:
            if origin := self.values["frames_origin"]:
                bare_origin(origin, development=development)
        except Unfit as unfit:
            self.refuse(unfit.faults)
            return False
        return fit

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
    return "" if chosen == SAME_NAME else str(chosen)
