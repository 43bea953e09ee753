"""Certificates and transcripts as PDF: tagged, with title and language (PDF/UA-1, ISO 14289-1).

The pages are Typst files among the templates. What people and providers wrote reaches them as data and never as
markup, so no name can be a command.
"""

import json
from datetime import datetime
from functools import cache
from typing import Any
from unicodedata import category

import segno
import typst

from catalogue.clock import in_london
from catalogue.credentials.models import Credential
from catalogue.credentials.queries import Line
from catalogue.errors import Refused
from catalogue.offers.models import OfferVersion
from catalogue.pages import format_date, format_hours
from catalogue.people.models import Person
from catalogue.resources import resource_dir
from catalogue.shapes import can_be_seen

NO_TITLE, NO_PROVIDER = "An offer without a title", "A provider without a name"


def certificate(credential: Credential, base: str) -> bytes:
    """The certificate of one completion, with the way to its badge as an address and as a QR code."""
    completion = credential.completion
    version = completion.enrolment.version
    address = f"{base}/{credential.key}"
    return _printed(
        "certificate",
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
    return _printed(
        "transcript",
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


@cache
def _page(name: str) -> bytes:
    return (resource_dir("templates") / "credentials" / f"{name}.typ").read_bytes()


def _printed(name: str, data: dict[str, Any]) -> bytes:
    """Raises ``Refused`` where no font of this machine has the letters of a text."""
    try:
        printed = typst.compile(_page(name), sys_inputs={"data": json.dumps(data)}, pdf_standards=["ua-1"])
    except typst.TypstError as fault:
        if "could not be displayed" not in str(fault):
            raise
        raise Refused(
            "The name or the title has letters that we have no font for, so we cannot print it. Ask whoever runs this "
            "service to add one; your badge is not affected."
        ) from fault
    return bytes(printed or b"")
