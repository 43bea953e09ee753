"""Who may open what: every route of the service, for every role."""

from collections.abc import Callable, Iterator

import pytest
from flask import Flask
from sqlalchemy import select
from werkzeug.routing import Rule

from catalogue.extensions import db
from catalogue.people.models import Role, Scope
from catalogue.security import PUBLIC, SIGNED_IN, TokenWith, guard_of
from catalogue.systems.models import Organisation
from tests.visitor import Visitor

ADMINISTRATORS = (Role.ADMINISTRATOR,)
DECIDE = (Role.ADMINISTRATOR, Role.REVIEWER)
WRITING, TELLING = TokenWith(Scope.WRITE_OFFERS), TokenWith(Scope.WRITE_STATEMENTS)
ROUTES: dict[str, str | tuple[Role, ...] | TokenWith] = {
    "static": PUBLIC,
    "home.index": PUBLIC,
    "home.about": PUBLIC,
    "home.healthz": PUBLIC,
    "home.admin": ADMINISTRATORS,
    "home.learner": SIGNED_IN,
    "privacy.index": PUBLIC,
    "privacy.about_you": SIGNED_IN,
    "privacy.download": SIGNED_IN,
    "privacy.erase": SIGNED_IN,
    "privacy.erased": PUBLIC,
    "privacy.requests": ADMINISTRATORS,
    "privacy.request_of": ADMINISTRATORS,
    "privacy.download_for": ADMINISTRATORS,
    "privacy.erase_for": ADMINISTRATORS,
    "audit.index": ADMINISTRATORS,
    "audit.person": ADMINISTRATORS,
    "audit.events": ADMINISTRATORS,
    "reports.index": SIGNED_IN,
    "reports.cells": SIGNED_IN,
    "reports.gaps": SIGNED_IN,
    "track.index": SIGNED_IN,
    "track.trend": SIGNED_IN,
    "track.csv_file": SIGNED_IN,
    "track.xlsx": SIGNED_IN,
    "track.person": SIGNED_IN,
    "track.views": SIGNED_IN,
    "track.keep": SIGNED_IN,
    "track.remove": SIGNED_IN,
    "people.sign_in": PUBLIC,
    "people.sign_out": SIGNED_IN,
    "people.forgotten": PUBLIC,
    "people.reset": PUBLIC,
    "assessments.index": SIGNED_IN,
    "assessments.before": SIGNED_IN,
    "assessments.start": SIGNED_IN,
    "assessments.tasks": SIGNED_IN,
    "assessments.dimension": SIGNED_IN,
    "assessments.finish": SIGNED_IN,
    "assessments.result": SIGNED_IN,
    "assessments.radar_svg": SIGNED_IN,
    "assessments.sheet_pdf": SIGNED_IN,
    "assessments.compare": SIGNED_IN,
    "feedback.index": SIGNED_IN,
    "feedback.open_round": SIGNED_IN,
    "feedback.round_page": SIGNED_IN,
    "feedback.remind": SIGNED_IN,
    "feedback.close": SIGNED_IN,
    "feedback.ask_facilitator": SIGNED_IN,
    "feedback.report": SIGNED_IN,
    "feedback.report_pdf": SIGNED_IN,
    "feedback.systems": SIGNED_IN,
    "feedback.organisation": SIGNED_IN,
    "rating.index": PUBLIC,
    "rating.tasks": PUBLIC,
    "rating.dimension": PUBLIC,
    "rating.comments": PUBLIC,
    "rating.send": PUBLIC,
    "rating.decline": PUBLIC,
    "facilitating.report": PUBLIC,
    "evidence.index": PUBLIC,
    "frameworks.index": PUBLIC,
    "frameworks.framework": PUBLIC,
    "frameworks.admin": DECIDE,
    "frameworks.start": ADMINISTRATORS,
    "frameworks.retire": ADMINISTRATORS,
    "frameworks.set_open": ADMINISTRATORS,
    "frameworks.draft": DECIDE,
    "frameworks.about": ADMINISTRATORS,
    "frameworks.dimension": ADMINISTRATORS,
    "frameworks.add_dimension": ADMINISTRATORS,
    "frameworks.remove": ADMINISTRATORS,
    "frameworks.levels": ADMINISTRATORS,
    "frameworks.move": ADMINISTRATORS,
    "frameworks.submit": ADMINISTRATORS,
    "frameworks.ask_for_changes": DECIDE,
    "frameworks.publish": DECIDE,
    "frameworks.discard": ADMINISTRATORS,
    "case.documents": PUBLIC,
    "case.document": PUBLIC,
    "case.package": PUBLIC,
    "case.item": PUBLIC,
    "case.item_associations": PUBLIC,
    "case.association": PUBLIC,
    "case.rubric": PUBLIC,
    "case.item_type": PUBLIC,
    "case.concept": PUBLIC,
    "feeds.xcri": PUBLIC,
    "feeds.csv": PUBLIC,
    "feeds.jsonld": PUBLIC,
    "feeds.runs": PUBLIC,
    "feeds.run": PUBLIC,
    "feeds.template": PUBLIC,
    "offers.index": PUBLIC,
    "offers.offer": PUBLIC,
    "offers.saved": SIGNED_IN,
    "offers.save": SIGNED_IN,
    "offers.forget": SIGNED_IN,
    "enrolments.index": SIGNED_IN,
    "enrolments.enrol": SIGNED_IN,
    "enrolments.enrolment": SIGNED_IN,
    "enrolments.step": SIGNED_IN,
    "enrolments.withdraw": SIGNED_IN,
    **{
        f"plans.{name}": SIGNED_IN
        for name in ("commit", "commitment", "change", "remove", "put", "take_off", "day", "assess_again")
    },
    **{f"sharing.{name}": SIGNED_IN for name in ("share", "again", "stop", "seen", "remove")},
    "shared_plans.plan": PUBLIC,
    "attendance.register": SIGNED_IN,
    "attendance.tick": SIGNED_IN,
    "attendance.void": SIGNED_IN,
    "attendance.no_show": SIGNED_IN,
    "attendance.came": SIGNED_IN,
    "attendance.absent": SIGNED_IN,
    "attendance.withdraw": SIGNED_IN,
    "attendance.session": SIGNED_IN,
    "attendance.printed": SIGNED_IN,
    "attendance.template": SIGNED_IN,
    "attendance.upload": SIGNED_IN,
    "attendance.write": SIGNED_IN,
    "approvals.answer": PUBLIC,
    "approvals.manager": SIGNED_IN,
    "nominations.index": SIGNED_IN,
    "nominations.cohort": SIGNED_IN,
    "nominations.take_back": SIGNED_IN,
    "nominations.answer": SIGNED_IN,
    "lists.index": SIGNED_IN,
    "own_dates.one": SIGNED_IN,
    "own_dates.feed": PUBLIC,
    "own_dates.address": SIGNED_IN,
    "own_dates.end": SIGNED_IN,
    "publishing.index": SIGNED_IN,
    "publishing.new": SIGNED_IN,
    "publishing.offer": SIGNED_IN,
    "publishing.activity": SIGNED_IN,
    "publishing.edit": SIGNED_IN,
    "publishing.part": SIGNED_IN,
    "publishing.mapping": SIGNED_IN,
    "publishing.map_dimension": SIGNED_IN,
    "publishing.unmap_dimension": SIGNED_IN,
    "publishing.steps": SIGNED_IN,
    "publishing.step": SIGNED_IN,
    "publishing.remove_step": SIGNED_IN,
    "publishing.step_earlier": SIGNED_IN,
    "publishing.step_offers": SIGNED_IN,
    "publishing.step_group": SIGNED_IN,
    "publishing.remove_step_group": SIGNED_IN,
    "publishing.step_group_earlier": SIGNED_IN,
    "publishing.prerequisites": SIGNED_IN,
    "publishing.remove_prerequisite": SIGNED_IN,
    "publishing.preview": SIGNED_IN,
    "publishing.submit": SIGNED_IN,
    "publishing.take_back": SIGNED_IN,
    "publishing.discard": SIGNED_IN,
    "publishing.retire": SIGNED_IN,
    "publishing.comment": SIGNED_IN,
    "publishing.collaborators": SIGNED_IN,
    "publishing.remove_collaborator": SIGNED_IN,
    "publishing.runs": SIGNED_IN,
    "publishing.new_run": SIGNED_IN,
    "publishing.change_run": SIGNED_IN,
    "publishing.cancel_run": SIGNED_IN,
    "publishing.run_seats": SIGNED_IN,
    "publishing.colleagues": SIGNED_IN,
    "publishing.remove_colleague": SIGNED_IN,
    "imports.start": SIGNED_IN,
    "imports.report": SIGNED_IN,
    "imports.write": SIGNED_IN,
    "imports.throw_away": SIGNED_IN,
    "imports.wrong": SIGNED_IN,
    "imports.feeds": SIGNED_IN,
    "imports.pull_now": SIGNED_IN,
    "imports.remove_feed": SIGNED_IN,
    "equality.about_you": SIGNED_IN,
    "equality.index": ADMINISTRATORS,
    "equality.offer": ADMINISTRATORS,
    "systems.index": ADMINISTRATORS,
    "systems.system": ADMINISTRATORS,
    "systems.add": ADMINISTRATORS,
    "systems.import_systems": ADMINISTRATORS,
    "systems.change": ADMINISTRATORS,
    "systems.add_partner": ADMINISTRATORS,
    "systems.partner": ADMINISTRATORS,
    "systems.remove_partner": ADMINISTRATORS,
    "systems.organisations": ADMINISTRATORS,
    "systems.add_organisation": ADMINISTRATORS,
    "systems.change_organisation": ADMINISTRATORS,
    "systems.import_organisations": ADMINISTRATORS,
    "systems.own_organisations": SIGNED_IN,
    "systems.answer": SIGNED_IN,
    "systems.take_back": SIGNED_IN,
    "systems.organisation": SIGNED_IN,
    "systems.people": SIGNED_IN,
    "systems.member": SIGNED_IN,
    "systems.remove_member": SIGNED_IN,
    "systems.import_people": SIGNED_IN,
    "systems.yours": SIGNED_IN,
    "systems.your_system": SIGNED_IN,
    "publishing.reviews": DECIDE,
    "publishing.review": DECIDE,
    "publishing.review_preview": DECIDE,
    "publishing.approve": DECIDE,
    "publishing.approve_many": DECIDE,
    "publishing.ask": DECIDE,
    "publishing.review_comment": DECIDE,
    "advice.system": SIGNED_IN,
    "advice.organisation": SIGNED_IN,
    "recommendations.index": SIGNED_IN,
    "recommendations.not_for_me": SIGNED_IN,
    "recommendations.bring_back": SIGNED_IN,
    "people_admin.index": ADMINISTRATORS,
    "people_admin.person": ADMINISTRATORS,
    "people_admin.end": ADMINISTRATORS,
    "people_admin.suspend": ADMINISTRATORS,
    "people_admin.activate": ADMINISTRATORS,
    "credentials.check": PUBLIC,
    "credentials.badge": PUBLIC,
    "credentials.signed": PUBLIC,
    "credentials.achievement": PUBLIC,
    "credentials.issuer": PUBLIC,
    "credentials.status": PUBLIC,
    "credentials.jwks": PUBLIC,
    "credentials.key": PUBLIC,
    "credentials.transcript": SIGNED_IN,
    "credentials.transcript_pdf": SIGNED_IN,
    "credentials.certificate": SIGNED_IN,
    "credentials.name": SIGNED_IN,
    "people_admin.reset_authenticator": ADMINISTRATORS,
    "signon.start": PUBLIC,
    "signon.back": PUBLIC,
    "signon.yours": SIGNED_IN,
    "signon.add": SIGNED_IN,
    "signon.remove": SIGNED_IN,
    "providers_admin.index": ADMINISTRATORS,
    "providers_admin.add": ADMINISTRATORS,
    "providers_admin.provider": ADMINISTRATORS,
    "providers_admin.check": ADMINISTRATORS,
    "providers_admin.end": ADMINISTRATORS,
    "providers_admin.open_again": ADMINISTRATORS,
    "break_glass.enter": PUBLIC,
    "second.code": PUBLIC,
    "second.set_up": PUBLIC,
    "second.yours": SIGNED_IN,
    "second.begin": SIGNED_IN,
    "second.recovery_codes": SIGNED_IN,
    "second.end": SIGNED_IN,
    "completions.start": SIGNED_IN,
    "completions.report": SIGNED_IN,
    "completions.wrong": SIGNED_IN,
    "completions.write": SIGNED_IN,
    "completions.throw_away": SIGNED_IN,
    "completions.codes": SIGNED_IN,
    "completions.remove_code": SIGNED_IN,
    "xapi.about": PUBLIC,
    "xapi.put": TELLING,
    "xapi.post": TELLING,
    "xapi.statements": TokenWith(Scope.READ_STATEMENTS),
    "tokens.index": SIGNED_IN,
    "tokens.end": SIGNED_IN,
    "api_pages.docs": PUBLIC,
    "api.openapi": PUBLIC,
    "api.offers": PUBLIC,
    "api.offer": PUBLIC,
    "api.offer_runs": PUBLIC,
    "api.runs": PUBLIC,
    "api.draft": WRITING,
    "api.put_draft": WRITING,
    "api.submit": WRITING,
    "api.put_run": WRITING,
    "api.providers": PUBLIC,
    "api.conditions": PUBLIC,
    "api.seats": PUBLIC,
    "api.systems": PUBLIC,
    "api.frameworks": PUBLIC,
    "api.framework": PUBLIC,
    "lti.login": PUBLIC,
    "lti.launch_tool": PUBLIC,
    "lti.launch_by_hand": PUBLIC,
    "lti.jwks": PUBLIC,
    "lti.continue_in_window": PUBLIC,
    "lti_choosing.by_hand": PUBLIC,
    "lti_choosing.choose": PUBLIC,
    "lti_choosing.answer": PUBLIC,
    "lti_courses.course": SIGNED_IN,
    "lti_courses.enrol": SIGNED_IN,
    "lti_courses.review": SIGNED_IN,
    "lti_grades.index": ADMINISTRATORS,
    "lti_grades.try_again": ADMINISTRATORS,
    "lti_grades.keep": ADMINISTRATORS,
    "lti_grades.try_all_again": ADMINISTRATORS,
    "lti_admin.index": ADMINISTRATORS,
    "lti_admin.add": ADMINISTRATORS,
    "lti_admin.platform": ADMINISTRATORS,
    "lti_admin.opened_again": ADMINISTRATORS,
    "lti_admin.approve": ADMINISTRATORS,
    "lti_admin.decline": ADMINISTRATORS,
    "lti_admin.check": ADMINISTRATORS,
    "lti_admin.settings": ADMINISTRATORS,
    "lti_admin.suspend": ADMINISTRATORS,
    "lti_admin.activate": ADMINISTRATORS,
    "lti_admin.accept_deployment": ADMINISTRATORS,
    "lti_registration.ask": PUBLIC,
    "lti_registration.register": PUBLIC,
}
"""Every endpoint, with who may open it."""

