"""The shape of what is looked for, in the query of an address."""

from werkzeug.datastructures import MultiDict

from catalogue.offers.queries import Filters

LONGEST_QUERY = 200
MOST_CHOICES = 50


def filters_of(query: MultiDict[str, str]) -> Filters:
    """The filters that a query names; anything else in it is passed over."""

    def chosen(name: str) -> tuple[str, ...]:
        return tuple(value for value in query.getlist(name)[:MOST_CHOICES] if "\0" not in value)

    return Filters(
        q=query.get("q", "")[:LONGEST_QUERY].replace("\0", ""),
        condition=chosen("condition"),
        dimension=chosen("dimension"),
        mode=chosen("mode"),
    )
