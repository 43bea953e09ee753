"""The steps of an offer: what people work through on their own, and of a programme other offers, in groups."""

from flask import redirect, render_template, request, url_for
from flask_login import current_user
from werkzeug.wrappers import Response

from catalogue.enrolments.forms import ConfirmForm
from catalogue.errors import NotThere
from catalogue.offers.references import References
from catalogue.publishing import actions, programme
from catalogue.publishing.document import Document, title_of
from catalogue.publishing.forms.parts import GroupForm, StepForm
from catalogue.publishing.views.common import OFFER, Work, actor, publishing, work_on
from catalogue.publishing.views.picking import found_for, picked
from catalogue.security import signed_in
from catalogue.transactions import run

NEW = "new"


@publishing.get(f"{OFFER}/steps")
@signed_in
def steps(offer_id: int) -> str:
    """All steps, in their order and in their groups."""
    work, references = work_on(offer_id), References()
    rows = _rows(work)
    groups = {group["key"]: group for group in work.written.content.get("group", [])}
    named = [row["offer"] for row in rows if row.get("offer")]
    references.look_up(named)
    blocks = programme.blocks_of(rows)
    used = {group for group, _rows in blocks}
    return render_template(
        "publishing/steps.html",
        work=work, blocks=blocks, groups=groups, empty=[group for key, group in groups.items() if key not in used],
        titles={name: title_of(name, references) for name in named}, form=ConfirmForm(),
        self_paced=work.written.content.get("mode") == "self-paced",
    )  # fmt: skip


@publishing.route(f"{OFFER}/steps/<key>", methods=["GET", "POST"])
@signed_in
def step(offer_id: int, key: str) -> Response | str | tuple[str, int]:
    """One step: a new one, or one that there is."""
    work = work_on(offer_id)
    draft, rows = work.written, _rows(work)
    there: Document = {"group": request.args.get("group", "")} if key == NEW else _row(rows, key)
    if not work.can("write"):
        return redirect(url_for("publishing.offer", offer_id=offer_id))
    form = StepForm.of(there, draft.content.get("group", []), draft.revision)
    if form.validate_on_submit():
        said = form.changed
        changed = (
            [*rows, {"key": programme.free_key(rows, "step"), **said}] if key == NEW
            else [{**row, **said} if row["key"] == key else row for row in rows]
        )  # fmt: skip
        try:
            _write(work, {"step": changed}, form.seen)
            return redirect(url_for("publishing.steps", offer_id=offer_id))
        except actions.Overtaken as overtaken:
            work = work_on(offer_id)
            form.show(work.written.revision)
            form.title.errors = [f"{overtaken} What you typed is still here: save it again."]
    references = References()
    other = title_of(there["offer"], references) if there.get("offer") else ""
    page = render_template("publishing/step.html", work=work, form=form, new=key == NEW, other=other)
    return page, 422 if form.errors else 200


@publishing.post(f"{OFFER}/steps/<key>/remove")
@signed_in
def remove_step(offer_id: int, key: str) -> Response:
    work = work_on(offer_id)
    rows = _rows(work)
    gone = _row(rows, key)
    return _changed(work, {"step": [row for row in rows if row is not gone]})


@publishing.post(f"{OFFER}/steps/<key>/earlier")
@signed_in
def step_earlier(offer_id: int, key: str) -> Response:
    """Let a step change places with the one before it."""
    work = work_on(offer_id)
    rows = _rows(work)
    _row(rows, key)
    return _changed(work, _ordered(work, programme.step_earlier(rows, key)))


@publishing.route(f"{OFFER}/step-offers", methods=["GET", "POST"])
@signed_in
def step_offers(offer_id: int) -> Response | str:
    """Search for an offer, and let it be a step."""
    work, references = work_on(offer_id), References()
    rows, group = _rows(work), request.values.get("group", "")
    if group not in {row["key"] for row in work.written.content.get("group", [])}:
        group = ""
    if not work.can("write"):
        return redirect(url_for("publishing.offer", offer_id=offer_id))
    taken = {row["offer"] for row in rows if row.get("offer")}
    if request.method == "POST":
        offer = picked(work.offer, references, taken)
        return _changed(work, {"step": [*rows, programme.step_of(offer, rows, group)]})
    return render_template(
        "publishing/pick.html",
        work=work, found=found_for(work.offer, references, taken), group=group, form=ConfirmForm(),
        heading="Add an offer as a step", leads_to="publishing.step_offers", back="publishing.steps",
        back_name="Programme",
    )  # fmt: skip


@publishing.route(f"{OFFER}/step-groups/<key>", methods=["GET", "POST"])
@signed_in
def step_group(offer_id: int, key: str) -> Response | str | tuple[str, int]:
    """One group of steps: a new one, or one that there is."""
    work = work_on(offer_id)
    groups = work.written.content.get("group", [])
    there: Document = {} if key == NEW else _row(groups, key)
    if not work.can("write"):
        return redirect(url_for("publishing.offer", offer_id=offer_id))
    form = GroupForm.of(there, work.written.revision)
    if form.validate_on_submit():
        said = form.changed
        changed = (
            [*groups, {"key": programme.free_key(groups, "group"), **said}] if key == NEW
            else [{**row, **said} if row["key"] == key else row for row in groups]
        )  # fmt: skip
        try:
            _write(work, {"group": changed}, form.seen)
            return redirect(url_for("publishing.steps", offer_id=offer_id))
        except actions.Overtaken as overtaken:
            work = work_on(offer_id)
            form.show(work.written.revision)
            form.title.errors = [f"{overtaken} What you typed is still here: save it again."]
    page = render_template("publishing/step_group.html", work=work, form=form, new=key == NEW)
    return page, 422 if form.errors else 200


@publishing.post(f"{OFFER}/step-groups/<key>/remove")
@signed_in
def remove_step_group(offer_id: int, key: str) -> Response:
    """End a group; its steps stay."""
    work = work_on(offer_id)
    groups = work.written.content.get("group", [])
    gone = _row(groups, key)
    kept = [group for group in groups if group is not gone]
    return _changed(work, {"group": kept, "step": programme.without_group(_rows(work), key)})


@publishing.post(f"{OFFER}/step-groups/<key>/earlier")
@signed_in
def step_group_earlier(offer_id: int, key: str) -> Response:
    """Let a group change places with what stands before it."""
    work = work_on(offer_id)
    _row(work.written.content.get("group", []), key)
    return _changed(work, _ordered(work, programme.group_earlier(_rows(work), key)))


def _rows(work: Work) -> list[Document]:
    return list(work.written.content.get("step", []))


def _row(rows: list[Document], key: str) -> Document:
    found = next((row for row in rows if row["key"] == key), None)
    if found is None:
        raise NotThere
    return found


def _ordered(work: Work, rows: list[Document]) -> Document:
    """Steps in a new order, and the groups with them."""
    groups = work.written.content.get("group", [])
    return {"step": rows} | ({"group": programme.in_order(groups, rows)} if groups else {})


def _changed(work: Work, changed: Document) -> Response:
    """For a button: it changes what stands there now."""
    _write(work, changed, work.written.revision)
    return redirect(url_for("publishing.steps", offer_id=work.offer.id))


def _write(work: Work, changed: Document, seen: int) -> None:
    offer_id, person_id = work.offer.id, current_user.person.id
    run(lambda: actions.write(actions.locked(offer_id), changed, seen, actor(person_id)))
