"""What people call things in their files, and the keys that documents name them by."""

import re
from collections.abc import Iterable, Mapping
from typing import Literal, Self

from catalogue.offers.references import References

Kind = Literal["conditions", "seats", "systems", "organisations", "dimensions", "levels"]
_SEPARATORS = re.compile(r"[|;\n]")


class Names:
    """Keys and names, by kind, whatever their case. Without any, everything stands for itself."""

    def __init__(self, named: Mapping[Kind, Mapping[str, str]] | None = None) -> None:
        """``named`` gives the name of each key, by kind."""
        self._keys: dict[str, dict[str, str]] = {}
        for kind, names in (named or {}).items():
            by_name = {_folded(name): key for key, name in names.items()}
            self._keys[kind] = by_name | {_folded(key): key for key in names}

    @classmethod
    def of(cls, references: References) -> Self:
        return cls(
            {
                "conditions": {row.key: row.name for row in references.conditions.values()},
                "seats": {row.key: row.name for row in references.seats.values()},
                "systems": {row.key: row.name for row in references.systems.values()},
                "organisations": {row.key: row.name for row in references.organisations.values()},
                "dimensions": {row.key: row.name for row in references.current.dimensions},
                "levels": {row.key: row.name for row in references.current.levels},
            }
        )

    def knows(self, kind: Kind, said: str) -> bool:
        return _folded(said) in self._keys.get(kind, {})

    def key(self, kind: Kind, said: str) -> str:
        """The key of what is said; as it was said where nothing is called so."""
        return self._keys.get(kind, {}).get(_folded(said), said.strip())

    def keys(self, kind: Kind, said: str) -> list[str]:
        """The keys of all that is said, with ``|``, ``;``, a new line or a comma between: names may hold commas."""
        found: list[str] = []
        for part in _SEPARATORS.split(said):
            parts = [part] if self.knows(kind, part) else part.split(",")
            found.extend(self.key(kind, one) for one in parts if one.strip())
        return _without_repeats(found)


def _folded(said: str) -> str:
    return " ".join(said.casefold().split())


def _without_repeats(keys: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(keys))
