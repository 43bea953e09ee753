"""Frameworks: what they say, for anybody; and new versions of them, for administrators and reviewers."""

from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_login import current_user
from werkzeug.wrappers import Response

from catalogue.errors import NotThere
from catalogue.extensions import db
from catalogue.frameworks import actions, queries
from catalogue.frameworks.forms import (
    AboutForm,
    CommentForm,
    DimensionForm,
    DraftForm,
    LevelsForm,
    NewDimensionForm,
)
from catalogue.frameworks.models import FrameworkDraft, FrameworkState
from catalogue.people.models import Person, Role
from catalogue.security import granted, public
from catalogue.transactions import run

frameworks = Blueprint("frameworks", __name__)
DECIDE = (Role.ADMINISTRATOR, Role.REVIEWER)
DRAFT = "/admin/frameworks/drafts/<int(max=2147483647):draft_id>"


@frameworks.get("/frameworks")
@public
def index() -> str:
    """The newest published version of each."""
    found = queries.frameworks_with_words(open_only=False)
    newest = {one.key: one for one in reversed(found) if one.state == FrameworkState.PUBLISHED}
    return render_template("frameworks/index.html", frameworks=list(newest.values())[::-1])


@frameworks.get("/frameworks/<key>")
@public
def framework(key: str) -> str:
    """One version: the newest published one, or the one that is asked for."""
    versions = queries.versions_of(key)
    asked = request.args.get("version", "")
    fitting = [one for one in versions if one.version == asked or (not asked and one.state == FrameworkState.PUBLISHED)]
    if not fitting:
        raise NotThere
    found = fitting[0]
    beside = queries.crosswalk_of({(key, dimension.key) for dimension in found.dimensions})
    return render_template("frameworks/framework.html", framework=found, versions=versions, beside=beside)


@frameworks.get("/admin/frameworks")
@granted(*DECIDE)
def admin() -> str:
    found = queries.frameworks_with_words(open_only=False)
    return render_template("frameworks/admin.html", frameworks=found, drafts=queries.drafts())


@frameworks.post("/admin/frameworks/<int(max=2147483647):framework_id>/draft")
@granted(Role.ADMINISTRATOR)
def start(framework_id: int) -> Response:
    draft_id = run(lambda: actions.start_draft(queries.framework_by_id(framework_id), _person()).id)
    return redirect(url_for("frameworks.draft", draft_id=draft_id))


@frameworks.post("/admin/frameworks/<int(max=2147483647):framework_id>/retire")
@granted(Role.ADMINISTRATOR)
def retire(framework_id: int) -> Response:
    run(lambda: actions.retire(queries.framework_by_id(framework_id), _person()))
    flash("It is retired. What was assessed with it stays.")
    return redirect(url_for("frameworks.admin"))


@frameworks.post("/admin/frameworks/<int(max=2147483647):framework_id>/open")
@granted(Role.ADMINISTRATOR)
def set_open(framework_id: int) -> Response:
    is_open = request.form.get("open") == "yes"
    run(lambda: actions.set_open(queries.framework_by_id(framework_id), is_open=is_open, person=_person()))
    flash("Anybody may have its words now." if is_open else "Its words are closed to strangers now.")
    return redirect(url_for("frameworks.admin"))


@frameworks.get(DRAFT)
@granted(*DECIDE)
def draft(draft_id: int) -> str:
    """The parts of a draft as a list, what is still wrong, and what can be done with it."""
    return _draft_page(queries.draft_by_id(draft_id), CommentForm(formdata=None))


def _draft_page(found: FrameworkDraft, form: CommentForm) -> str:
    before = queries.newest_version(found.content["key"])
    return render_template(
        "frameworks/draft.html",
        draft=found, faults=actions.faults_of(found.content), form=form, before=before,
        untargeted=queries.without_targets(found.content, before),
        own=found.submitted_by_id == current_user.person.id,
    )  # fmt: skip


@frameworks.route(f"{DRAFT}/about", methods=["GET", "POST"])
@granted(Role.ADMINISTRATOR)
def about(draft_id: int) -> Response | tuple[str, int]:
    found = queries.draft_by_id(draft_id)
    form = AboutForm(revision=found.revision, **{name: found.content.get(name, "") for name in AboutForm.FIELDS})
    if form.validate_on_submit():
        return _change(found, form, form.changes)
    return render_template("frameworks/about.html", draft=found, form=form), 422 if form.errors else 200


@frameworks.route(f"{DRAFT}/dimensions/<key>", methods=["GET", "POST"])
@granted(Role.ADMINISTRATOR)
def dimension(draft_id: int, key: str) -> Response | tuple[str, int]:
    found = queries.draft_by_id(draft_id)
    rows = found.content["dimension"]
    at = next((place for place, row in enumerate(rows) if row["key"] == key), None)
    if at is None:
        raise NotThere
    form = DimensionForm.of(rows[at], found.revision)
    if form.validate_on_submit():
        changed = [*rows[:at], form.changed(rows[at], request.form.get("up", "")), *rows[at + 1 :]]
        back = url_for("frameworks.dimension", draft_id=draft_id, key=key) if "up" in request.form else ""
        return _change(found, form, {"dimension": changed}, back)
    names = {level["key"]: level["name"] for level in found.content["level"]}
    page = render_template("frameworks/dimension.html", draft=found, row=rows[at], names=names, form=form)
    return page, 422 if form.errors else 200


