"""Fields that say in plain words what they could not read."""

from typing import Any

from flask_wtf import FlaskForm
from wtforms import DateField, DecimalField, HiddenField, IntegerField, TextAreaField, TimeField
from wtforms.validators import Length, ValidationError

from catalogue.shapes import HIGHEST_ID, is_day

LONGEST_TEXT = 20_000


class _Said:
    """Says in words of ours what was typed and cannot be read."""

    unread: str
    data: Any

    def process_formdata(self, valuelist: list[Any]) -> None:
        try:
            super().process_formdata(valuelist)  # type: ignore[misc]
        except (ValueError, OverflowError) as fault:
            self.data = None
            raise ValueError(self.unread) from fault


class NumberField(_Said, DecimalField):
    """A number as it was typed; infinity and the like are none."""

    unread = "Enter a number, like 6 or 1.5"

    def process_formdata(self, valuelist: list[Any]) -> None:
        super().process_formdata([value.replace(",", "").removeprefix("£").strip() for value in valuelist])
        if self.data is not None and not self.data.is_finite():
            self.data = None
            raise ValueError(self.unread)


class WholeNumberField(_Said, IntegerField):
    unread = "Enter a whole number, like 20"

    def process_formdata(self, valuelist: list[Any]) -> None:
        super().process_formdata(valuelist)
        if self.data is not None and abs(self.data) > HIGHEST_ID:
            self.data = None
            raise ValueError(self.unread)


class DayField(_Said, DateField):
    unread = "Enter a real date"

    def process_formdata(self, valuelist: list[Any]) -> None:
        super().process_formdata(valuelist)
        if self.data is not None and not is_day(self.data):
            self.data = None
            raise ValueError(self.unread)


class ClockField(_Said, TimeField):
    unread = "Enter a time between 00:00 and 23:59, like 09:30"


def text_area(label: str, longest: int = LONGEST_TEXT) -> TextAreaField:
    return TextAreaField(label, validators=[at_most(longest)], filters=[plain_lines])


def at_most(longest: int) -> Length:
    return Length(max=longest, message=f"Write {longest:,} characters or fewer")


def plain_lines(text: str | None) -> str:
    """What browsers send, with one kind of line ending and nothing around it."""
    return (text or "").replace("\r\n", "\n").replace("\r", "\n").strip()


def stripped(text: str | None) -> str:
    return (text or "").strip()


def web_address(secure: bool = False) -> Any:
    """A validator: an address on the web, or nothing."""
    starts = ("https://",) if secure else ("https://", "http://")

    def check(_form: FlaskForm, field: Any) -> None:
        address = field.data or ""
        if address and (not address.lower().startswith(starts) or len(address.split()) != 1 or len(address) < 12):
            raise ValidationError(f"Enter an address that starts with {starts[0]}")

    return check


class SeenForm(FlaskForm):  # type: ignore[misc]
    """Carries the revision of the draft that the person saw, so that nobody writes over what they have not seen."""

    revision = HiddenField()

    def show(self, revision: int) -> None:
        """The person sees the draft as it is now."""
        self.revision.data = str(revision)

    @property
    def seen(self) -> int:
        typed = str(self.revision.data or "")
        return int(typed) if typed.isascii() and typed.isdigit() and len(typed) < 10 else 0