VISITORS: dict[str, tuple[Role, ...] | None] = {
    "nobody": None,
    "learner": (),
    "partner": (Role.PARTNER,),
    "lead": (Role.LEAD,),
    "reviewer": (Role.REVIEWER,),
    "facilitator": (Role.FACILITATOR,),
    "administrator": (Role.ADMINISTRATOR,),
    "administrator of one organisation": (),  # a grant that holds there alone opens no page of the whole service
}
SIGNED = [name for name in VISITORS if name != "nobody"]

OTHERWISE: dict[str, dict[str, int]] = {
    "/sign-in": dict.fromkeys(SIGNED, 302),  # they are signed in already
    "/sign-in/code": dict.fromkeys(VISITORS, 302),  # no password has been given before
    "/sign-in/set-up": dict.fromkeys(VISITORS, 302),
    "/sign-in/reset/": dict.fromkeys(VISITORS, 410),  # a link without its token
    "/assessments/answer": dict.fromkeys(SIGNED, 404),  # nothing is under way
    "/assessments/compare": dict.fromkeys(SIGNED, 404),  # there is nothing to compare
    **{
        path: {name: 200 if name == "partner" else 404 for name in SIGNED}
        for path in ("/publish/new", "/publish/people")
    },
    "/publish": {name: 200 if name in ("partner", "facilitator") else 404 for name in SIGNED},
    **{
        path: {name: 200 if name in ("partner", "administrator") else 404 for name in SIGNED}
        for path in ("/publish/import", "/publish/feeds")
    },
    "/your-system": {name: 200 if name == "lead" else 404 for name in SIGNED},
    "/completions/import": {name: 200 if name.startswith("administrator") else 404 for name in SIGNED},
    "/map": {name: 200 if name in ("lead", "administrator") else 404 for name in SIGNED},
    "/seats": dict.fromkeys(SIGNED, 404),  # nobody of them leads a system
    "/feedback/systems": {name: 200 if name == "administrator" else 404 for name in SIGNED},
    "/map/cells.csv": {name: 200 if name == "administrator" else 404 for name in SIGNED},  # this lead leads no system
    "/map/gaps.csv": {name: 200 if name == "administrator" else 404 for name in SIGNED},
    "/track": {name: 404 if name in ("learner", "reviewer") else 200 for name in SIGNED},
    **{
        path: {name: 404 if name in ("learner", "reviewer", "lead") else 200 for name in SIGNED}
        for path in ("/track/views", "/track/completions.csv", "/track/completions.xlsx")
    },
    "/track/trend.svg": {name: 200 if name.startswith("administrator") else 404 for name in SIGNED},
    "/lti/login": dict.fromkeys(VISITORS, 400),  # an empty message
    "/lti/review": dict.fromkeys(SIGNED, 404),  # nobody of them came to look at something handed in
    "/lti/launch": dict.fromkeys(VISITORS, 400),  # opened by hand
    "/lti/choose": dict.fromkeys(VISITORS, 400),  # likewise
    "/lti/choose/answer": dict.fromkeys(VISITORS, 400),
    "/lti/register": dict.fromkeys(VISITORS, 400),  # the same
}
"""Pages whose answer is not the one that follows from who may open them: by path and visitor."""

