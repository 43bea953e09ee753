"""Who may open what: every route of the service, for every role, and across three organisations."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import pytest
from flask import Flask
from sqlalchemy import select
from werkzeug.routing import Rule

from catalogue.assessments.models import Assessment, AssessmentState, Result
from catalogue.clock import now
from catalogue.enrolments import actions as enrolments
from catalogue.extensions import db
from catalogue.frameworks import queries as frameworks
from catalogue.offers.models import Offer, OfferVersion
from catalogue.people import actions
from catalogue.people.models import Person, Role
from catalogue.security import PUBLIC, SIGNED_IN, guard_of
from catalogue.systems.models import Membership, Organisation
from catalogue.transactions import run
from lti.models import Arrival, Context, Deployment, Identity, Platform, ResourceLink
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
    "lti.course": SIGNED_IN,
    "lti_admin.index": ADMINISTRATORS,
    "lti_admin.add": ADMINISTRATORS,
    "lti_admin.suspend": ADMINISTRATORS,
    "lti_admin.activate": ADMINISTRATORS,
    "lti_admin.accept_deployment": ADMINISTRATORS,
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
}
SIGNED = [name for name in VISITORS if name != "nobody"]

OTHERWISE: dict[str, dict[str, int]] = {
    "/sign-in": dict.fromkeys(SIGNED, 302),  # they are signed in already
    "/sign-in/reset/": dict.fromkeys(VISITORS, 410),  # a link without its token
    "/assessments/answer": dict.fromkeys(SIGNED, 404),  # nothing is under way
    "/publish": {name: 200 if name == "partner" else 404 for name in SIGNED},
    "/lti/login": dict.fromkeys(VISITORS, 400),  # an empty message
    "/lti/launch": dict.fromkeys(VISITORS, 400),  # opened by hand
}
"""Pages whose answer is not the one that follows from who may open them: by path and visitor."""

OWN = {
    "assessments.result", "assessments.radar_svg", "enrolments.enrolment", "enrolments.step",
    "enrolments.withdraw", "enrolments.register", "enrolments.tick", "lti.course",
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
        return sign_in(add_person(f"The {name}", *roles, organisation_id=where if roles else None))

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


@dataclass
class Tenant:
    """One organisation with what its people have: the addresses of it, and who may open them."""

    owner: Visitor
    teacher: Visitor
    partner: Visitor
    own: list[str]
    own_forms: list[str]
    course: str
    register: str
    tick: str
    strangers: dict[str, Visitor] = field(default_factory=dict)


ORGANISATIONS = ("example-riverside-trust", "care-quality-commission", "central-lancashire-primary-care-trust")


def closed_assessment(person_id: int, level: int = 1) -> int:
    """A finished assessment at this level throughout, in the present transaction; returns its id."""
    framework = frameworks.current_framework()
    made = Assessment(
        person_id=person_id, framework_id=framework.id, seat_id=frameworks.seats()[0].id,
        state=AssessmentState.CLOSED, closed_at=now(),
        results=[Result(dimension_id=dimension.id, level=level) for dimension in framework.dimensions],
    )  # fmt: skip
    db.session.add(made)
    db.session.flush()
    return made.id


def provided_by_different_bodies(count: int) -> list[Offer]:
    """Offers that can be taken at one's own pace, each of another provider."""
    offers = db.session.scalars(
        select(Offer).join(Offer.published).where(OfferVersion.mode == "self-paced").order_by(Offer.slug)
    )
    return list({offer.provider_id: offer for offer in offers}.values())[:count]


def taught_link(organisation: Organisation, teacher: Person) -> ResourceLink:
    """A link in a course that this person teaches, on the organisation's platform."""
    at = f"https://{organisation.key}.example"
    platform = Platform(
        name=organisation.name, issuer=at, client_id="1", jwks_url=f"{at}/jwks", auth_url=f"{at}/auth",
        token_url=f"{at}/token", organisation=organisation,
    )  # fmt: skip
    db.session.add(platform)
    db.session.flush()
    context = Context(platform_id=platform.id, context_id="1", title=f"Course of {organisation.name}")
    link = ResourceLink(
        deployment=Deployment(platform=platform, deployment_id="1"), context=context, resource_link_id="1"
    )
    identity = Identity(platform=platform, sub="1", person=teacher)
    db.session.add(Arrival(identity=identity, resource_link=link, is_instructor=True))
    db.session.flush()
    return link


