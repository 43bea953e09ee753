"""A provider's offers, the parts of a draft, its preview, and sending it to review."""

from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask_login import current_user
from werkzeug.wrappers import Response

from catalogue.attendance import queries as attendance
from catalogue.attendance.access import can_keep_registers
from catalogue.enrolments import queries as enrolments
from catalogue.enrolments.forms import ConfirmForm
from catalogue.errors import NotThere
from catalogue.evidence import queries as evidence
from catalogue.offers.access import can_answer_for, can_write_for
from catalogue.offers.references import References, content_of
from catalogue.people.models import Role
from catalogue.publishing import actions, queries
from catalogue.publishing.access import can_keep_runs
from catalogue.publishing.difference import changes
from catalogue.publishing.document import LABELS, PARTS, checked, in_words, title_of
from catalogue.publishing.forms.parts import PART_FORMS, PartForm
from catalogue.publishing.forms.people import NewOfferForm
from catalogue.publishing.forms.review import CommentForm
from catalogue.publishing.views.common import (
    OFFER,
    Work,
    actor,
    answered_for,
    preview_page,
    publishing,
    retire_and_tell,
    work_on,
)
from catalogue.security import signed_in
from catalogue.systems.models import Organisation
from catalogue.transactions import run


def chosen_provider(providers: list[Organisation]) -> Organisation | None:
    """The provider that the address names, or the first; administrators may name any."""
    key = request.args.get("provider", "")
    if not key:
        return providers[0] if providers else None
    named = queries.publishing_organisation(key)
    if named not in providers and not can_write_for(current_user.person, named.id):
        raise NotThere
    return named


@publishing.get("/publish")
@signed_in
def index() -> str:
    """The offers that somebody works on, and the registers that they keep: what waits for them first."""
    person = current_user.person
    providers = queries.providers_of(person, Role.PARTNER, Role.EDITOR, Role.FACILITATOR)
    provider, helped = chosen_provider(providers), queries.offers_with(person)
    if provider is None and not helped:
        raise NotThere
    writes = provider is not None and can_write_for(person, provider.id)
    keeps = provider is not None and can_keep_registers(person, provider.id)
    return render_template(
        "publishing/index.html",
        provider=provider, providers=providers, helped=helped, writes=writes, keeps=keeps,
        standings=queries.offers_of(provider.id) if provider and writes else [],
        rows=enrolments.uptake([provider.id]) if provider else [],
        registers=attendance.registers_to_fill(provider.id) if provider and keeps else [],
        answers=provider is not None and can_answer_for(person, provider.id),
    )  # fmt: skip


@publishing.route("/publish/new", methods=["GET", "POST"])
@signed_in
def new() -> Response | str | tuple[str, int]:
    providers = queries.providers_of(current_user.person)
    provider = chosen_provider(providers)
    if provider is None:
        raise NotThere
    form = NewOfferForm.of(providers if provider in providers else [provider], provider.key)
    if form.validate_on_submit():
        title, key, person_id = form.title.data or "", form.provider.data, current_user.person.id
        offer_id = run(
            lambda: actions.begin_offer(queries.publishing_organisation(key), title, actor(person_id)).offer_id
        )
        return redirect(url_for("publishing.offer", offer_id=offer_id))
    page = render_template("publishing/new.html", form=form, provider=provider)
    return page, 422 if form.errors else 200


@publishing.get(OFFER)
@signed_in
def offer(offer_id: int) -> str:
    """What there is to do for an offer: the parts of its draft, or how what is published can be changed."""
    work = work_on(offer_id)
    return _offer_page(work, CommentForm())


def _offer_page(work: Work, form: CommentForm) -> str:
    faults = checked(work.draft.content, References(), work.offer)[1] if work.draft else []
    return render_template(
        "publishing/offer.html",
        work=work, faults=faults, sections=PARTS, form=form, keeps_runs=can_keep_runs(current_user.person, work.offer),
        comments=queries.comments_on(work.offer.id),
        evidence=evidence.shown_of([work.offer.id]).get(work.offer.id, []),
    )  # fmt: skip


@publishing.get(f"{OFFER}/activity")
@signed_in
def activity(offer_id: int) -> str:
    return render_template(
        "publishing/activity.html", work=work_on(offer_id), events=queries.activity_on(offer_id), labels=LABELS
    )


@publishing.post(f"{OFFER}/edit")
@signed_in
def edit(offer_id: int) -> Response:
    """A draft of what is to follow what is published."""
    person_id = current_user.person.id
    work_on(offer_id)
    run(lambda: actions.begin_draft(queries.offer_by_id(offer_id), actor(person_id)).id)
    return redirect(url_for("publishing.offer", offer_id=offer_id))


