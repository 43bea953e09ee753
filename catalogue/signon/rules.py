"""Pure decisions on identity providers."""

import re
from dataclasses import dataclass

from catalogue.egress import EgressRefused, Rules

KEY = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,38}[a-z0-9])?", re.ASCII)
LONGEST = {"name": 100, "issuer": 300, "client_id": 300, "client_secret": 1000}


@dataclass(frozen=True, slots=True)
class Settings:
    """What an administrator says about a provider. The secret is empty for a public client (PKCE alone)."""

    key: str
    name: str
    issuer: str
    client_id: str
    client_secret: str = ""


def faults_of(settings: Settings, *, development: bool) -> dict[str, str]:
    """What is wrong, by field, in plain words."""
    faults = {
        name: f"Use {longest} characters or fewer"
        for name, longest in LONGEST.items()
        if len(getattr(settings, name)) > longest
    }
    for name, asked in (("name", "Enter a name"), ("client_id", "Enter the client ID")):
        if not getattr(settings, name):
            faults[name] = asked
    if not KEY.fullmatch(settings.key):
        faults["key"] = "Use small letters, digits and hyphens, 40 at most"
    if fault := _fault_of_issuer(settings.issuer, development=development):
        faults["issuer"] = fault
    return faults


def _fault_of_issuer(issuer: str, *, development: bool) -> str:
    """OpenID Connect Discovery 1.0, section 3: an https address without query and fragment."""
    if not issuer:
        return "Enter the issuer"
    if "?" in issuer or "#" in issuer or any(ord(character) <= 32 for character in issuer):
        return "An issuer is an address without a question mark, a # or spaces"
    try:
        Rules(loopback=development).check_url(issuer)
    except EgressRefused:
        return "Enter an address that starts with https://"
    return ""
