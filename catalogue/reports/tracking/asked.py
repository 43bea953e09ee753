"""What an address asks for, by whoever asks: the page, its picture and its files read it alike."""

from dataclasses import dataclass, replace

from werkzeug.datastructures import MultiDict

from catalogue.errors import NotThere
from catalogue.people.models import Person
from catalogue.reports.tracking import queries
from catalogue.reports.tracking.access import sight_of
from catalogue.reports.tracking.filters import By, Eyes, Filters, Sight, next_by
from catalogue.reports.tracking.forms import NAMED, by_of, filters_of
from catalogue.reports.tracking.platforms import platform_names
from catalogue.reports.tracking.queries import Choices


@dataclass(frozen=True, slots=True)
class Asked:
    sight: Sight
    filters: Filters
    by: By
    names: bool
    """Whether people are to be named."""
    choices: Choices
    faults: dict[str, str]
    """What is wrong with it, by filter."""
    chosen: By | None = None
    """What the table of counts is by, where that was said."""

    @property
    def as_query(self) -> dict[str, str]:
        """For the query of an address: what stays the same from page to page."""
        more = {"by": str(self.chosen)} if self.chosen else {}
        return {"of": str(self.sight.eyes)} | self.filters.as_query | more | ({"names": "1"} if self.names else {})

    def without(self, name: str) -> dict[str, str]:
        return replace(self, filters=self.filters.without(name)).as_query

    def only(self, name: str, value: str) -> dict[str, str]:
        """With one more filter, and the table by whatever comes next."""
        return replace(self, filters=self.filters.with_(name, value), chosen=None).as_query

    def by_query(self, by: By) -> dict[str, str]:
        return replace(self, chosen=by).as_query

    def named(self, *, names: bool) -> dict[str, str]:
        return replace(self, names=names).as_query


def asked_of(person: Person, query: MultiDict[str, str]) -> Asked:
    """Raises ``NotThere`` for eyes that are not theirs, and for a body, an offer or a platform that they cannot see."""
    sight = sight_of(person, query.get("of", ""))
    if sight is None:
        raise NotThere
    filters, faults = filters_of(query, sight)
    choices = queries.choices(sight, filters, platform_names())
    for name in NAMED:
        value = filters.as_query.get(name)
        if value and choices.name(name, value) is None:
            raise NotThere
    chosen = by_of(query)
    if chosen and (not sight.by_name or (chosen == By.SYSTEM and sight.eyes == Eyes.PEOPLE and not sight.systems)):
        chosen = None
    by = chosen or next_by(filters, sight)
    return Asked(sight, filters, by, sight.by_name and query.get("names") == "1", choices, faults, chosen)
