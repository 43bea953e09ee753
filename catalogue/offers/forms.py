"""The shape of what is looked for, in the query of an address, and of the name that a search is kept under."""

from flask_wtf import FlaskForm
from werkzeug.datastructures import MultiDict
from wtforms import HiddenField, StringField
from wtforms.validators import InputRequired, Length

from catalogue.offers.filters import FACETS, SORTS, Filters

LONGEST_QUERY = 200
LONGEST_VALUE = 300
MOST_CHOICES = 50


def filters_of(query: MultiDict[str, str]) -> Filters:
    """The filters that a query names; anything else in it is passed over."""

    def chosen(name: str) -> tuple[str, ...]:
        values = query.getlist(name)[:MOST_CHOICES]
        return tuple(dict.fromkeys(value for value in values if len(value) <= LONGEST_VALUE and storable(value)))

    words = query.get("q", "")[:LONGEST_QUERY]
    sort = query.get("sort", "")
    return Filters(
        q="".join(letter for letter in words if storable(letter)),
        sort=sort if sort in SORTS else "",
        **{name: chosen(name) for name in FACETS},
    )


def storable(text: str) -> bool:
    """Whether a database could hold it: no NUL, and no half of a letter."""
    return "\0" not in text and not any("\ud800" <= letter <= "\udfff" for letter in text)


class SaveSearchForm(FlaskForm):  # type: ignore[misc]
    name = StringField(
        "Name of this search",
        validators=[InputRequired("Give the search a name"), Length(max=100, message="Use 100 letters or fewer")],
    )
    query = HiddenField(validators=[Length(max=5000)])
