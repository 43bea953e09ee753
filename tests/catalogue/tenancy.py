"""Three tenants, each an organisation in a system, with a platform and a provider; and whose every route is.

To place a new route, add its endpoint to one of the tables. Where it opens something of somebody's, that is ``OF``, and
a tenant needs such a thing: add it in ``_things``, under the name of the route's parameter.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta

from flask import Flask
from sqlalchemy import select

from catalogue.clock import now, today
from catalogue.credentials.models import Credential
from catalogue.enrolments import actions as enrolments
from catalogue.enrolments import completing
from catalogue.enrolments.approving import Manager
from catalogue.enrolments.models import CompletedBy
from catalogue.extensions import db
from catalogue.interchange.models import ImportState, OfferFeed, OfferImport
from catalogue.offers.models import Offer, OfferVersion, Run, RunSession, SavedSearch
from catalogue.people import actions
from catalogue.people.models import ApiToken, IdentityProvider, Person, Role, StaffIdentity
from catalogue.plans import actions as plans
from catalogue.plans import sharing as plan_sharing
from catalogue.plans.actions import Promise
from catalogue.plans.models import PlanComment
from catalogue.records.models import CompletionImport, CourseCode, Source
from catalogue.reports.models import SavedView
from catalogue.systems.models import Membership, MembershipRequest, Organisation
from catalogue.transactions import run
from lti.models import Arrival, Context, Deployment, Identity, Platform, ResourceLink
from tests.assessments.closed import closed_assessment
from tests.feedback.rounds import finished_round, open_round
from tests.visitor import Visitor

ORGANISATIONS = ("example-riverside-trust", "leeds-teaching-hospitals", "stockport")
"""Each in a system of its own."""
Things = dict[str, str | int]


def by_blueprint(lines: str) -> set[str]:
    """ "blueprint: view view" in lines, as endpoints."""
    found = set()
    for line in lines.strip().splitlines():
        blueprint, _, views = line.strip().partition(": ")
        found |= {f"{blueprint}.{view}" for view in views.split()}
    return found


NOBODYS = {"static"} | by_blueprint("""
    home: index about healthz
    people: sign_in forgotten reset
    signon: start back
    break_glass: enter
    second: code set_up
    privacy: index erased
    frameworks: index framework
    case: documents document package item item_associations association rubric item_type concept
    feeds: xcri csv jsonld runs run template
    offers: index offer
    evidence: index
    credentials: check badge signed achievement issuer status jwks key
    api: conditions framework frameworks offer offer_runs offers openapi providers runs seats systems
    approvals: answer
    rating: index tasks dimension comments send decline
    facilitating: report
    shared_plans: plan
    own_dates: feed
    api_pages: docs
    lti: login launch_tool launch_by_hand continue_in_window jwks
    lti_choosing: choose answer by_hand
    lti_registration: ask register
    xapi: about
""")
"""What anybody may open: the same for all; for who has a key that nobody guesses; or for what a platform signed."""

ONES_OWN = by_blueprint("""
    home: learner
    people: sign_out
    signon: yours add
    second: begin end recovery_codes yours
    privacy: about_you download erase
    assessments: index before start tasks dimension finish compare
    recommendations: index not_for_me bring_back
    feedback: index open_round systems
    enrolments: index enrol
    plans: commit put take_off day assess_again
    sharing: share again stop
    nominations: index cohort
    lists: index
    own_dates: address end
    credentials: transcript transcript_pdf
    offers: saved save
    tokens: index
    reports: index cells gaps
    track: index trend csv_file xlsx views keep
    systems: own_organisations yours
    publishing: index new colleagues remove_colleague
    imports: start feeds
    completions: start
    lti_courses: review
""")
"""What is about whoever opens it: of other people, each sees there whom they answer for."""

WHOLE = by_blueprint("""
    home: admin
    audit: index events person
    equality: index offer
    frameworks: admin start retire set_open draft about dimension add_dimension remove levels move submit
    frameworks: ask_for_changes publish discard
    people_admin: index person activate end reset_authenticator suspend
    privacy: requests request_of download_for erase_for
    publishing: reviews review review_preview approve approve_many ask review_comment
    systems: index system add change import_systems add_partner partner remove_partner
    systems: organisations add_organisation change_organisation import_organisations
    lti_admin: index add platform opened_again approve decline check settings suspend activate accept_deployment
    providers_admin: index add provider check end open_again
    lti_grades: index keep try_again try_all_again
""")
"""For those who administer or review the whole service: no role within a tenant opens them."""

PROGRAMS = by_blueprint("""
    api: draft put_draft put_run submit
    xapi: post put statements
