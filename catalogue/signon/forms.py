"""The shape of what administrators type about identity providers."""

from flask_wtf import FlaskForm
from wtforms import PasswordField, SelectField, StringField

from catalogue.signon.rules import Settings, faults_of

SHARED = "shared"


def _plain(text: str | None) -> str:
    return (text or "").strip()


class SettingsForm(FlaskForm):  # type: ignore[misc]
    """What can be changed later; the secret is typed again only where it is new."""

    name = StringField("Name on the sign-in page", filters=[_plain])
    client_id = StringField("Client ID", filters=[_plain])
    client_secret = PasswordField("Client secret", filters=[_plain])

    def check(self, *, key: str, issuer: str, development: bool) -> bool:
        fit: bool = self.validate_on_submit()
        faults = faults_of(self.settings(key, issuer), development=development)
        for name, message in faults.items():
            if name in self:
                self[name].errors = [*self[name].errors, message]
        return fit and not faults

    def settings(self, key: str, issuer: str) -> Settings:
        return Settings(key, self.name.data or "", issuer, self.client_id.data or "", self.client_secret.data or "")


class ProviderForm(SettingsForm):
    key = StringField("Key in its addresses", filters=[_plain])
    issuer = StringField("Issuer", filters=[_plain])
    organisation = SelectField("Whose staff sign in there")

    @property
    def organisation_id(self) -> int | None:
        return None if self.organisation.data == SHARED else int(self.organisation.data)
