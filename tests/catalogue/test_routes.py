"""Who may open what: every route of the service, for every role."""

from collections.abc import Callable, Iterator

import pytest
from flask import Flask
from sqlalchemy import select
from werkzeug.routing import Rule

from catalogue.extensions import db
from catalogue.people.models import Role
from catalogue.security import PUBLIC, SIGNED_IN, guard_of
from catalogue.systems.models import Organisation
from tests.visitor import Visitor

ADMINISTRATORS = (Role.ADMINISTRATOR,)
ROUTES: dict[str, str | tuple[Role, ...]] = {
    "static": PUBLIC,
    "home.index": PUBLIC,
    "home.about": PUBLIC,
    "home.healthz": PUBLIC,
    "home.admin": ADMINISTRATORS,
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
    "offers.index": PUBLIC,
    "offers.offer": PUBLIC,
    "enrolments.index": SIGNED_IN,
    "enrolments.enrol": SIGNED_IN,
    "enrolments.enrolment": SIGNED_IN,
    "enrolments.step": SIGNED_IN,
    "enrolments.withdraw": SIGNED_IN,
    "enrolments.register": SIGNED_IN,
    "enrolments.tick": SIGNED_IN,
    "enrolments.publish": SIGNED_IN,
    "recommendations.index": SIGNED_IN,
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
    "/sign-in/reset/": dict.fromkeys(VISITORS, 410),  # a link without its token
    "/assessments/answer": dict.fromkeys(SIGNED, 404),  # nothing is under way
    "/publish": {name: 200 if name == "partner" else 404 for name in SIGNED},
    "/lti/login": dict.fromkeys(VISITORS, 400),  # an empty message
    "/lti/review": dict.fromkeys(SIGNED, 404),  # nobody of them came to look at something handed in
    "/lti/launch": dict.fromkeys(VISITORS, 400),  # opened by hand
    "/lti/choose": dict.fromkeys(VISITORS, 400),  # likewise
    "/lti/choose/answer": dict.fromkeys(VISITORS, 400),
    "/lti/register": dict.fromkeys(VISITORS, 400),  # the same
}
"""Pages whose answer is not the one that follows from who may open them: by path and visitor."""

OWN = {
    "assessments.result", "assessments.radar_svg", "enrolments.enrolment", "enrolments.step",
    "enrolments.withdraw", "enrolments.register", "enrolments.tick", "lti_courses.course",
    "lti_courses.enrol",
}  # fmt: skip
"""Routes to something of somebody's: for everybody else it is not there."""

ABOUT_ONESELF = {"assessments.dimension", "enrolments.enrol"}
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
        everywhere = not roles or name == "administrator"
        return sign_in(add_person(f"The {name}", *roles, organisation_id=None if everywhere else where))

    return visiting


def rules(app: Flask, method: str = "GET", *, parameters: bool) -> Iterator[Rule]:
    for rule in app.url_map.iter_rules():
        if method in (rule.methods or ()) and ("<" in rule.rule) == parameters:
            yield rule


def expected(path: str, guard: str | tuple[Role, ...], visitor: str) -> int:
    otherwise = OTHERWISE.get(path, {}).get(visitor)
    if otherwise:
        return otherwise
    roles = VISITORS[visitor]
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
        if name == "nobody" and visitor.response.status_code == 302:
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
            if guard == PUBLIC or (VISITORS[name] is not None and guard == SIGNED_IN):
                continue
            status = 302 if name == "nobody" else 404  # for administrators: there is no platform of this number
            if name == "administrator" and rule.endpoint == "lti_admin.add":
                status = 422
            with app.test_request_context():
                path = rule.build(dict.fromkeys(rule.arguments, 999))
            assert path is not None
            visitor.post(path[1], {"csrf_token": token}, status=status)
            if name == "nobody":
                assert visitor.response.headers["Location"] == "/sign-in"
