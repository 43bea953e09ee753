"""Whatever page the service has: opened by whoever may open it, or come to by pressing buttons."""

import io
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import product
from typing import Any
from urllib.parse import urlsplit

import pyotp
from flask import Flask
from sqlalchemy import select
from werkzeug.routing import Rule

from catalogue.extensions import db
from catalogue.feedback import closing
from catalogue.feedback.actions import Named
from catalogue.feedback.models import FeedbackRound
from catalogue.feedback.rules import Group
from catalogue.offers.models import Offer
from catalogue.people import actions, break_glass
from catalogue.people.models import Account, Person, Role
from catalogue.recommendations.grouping import make_advice
from catalogue.systems.models import LocalPartner, Membership, Organisation, System
from catalogue.transactions import run
from lti.models import Platform, ResourceLink
from tests.assessments.closed import closed_assessment
from tests.assessments.test_assessing import choose_seat
from tests.catalogue.tenancy import NOBODYS, OF, ONES_OWN, PROGRAMS, Tenant
from tests.conftest import PASSWORD
from tests.enrolments.conftest import letters
from tests.feedback.rounds import Rater, answer, ask, open_round, raters
from tests.frameworks.test_editing import begun
from tests.lti.courses.conftest import member
from tests.lti.courses.review.conftest import come, open_submission
from tests.lti.deep_linking.choosing import ASSESSMENT, begin
from tests.lti.platform import TEACHER
from tests.lti.platform import Platform as Foreign
from tests.lti.registering import Registering
from tests.lti.test_blocked_cookies import initiate, kept, launched, post
from tests.people.door import EMAIL, ask_for_link, enter, links
from tests.people.test_authenticators import key_on
from tests.publishing.conftest import draft_whole_offer
from tests.visitor import ORIGIN, Visitor

Values = dict[str, Any]
People = dict[str, Visitor]


@dataclass
class Scene:
    """Who is there: the people of a tenant, those of the whole service, and two platforms of others."""

    app: Flask
    tenant: Tenant
    everywhere: People
    add_person: Callable[..., int]
    sign_in: Callable[[int], Visitor]
    platform: Foreign
    moodle: Registering

    def change(self, act: Callable[[], Any]) -> Any:
        with self.app.app_context():
            return run(act)


def named(tenant: Tenant) -> dict[str, Values]:
    """What parameters name that are no tenant's, by blueprint or endpoint; asked within a context."""
    things = tenant.things
    partner = db.session.scalars(select(LocalPartner).order_by(LocalPartner.id).limit(1)).one()
    platforms = select(Platform.id).where(Platform.organisation_id == things["organisation_id"])
    return {
        "assessments": {"key": "care"},
        "frameworks": {"key": "healthcare-leadership-model"},
        "people_admin": {"key": things["learner"]},
        "privacy": {"key": things["learner"]},
        "systems": {"key": db.session.get_one(System, partner.system_id).key, "partner_id": partner.id},
        "systems.change_organisation": {"key": things["organisation"]},
        "credentials": {"key": things["credential"]},
        "providers_admin": {"key": "staff-0"},
        "lti_admin": {"platform_id": db.session.scalars(platforms).one()},
    }


def addresses(app: Flask, rule: Rule, tenant: Tenant, values: dict[str, Values]) -> list[str]:
    """The rule's addresses, one for each choice that it gives; none where nothing says what its parameters name."""
    things, names = tenant.things, {}
    if rule.endpoint in OF:
        names = OF[rule.endpoint].names
    else:
        things = things | values.get(rule.endpoint.split(".")[0], {}) | values.get(rule.endpoint, {})
    choices = {
        name: getattr(rule._converters.get(name), "items", None) or [things.get(names.get(name, name))]
        for name in rule.arguments
    }
    found = []
    with app.test_request_context():
        for chosen in product(*choices.values()):
            built = None if None in chosen else rule.build(dict(zip(choices, chosen, strict=True)))
            found += [built[1]] if built else []
    return found


