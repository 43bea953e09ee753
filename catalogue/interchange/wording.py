"""What is wrong with a document, in plain words, and what to do about it."""

from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from catalogue.offers.content import Inconsistent
from catalogue.offers.references import Fault
from catalogue.spreadsheets import RowFault

_WORDS: dict[str, tuple[str, str]] = {
    "missing": ("is missing", "Add it."),
    "extra_forbidden": ("is not something that an offer says", "Leave it out."),
    "string_too_short": ("is empty", "Write something here, or leave it out."),
    "string_too_long": ("is longer than {max_length} characters", "Shorten it."),
    "string_type": ("is not text", "Write it as text."),
    "string_unicode": ("holds characters that are no text", "Type it anew."),
    "too_short": ("has nothing in it", "Name at least one."),
    "float_type": ("is not a number", "Write a number, such as 1.5."),
    "finite_number": ("is not a number", "Write a number, such as 1.5."),
    "int_type": ("is not a whole number", "Write a whole number, such as 20."),
    "greater_than_equal": ("is less than {ge:g}", "Write {ge:g} or more."),
    "less_than_equal": ("is more than {le:g}", "Write {le:g} or less."),
    "literal_error": ("is none of the words that we know", "Write one of these: {expected}."),
    "bool_type": ("is neither yes nor no", "Write yes or no."),
    "list_type": ("is not a list", "Write one thing after another, as the template has it."),
    "date_type": ("is not a date", "Write a date as 2027-03-31."),
    "time_type": ("is not a time of the day", "Write a time as 09:30."),
}
"""By the type of pydantic's error (https://docs.pydantic.dev/latest/errors/validation_errors/): reason and remedy."""
_PATTERNS = {
    "url": ("is not an address of a page", "Write the whole address, beginning with https://."),
    "join_link": ("is not an address of a page", "Write the whole address, beginning with https://."),
}
_OFFER = (
    "is not the name of an offer", "Write the provider's key, a slash and their own key for it, as our files have it.",
)  # fmt: skip
_KEY = ("is not a key", "Use small letters, digits and hyphens, such as step-1.")
_KEPT = {"partners": "organisation", "seats": "seat", "systems": "system", "conditions": "condition"}


def faults_of(errors: ValidationError, number: int, columns: Mapping[str, str], prefix: str = "") -> Iterator[RowFault]:
    """``prefix`` stands before the name of a field in ``columns``: "run." for those of a run."""
    for error in errors.errors(include_url=False):
        where = [str(step + 1) if isinstance(step, int) else step for step in error["loc"]]
        cause = error.get("ctx", {}).get("error")
        field = where[0] if where else cause.field if isinstance(cause, Inconsistent) else ""
        column = columns.get(prefix + field, field) or "the whole row"
        reason, remedy = _words(error)
        inside = f"{', '.join(where[1:])} " if len(where) > 1 else ""
        yield RowFault(number, column, inside + reason, remedy)


def _words(error: ErrorDetails) -> tuple[str, str]:
    context: dict[str, Any] = error.get("ctx", {})
    if error["type"] == "string_pattern_mismatch":
        if error["loc"][-1] == "offer" or error["loc"][0] == "prerequisite_offers":
            return _OFFER
        return _PATTERNS.get(str(error["loc"][-1]), _KEY)
    if error["type"] == "value_error":
        return str(context["error"]), "Set it right, and send the file again."
    reason, remedy = _WORDS.get(error["type"], (error["msg"], "Set it right, and send the file again."))
    return reason.format(**context), remedy.format(**context)


def reference_fault(fault: Fault, number: int, columns: Mapping[str, str]) -> RowFault:
    """A key that nothing has, or a mapping that leads nowhere."""
    field, _, part = fault.field.partition(", ")
    column = columns.get(field, field)
    if field in ("step", "prerequisite_offers"):
        remedy = "Name an offer that is in the catalogue for everybody; publish it first, where it is in this file too."
    elif field != "mapping":
        remedy = f"Write the key of {_a(_KEPT[field])} that is there, or leave it out."
    elif part:
        remedy = f"Write the key of a {part if part not in ('from', 'to') else 'level'} that is there."
    else:
        remedy = "Write a level to start from that is below the one that the offer leads to."
    return RowFault(number, column, f"{part}: {fault.reason}" if part else fault.reason, remedy)


def _a(noun: str) -> str:
    return f"an {noun}" if noun[0] in "aeiou" else f"a {noun}"
