"""The shape of what is said on a register."""

import re
from collections.abc import Mapping, Sequence

from flask_wtf import FlaskForm
from flask_wtf.file import FileField, FileRequired
from wtforms import TextAreaField
from wtforms.validators import DataRequired, Length

from catalogue.attendance.marking import Entry

LONGEST_REASON = 1000
ANSWERS: dict[str, bool | None] = {"yes": True, "no": False, "": None}
_SHOWN = re.compile(r"shown-([1-9][0-9]{0,8})")


class ButtonForm(FlaskForm):  # type: ignore[misc]
    """A button; what it does is in the address."""


class ReasonForm(FlaskForm):  # type: ignore[misc]
    reason = TextAreaField(
        "Why?",
        filters=[lambda said: (said or "").strip()],
        validators=[
            DataRequired("Say why"),
            Length(max=LONGEST_REASON, message=f"Use {LONGEST_REASON:,} characters or fewer"),
        ],
    )


def entries_of(fields: Mapping[str, str], session_id: int) -> list[Entry]:
    """The answers of a session's form: ``shown-N`` is what it showed of enrolment N, ``mark-N`` what was chosen."""
    found = []
    for name, shown in fields.items():
        number = _SHOWN.fullmatch(name)
        if number and shown in ANSWERS:
            chosen = fields.get(f"mark-{number[1]}", shown)
            found.append(Entry(int(number[1]), session_id, ANSWERS[shown], ANSWERS.get(chosen, ANSWERS[shown])))
    return found


class FileForm(FlaskForm):  # type: ignore[misc]
    file = FileField("Choose the file that you filled in", validators=[FileRequired("Choose a file")])


_CARRIED = re.compile(r"([1-9][0-9]{0,8}):([1-9][0-9]{0,8}|):(yes|no|):(yes|no|)")
_WORDS = {answer: word for word, answer in ANSWERS.items()}


def carried(entry: Entry) -> str:
    """An answer as one field of a form, from what was shown to what is written."""
    return f"{entry.enrolment_id}:{entry.session_id or ''}:{_WORDS[entry.shown]}:{_WORDS[entry.chosen]}"


def entries_carried(fields: Sequence[str]) -> list[Entry]:
    found = [match.groups() for field in fields if (match := _CARRIED.fullmatch(field))]
    return [
        Entry(int(number), int(session) if session else None, ANSWERS[shown], ANSWERS[chosen])
        for number, session, shown, chosen in found
    ]
