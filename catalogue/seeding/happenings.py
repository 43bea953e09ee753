"""What has happened in the demonstration: who was on what, who waits, what is to be done today.

All of it is of one invented provider and of the people of one invented trust. Where something lies in the past it is
written with its day; what is of today is done by the same actions as on the pages, and leaves their events.
"""

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta

from sqlalchemy import select

from catalogue.assessments.models import Answer, Assessment, AssessmentState, Result
from catalogue.attendance import actions as attendance
from catalogue.attendance import marking
from catalogue.attendance.marking import Entry
from catalogue.attendance.models import Attendance
from catalogue.clock import LONDON, now, today
from catalogue.credentials.actions import issue
from catalogue.enrolments import letters
from catalogue.enrolments.actions import Joining, enrol
from catalogue.enrolments.approving import Manager, asked_now, join
from catalogue.enrolments.models import CompletedBy, Completion, Enrolment, EnrolmentState
from catalogue.enrolments.nominating import How, nominate
from catalogue.extensions import db
from catalogue.frameworks import queries as frameworks
from catalogue.offers.models import Offer, Run, RunSession, RunState
from catalogue.offers.references import References
from catalogue.people import audit
from catalogue.people.models import Person
from catalogue.publishing import actions as publishing
from catalogue.seeding.feedback import add_finished_feedback, add_open_feedback
from catalogue.seeding.load_offers import working_day
from catalogue.seeding.plans import add_plan
from catalogue.systems.models import Organisation

LINE_MANAGER = Manager("Jordan Ellis", "line.manager@demo.example")
PAST, UNDER_WAY, FULL = "consensus-in-a-crowded-room", "working-with-social-care", "politics-with-a-small-p"
"""The offers of which one run is over, one is under way and one has no places left."""
TO_REVIEW = "place-study-visits"
AT_THEIR_OWN_PACE = (
    "ten-minute-huddle", "thank-people-well", "map-who-your-work-touches", "meetings-that-finish-on-time",
    "say-what-you-expect",
)  # fmt: skip
TEAM = "Home first"


def add_happenings(
    colleagues: Sequence[Person], *, matron: Person, partner: Person, lead: Person, system_id: int, cohort: Run
) -> None:
    """Add them, once; in the present transaction. ``cohort`` is the programme's, on which the system has seats."""
    if db.session.scalar(select(Run.id).where(Run.key == "demonstration-over")) is not None:
        return
    _over([matron, *colleagues[:14]], partner)
    _under_way(colleagues[10:22], partner)
    _full(colleagues[20:29], matron)
    _at_their_own_pace([*colleagues[22:], *colleagues[:16]], matron)
    _assessed(matron, days_ago=210, gained=0)
    add_finished_feedback(matron)
    _assessed(matron, days_ago=40, gained=1)
    add_open_feedback(matron)
    nominate(cohort.id, [person.id for person in colleagues[29:31]], system_id, lead, How(team=TEAM))
    _ask_line_manager(matron, cohort)
    add_plan(matron, LINE_MANAGER)
    _to_review(partner)


def _offer(key: str) -> Offer:
    return db.session.scalars(select(Offer).where(Offer.key == key, Offer.example)).one()


def _moment(day: date, at: str) -> datetime:
    return datetime.combine(day, time.fromisoformat(at), LONDON)


def _session(number: int, title: str, day: date, place: str) -> RunSession:
    return RunSession(
        key=f"session-{number}",
        title=title,
        place=place,
        starts_at=_moment(day, "09:30"),
        ends_at=_moment(day, "16:00"),
    )


def _add_run(offer: Offer, run: Run) -> Run:
    offer.runs.append(run)
    db.session.flush()
    return run


def enrolled(person: Person, offer: Offer, run: Run | None, state: EnrolmentState, days_ago: int) -> Enrolment:
    """Somebody's enrolment of so many days ago."""
    at = now() - timedelta(days=days_ago)
    enrolment = Enrolment(
        person=person, offer=offer, version=offer.published, run=run, state=state, created_at=at, changed_at=at
    )
    db.session.add(enrolment)
    db.session.flush()
    audit.record("enrolled", f"enrolment:{enrolment.id}", person.key, state=state)
    return enrolment


def completed(enrolment: Enrolment, by: CompletedBy, actor: Person, at: datetime) -> None:
    completion = Completion(
        enrolment=enrolment, person_id=enrolment.person_id, offer_id=enrolment.offer_id, by=by, by_person_id=actor.id,
        was=enrolment.state, at=at,
    )  # fmt: skip
    enrolment.state, enrolment.changed_at = EnrolmentState.COMPLETED, at
    db.session.add(completion)
    db.session.flush()
    audit.record("completed", f"enrolment:{enrolment.id}", actor.key, by=by)
    issue(None, completion=completion)


