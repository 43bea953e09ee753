"""The shape of a file that is sent in, and of a feed that is asked for."""

import ipaddress
from typing import Any
from urllib.parse import urlsplit

from flask import current_app
from flask_wtf import FlaskForm
from flask_wtf.file import FileField, FileRequired
from wtforms import SelectField, StringField, ValidationError
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]  # newer than its stubs
from wtforms.validators import DataRequired, InputRequired, Length

from catalogue.egress import EgressRefused, Rules
from catalogue.systems.models import Organisation

NO_ADDRESS = "Enter the whole address of a file that anybody can open, beginning with https://"


class _ForProvider(FlaskForm):  # type: ignore[misc]
    provider = SelectField("Whose offers are these?", validators=[InputRequired("Choose whose offers these are")])

    @classmethod
    def of(cls, providers: list[Organisation], chosen: str) -> Any:
        """For one of these providers; with ``chosen``, the key of one, filled in."""
        form = cls(provider=providers[0].key if len(providers) == 1 else chosen)
        form.provider.choices = [SelectChoice(provider.key, provider.name) for provider in providers]
        return form


class ImportForm(_ForProvider):
    file = FileField("Choose a file", validators=[FileRequired("Choose a file")])


class FeedForm(_ForProvider):
    url = StringField(
        "Address of the file",
        filters=[lambda said: (said or "").strip()],
        validators=[DataRequired(NO_ADDRESS), Length(max=500, message="Enter an address of 500 characters or fewer")],
    )

    def validate_url(self, field: StringField) -> None:
        """What can be told without a call; names are resolved, and checked, when it is pulled."""
        url = field.data or ""
        rules = Rules(loopback=current_app.extensions["settings"].development)
        if not (url.isprintable() and url.isascii()) or " " in url:
            raise ValidationError(NO_ADDRESS)
        try:
            rules.check_url(url)
            parts = urlsplit(url)
            parts.port  # noqa: B018 raises ValueError where it is none
        except (EgressRefused, ValueError) as fault:
            raise ValidationError(NO_ADDRESS) from fault
        try:
            ip = ipaddress.ip_address(parts.hostname or "")
        except ValueError:
            return  # a name
        try:
            rules.check_address(str(ip), secure=parts.scheme == "https")
        except EgressRefused as fault:
            message = "This address is inside a private network, where we do not go. Enter one that anybody can open."
            raise ValidationError(message) from fault
