"""The shape of what a teacher types on the page of their choosing."""

from werkzeug.datastructures import MultiDict
from wtforms import Form, RadioField, StringField, TextAreaField
from wtforms.validators import DataRequired, InputRequired, Length

from catalogue.people.rules import hash_token
from lti.claims import Grading, text
from lti.deep_linking.basket import LONGEST_TEXT, LONGEST_TITLE, Basket, Edit, Item

LONGEST_TYPED = 20_000
GRADINGS = {
    Grading.COMPLETION: "Graded when it is completed",
    Grading.PROGRESS: "Graded as they go, for each step that is done",
    Grading.NONE: "Not graded",
}
"""In the order in which they are offered."""


def one_line(value: str | None) -> str:
    return " ".join(text(value, LONGEST_TYPED).split())


def lines(value: str | None) -> str:
    kept = (text(line, LONGEST_TYPED) for line in (value or "")[:LONGEST_TYPED].splitlines())
    return "\n".join(kept).strip()


class ItemForm(Form):
    """How one item of a basket is to stand in the course."""

    title = StringField(
        "Title",
        filters=[one_line],
        validators=[
            DataRequired("Enter a title"),
            Length(max=LONGEST_TITLE, message=f"The title must have {LONGEST_TITLE} characters or fewer"),
        ],
    )
    text = TextAreaField(
        "Text below the title",
        filters=[lines],
        validators=[Length(max=LONGEST_TEXT, message=f"The text must have {LONGEST_TEXT} characters or fewer")],
    )
    grading = RadioField("In the gradebook", validators=[InputRequired("Choose whether it is graded")])

    @property
    def typed(self) -> bool:
        """Whether the form was posted: a page may be older than what is in the basket."""
        return self.title.raw_data is not None

    @property
    def edit(self) -> Edit:
        grading = Grading(self.grading.data) if self.grading else Grading.NONE
        return Edit(self.title.data or "", self.text.data or "", grading)


def item_forms(
    basket: Basket, *, takes_line_items: bool, posted: MultiDict[str, str] | None = None
) -> dict[str, ItemForm]:
    """A form for each item, by its key: with what was posted for it, or else with what it holds.

    Fields are named after what an item opens, so that what was posted for one never lands on another.
    """
    return {item.key: _form(item, posted, graded=takes_line_items) for item in basket}


def anchor_of(item: Item) -> str:
    """What the fields of an item begin with, and where it stands on the page."""
    return f"item-{hash_token(item.key)[:12]}"


def _form(item: Item, posted: MultiDict[str, str] | None, *, graded: bool) -> ItemForm:
    prefix = anchor_of(item)
    typed = posted if posted and f"{prefix}-title" in posted else None
    form = ItemForm(typed, prefix=prefix, data={"title": item.title, "text": item.text, "grading": item.grading})
    gradings = [grading for grading in GRADINGS if grading in item.gradings]
    if graded and len(gradings) > 1:
        form.grading.choices = [(str(grading), GRADINGS[grading]) for grading in gradings]
    else:
        del form.grading
    return form