""")
"""For programs, by what their tokens are for: no cookie opens them."""


@dataclass(frozen=True)
class Of:
    """Whose something is: the roles of its tenant who may open it, and which things its parameters name."""

    roles: frozenset[str]
    everywhere: bool = False
    """Whether administrators of the whole service may open it too."""
    names: dict[str, str] = field(default_factory=dict)
    """The thing that a parameter names, where it is not called as the parameter is."""
    there: bool = True
    """Whether the tenants have such a thing, so that whose it is finds it."""


def _of(*roles: str, everywhere: bool = False, there: bool = True, **names: str) -> Of:
    return Of(frozenset(roles), everywhere, names, there)


WRITERS = _of("partner", "editor", everywhere=True)
ANSWERING = _of("partner", everywhere=True)
KEEPERS = _of("administrator", everywhere=True, key="organisation")
REGISTER = _of("partner", "facilitator", everywhere=True, slug="dated_slug", enrolment_id="dated_id")
PUTTING_RIGHT = _of("partner", everywhere=True, slug="dated_slug", enrolment_id="dated_id")
DATED = _of("partner", "editor", everywhere=True, offer_id="dated_offer_id")

OF: dict[str, Of] = {
    "assessments.result": _of("learner"),
    "assessments.radar_svg": _of("learner"),
    "assessments.sheet_pdf": _of("learner"),
    **dict.fromkeys(by_blueprint("feedback: round_page remind close ask_facilitator"), _of("learner")),
    **dict.fromkeys(by_blueprint("feedback: report report_pdf"), _of("learner", round_id="reported_id")),
    "enrolments.enrolment": _of("learner"),
    "enrolments.step": _of("learner", key="step"),
    "enrolments.withdraw": _of("learner"),
    "approvals.manager": _of("learner"),
    **dict.fromkeys(by_blueprint("plans: commitment change remove\nsharing: seen remove"), _of("learner")),
    "nominations.answer": _of("learner"),
    "nominations.take_back": _of("lead"),
    "own_dates.one": _of("learner", there=False),  # theirs has no dates
    "equality.about_you": _of("learner"),
    "offers.forget": _of("learner"),
    "tokens.end": _of("learner"),
    "signon.remove": _of("learner"),
    "credentials.certificate": _of("colleague", key="credential"),
    "credentials.name": _of("colleague", key="credential"),
    **dict.fromkeys(
        by_blueprint("attendance: register tick came no_show absent session printed template upload write"), REGISTER
    ),
    "attendance.void": _of("partner", everywhere=True, enrolment_id="completed_id"),
    "attendance.withdraw": PUTTING_RIGHT,
    "track.person": _of("lead", "administrator", everywhere=True, key="learner"),
    "track.remove": _of("lead"),
    "systems.organisation": KEEPERS,
    "systems.people": KEEPERS,
    "systems.member": KEEPERS,
    "systems.remove_member": KEEPERS,
    "systems.import_people": KEEPERS,
    "systems.take_back": KEEPERS,
    # Who is asked answers; who belongs to it is led to their organisations.
    "systems.answer": _of("editor", "learner", "colleague", "teacher", key="organisation"),
    "systems.your_system": _of("lead", key="system"),
    "advice.system": _of("lead", key="system"),
    "advice.organisation": _of("lead", "administrator", everywhere=True, key="organisation"),
    "feedback.organisation": _of("lead", "administrator", everywhere=True, key="organisation"),
    "lti_courses.course": _of("teacher"),
    "lti_courses.enrol": _of("teacher", there=False),  # it is asked for with the offer that is to be joined
    "completions.report": _of("administrator", everywhere=True, import_id="completions_id"),
    "completions.wrong": _of(
        "administrator", everywhere=True, there=False, import_id="completions_id"
    ),  # gone once written
    "completions.write": _of("administrator", everywhere=True, import_id="completions_id"),
    "completions.throw_away": _of("administrator", everywhere=True, import_id="completions_id"),
    "completions.codes": _of("administrator", everywhere=True),
    "completions.remove_code": _of("administrator", everywhere=True),
    "imports.report": WRITERS,
    "imports.write": WRITERS,
    "imports.throw_away": WRITERS,
    "imports.wrong": WRITERS,
    "imports.pull_now": WRITERS,
    "imports.remove_feed": WRITERS,
    **dict.fromkeys(
        by_blueprint(
            "publishing: offer activity edit part mapping map_dimension unmap_dimension steps preview comment"
        ),
        WRITERS,
    ),
    "publishing.step": _of("partner", "editor", everywhere=True, key="step"),
    "publishing.remove_step": _of("partner", "editor", everywhere=True, key="step"),
    "publishing.step_earlier": _of("partner", "editor", everywhere=True, key="step"),
    "publishing.step_group": _of("partner", "editor", everywhere=True, key="new"),
    "publishing.remove_step_group": _of("partner", "editor", everywhere=True, key="new"),
    "publishing.step_group_earlier": _of("partner", "editor", everywhere=True, key="new"),
    **dict.fromkeys(by_blueprint("publishing: step_offers prerequisites remove_prerequisite"), WRITERS),
    **dict.fromkeys(by_blueprint("publishing: runs new_run change_run cancel_run run_seats"), DATED),
    **dict.fromkeys(
        by_blueprint("publishing: submit take_back discard retire collaborators remove_collaborator"), ANSWERING
    ),
}
"""What is somebody's. To everybody else it is not there."""