def whose(endpoint: str, tenant: Tenant, everywhere: People, nobody: Visitor) -> People:
    """Who may open it, as far as its place among the routes says."""
    if endpoint in NOBODYS:
        return {"nobody": nobody}
    if endpoint in OF:
        administrator = {"administrator": everywhere["administrator"]} if OF[endpoint].everywhere else {}
        return {f"{role} of theirs": tenant.people[role] for role in sorted(OF[endpoint].roles)} | administrator
    if endpoint in ONES_OWN:
        return tenant.people | {f"{role} everywhere": one for role, one in everywhere.items()}
    return {} if endpoint in PROGRAMS else everywhere


def assessment(scene: Scene) -> Iterator[Visitor]:
    learner = scene.sign_in(scene.add_person("Ana Assessed"))
    choose_seat(learner)
    learner.follow()
    yield learner
    learner.get("/assessments/answer/care")
    yield learner
    person_id = scene.add_person("Cora Compared")
    for level in (1, 2):
        scene.change(lambda level=level: closed_assessment(person_id, level=level))
    comparing = scene.sign_in(person_id)
    comparing.get("/assessments/compare")
    yield comparing


def offers(scene: Scene) -> Iterator[Visitor]:
    learner = scene.everywhere["learner"]
    for path in ("/offers?view=calendar", "/offers?q=nothing-is-called-so", "/there-is-no-such-page"):
        learner.client.get(path, base_url=ORIGIN)
        learner.get(path, status=404 if "no-such" in path else 200)
        yield learner
    learner.post("/offers/saved", {"csrf_token": learner.csrf_token()}, status=422)
    yield learner


def framework(scene: Scene) -> Iterator[Visitor]:
    administrator = scene.everywhere["administrator"]
    draft = begun(administrator)
    for page in ("", "/about", "/dimensions/care", "/dimensions", "/levels"):
        administrator.get(draft + page)
        yield administrator


def review(scene: Scene) -> Iterator[Visitor]:
    partner, administrator = scene.tenant.people["partner"], scene.everywhere["administrator"]
    at = draft_whole_offer(partner)
    partner.get(at)
    yield partner
    partner.get(f"{at}/submit")
    yield partner
    partner.press("Submit")
    for path in (f"/review/{at.rsplit('/', 1)[1]}", f"/review/{at.rsplit('/', 1)[1]}/preview"):
        administrator.get(path)
        yield administrator


def organisations(scene: Scene) -> Iterator[Visitor]:
    of_two = scene.add_person("Olga Ofboth")

    def give() -> None:
        person = db.session.get_one(Person, of_two)
        for organisation in db.session.scalars(select(Organisation).order_by(Organisation.id).limit(2)):
            actions.grant(person, Role.ADMINISTRATOR, organisation.id)
        for system in db.session.scalars(select(System).order_by(System.id).limit(2)):
            actions.grant(person, Role.LEAD, system_id=system.id)

    scene.change(give)
    both = scene.sign_in(of_two)
    for path in ("/organisations", "/your-system", "/map", "/seats"):
        both.get(path)
        yield both


def advice_for_groups(scene: Scene) -> Iterator[Visitor]:
    """What a lead and an administrator of an organisation are told of all their people together."""

    def assess() -> None:
        key = scene.tenant.things["organisation"]
        body = db.session.scalars(select(Organisation).where(Organisation.key == key)).one()
        for number in range(12):
            person = Person(name=f"Assessed {number}")
            db.session.add(Membership(person=person, organisation=body))
            db.session.flush()
            closed_assessment(person.id, 0)
        make_advice(body.system_id or 0)

    scene.change(assess)
    lead, keeper = scene.tenant.people["lead"], scene.tenant.people["administrator"]
    lead.get(f"/your-system/{scene.tenant.things['system']}/advice")
    yield lead
    for path in ("/organisations/{}/advice", "/feedback/organisations/{}"):
        keeper.get(path.format(scene.tenant.things["organisation"]))
        yield keeper


def door(scene: Scene) -> Iterator[Visitor]:
    visitor = Visitor(scene.app)
    scene.change(lambda: actions.add_account(EMAIL, "Ada Brown", PASSWORD))
    enter(visitor, password="wrong", status=422)
    yield visitor
    ask_for_link(visitor)
    yield visitor
    link = links(scene.app)[-1]
    visitor.get(link)
    yield visitor
    visitor.press("Set the password", status=200, password=f"{PASSWORD} again")
    yield visitor
    visitor.get(link, status=410)
    yield visitor