EMPTY = {
    "systems.add": 422,
    "systems.import_systems": 422,
    "systems.add_organisation": 422,
    "systems.import_organisations": 422,
    "lti_admin.add": 422,
    "providers_admin.add": 422,
    "publishing.approve_many": 409,
    "privacy.requests": 422,
    "audit.person": 422,
}
"""What those for whom it is hear when they send a form with nothing in it."""

OWN = {
    "assessments.result", "assessments.radar_svg", "assessments.sheet_pdf", "enrolments.enrolment", "enrolments.step",
    "enrolments.withdraw", "lti_courses.course", "lti_courses.enrol", "offers.forget",
    "signon.add", "signon.remove", "tokens.end",
    "credentials.certificate", "credentials.name",
    "approvals.manager", "nominations.cohort", "nominations.take_back", "nominations.answer", "lists.index",
    "own_dates.one",
}  # fmt: skip
OWN |= {
    name
    for name, guard in ROUTES.items()
    if name.startswith(("publishing.", "imports.", "attendance.", "completions.")) and guard == SIGNED_IN
}
OWN |= {"systems.organisation", "systems.people", "systems.member", "systems.remove_member"}
OWN |= {"equality.about_you", "systems.import_people", "systems.your_system"}
OWN |= {"systems.answer", "systems.take_back", "advice.system", "advice.organisation", "feedback.organisation"}
OWN |= {"track.person", "track.remove"}
OWN |= {f"feedback.{name}" for name in ("round_page", "remind", "close", "ask_facilitator", "report", "report_pdf")}
OWN |= {f"plans.{name}" for name in ("commitment", "change", "remove")} | {"sharing.seen", "sharing.remove"}
"""Routes to something of somebody's: for everybody else it is not there."""

