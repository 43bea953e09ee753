"""Finding offers, as a list or by month; searches that are kept; and the page of one offer."""

from typing import Any
from urllib.parse import parse_qsl, urlencode

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_login import current_user
from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Response

from catalogue.assessments import queries as assessments
from catalogue.attendance.access import can_register
from catalogue.clock import today
from catalogue.enrolments import leading, seating
from catalogue.enrolments import queries as enrolments
from catalogue.enrolments.models import Enrolment
from catalogue.enrolments.together import others_of_systems, steps_done
from catalogue.evidence import queries as evidence
from catalogue.extensions import db
from catalogue.frameworks import queries as frameworks
from catalogue.interchange.feeds import page_of
from catalogue.interchange.jsonld import as_script, described
from catalogue.offers import actions, alike, queries, timeline
from catalogue.offers.facets import facets, looked_for
from catalogue.offers.forms import SaveSearchForm, filters_of
from catalogue.offers.models import Offer, Run
from catalogue.offers.month import Month
from catalogue.people.models import Person
from catalogue.plans.queries import planned_ids
from catalogue.recommendations import queries as recommendations
from catalogue.security import public, signed_in
from catalogue.systems.queries import led_systems
from catalogue.transactions import run

offers = Blueprint("offers", __name__, url_prefix="/offers")


def looking() -> Person | None:
    """Who looks, if they are signed in."""
    person: Person | None = current_user.person if current_user.is_authenticated else None
    return person


def looking_id() -> int | None:
    person = looking()
    return person.id if person else None


@offers.get("")
@public
def index() -> str:
    filters = filters_of(request.args)
    found = facets(filters, looking())
    shown = {
        "filters": filters, "facets": found, "looked_for": looked_for(found, filters),
        "query": filters.as_query, "saving": SaveSearchForm(query=urlencode(filters.as_query, doseq=True)),
    }  # fmt: skip
    if request.args.get("view") == "calendar":
        month = Month.named(request.args.get("month", ""), today())
        runs = queries.runs_between(filters, looking(), month.first, month.last)
        free = seating.free_by_run(runs, looking_id())
        return render_template("offers/calendar.html", month=month, days=month.days(runs), free=free, **shown)
    after = request.args.get("after", "")
    page = queries.search(filters, looking(), after)
    runs = [one for offer in page.offers for one in queries.joinable_runs(offer)]
    return render_template(
        "offers/index.html",
        page=page, names=frameworks.level_names(frameworks.current_framework().id),
        free=seating.free_by_run(runs, looking_id()), joinable_runs=queries.joinable_runs,
        first_page=not after, **shown,
    )  # fmt: skip


@offers.get("/saved")
@signed_in
def saved() -> str:
    kept = [
        (search, filters_of(MultiDict(parse_qsl(search.query))))
        for search in queries.saved_searches(current_user.person.id)
    ]
    return render_template("offers/saved.html", kept=[(search, filters.as_query) for search, filters in kept])


@offers.post("/saved")
@signed_in
def save() -> Response | tuple[str, int]:
    form, person_id = SaveSearchForm(), current_user.person.id
    if not form.validate_on_submit():
        return render_template("offers/save.html", form=form), 422
    filters = filters_of(MultiDict(parse_qsl(form.query.data or "")))
    name, query = (form.name.data or "").strip(), urlencode(filters.as_query, doseq=True)
    run(lambda: actions.save_search(db.session.get_one(Person, person_id), name, query))
    flash(f"Your search “{name}” is saved.")
    return redirect(url_for("offers.saved"))


@offers.post("/saved/<int(max=2147483647):saved_id>/remove")
@signed_in
def forget(saved_id: int) -> Response:
    person_id = current_user.person.id
    name = queries.own_saved_search(person_id, saved_id).name
    run(lambda: actions.forget_search(queries.own_saved_search(person_id, saved_id)))
    flash(f"Your search “{name}” is removed.")
    return redirect(url_for("offers.saved"))


@offers.get("/<slug>")
@public
def offer(slug: str) -> str:
    person = looking()
    found = queries.published_offer(slug, person)
    runs = queries.joinable_runs(found)
    latest = next(iter(assessments.closed_of(person.id)), None) if person else None
    standings = assessments.standings(latest) if latest else []
    dimensions = [mapping.dimension for mapping in found.published.mappings]
    return render_template(
        "offers/offer.html",
        offer=found, version=found.published, runs=runs, free=seating.free_by_run(runs, looking_id()),
        names=frameworks.level_names(frameworks.current_framework().id),
        enrolment=enrolments.active(person.id, found.id) if person else None,
        completed=person is not None and found.id in enrolments.completed_offer_ids(person.id),
        planned=person is not None and found.id in planned_ids(person.id),
        standings={standing.key: standing for standing in standings},
        worth=recommendations.worth_of(found, latest, standings) if latest else None,
        record=enrolments.record_of(found), evidence=evidence.shown_of([found.id]).get(found.id, []),
        beside=frameworks.crosswalk_of({(d.framework.key, d.key) for d in dimensions}),
        structured=as_script(described(found, found.published, page_of(found))),
        similar=alike.similar_offers(found.published, person), onward=alike.next_offers(found.published, person),
        may_register=person is not None and can_register(person, found),
        **(_programme(found, runs, person) if found.published.is_programme else {}),
    )  # fmt: skip


def _programme(found: Offer, runs: list[Run], person: Person | None) -> dict[str, Any]:
    """What the page of a programme shows besides: its steps, one cohort, and what of it is the person's."""
    enrolment = enrolments.active(person.id, found.id) if person else None
    cohort = _cohort(runs, enrolment)
    sections = timeline.sections_of(found.published)
    led = led_systems(person) if person and cohort in runs else []
    return {
        "sections": sections, "picture": timeline.picture(sections, cohort), "cohort": cohort,
        "done": steps_done(enrolment) if enrolment else None,
        "seats": leading.seats_of_systems(cohort, led) if cohort and led else [],
        "together": others_of_systems(person.id, cohort.id) if person and cohort else [],
    }  # fmt: skip


def _cohort(runs: list[Run], enrolment: Enrolment | None) -> Run | None:
    """The one that the address names; else the person's own; else the next."""
    asked = request.args.get("run", type=int)
    own = enrolment.run if enrolment else None
    return next((run for run in (*runs, own) if run and run.id == asked), None) or own or next(iter(runs), None)