_WRITING, _LEADING = ("provider", ("partner", "editor")), ("system", ("lead",))
ASKED = {
    "publishing.index": ("provider", ("partner", "editor", "facilitator")),
    **dict.fromkeys(("publishing.new", "publishing.colleagues", "imports.start", "imports.feeds"), _WRITING),
    **dict.fromkeys(by_blueprint("nominations: index\nreports: index cells gaps\nfeedback: systems"), _LEADING),
}
"""Pages of one's own that can be asked, in their query, for a tenant's thing, and by whom: another's is not there."""


@dataclass
class Tenant:
    """One organisation with its people, by role, and what is theirs."""

    people: dict[str, Visitor]
    things: Things
    marks: list[str]
    """Words that stand on a page only where something of this tenant's does."""


def _offers() -> list[Offer]:
    """Offers that can be taken at one's own pace, each of another provider, who has one with dates too."""
    dated = select(Offer.provider_id).where(Offer.runs.any())
    offers = db.session.scalars(
        select(Offer)
        .join(Offer.published)
        .where(OfferVersion.mode == "self-paced", Offer.provider_id.in_(dated))
        .order_by(Offer.slug)
    )
    return list({offer.provider_id: offer for offer in offers}.values())[: len(ORGANISATIONS)]


def _taught_link(organisation: Organisation, teacher: Person) -> ResourceLink:
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