ABOUT_ONESELF = {
    "assessments.dimension", "enrolments.enrol", "recommendations.not_for_me", "recommendations.bring_back",
    "plans.put", "plans.take_off", "plans.day",
}  # fmt: skip
"""Routes with a parameter that names something public, and whose page is about whoever opens it."""


@pytest.fixture
def visitors(app: Flask, add_person: Callable[..., int], sign_in: Callable[[int], Visitor]) -> Callable[[str], Visitor]:
    def visiting(name: str) -> Visitor:
        roles = VISITORS[name]
        if roles is None:
            return Visitor(app)
        with app.app_context():
            where = db.session.scalar(select(Organisation.id).where(Organisation.key == "example-saltbeck"))
        if name == "administrator of one organisation":
            return sign_in(add_person("Somewhere", Role.ADMINISTRATOR, organisation_id=where))
        everywhere = not roles or name in ("administrator", "reviewer")
        return sign_in(add_person(f"The {name}", *roles, organisation_id=None if everywhere else where))

    return visiting


def rules(app: Flask, method: str = "GET", *, parameters: bool) -> Iterator[Rule]:
    for rule in app.url_map.iter_rules():
        if method in (rule.methods or ()) and ("<" in rule.rule) == parameters:
            yield rule


def expected(path: str, guard: str | tuple[Role, ...] | TokenWith, visitor: str) -> int:
    otherwise = OTHERWISE.get(path, {}).get(visitor)
    if otherwise:
        return otherwise
    roles = VISITORS[visitor]
    if isinstance(guard, TokenWith):
        return 401
    if guard == PUBLIC:
        return 200
    if roles is None:
        return 302
    return 200 if guard == SIGNED_IN or set(roles) & set(guard) else 404