@pytest.fixture
def tenants(app: Flask, add_person: Callable[..., int], sign_in: Callable[[int], Visitor]) -> list[Tenant]:
    made = []
    for number, key in enumerate(ORGANISATIONS):
        owner_id, teacher_id = add_person(f"Owner {number}"), add_person(f"Teacher {number}")

        def make(number: int = number, key: str = key, ids: tuple[int, int] = (owner_id, teacher_id)) -> dict[str, str]:
            owner, teacher = (db.session.get_one(Person, person_id) for person_id in ids)
            organisation = db.session.scalars(select(Organisation).where(Organisation.key == key)).one()
            for person in (owner, teacher):
                db.session.add(Membership(person=person, organisation=organisation))
            offer = provided_by_different_bodies(len(ORGANISATIONS))[number]
            enrolment = enrolments.enrol(owner, offer, None)
            link = taught_link(organisation, teacher)
            token = actions.begin_sign_in(teacher, link.platform.via, arrived_at=f"link:{link.id}")
            return {
                "assessment": f"/assessments/{closed_assessment(owner.id)}",
                "enrolment": f"/enrolments/{enrolment.id}",
                "step": offer.published.steps[0].key,
                "register": f"/offers/{offer.slug}/register",
                "tick": f"/offers/{offer.slug}/register/{enrolment.id}",
                "provider": str(offer.provider_id),
                "course": f"/lti/course/{link.id}",
                "token": token,
            }

        with app.app_context():
            at = run(make)
        step = f"{at['enrolment']}/steps/{at['step']}"
        partner = add_person(f"Partner {number}", Role.PARTNER, organisation_id=int(at["provider"]))
        made.append(
            Tenant(
                owner=sign_in(owner_id), teacher=Visitor(app, at["token"]), partner=sign_in(partner),
                own=[at["assessment"], f"{at['assessment']}/radar.svg", at["enrolment"], step,
                     f"{at['enrolment']}/withdraw"],
                own_forms=[step, f"{at['enrolment']}/withdraw"],
                course=at["course"], register=at["register"], tick=at["tick"],
            )
        )  # fmt: skip
    with app.app_context():
        organisations = {key: db.session.scalars(
            select(Organisation.id).where(Organisation.key == key)).one() for key in ORGANISATIONS}  # fmt: skip

    def colleague(name: str, key: str) -> Visitor:
        person_id = add_person(name)
        with app.app_context():
            run(lambda: db.session.add(Membership(person_id=person_id, organisation_id=organisations[key])))
        return sign_in(person_id)

    everywhere = {
        role.value: sign_in(add_person(f"A {role.value}", role))
        for role in (Role.LEAD, Role.REVIEWER, Role.FACILITATOR)
    }
    for number, tenant in enumerate(made):
        others = [other for other in made if other is not tenant]
        tenant.strangers = everywhere | {
            "colleague": colleague(f"Colleague {number}", ORGANISATIONS[number]),
            "somebody of another organisation": others[0].owner,
            "somebody of a third organisation": others[1].owner,
            "partner of another provider": others[0].partner,
            "teacher of another platform": others[1].teacher,
        }
    return made


@pytest.mark.parametrize("number", range(len(ORGANISATIONS)))
def test_what_is_somebodys_is_not_there_for_anybody_else(
    tenants: list[Tenant], administrator: Visitor, visitor: Visitor, number: int
) -> None:
    tenant = tenants[number]
    for path in tenant.own:
        tenant.owner.get(path)
        visitor.get(path, status=302)
        for stranger in (*tenant.strangers.values(), tenant.partner, tenant.teacher, administrator):
            stranger.get(path, status=404)
    for path in tenant.own_forms:
        for stranger in (*tenant.strangers.values(), tenant.partner, tenant.teacher, administrator):
            stranger.post(path, {"csrf_token": stranger.csrf_token()}, status=404)


@pytest.mark.parametrize("number", range(len(ORGANISATIONS)))
def test_a_register_is_kept_by_its_provider_and_the_administrator_alone(
    tenants: list[Tenant], administrator: Visitor, visitor: Visitor, number: int
) -> None:
    tenant = tenants[number]
    visitor.get(tenant.register, status=302)
    for stranger in (*tenant.strangers.values(), tenant.owner, tenant.teacher):
        stranger.get(tenant.register, status=404)
        stranger.post(tenant.tick, {"csrf_token": stranger.csrf_token()}, status=404)
    administrator.get(tenant.register)
    tenant.partner.get(tenant.register)
    assert "Mark as completed" in tenant.partner.text()
    tenant.owner.get(tenant.own[2])
    assert "Completed on" not in tenant.owner.text(), "a stranger's tick counted"
    tenant.partner.post(tenant.tick, {"csrf_token": tenant.partner.csrf_token()})
    tenant.owner.get(tenant.own[2])
    assert "Completed on" in tenant.owner.text()


def test_a_partners_tick_reaches_only_people_on_the_offer_it_names(tenants: list[Tenant]) -> None:
    first, second = tenants[:2]
    enrolment_of_another_offer = second.tick.rsplit("/", 1)[1]
    token = first.partner.csrf_token()
    first.partner.post(f"{first.register}/{enrolment_of_another_offer}", {"csrf_token": token}, status=404)
    first.partner.get("/publish")
    assert second.register.split("/")[2] not in first.partner.response.text


@pytest.mark.parametrize("number", range(len(ORGANISATIONS)))
def test_a_course_is_there_for_its_teacher_alone(
    tenants: list[Tenant], administrator: Visitor, visitor: Visitor, number: int
) -> None:
    tenant = tenants[number]
    visitor.get(tenant.course, status=302)
    for stranger in (*tenant.strangers.values(), tenant.owner, tenant.partner, administrator):
        stranger.get(tenant.course, status=404)
    tenant.teacher.get(tenant.course)
    assert "Course of" in tenant.teacher.text()


def test_a_teacher_who_signs_in_by_password_has_no_course(
    app: Flask, tenants: list[Tenant], sign_in: Callable[[int], Visitor]
) -> None:
    with app.app_context():
        teacher_id = db.session.scalars(select(Person.id).where(Person.name == "Teacher 0")).one()
    sign_in(teacher_id).get(tenants[0].course, status=404)
