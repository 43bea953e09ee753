"""What waits for a decision, what it changes, and deciding on it."""

from collections import defaultdict
from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask_login import current_user
from werkzeug.wrappers import Response

from catalogue.enrolments.forms import ConfirmForm
from catalogue.errors import NotThere, Refused
from catalogue.offers.references import References, content_of
from catalogue.pages import plural
from catalogue.people.models import Role
from catalogue.publishing import actions, deciding, queries
from catalogue.publishing.difference import changes
from catalogue.publishing.document import checked, in_words
from catalogue.publishing.forms.review import ApproveForm, AskForm, CommentForm
from catalogue.publishing.letters import Letter
from catalogue.publishing.models import OfferDraft
from catalogue.publishing.views.common import REVIEW, Work, actor, decided_on, preview_page, publishing
from catalogue.security import granted
from catalogue.transactions import run

DECIDE = (Role.ADMINISTRATOR, Role.REVIEWER)


@publishing.get("/review")
@granted(*DECIDE)
def reviews() -> str:
    """Oldest first; those of a provider that leave the mapping as it is can be approved together."""
    references, waiting = References(), queries.queue(current_user.person)
    same: dict[Any, list[OfferDraft]] = defaultdict(list)
    rest = []
    for draft in waiting:
        if deciding.mapping_unchanged(draft, references):
            same[draft.offer.provider].append(draft)
        else:
            rest.append(draft)
    return render_template("publishing/reviews.html", same=same, rest=rest, form=ConfirmForm())


@publishing.get(REVIEW)
@granted(*DECIDE)
def review(offer_id: int) -> str:
    return _review_page(decided_on(offer_id))


def _review_page(work: Work, **forms: Any) -> str:
    draft, references = work.written, References()
    before = content_of(work.offer.published).model_dump(by_alias=True) if work.offer.published else {}
    shown = {"approve": ApproveForm, "ask": AskForm, "comment": CommentForm}
    said = {name: forms.get(name) or shape(formdata=None, revision=draft.revision) for name, shape in shown.items()}
    for form in said.values():
        form.show(draft.revision)
    return render_template(
        "publishing/review.html",
        work=work, before=bool(before), faults=checked(draft.content, references, work.offer)[1],
        changes=changes(in_words(before, references) if before else {}, in_words(draft.content, references)),
        comments=queries.comments_on(work.offer.id), form=next(iter(forms.values()), None), forms=said,
    )  # fmt: skip


@publishing.get(f"{REVIEW}/preview")
@granted(*DECIDE)
def review_preview(offer_id: int) -> str:
    work = decided_on(offer_id)
    return preview_page(work, work.written.content, References())


@publishing.post(f"{REVIEW}/approve")
@granted(*DECIDE)
def approve(offer_id: int) -> Response | tuple[str, int]:
    work, form = decided_on(offer_id), ApproveForm()
    if form.validate_on_submit():
        person_id, seen = current_user.person.id, form.seen
        publish_on, retire_on = form.publish_on.data, form.retire_on.data

        def decide() -> bool:
            draft = actions.locked(offer_id)
            letter = Letter.on(draft)
            published = deciding.approve(
                draft, seen, References(), actor(person_id), publish_on=publish_on, retire_on=retire_on
            )
            letter.approved(None if published else publish_on)
            return published

        try:
            flash("It is in the catalogue." if run(decide) else "It is approved, and is published on its day.")
            return redirect(url_for("publishing.reviews"))
        except Refused as refusal:
            form.retire_on.errors = [str(refusal)]
            work = decided_on(offer_id)
    return _review_page(work, approve=form), 422


@publishing.post("/review/approve")
@granted(*DECIDE)
def approve_many() -> Response:
    """All that are ticked, or none: of one provider, with their mapping as it was."""
    seen = dict(_ticked(value) for value in request.form.getlist("draft")[: queries.LONGEST_QUEUE])
    if not seen:
        raise Refused("Choose the offers to approve first. Nothing was changed.")
    person_id = current_user.person.id

    def decide() -> int:
        reviewer = actor(person_id)
        drafts = deciding.held(list(seen))
        allowed = {draft.offer_id for draft in queries.queue(reviewer)}
        if not set(seen) <= allowed:
            raise NotThere
        letters = [Letter.on(draft) for draft in drafts]
        deciding.approve_many([(draft, seen[draft.offer_id]) for draft in drafts], References(), reviewer)
        for letter in letters:
            letter.approved()
        return len(drafts)

    flash(f"{plural(run(decide), 'offer is', 'offers are')} in the catalogue.")
    return redirect(url_for("publishing.reviews"))


def _ticked(value: str) -> tuple[int, int]:
    """ "12:3" is the draft of offer 12 at its revision 3."""
    offer, _, revision = value.partition(":")
    if not all(number.isascii() and number.isdigit() and len(number) < 10 for number in (offer, revision)):
        raise NotThere
    return int(offer), int(revision)


@publishing.post(f"{REVIEW}/ask")
@granted(*DECIDE)
def ask(offer_id: int) -> Response | tuple[str, int]:
    work, form = decided_on(offer_id), AskForm()
    if not form.validate_on_submit():
        return _review_page(work, ask=form), 422
    person_id, seen, text = current_user.person.id, form.seen, form.text.data or ""

    def decide() -> None:
        draft = actions.locked(offer_id)
        deciding.ask_for_changes(draft, seen, text, actor(person_id))
        Letter.on(draft).changes_wanted(text)

    run(decide)
    flash("It is back with those who wrote it, with your comment.")
    return redirect(url_for("publishing.reviews"))


@publishing.post(f"{REVIEW}/comments")
@granted(*DECIDE)
def review_comment(offer_id: int) -> Response | tuple[str, int]:
    work, form = decided_on(offer_id), CommentForm()
    if not form.validate_on_submit():
        return _review_page(work, comment=form), 422
    text, person_id = form.comment.data or "", current_user.person.id
    run(lambda: actions.comment(queries.offer_by_id(offer_id), text, actor(person_id)))
    return redirect(url_for("publishing.review", offer_id=offer_id, _anchor="comments"))