def test_every_route_stands_in_the_table(app: Flask) -> None:
    there = {rule.endpoint for rule in app.url_map.iter_rules()}
    missing, gone = sorted(there - set(ROUTES)), sorted(set(ROUTES) - there)
    assert not missing, f"say in ROUTES who may open {', '.join(missing)}, and think of OWN"
    assert not gone, f"ROUTES names what is not there any more: {', '.join(gone)}"


def test_every_route_says_itself_what_the_table_says(app: Flask) -> None:
    for endpoint, guard in ROUTES.items():
        assert guard_of(app.view_functions[endpoint]) == guard, f"{endpoint} is guarded by something else"


def test_every_route_to_something_of_somebodys_is_known_as_one(app: Flask) -> None:
    routes = [*rules(app, parameters=True), *rules(app, "POST", parameters=True)]
    unknown = {rule.endpoint for rule in routes if ROUTES[rule.endpoint] == SIGNED_IN} - OWN - ABOUT_ONESELF
    assert not unknown, f"say in OWN or ABOUT_ONESELF what {', '.join(sorted(unknown))} opens"


@pytest.mark.parametrize("name", VISITORS)
def test_every_page_answers_each_role_as_the_table_says(
    app: Flask, visitors: Callable[[str], Visitor], name: str
) -> None:
    visitor = visitors(name)
    for rule in rules(app, parameters=False):
        visitor.get(rule.rule, status=expected(rule.rule, ROUTES[rule.endpoint], name))
        if name == "nobody" and visitor.response.status_code == 302 and ROUTES[rule.endpoint] != PUBLIC:
            assert visitor.response.headers["Location"].startswith("/sign-in?next="), rule.rule


