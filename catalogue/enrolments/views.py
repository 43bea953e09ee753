"""Enrolling, the plan, working through an offer, and the register."""

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_login import current_user
from werkzeug.wrappers import Response

from catalogue.enrolments import actions, queries
from catalogue.enrolments.access import can_register
from catalogue.enrolments.forms import ConfirmForm, RunForm
from catalogue.enrolments.letters import write_confirmation
from catalogue.enrolments.models import CompletedBy, Enrolment, EnrolmentState
from catalogue.errors import NotThere, Refused
from catalogue.extensions import db
from catalogue.offers import queries as offers
from catalogue.offers.models import Offer, Step
from catalogue.people.models import Person, Role
from catalogue.security import signed_in
from catalogue.transactions import run as in_transaction

enrolments = Blueprint("enrolments", __name__)


@enrolments.get("/enrolments")
@signed_in
def index() -> str:
    """Your plan: what you are on, by date, and what you have done."""
    mine = queries.of_person(current_user.person.id)
    return render_template(
        "enrolments/index.html",
        under_way=[e for e in mine if e.state != EnrolmentState.COMPLETED],
        done=[e for e in mine if e.state == EnrolmentState.COMPLETED],
        waiting=queries.waiting_places(current_user.person.id),
    )


@enrolments.route("/offers/<slug>/enrol", methods=["GET", "POST"])
@signed_in
def enrol(slug: str) -> Response | str | tuple[str, int]:
    person_id = current_user.person.id
    offer = offers.published_offer(slug)
    there = queries.active(person_id, offer.id)
    if there is not None:
        return redirect(url_for("enrolments.enrolment", enrolment_id=there.id))
    runs = offers.joinable_runs(offer)
    free = queries.free_by_run(runs)
    chosen = request.args.get("run", type=int) or (runs[0].id if len(runs) == 1 else None)
    self_paced = offer.published.self_paced
    form = ConfirmForm() if self_paced else RunForm.of(runs, free, chosen)
    if form.validate_on_submit():
        offer_id, run_id = offer.id, None if self_paced else form.run.data
        try:
            enrolment_id = in_transaction(lambda: _enrol(person_id, offer_id, run_id))
            return redirect(url_for("enrolments.enrolment", enrolment_id=enrolment_id, new=1))
        except Refused as refusal:
            if self_paced:
                raise
            form.run.errors = [str(refusal)]
    page = render_template(
        "enrolments/enrol.html",
        offer=offer, version=offer.published, form=form, runs=runs, free=free,
        clashes=queries.clashes(person_id, runs),
    )  # fmt: skip
    return page, 422 if form.errors else 200


def _enrol(person_id: int, offer_id: int, run_id: int | None) -> int:
    # The person's row is held, so that the same form posted twice at one moment is confirmed once.
    person = db.session.get_one(Person, person_id, with_for_update={"key_share": True})
    offer = db.session.get_one(Offer, offer_id)
    before = queries.active(person.id, offer.id)
    enrolment = actions.enrol(person, offer, run_id)
    if before is None:
        write_confirmation(enrolment)
    return enrolment.id


@enrolments.get("/enrolments/<int(max=2147483647):enrolment_id>")
@signed_in
def enrolment(enrolment_id: int) -> str:
    mine = queries.own(current_user.person.id, enrolment_id)
    return render_template(
        "enrolments/enrolment.html",
        enrolment=mine, new="new" in request.args,
        done={done.step_id for done in mine.steps_done},
        waiting=queries.waiting_place(mine) if mine.state == EnrolmentState.WAITLISTED else (0, 0),
    )  # fmt: skip


@enrolments.route("/enrolments/<int(max=2147483647):enrolment_id>/steps/<key>", methods=["GET", "POST"])
@signed_in
def step(enrolment_id: int, key: str) -> Response | str:
    person_id = current_user.person.id
    mine = queries.own(person_id, enrolment_id)
    steps = mine.version.steps
    at = next((index for index, step in enumerate(steps) if step.key == key), None)
    if at is None:
        raise NotThere
    done = {row.step_id for row in mine.steps_done}
    if request.method == "POST":
        step_id = steps[at].id
        after = steps[at + 1].key if at + 1 < len(steps) else None
        completed = in_transaction(lambda: _do_step(person_id, enrolment_id, step_id))
        if completed or after is None:
            return redirect(url_for("enrolments.enrolment", enrolment_id=enrolment_id, new=1 if completed else None))
        return redirect(url_for("enrolments.step", enrolment_id=enrolment_id, key=after))
    return render_template("enrolments/step.html", enrolment=mine, steps=steps, at=at, done=done, form=ConfirmForm())


def _do_step(person_id: int, enrolment_id: int, step_id: int) -> bool:
    mine = queries.own(person_id, enrolment_id)
    return actions.do_step(mine, db.session.get_one(Step, step_id)) is not None


@enrolments.route("/enrolments/<int(max=2147483647):enrolment_id>/withdraw", methods=["GET", "POST"])
@signed_in
def withdraw(enrolment_id: int) -> Response | str:
    person_id = current_user.person.id
    mine = queries.own(person_id, enrolment_id)
    if request.method == "POST":
        title = mine.version.title
        in_transaction(lambda: _withdraw(person_id, enrolment_id))
        flash(f"You have withdrawn from {title}.")
        return redirect(url_for("enrolments.index"))
    return render_template("enrolments/withdraw.html", enrolment=mine, form=ConfirmForm())


def _withdraw(person_id: int, enrolment_id: int) -> None:
    mine = queries.own(person_id, enrolment_id)
    for promoted in actions.withdraw(mine, db.session.get_one(Person, person_id)):
        write_confirmation(promoted)


@enrolments.get("/offers/<slug>/register")
@signed_in
def register(slug: str) -> str:
    """The people on an offer, by run, with a tick for who completed it."""
    offer = _registered(slug)
    return render_template("enrolments/register.html", offer=offer, groups=queries.register(offer), form=ConfirmForm())


@enrolments.post("/offers/<slug>/register/<int(max=2147483647):enrolment_id>")
@signed_in
def tick(slug: str, enrolment_id: int) -> Response:
    """Somebody completed the offer: the provider's tick, or the administrator's."""
    offer_id, actor_id = _registered(slug).id, current_user.person.id
    name = in_transaction(lambda: _complete(offer_id, enrolment_id, actor_id))
    flash(f"{name} has completed this offer.")
    return redirect(url_for("enrolments.register", slug=slug))


def _complete(offer_id: int, enrolment_id: int, actor_id: int) -> str:
    found = db.session.get(Enrolment, enrolment_id)
    if found is None or found.offer_id != offer_id:
        raise NotThere
    actor = db.session.get_one(Person, actor_id)
    by = CompletedBy.ADMINISTRATOR if actor.has(Role.ADMINISTRATOR) else CompletedBy.PROVIDER
    actions.complete(found, by, actor)
    return found.person.name or "This person"


def _registered(slug: str) -> Offer:
    """The offer, if the person may keep its register; to anybody else it is not there."""
    offer = offers.published_offer(slug)
    if not can_register(current_user.person, offer):
        raise NotThere
    return offer


@enrolments.get("/publish")
@signed_in
def publish() -> str:
    """A partner's offers, with who is on them."""
    organisations = [
        grant.organisation_id
        for grant in current_user.person.grants
        if grant.role == Role.PARTNER and grant.organisation_id is not None
    ]
    if not organisations:
        raise NotThere
    return render_template("enrolments/publish.html", rows=queries.uptake(organisations))
