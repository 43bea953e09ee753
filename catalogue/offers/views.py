"""Finding offers, and the page of one."""

from flask import Blueprint, render_template, request
from flask_login import current_user

from catalogue.assessments import queries as assessments
from catalogue.enrolments import queries as enrolments
from catalogue.enrolments.access import can_register
from catalogue.frameworks import queries as frameworks
from catalogue.offers import queries
from catalogue.offers.forms import filters_of
from catalogue.offers.models import Mode
from catalogue.people.models import Person
from catalogue.security import public

offers = Blueprint("offers", __name__, url_prefix="/offers")


@offers.get("")
@public
def index() -> str:
    framework = frameworks.current_framework()
    filters = filters_of(request.args)
    after = request.args.get("after", type=int)
    page = queries.search(filters, after if after and after < 2**31 else None)
    runs = [run for offer in page.offers for run in queries.joinable_runs(offer)]
    return render_template(
        "offers/index.html",
        filters=filters, page=page, facets=queries.facets(filters), modes=list(Mode),
        conditions=frameworks.conditions(), dimensions=framework.dimensions,
        names={level.value: level.name for level in framework.levels},
        free=enrolments.free_by_run(runs), joinable_runs=queries.joinable_runs, first_page=after is None,
    )  # fmt: skip


@offers.get("/<slug>")
@public
def offer(slug: str) -> str:
    found = queries.published_offer(slug)
    runs = queries.joinable_runs(found)
    person: Person | None = current_user.person if current_user.is_authenticated else None
    standings = []
    if person:
        latest = next(iter(assessments.closed_of(person.id)), None)
        standings = assessments.standings(latest) if latest else []
    return render_template(
        "offers/offer.html",
        offer=found, version=found.published, runs=runs, free=enrolments.free_by_run(runs),
        names=frameworks.level_names(frameworks.current_framework().id),
        enrolment=enrolments.active(person.id, found.id) if person else None,
        completed=person is not None and found.id in enrolments.completed_offer_ids(person.id),
        standings={standing.dimension_id: standing for standing in standings},
        may_register=person is not None and can_register(person, found),
    )  # fmt: skip
