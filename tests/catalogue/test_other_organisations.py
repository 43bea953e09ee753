"""What people of one organisation have is not there for those of another."""

from collections.abc import Callable
from dataclasses import dataclass, field

import pytest
from flask import Flask
from sqlalchemy import select

from catalogue.enrolments import actions as enrolments
from catalogue.extensions import db
from catalogue.offers.models import Offer, OfferVersion
from catalogue.people import actions
from catalogue.people.models import Person, Role
from catalogue.systems.models import Membership, Organisation
from catalogue.transactions import run
from lti.models import Arrival, Context, Deployment, Identity, Platform, ResourceLink
from tests.assessments.closed import closed_assessment
from tests.visitor import Visitor


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
    deployment = Deployment(platform=platform, deployment_id="1")
    context = Context(deployment=deployment, context_id="1", title=f"Course of {organisation.name}")
    link = ResourceLink(deployment=deployment, context=context, resource_link_id="1")
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
