"""The shape of what is written into a draft of a framework."""

import re
import unicodedata
from collections.abc import Collection
from typing import Any

from flask_wtf import FlaskForm
from wtforms import FieldList, FormField, HiddenField, IntegerField, StringField, TextAreaField
from wtforms import Form as PlainForm
from wtforms.validators import DataRequired, InputRequired, Length, Optional
from wtforms.widgets import HiddenInput

LONGEST = Length(max=5000, message="Use 5,000 letters or fewer")


class DraftForm(FlaskForm):  # type: ignore[misc]
    """``revision`` is the state of the draft that was shown."""

    revision = IntegerField(widget=HiddenInput(), validators=[InputRequired()])


class AboutForm(DraftForm):
    version = StringField("Version", validators=[DataRequired("Give it a version, like 1.1"), Length(max=20)])
    name = StringField("Name", validators=[DataRequired("Give it a name"), Length(max=200)])
    label = StringField("What its statements are called", validators=[Length(max=300)])
    notice = StringField("What has to be said with it", validators=[Length(max=300)])
    owner = StringField("Whom it belongs to", validators=[DataRequired("Say whom it belongs to"), Length(max=200)])
    source = TextAreaField("Where it comes from", validators=[LONGEST])
    licence = StringField("Licence", validators=[Length(max=300)])

    FIELDS = ("version", "name", "label", "notice", "owner", "source", "licence")

    @property
    def changes(self) -> dict[str, Any]:
        return {name: (self[name].data or "").strip() for name in self.FIELDS}


class OneLevelForm(PlainForm):
    name = StringField("Name", validators=[DataRequired("Give the level a name"), Length(max=100)])
    meaning = TextAreaField("What it means", validators=[Optional(), LONGEST])


class LevelsForm(DraftForm):
    """The levels of a draft, from the lowest; a name in ``further`` puts one more on top of them."""

    level = FieldList(FormField(OneLevelForm), max_entries=20)
    further = StringField("A further level, above the highest, if you like", validators=[Optional(), Length(max=60)])

    def changed(self, content: dict[str, Any], *, drop: bool) -> dict[str, Any]:
        """Levels and dimensions as typed; with ``drop`` the highest level goes, and what is said at it."""
        levels = [
            row | {"name": (entry.form.name.data or "").strip(), "meaning": (entry.form.meaning.data or "").strip()}
            for row, entry in zip(content["level"], self.level.entries, strict=False)
        ]
        dimensions, name = content["dimension"], (self.further.data or "").strip()
        if drop and len(levels) > 2:
            gone = levels.pop()["key"]
            dimensions = [row | {"level": [one for one in row["level"] if one["level"] != gone]} for row in dimensions]
        elif name:
            key = free_key(name, {level["key"] for level in levels})
            levels.append({"value": len(levels), "key": key, "name": name, "meaning": ""})
            dimensions = [row | {"level": [*row["level"], blank_level(key)]} for row in dimensions]
        return {"level": levels, "dimension": dimensions}


def free_key(name: str, taken: Collection[str]) -> str:
    """A key made of a name, as nothing beside it has."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    wanted = re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:50].strip("-") or "new"
    return next(key for n in range(1, len(taken) + 2) if (key := wanted if n == 1 else f"{wanted}-{n}") not in taken)


def blank_level(key: str) -> dict[str, Any]:
    return {"level": key, "heading": "", "statement": []}


class NewDimensionForm(DraftForm):
    name = StringField("Name", validators=[DataRequired("Give the dimension a name"), Length(max=100)])

    def row(self, content: dict[str, Any]) -> dict[str, Any]:
        """A dimension of which nothing is said yet at any level."""
        name = (self.name.data or "").strip()
        key = free_key(name, {row["key"] for row in content["dimension"]})
        levels = [blank_level(level["key"]) for level in content["level"][1:]]
        return {"key": key, "name": name, "what": "", "why": "", "what_it_is_not": [], "level": levels}


class StatementForm(PlainForm):
    """One whose two forms are empty is taken out."""

    key = HiddenField(validators=[Length(max=100)])
    own = TextAreaField("Of oneself", validators=[Optional(), LONGEST])
    others = TextAreaField("Of another", validators=[Optional(), LONGEST])


class LevelForm(PlainForm):
    level = HiddenField(validators=[Length(max=60)])
    heading = StringField("Heading", validators=[DataRequired("Give the level a heading"), Length(max=200)])
    statement = FieldList(FormField(StatementForm), max_entries=30)


class DimensionForm(DraftForm):
    name = StringField("Name", validators=[DataRequired("Give the dimension a name"), Length(max=100)])
    what = TextAreaField("What it is", validators=[DataRequired("Say what it is"), LONGEST])
    why = TextAreaField("Why it matters", validators=[LONGEST])
    not_this = TextAreaField("What it is not", validators=[LONGEST])
    level = FieldList(FormField(LevelForm), max_entries=20)

    @classmethod
    def of(cls, row: dict[str, Any], revision: int) -> "DimensionForm":
        """With what is written already, and room for one more statement at each level."""
        blank = {"key": "", "own": "", "others": ""}
        levels = [
            {
                "level": level["level"],
                "heading": level["heading"],
                "statement": [
                    {"key": one["key"], "own": one["self"], "others": one["others"]} for one in level["statement"]
                ]
                + [blank],
            }
            for level in row["level"]
        ]
        return cls(
            revision=revision, name=row["name"], what=row["what"], why=row["why"],
            not_this="\n".join(row["what_it_is_not"]), level=levels,
        )  # fmt: skip

    def changed(self, row: dict[str, Any], up: str) -> dict[str, Any]:
        """The dimension with what was typed; its keys, and those of its levels and statements, stay.

        The statement with the key ``up`` goes one place up.
        """
        levels = []
        for before, field in zip(row["level"], self.level.entries, strict=False):
            there = {one["key"]: one for one in before["statement"]}
            statements, taken = [], set(there)
            for entry in field.form.statement.entries:
                own, others = (entry.form.own.data or "").strip(), (entry.form.others.data or "").strip()
                key = entry.form.key.data or ""
                if not own and not others:
                    continue
                if key not in there:
                    key = next(k for n in range(1, 100) if (k := f"{row['key']}-{before['level']}-{n}") not in taken)
                    taken.add(key)
                statements.append(there.get(key, {}) | {"key": key, "self": own or others, "others": others or own})
            at = next((place for place, one in enumerate(statements) if one["key"] == up), 0)
            if at:
                statements[at - 1], statements[at] = statements[at], statements[at - 1]
            levels.append(before | {"heading": (field.form.heading.data or "").strip(), "statement": statements})
        lines = (line.strip() for line in (self.not_this.data or "").splitlines())
        return row | {
            "name": (self.name.data or "").strip(), "what": (self.what.data or "").strip(),
            "why": (self.why.data or "").strip(), "what_it_is_not": [line for line in lines if line], "level": levels,
        }  # fmt: skip


class CommentForm(FlaskForm):  # type: ignore[misc]
    comment = TextAreaField("What should be changed", validators=[DataRequired("Say what should be changed"), LONGEST])