def _things(number: int, ids: dict[str, int]) -> Things:
    """What the people of a tenant have, in the present transaction: by the name of the parameter that names it."""
    people = {role: db.session.get_one(Person, person_id) for role, person_id in ids.items()}
    organisation = db.session.scalars(select(Organisation).where(Organisation.key == ORGANISATIONS[number])).one()
    members = [
        Membership(person=people[role], organisation=organisation, staff_number=str(place))
        for place, role in enumerate(("learner", "colleague", "teacher"))
    ]
    asked = MembershipRequest(
        person=people["editor"], organisation=organisation, asked_as=people["editor"].email,
        asked_by=people["administrator"],
    )  # fmt: skip
    db.session.add_all([*members, asked])
    offer = _offers()[number]
    enrolment = enrolments.enrol(people["learner"], offer, None)
    completed = enrolments.enrol(people["colleague"], offer, None)
    completion = completing.complete(completed, CompletedBy.PROVIDER, people["partner"])
    credential = db.session.scalars(select(Credential).where(Credential.completion_id == completion.id)).one()
    with_runs = select(Offer).where(Offer.provider_id == offer.provider_id, Offer.runs.any()).order_by(Offer.slug)
    dated = db.session.scalars(with_runs).first()
    assert dated is not None
    a_run = Run(
        offer=dated, key="tenancy", starts_on=today() + timedelta(days=30), ends_on=today() + timedelta(days=30),
        place="Leeds", places=5,
        sessions=[
            RunSession(key="one", title="One", starts_at=now() + timedelta(days=30), ends_at=now() + timedelta(days=31))
        ],
    )  # fmt: skip
    db.session.add(a_run)
    db.session.flush()
    booked = enrolments.enrol(people["learner"], dated, a_run.id)
    link = _taught_link(organisation, people["teacher"])
    actions.add_api_token(people["learner"], "A token", ["offers:read"], 30)
    kept = (
        SavedSearch(person=people["learner"], name="A search", query="q=care"),
        SavedView(person=people["lead"], name="A view", query=""),
        OfferImport(
            provider_id=offer.provider_id, person=people["partner"], name="a.csv", state=ImportState.READ,
            report={"rows": [], "counts": {}, "notes": [], "good": 0},
        ),
        OfferFeed(provider_id=offer.provider_id, person=people["partner"], url=f"https://{number}.example/offers.csv"),
    )  # fmt: skip
    db.session.add_all(kept)
    issuer = IdentityProvider(
        key=f"staff-{number}", name=organisation.name, issuer=f"https://{number}.example", client_id="1",
        organisation_id=organisation.id,
    )  # fmt: skip
    identity = StaffIdentity(provider=issuer, subject="1", person=people["learner"])
    brought = CompletionImport(
        source=Source.ESR, organisation=organisation, person=people["administrator"], name="esr.csv"
    )
    code = CourseCode(source=Source.ESR, organisation_id=organisation.id, code="1", offer_id=offer.id)
    db.session.add_all([identity, brought, code])
    db.session.flush()
    search, view, imported, feed = kept
    promise = Promise(f"Quill{number} listens first", today() + timedelta(days=30))
    commitment = plans.commit(people["learner"], promise)
    shared = plan_sharing.share(people["learner"], Manager("Mo", f"mo@{number}.example"))[0]
    comment = PlanComment(share=shared, words=f"Quill{number} does well")
    db.session.add(comment)
    reported, open_now = finished_round(ids["learner"]), open_round(ids["learner"])
    assert organisation.system is not None
    token = db.session.scalars(select(ApiToken).where(ApiToken.person_id == ids["learner"])).one()
    return {
        "assessment_id": closed_assessment(ids["learner"]), "reported_id": reported, "round_id": open_now,
        "commitment_id": commitment.id, "comment_id": comment.id,
        "enrolment_id": enrolment.id, "completed_id": completed.id, "step": offer.published.steps[0].key,
        "slug": offer.slug, "offer_id": offer.id, "provider": offer.provider.key, "provider_id": offer.provider_id,
        "completions_id": brought.id, "code_id": code.id, "identity_id": identity.id,
        "saved_id": search.id, "view_id": view.id, "token_id": token.id,
        "credential": credential.key,
        "import_id": imported.id, "feed_id": feed.id, "link_id": link.id, "via": link.platform.via,
        "organisation": organisation.key, "organisation_id": organisation.id, "membership_id": members[0].id,
        "request_id": asked.id,
        "system": organisation.system.key, "system_id": organisation.system.id, "learner": people["learner"].key,
        "dated_slug": dated.slug, "dated_offer_id": dated.id, "run_id": a_run.id, "dated_id": booked.id,
        "session_id": a_run.sessions[0].id, "person_id": ids["colleague"], "new": "new",
        "part": "about", "framework": "healthcare-leadership-model",
        "dimension": "care",
    }  # fmt: skip


def make_tenants(app: Flask, add_person: Callable[..., int], sign_in: Callable[[int], Visitor]) -> Iterator[Tenant]:
    roles = ("learner", "colleague", "teacher", "partner", "editor", "facilitator", "lead", "administrator")
    for number in range(len(ORGANISATIONS)):
        names = {role: f"{role.capitalize()} Quill{number}" for role in roles}
        ids = {role: add_person(name) for role, name in names.items()}
        with app.app_context():
            things: Things = run(lambda number=number, ids=ids: _things(number, ids))

            def give(ids: dict[str, int] = ids, things: Things = things) -> None:
                for role in (Role.PARTNER, Role.EDITOR, Role.FACILITATOR):
                    actions.grant(db.session.get_one(Person, ids[role]), role, int(things["provider_id"]))
                administrator, lead = (db.session.get_one(Person, ids[role]) for role in ("administrator", "lead"))
                actions.grant(administrator, Role.ADMINISTRATOR, int(things["organisation_id"]))
                actions.grant(lead, Role.LEAD, system_id=int(things["system_id"]))

            run(give)
            arrived = run(
                lambda ids=ids, things=things: actions.begin_sign_in(
                    db.session.get_one(Person, ids["teacher"]), str(things["via"]),
                    arrived_at=f"link:{things['link_id']}",
                )
            )  # fmt: skip
        people = {role: sign_in(person_id) for role, person_id in ids.items()}
        people["teacher"] = Visitor(app, arrived)
        people["partner"].get(f"/publish/offers/{things['offer_id']}")
        people["partner"].press("Change it")
        yield Tenant(people, things, [f"Quill{number}", f"quill{number}", str(things["learner"])])


def everywhere(add_person: Callable[..., int], sign_in: Callable[[int], Visitor]) -> dict[str, Visitor]:
    """People with a role of the whole service, or with none."""
    roles = (Role.ADMINISTRATOR, Role.REVIEWER, Role.FACILITATOR, Role.LEAD)
    return {role.value: sign_in(add_person(f"Every {role.value}", role)) for role in roles} | {
        "learner": sign_in(add_person("Every learner"))
    }
