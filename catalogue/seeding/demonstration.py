"""The people of the demonstration: accounts to sign in with, and a trust whose people have assessed themselves."""

from datetime import timedelta

from sqlalchemy import select

from catalogue.assessments.models import Assessment, AssessmentState, Result
from catalogue.clock import now, today
from catalogue.enrolments.allocations import set_allocations
from catalogue.enrolments.models import SeatAllocation
from catalogue.enrolments.nominating import nominate
from catalogue.extensions import db
from catalogue.frameworks import queries as frameworks
from catalogue.offers.models import Offer, Run
from catalogue.people import actions, authenticators, queries
from catalogue.people.models import Authenticator, Person, Role
from catalogue.recommendations.grouping import due, make_advice
from catalogue.seeding.evidence import MEASURED, add_measured
from catalogue.seeding.happenings import add_happenings
from catalogue.systems.models import Membership, MembershipRequest, Organisation

DEMO_PASSWORD = "leading-from-every-seat"  # noqa: S105 for the demonstration's accounts, on one's own machine
DEMO_AUTHENTICATOR = "EVERYSEATDEMONSTRATIONONLYKEY234"
"""The key of its administrators' authenticators."""
DEMO_ADMINISTRATOR, DEMO_TRUST_ADMINISTRATOR = "administrator@demo.example", "trust.administrator@demo.example"
DEMO_ACCOUNTS = (
    ("ward.manager@demo.example", "Sam Taylor", Role.LEARNER),
    ("matron@demo.example", "Maya Clarke", Role.LEARNER),
    ("nominee@demo.example", "Nia Osei", Role.LEARNER),
    ("partner@demo.example", "Alex Green", Role.PARTNER),
    ("editor@demo.example", "Erin White", Role.EDITOR),
    ("facilitator@demo.example", "Fran Grey", Role.FACILITATOR),
    ("reviewer@demo.example", "Rae Black", Role.REVIEWER),
    ("lead@demo.example", "Lee Morgan", Role.LEAD),
    (DEMO_TRUST_ADMINISTRATOR, "Toni Reeves", Role.ADMINISTRATOR),
    (DEMO_ADMINISTRATOR, "Ada Brown", Role.ADMINISTRATOR),
)
DEMO_ORGANISATION = "example-riverside-trust"
NAMES = (
    "Amara Nwosu", "Ben Hartley", "Chloe Marsh", "Dev Anand", "Ewa Nowak", "Farid Rahimi", "Grace Adeyemi",
    "Harry Dunn", "Imogen Price", "Jamal Hussain", "Karen Booth", "Liam Doyle", "Mei Tan", "Nadia Costa",
    "Oscar Lindley", "Poppy Reed", "Quentin Hale", "Rosa Mendes", "Stefan Kowalski", "Tara Singh", "Umar Farooq",
    "Vera Whitlock", "Will Ashworth", "Xanthe Cole", "Yusuf Demir", "Zoe Barker", "Aidan Flynn", "Bronwen Hughes",
    "Callum Reid", "Delia Ferreira", "Elif Kaya", "Femi Balogun",
)  # fmt: skip
"""People of the trust, every one invented, who have assessed themselves, and who cannot sign in."""
COLLEAGUES = len(NAMES)
FIRST_STAFF_NUMBER = 20100401
PROGRAMME = "many-hands-one-plan"
SEATS, RELEASED_BEFORE = 6, timedelta(days=21)
"""Of the programme's cohort that are kept for the trust's system, and until how long before it begins."""


