"""Certificates and transcripts on paper."""

from datetime import datetime
from unicodedata import category

import segno

from catalogue.clock import in_london
from catalogue.credentials.models import Credential
from catalogue.credentials.queries import Line
from catalogue.offers.models import OfferVersion
from catalogue.pages import format_date, format_hours
from catalogue.people.models import Person
from catalogue.printing import printed
from catalogue.shapes import can_be_seen

NO_TITLE, NO_PROVIDER = "An offer without a title", "A provider without a name"


def certificate(credential: Credential, base: str) -> bytes:
    """The certificate of one completion, with the way to its badge as an address and as a QR code."""
    completion = credential.completion
    version = completion.enrolment.version
    address = f"{base}/{credential.key}"
    return printed(
        "credentials/certificate",
        {
            "name": words(completion.person.name, "No name given"),
            "title": words(version.title, NO_TITLE),
            "provider": words(completion.offer.provider.name, NO_PROVIDER),
            "hours": format_hours(version.hours),
            "day": format_date(completion.at),
            "leads_to": changes(version),
            "address": address,
            "square": segno.make(address, error="m", micro=False).svg_inline(border=0, scale=4),
        },
    )


def transcript(person: Person, lines: list[Line], base: str, moment: datetime) -> bytes:
    """Everything that somebody has completed, each with the way to its badge."""
    return printed(
        "credentials/transcript",
        {
            "name": words(person.name, "No name given"),
            "day": format_date(moment),
            "hours": format_hours(sum(line.completion.enrolment.version.hours for line in lines)),
            "lines": [
                {
                    "title": words(line.completion.enrolment.version.title, NO_TITLE),
                    "provider": words(line.completion.offer.provider.name, NO_PROVIDER),
                    "day": format_date(in_london(line.completion.at)),
                    "hours": format_hours(line.completion.enrolment.version.hours),
                    "leads_to": changes(line.completion.enrolment.version),
                    "address": f"{base}/{line.credential.key}" if line.credential else "",
                    "brought": line.brought,
                }
                for line in lines
            ],
        },
    )


def changes(version: OfferVersion) -> list[str]:
    """What an offer takes people from and to: "Engaging the team: Essential to Strong"."""
    said = []
    for mapping in version.mappings:
        names = {level.value: level.name for level in mapping.dimension.framework.levels}
        start, end = names.get(mapping.from_level, ""), names.get(mapping.to_level, "")
        said.append(words(f"{mapping.dimension.name}: {start} to {end}"))
    return said


def words(typed: str, otherwise: str = "") -> str:
    """What of it may stand in a PDF/UA, which takes no U+FEFF and nothing that steers; else what is said instead."""
    kept = "".join(letter for letter in typed if letter != "\ufeff" and category(letter) != "Cc")
    return kept if can_be_seen(kept) else otherwise