def register(scene: Scene) -> Iterator[Visitor]:
    facilitator, things = scene.tenant.people["facilitator"], scene.tenant.things
    at = f"/offers/{things['dated_slug']}/register/runs/{things['run_id']}"
    fields = {"csrf_token": facilitator.csrf_token(), "file": (io.BytesIO(b"enrolment,name\n1,x\n"), "a.csv")}
    answer = facilitator.client.post(
        f"{at}/file", data=fields, base_url=ORIGIN, headers={"Referer": f"{ORIGIN}/"},
        content_type="multipart/form-data",
    )  # fmt: skip
    facilitator._took(answer, 200, "POST", at)
    yield facilitator


def second_step(scene: Scene) -> Iterator[Visitor]:
    """An administrator sets up an authenticator, and signs in with it in another browser."""
    email, first, second = "bo@test.example", Visitor(scene.app), Visitor(scene.app)
    scene.change(lambda: actions.grant(actions.add_account(email, "Bo", PASSWORD).person, Role.ADMINISTRATOR))
    enter(first, email)
    first.follow()
    yield first
    first.press("Continue", status=422, code="000000")
    yield first
    first.press("Continue", status=200, code=pyotp.TOTP(key_on(first)).now())
    yield first
    enter(second, email)
    second.follow()
    yield second
    made = scene.change(
        lambda: break_glass.make_link(
            db.session.scalars(select(Account).where(Account.email == email)).one().person, "x"
        )
    )
    second.get(urlsplit(made).path)
    yield second
    second.get("/sign-in/break-glass/nonsense", status=410)
    yield second


def approval(scene: Scene) -> Iterator[Visitor]:
    """Somebody asks their manager, who is written to; others are nominated."""
    things, lead = scene.tenant.things, scene.tenant.people["lead"]
    lead.post(
        f"/seats/{things['run_id']}", {"csrf_token": lead.csrf_token(), "people": [things["person_id"]]}, status=302
    )
    colleague = scene.tenant.people["colleague"]
    colleague.get("/enrolments")
    answer = next(link for link in colleague.page.select("main a") if str(link["href"]).endswith("/answer"))
    colleague.get(str(answer["href"]))
    yield colleague
    scene.change(
        lambda: setattr(
            db.session.scalars(select(Offer).where(Offer.slug == things["dated_slug"])).one().published,
            "approval_needed", True,
        )
    )  # fmt: skip
    learner = scene.everywhere["learner"]
    learner.get(f"/offers/{things['dated_slug']}/enrol")
    learner.press("Ask my manager", run=things["run_id"], manager_name="Mo Manager", manager_email="mo@test.example")
    learner.get(f"{urlsplit(learner.response.headers['Location']).path}/manager")
    yield learner
    with scene.app.app_context():
        letter = letters("mo@test.example")[-1]
    manager = Visitor(scene.app)
    manager.get(re.findall(r"(/approvals/\S+)", letter)[0])
    yield manager


def too_late(scene: Scene) -> Iterator[Visitor]:
    """What was typed comes back where a sign-in has run out."""
    things, nobody = scene.tenant.things, Visitor(scene.app)
    at = f"/offers/{things['dated_slug']}/register/runs/{things['run_id']}/sessions/{things['session_id']}"
    nobody.post(at, {"mark_1": "yes"}, status=400)
    yield nobody


def feedback(scene: Scene) -> Iterator[Visitor]:
    """Somebody is asked, answers, and a facilitator releases the report."""
    person_id = scene.add_person("Fern Asker")
    everybody = raters(manager=[1], peers=[0, 3, 3, 3, 3], others=[2])
    round_id = scene.change(lambda: open_round(person_id, everybody, Named("Fay Facilitator", "fay@test.example")))
    token = scene.change(lambda: ask(db.session.get_one(FeedbackRound, round_id), Group.REPORTS, 99))
    rater = Visitor(scene.app)
    for page in ("", "/answer", "/answer/care", "/answer/care?open=1", "/comments"):
        rater.get(f"/rate/{token}{page}")
        yield rater
    scene.change(lambda: answer(token, Rater(Group.REPORTS, comments={"well": "They listen"})))
    rater.get(f"/rate/{token}")
    yield rater
    facilitator, asker = Visitor(scene.app), scene.sign_in(person_id)
    at = scene.change(lambda: f"/release/{closing.close(round_id)[1]}")
    asker.get(f"/feedback/{round_id}")
    yield asker
    facilitator.get(at)
    yield facilitator
    facilitator.press("We have talked: release it")
    facilitator.follow()
    yield facilitator
    asker.get(f"/feedback/{round_id}/report")
    yield asker