@pytest.mark.parametrize("name", VISITORS)
def test_every_guarded_route_that_takes_a_form_turns_away_whom_it_is_not_for(
    app: Flask, visitors: Callable[[str], Visitor], name: str
) -> None:
    visitor = visitors(name)
    token = visitor.csrf_token()
    for parameters in (False, True):
        for rule in rules(app, "POST", parameters=parameters):
            guard = ROUTES[rule.endpoint]
            if guard == PUBLIC or isinstance(guard, TokenWith) or (VISITORS[name] is not None and guard == SIGNED_IN):
                continue
            status = 302 if name == "nobody" else 404  # for administrators: there is no platform of this number
            if set(VISITORS[name] or ()) & set(guard):
                status = EMPTY.get(rule.endpoint, status)
            with app.test_request_context():
                path = rule.build(dict.fromkeys(rule.arguments, 999))
            assert path is not None
            visitor.post(path[1], {"csrf_token": token}, status=status)
            if name == "nobody":
                assert visitor.response.headers["Location"] == "/sign-in"


def test_no_browser_opens_what_is_for_programs(app: Flask, administrator: Visitor) -> None:
    written = [rule for rule in app.url_map.iter_rules() if ROUTES[rule.endpoint] == WRITING]
    assert len(written) == 4
    for rule in written:
        with app.test_request_context():
            path = rule.build({"provider": "example-saltbeck", "key": "one", "run": "two"})
        assert path is not None
        for method in (rule.methods or set()) - {"OPTIONS"}:
            answer = administrator.client.open(path[1], method=method)
            assert answer.status_code == 401, f"{method} {path[1]}"
            assert answer.headers["WWW-Authenticate"] == "Bearer"
