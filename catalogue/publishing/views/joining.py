"""What people have to have completed before they can join: other offers, found by a search."""

from flask import redirect, render_template, request, url_for
from flask_login import current_user
from werkzeug.wrappers import Response

from catalogue.enrolments.forms import ConfirmForm
from catalogue.errors import NotThere
from catalogue.offers.references import References, name_of
from catalogue.publishing import actions
from catalogue.publishing.views.common import OFFER, Work, actor, publishing, work_on
from catalogue.publishing.views.picking import found_for, picked
from catalogue.security import signed_in
from catalogue.transactions import run


@publishing.route(f"{OFFER}/prerequisites", methods=["GET", "POST"])
@signed_in
def prerequisites(offer_id: int) -> Response | str:
    """Search for an offer, and let it be needed first."""
    work, references = work_on(offer_id), References()
    names = work.written.content.get("prerequisite_offers", [])
    if not work.can("write"):
        return redirect(url_for("publishing.offer", offer_id=offer_id))
    if request.method == "POST":
        return _write(work, [*names, name_of(picked(work.offer, references, names))])
    return render_template(
        "publishing/pick.html",
        work=work, found=found_for(work.offer, references, names), group="", form=ConfirmForm(),
        heading="Add an offer to complete first", leads_to="publishing.prerequisites", back="publishing.part",
        back_name="Joining and completing",
    )  # fmt: skip


@publishing.post(f"{OFFER}/prerequisites/remove")
@signed_in
def remove_prerequisite(offer_id: int) -> Response:
    work = work_on(offer_id)
    names, gone = work.written.content.get("prerequisite_offers", []), request.form.get("offer", "")
    if gone not in names:
        raise NotThere
    return _write(work, [name for name in names if name != gone])


def _write(work: Work, names: list[str]) -> Response:
    offer_id, person_id, seen = work.offer.id, current_user.person.id, work.written.revision
    run(lambda: actions.write(actions.locked(offer_id), {"prerequisite_offers": names}, seen, actor(person_id)))
    return redirect(url_for("publishing.part", offer_id=offer_id, part="joining"))