def shared_plan(scene: Scene) -> Iterator[Visitor]:
    """Somebody shares their plan, and their manager writes on it."""
    learner = scene.tenant.people["learner"]
    learner.get("/plan/share")
    learner.press("Share my plan", manager_name="Mel Manager", manager_email="mel@test.example")
    with scene.app.app_context():
        letter = letters("mel@test.example")[-1]
    manager = Visitor(scene.app)
    manager.get(re.findall(r"(/shared-plan/\S+)", letter)[0])
    yield manager
    manager.press("Write it", words="I have seen you do it", step=f"commitment:{scene.tenant.things['commitment_id']}")
    manager.follow()
    yield manager
    for path in ("/enrolments", "/home", "/plan/share", "/plan/assess-again"):
        learner.get(path)
        yield learner


def nothing_there(scene: Scene) -> Iterator[Visitor]:
    """What somebody sees of whom nothing is known."""
    for role, path in (
        ("learner", "/recommendations"),
        ("learner", "/enrolments"),
        ("lead", "/track"),
        ("lead", "/map"),
    ):
        scene.everywhere[role].get(path)
        yield scene.everywhere[role]


def platforms(scene: Scene) -> Iterator[Visitor]:
    platform, visitor = scene.platform, Visitor(scene.app)
    for path in ("/lti/launch", "/lti/login", "/lti/choose", "/lti/register"):
        visitor.get(path, status=400)
        yield visitor
    begin(platform, visitor)
    yield visitor
    visitor.press(f"Add {ASSESSMENT}", 200)
    yield visitor
    other_tab = Visitor(scene.app)
    other_tab.page, other_tab.response = visitor.page, visitor.response
    visitor.press("Add to the course", 200)
    other_tab.press("Add to the course", 409)
    yield other_tab
    initiate(visitor, platform, 400)
    yield visitor
    initiate(visitor, platform, 200, lti_storage_target="_parent")
    yield visitor
    begun, binding = kept(visitor), visitor
    post(binding, launched(platform, begun), 200)
    yield binding
    post(binding, launched(platform, begun) | {"kept": begun["value"]}, 200)
    yield binding
    visitor.get("/lti/register", query_string=scene.moodle.window)
    yield visitor
    scene.moodle.connect(visitor)
    yield visitor


def course(scene: Scene) -> Iterator[Visitor]:
    """A teacher looks at their course, and enrols people of it."""
    platform, teacher, things = scene.platform, Visitor(scene.app), scene.tenant.things
    platform.members = [member("3", "Tina Teacher", "Instructor"), member("11", "Learner 11", email="11@example.com")]
    platform.launch(teacher, TEACHER, sub="3", name="Tina Teacher")
    with scene.app.app_context():
        link_id = db.session.scalars(select(ResourceLink.id).order_by(ResourceLink.id.desc()).limit(1)).one()
    at = f"/lti/course/{link_id}/enrol"
    teacher.get(at)
    yield teacher
    teacher.get(f"{at}?run={things['run_id']}")
    yield teacher
    token = teacher.csrf_token(f"{at}?run={things['run_id']}")
    teacher.post(f"{at}?run={things['run_id']}", {"csrf_token": token, "step": "look", "people": ["11"]}, 200)
    yield teacher
    come(Visitor(scene.app), platform, sub="4", name="Sam Student")
    reviewing = Visitor(scene.app)
    open_submission(reviewing, platform)
    reviewing.follow()
    yield reviewing


WAYS: tuple[Callable[[Scene], Iterator[Visitor]], ...] = (
    assessment, offers, framework, review, organisations, door, second_step, register, approval, too_late,
    feedback, shared_plan, nothing_there, platforms, course, advice_for_groups,
)  # fmt: skip
"""To the pages that no address alone opens: each yields somebody at every page that it comes to."""
