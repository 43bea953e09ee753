"""JSON as programs send it: in UTF-8, each name once, and nothing that JSON has not or that cannot be stored."""

import json
import math
from typing import Any, NoReturn

from catalogue.errors import DomainError

Json = dict[str, Any]


class Malformed(DomainError):
    """What was sent is not as the specification asks; the message says where, and why."""

    status = 400
    title = "We could not read that statement"


def parsed(body: bytes) -> Any:
    """JSON, in which no key stands twice and nothing is that JSON has not; raises ``Malformed``."""
    try:
        document = json.loads(body.decode("utf-8"), object_pairs_hook=_once, parse_constant=_no_constant)
        _storable(document)
    except UnicodeDecodeError:
        raise Malformed("What was sent is not in UTF-8.") from None
    except RecursionError:
        raise Malformed("What was sent is nested too deeply.") from None
    except ValueError as fault:
        raise Malformed(f"What was sent is not JSON: {fault}.") from None
    return document


def fault(where: str, what: str) -> NoReturn:
    """Refuse what was sent: say where, and why."""
    raise Malformed(f"{where}: {what}.")


def _once(pairs: list[tuple[str, Any]]) -> Json:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise Malformed("A name stands twice in the same object.")
    return found


def _no_constant(name: str) -> NoReturn:
    raise Malformed(f"{name} is no number of JSON.")


def _storable(value: Any) -> None:
    if isinstance(value, dict):
        for name, inner in value.items():
            _storable(name)
            _storable(inner)
    elif isinstance(value, list):
        for inner in value:
            _storable(inner)
    elif isinstance(value, str):
        if "\0" in value or any("\ud800" <= letter <= "\udfff" for letter in value):
            raise Malformed("A text holds a character that cannot be stored.")
    elif isinstance(value, float) and not math.isfinite(value):
        raise Malformed("A number is too large.")