def add_demonstration() -> None:
    """Add them, once; in the present transaction."""
    trust = db.session.scalars(select(Organisation).where(Organisation.key == DEMO_ORGANISATION)).one()
    provider = _a_provider()
    places = {
        **dict.fromkeys(("partner", "editor", "facilitator"), (provider.id, None)),
        "lead": (None, trust.system_id),
        "trust.administrator": (trust.id, None),
    }
    for email, name, role in DEMO_ACCOUNTS:
        if queries.account_by_email(email) is None:
            person = actions.add_account(email, name, DEMO_PASSWORD).person
            place = places.get(email.partition("@")[0], (None, None))
            actions.grant(person, role, *place)
            db.session.add(Membership(person=person, organisation=provider if place[0] == provider.id else trust))
            if email == DEMO_TRUST_ADMINISTRATOR:
                _ask_editor(trust, person)
    for email in (DEMO_ADMINISTRATOR, DEMO_TRUST_ADMINISTRATOR):
        _give_authenticator(email)
    if db.session.scalar(select(Person.id).where(Person.key == _key(0))) is None:
        _add_colleagues(trust)
    db.session.flush()
    cohort = _nominate(trust)
    if cohort is not None and trust.system_id is not None:
        colleagues = list(
            db.session.scalars(select(Person).where(Person.key.like("example-colleague-%")).order_by(Person.key))
        )
        matron, partner, lead = (_person(f"{name}@demo.example") for name in ("matron", "partner", "lead"))
        add_happenings(colleagues, matron=matron, partner=partner, lead=lead, system_id=trust.system_id, cohort=cohort)
    add_measured([_mixed(number) for number in range(MEASURED)])
    if trust.system_id in due():
        make_advice(trust.system_id)


def _ask_editor(trust: Organisation, asked_by: Person) -> None:
    """Somebody is asked whether they work for the trust too."""
    email = "editor@demo.example"
    db.session.add(MembershipRequest(person=_person(email), organisation=trust, asked_as=email, asked_by=asked_by))


def _give_authenticator(email: str) -> None:
    """One whose key everybody knows, so that nobody needs a telephone to try things out."""
    account = queries.account_by_email(email)
    if account is not None and queries.authenticator_of(account.person_id) is None:
        sealed = authenticators.seal(DEMO_AUTHENTICATOR)
        db.session.add(Authenticator(person_id=account.person_id, secret_encrypted=sealed))


def _person(email: str) -> Person:
    account = queries.account_by_email(email)
    if account is None:
        raise LookupError(email)
    return account.person


def _nominate(trust: Organisation) -> Run | None:
    """Seats of the example programme for the lead's system, once; somebody is asked whether they take one.

    Returns the cohort, where this is the time that they were given.
    """
    cohort = db.session.scalar(
        select(Run)
        .join(Run.offer)
        .where(Offer.key == PROGRAMME, Run.starts_on > today())
        .order_by(Run.starts_on)
        .limit(1)
    )
    if cohort is None or trust.system_id is None:
        return None
    if db.session.scalar(select(SeatAllocation.id).where(SeatAllocation.run_id == cohort.id)) is not None:
        return None
    release_on = max(today(), cohort.starts_on - RELEASED_BEFORE)
    lead = _person("lead@demo.example")
    set_allocations(cohort, [(trust.system_id, None, SEATS, release_on)], lead)
    nominate(cohort.id, [_person("nominee@demo.example").id], trust.system_id, lead)
    return cohort


def _a_provider() -> Organisation:
    """The provider that leads the example programme."""
    return db.session.scalars(select(Offer).where(Offer.example, Offer.key == PROGRAMME)).one().provider


def _mixed(number: int) -> str:
    """One more invented name."""
    return f"{NAMES[number].split()[0]} {NAMES[number - 5].split()[1]}"


def _key(number: int) -> str:
    return f"example-colleague-{number:02}"


def _add_colleagues(trust: Organisation) -> None:
    """People from every seat in turn, each with levels of their own: the same ones every time."""
    framework, seats = frameworks.current_framework(), frameworks.seats()
    for number in range(COLLEAGUES):
        seat = seats[number % len(seats)]
        person = Person(key=_key(number), name=NAMES[number])
        closed_at = now() - timedelta(days=number)
        db.session.add(Membership(person=person, organisation=trust, staff_number=str(FIRST_STAFF_NUMBER + number)))
        db.session.add(
            Assessment(
                person=person, framework=framework, seat=seat, state=AssessmentState.CLOSED,
                started_at=closed_at, closed_at=closed_at,
                results=[
                    Result(dimension=dimension, level=(number + number // 16 + 2 * place) % 3)
                    for place, dimension in enumerate(framework.dimensions)
                ],
            )
        )  # fmt: skip