@publishing.route(f"{OFFER}/<part>", methods=["GET", "POST"])
@signed_in
def part(offer_id: int, part: str) -> Response | str | tuple[str, int]:
    """One part of a draft, on one form."""
    work = work_on(offer_id)
    draft = work.written
    if part not in PART_FORMS:
        raise NotThere
    references = References()
    form = PART_FORMS[part].of(draft.content, draft.revision, references)
    if not work.can("write"):
        return redirect(url_for("publishing.offer", offer_id=offer_id))
    theirs: list[Any] = []
    if form.validate_on_submit():
        if "look" in request.form:  # what the preview beside the form asks for: nothing is kept
            return preview_page(work, {**draft.content, **form.changed}, references)
        changed, seen, person_id = form.changed, form.seen, current_user.person.id
        try:
            run(lambda: actions.write(actions.locked(offer_id), changed, seen, actor(person_id)))
            after = "publishing.preview" if "preview" in request.form else "publishing.offer"
            return redirect(url_for(after, offer_id=offer_id))
        except actions.Overtaken:
            work, theirs = work_on(offer_id), _what_others_wrote(offer_id, form, references)
            form.show(work.written.revision)
    page = render_template(
        "publishing/part.html",
        work=work, part=part, name=PARTS[part][0], form=form, theirs=theirs, before=_needed_first(work, references),
    )  # fmt: skip
    return page, 409 if theirs or form.revision.errors else 422 if form.errors else 200


def _needed_first(work: Work, references: References) -> list[tuple[str, str]]:
    """The offers to complete before joining: the name of each, and what it is called."""
    names = work.written.content.get("prerequisite_offers", [])
    references.look_up(names)
    return [(name, title_of(name, references)) for name in names]


def _what_others_wrote(offer_id: int, form: PartForm, references: References) -> list[Any]:
    """What this person is about to change in what stands there by now."""
    now = work_on(offer_id).written.content
    return changes(in_words(now, references), in_words({**now, **form.changed}, references)) or ["nothing"]


@publishing.get(f"{OFFER}/preview")
@signed_in
def preview(offer_id: int) -> str:
    work = work_on(offer_id)
    return preview_page(work, work.written.content, References())


@publishing.route(f"{OFFER}/submit", methods=["GET", "POST"])
@signed_in
def submit(offer_id: int) -> Response | str | tuple[str, int]:
    """Send it to review; what is still missing is listed, with the way to it."""
    work = answered_for(offer_id)
    draft, references = work.written, References()
    if not work.can("submit"):
        return redirect(url_for("publishing.offer", offer_id=offer_id))
    faults = checked(draft.content, references, work.offer)[1]
    if request.method == "POST" and not faults:
        person_id = current_user.person.id
        run(lambda: actions.submit(actions.locked(offer_id), References(), actor(person_id)))
        flash("Your offer is with the reviewers. We write to you when they have decided.")
        return redirect(url_for("publishing.offer", offer_id=offer_id))
    before = content_of(work.offer.published).model_dump(by_alias=True) if work.offer.published else {}
    page = render_template(
        "publishing/submit.html",
        work=work, faults=faults,
        changes=changes(in_words(before, references), in_words(draft.content, references)) if before else None,
    )  # fmt: skip
    return page, 422 if request.method == "POST" else 200


@publishing.post(f"{OFFER}/take-back")
@signed_in
def take_back(offer_id: int) -> Response:
    answered_for(offer_id)
    person_id = current_user.person.id
    run(lambda: actions.take_back(actions.locked(offer_id), actor(person_id)))
    flash("You have taken it back. You can change it, and submit it again.")
    return redirect(url_for("publishing.offer", offer_id=offer_id))


@publishing.route(f"{OFFER}/discard", methods=["GET", "POST"])
@signed_in
def discard(offer_id: int) -> Response | str:
    """Throw the draft away, once it has been asked whether to."""
    work = answered_for(offer_id)
    if not work.can("discard"):
        raise NotThere
    if request.method == "GET":
        return render_template("publishing/discard.html", work=work, form=ConfirmForm())
    person_id, provider = current_user.person.id, work.offer.provider.key
    gone = run(lambda: actions.discard(actions.locked(offer_id), actor(person_id)))
    flash("The draft is thrown away.")
    if gone:
        return redirect(url_for("publishing.index", provider=provider))
    return redirect(url_for("publishing.offer", offer_id=offer_id))


@publishing.route(f"{OFFER}/retire", methods=["GET", "POST"])
@signed_in
def retire(offer_id: int) -> Response | str:
    """Take the offer out of the catalogue, once it has been asked whether to."""
    work = answered_for(offer_id)
    if work.offer.published is None:
        raise NotThere
    if request.method == "GET":
        return render_template(
            "publishing/retire.html", work=work, form=ConfirmForm(), needed_by=queries.needing(offer_id)
        )
    key = current_user.person.key
    run(lambda: retire_and_tell(queries.offer_by_id(offer_id), key))
    flash("The offer is retired. Who is enrolled on it stays so.")
    return redirect(url_for("publishing.offer", offer_id=offer_id))


@publishing.post(f"{OFFER}/comments")
@signed_in
def comment(offer_id: int) -> Response | tuple[str, int]:
    work = work_on(offer_id)
    form = CommentForm()
    if not form.validate_on_submit():
        return _offer_page(work, form), 422
    text, person_id = form.comment.data or "", current_user.person.id
    run(lambda: actions.comment(queries.offer_by_id(offer_id), text, actor(person_id)))
    return redirect(url_for("publishing.offer", offer_id=offer_id, _anchor="comments"))