def _over(people: Sequence[Person], partner: Person) -> None:
    """Most have completed it, one did not come, one has withdrawn, and two have still to finish."""
    offer, first = _offer(PAST), working_day(today() - timedelta(days=75))
    run = _add_run(
        offer,
        Run(
            key="demonstration-over", starts_on=first, ends_on=working_day(first + timedelta(days=1)),
            place="Nottingham", places=15,
            state=RunState.COMPLETED, sessions=[_session(1, "Before the meeting", first, "Nottingham")],
        ),
    )  # fmt: skip
    (session,) = run.sessions
    for number, person in enumerate(people):
        enrolment = enrolled(person, offer, run, EnrolmentState.BOOKED, 130 - number)
        if number not in (11, 12):
            at = session.ends_at
            db.session.add(Attendance(enrolment=enrolment, session=session, attended=True, at=at, by_person=partner))
        if number < 11:
            enrolment.state = EnrolmentState.ATTENDED
            completed(enrolment, CompletedBy.PROVIDER, partner, _moment(run.ends_on, "16:00"))
        elif number == 11:
            enrolment.state, enrolment.reason = EnrolmentState.NO_SHOW, "Short of staff on the ward that day"
        elif number == 12:
            enrolment.state, enrolment.reason = EnrolmentState.WITHDRAWN, "I have moved to another post"
        else:
            enrolment.state = EnrolmentState.ATTENDED


def _under_way(people: Sequence[Person], partner: Person) -> None:
    """Met a week ago, with a register; meets today, and its register is to be filled in."""
    offer, first = _offer(UNDER_WAY), today() - timedelta(days=7)
    titles = ("Whose doorstep is it?", "A day with each other", "What we keep")
    run = _add_run(
        offer,
        Run(
            key="demonstration-under-way", starts_on=first, ends_on=first + timedelta(days=21), place="Nottingham",
            places=14, state=RunState.IN_PROGRESS,
            sessions=[
                _session(number + 1, title, first + timedelta(days=days), "Nottingham")
                for number, (title, days) in enumerate(zip(titles, (0, 7, 21), strict=True))
            ],
        ),
    )  # fmt: skip
    enrolments = [enrolled(person, offer, run, EnrolmentState.BOOKED, 30 - n) for n, person in enumerate(people)]
    session = min(run.sessions, key=lambda one: one.starts_at)
    entries = [Entry(one.id, session.id, None, number != 4) for number, one in enumerate(enrolments)]
    marking.mark(run.id, entries, partner)


def _full(people: Sequence[Person], matron: Person) -> None:
    """Six places, and three who wait: the matron is the second of them."""
    offer, first = _offer(FULL), working_day(today() + timedelta(days=20))
    run = _add_run(
        offer,
        Run(
            key="demonstration-full", starts_on=first, ends_on=first, place="Online", places=6,
            start_time=time(13), end_time=time(16), sessions=[],
        ),
    )  # fmt: skip
    for person in (*people[:7], matron, people[7]):
        enrol(person, offer, run.id)


def _at_their_own_pace(people: Sequence[Person], matron: Person) -> None:
    """Over half a year: some have finished, some are under way, some have let it lie for more than 90 days."""
    offers = [_offer(key) for key in AT_THEIR_OWN_PACE]
    for number, person in enumerate(people):
        offer, days_ago = offers[number % len(offers)], 8 + 6 * number
        enrolment = enrolled(person, offer, None, EnrolmentState.BOOKED, days_ago)
        if number % 3:
            at = now() - timedelta(days=max(1, days_ago - 3 * (number % 7) - 2))
            completed(enrolment, CompletedBy.LAST_STEP, person, at)
    begun = enrolled(matron, offers[0], None, EnrolmentState.BOOKED, 12)
    for step in begun.version.steps[:2]:
        attendance.do_step(begun, step)


def _assessed(matron: Person, days_ago: int, gained: int) -> None:
    """With the answers that her levels could have come from, so that what others say can stand beside them."""
    framework = frameworks.current_framework()
    seat = next(seat for seat in frameworks.seats() if seat.key == "matron")
    closed_at = now() - timedelta(days=days_ago)
    assessment = Assessment(
        person=matron, framework=framework, seat=seat, state=AssessmentState.CLOSED,
        started_at=closed_at, closed_at=closed_at,
    )  # fmt: skip
    for place, dimension in enumerate(framework.dimensions):
        level = 1 + (place % 3 == 0) + (gained and place % 2)
        assessment.results.append(Result(dimension=dimension, level=level))
        for statement in dimension.statements:
            agreement = 4 if statement.level <= level else 2
            assessment.answers.append(Answer(statement=statement, agreement=agreement, at=closed_at))
    db.session.add(assessment)
    db.session.flush()


def _ask_line_manager(matron: Person, cohort: Run) -> None:
    """The matron would like to join the programme, and her line manager has a letter about it."""
    said = Joining(plan_part="Going home from hospital without waiting, on the medical wards")
    enrolment, token = join(matron, cohort.offer, cohort.id, said, LINE_MANAGER)
    approval = asked_now(enrolment.id)
    if approval is not None:
        letters.write_approval_request(approval, token)


def _to_review(partner: Person) -> None:
    """A published offer with a change that waits for a reviewer, and a new one that has only been begun."""
    draft = publishing.begin_draft(_offer(TO_REVIEW), partner)
    summary = "Visit 2 places that have joined up their services, meet the people who did it, and bring home what fits."
    publishing.write(draft, {"summary": summary, "price_pounds": 590}, draft.revision, partner)
    publishing.submit(draft, References(), partner)
    provider = db.session.get_one(Organisation, draft.offer.provider_id)
    publishing.begin_offer(provider, "Hand over without losing anything", partner)