@frameworks.route(f"{DRAFT}/dimensions", methods=["GET", "POST"])
@granted(Role.ADMINISTRATOR)
def add_dimension(draft_id: int) -> Response | tuple[str, int]:
    found = queries.draft_by_id(draft_id)
    form = NewDimensionForm(revision=found.revision)
    if form.validate_on_submit():
        row = form.row(found.content)
        there = url_for("frameworks.dimension", draft_id=draft_id, key=row["key"])
        return _change(found, form, {"dimension": [*found.content["dimension"], row]}, there)
    return render_template("frameworks/add_dimension.html", draft=found, form=form), 422 if form.errors else 200


@frameworks.post(f"{DRAFT}/remove/<key>")
@granted(Role.ADMINISTRATOR)
def remove(draft_id: int, key: str) -> Response:
    """Take a dimension out of the draft."""

    def take_out() -> None:
        found = queries.draft_by_id(draft_id)
        rows = [row for row in found.content["dimension"] if row["key"] != key]
        actions.change_draft(found, found.revision, {"dimension": rows}, _person())

    run(take_out)
    flash("It is taken out of the draft.")
    return redirect(url_for("frameworks.draft", draft_id=draft_id))


@frameworks.route(f"{DRAFT}/levels", methods=["GET", "POST"])
@granted(Role.ADMINISTRATOR)
def levels(draft_id: int) -> Response | tuple[str, int]:
    found = queries.draft_by_id(draft_id)
    rows = [{"name": level["name"], "meaning": level["meaning"]} for level in found.content["level"]]
    form = LevelsForm(revision=found.revision, level=rows)
    if form.validate_on_submit():
        return _change(found, form, form.changed(found.content, drop="drop" in request.form))
    return render_template("frameworks/levels.html", draft=found, form=form), 422 if form.errors else 200


def _change(found: FrameworkDraft, form: DraftForm, changes: dict[str, Any], there: str = "") -> Response:
    draft_id, revision = found.id, form.revision.data or 0
    run(lambda: actions.change_draft(queries.draft_by_id(draft_id), revision, changes, _person()))
    flash("Saved.")
    return redirect(there or url_for("frameworks.draft", draft_id=draft_id))


@frameworks.post(f"{DRAFT}/move/<key>")
@granted(Role.ADMINISTRATOR)
def move(draft_id: int, key: str) -> Response:
    """A dimension one place up."""

    def up() -> None:
        found = queries.draft_by_id(draft_id)
        rows = list(found.content["dimension"])
        at = next((place for place, row in enumerate(rows) if row["key"] == key), 0)
        if at:
            rows[at - 1], rows[at] = rows[at], rows[at - 1]
            actions.change_draft(found, found.revision, {"dimension": rows}, _person())

    run(up)
    return redirect(url_for("frameworks.draft", draft_id=draft_id))


@frameworks.post(f"{DRAFT}/submit")
@granted(Role.ADMINISTRATOR)
def submit(draft_id: int) -> Response:
    run(lambda: actions.submit_draft(queries.draft_by_id(draft_id), _person()))
    flash("It is sent to review. Another administrator or a reviewer decides on it.")
    return redirect(url_for("frameworks.draft", draft_id=draft_id))


@frameworks.post(f"{DRAFT}/changes")
@granted(*DECIDE)
def ask_for_changes(draft_id: int) -> Response | tuple[str, int]:
    form = CommentForm()
    if not form.validate_on_submit():
        return _draft_page(queries.draft_by_id(draft_id), form), 422
    comment = (form.comment.data or "").strip()
    run(lambda: actions.ask_for_changes(queries.draft_by_id(draft_id), comment, _person()))
    flash("Your comment is with those who work on it.")
    return redirect(url_for("frameworks.admin"))


@frameworks.post(f"{DRAFT}/publish")
@granted(*DECIDE)
def publish(draft_id: int) -> Response:
    name, key, version = run(lambda: _published(actions.publish_draft(queries.draft_by_id(draft_id), _person())))
    flash(f"{name}, version {version}, is published.")
    return redirect(url_for("frameworks.framework", key=key, version=version))


def _published(found: Any) -> tuple[str, str, str]:
    return found.name, found.key, found.version


@frameworks.post(f"{DRAFT}/discard")
@granted(Role.ADMINISTRATOR)
def discard(draft_id: int) -> Response:
    run(lambda: actions.discard_draft(queries.draft_by_id(draft_id), _person()))
    flash("The draft is thrown away.")
    return redirect(url_for("frameworks.admin"))


def _person() -> Person:
    return db.session.get_one(Person, current_user.person.id)
