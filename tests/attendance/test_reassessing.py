"""An offer that asks for a self-assessment made after joining is completed when that is finished, and not before."""

import pytest

from catalogue.assessments.models import Assessment, AssessmentState
from catalogue.assessments.signals import assessed
from catalogue.clock import now
from catalogue.extensions import db
from catalogue.frameworks import queries as frameworks
from tests.assessments.closed import closed_assessment
from tests.attendance.conftest import Course, add_course, marked, offer_of, put_on, state_of
from tests.conftest import Ask
from tests.enrolments.conftest import SELF_PACED, WITH_RUNS, AddPerson
from tests.enrolments.taking_part import do_all_steps, join
from tests.visitor import Visitor


def finishes(person_id: int) -> None:
    """Somebody finishes a self-assessment, and whoever listens hears of it."""
    found = db.session.get_one(Assessment, closed_assessment(person_id))
    assessed.send(None, assessment=found)


@pytest.fixture
def asks(change: Ask) -> None:
    change(lambda: setattr(offer_of(SELF_PACED).published, "reassessment_needed", True))


@pytest.mark.both_databases
def test_the_steps_first_and_then_the_assessment(
    asks: None, add_person: AddPerson, learner: Visitor, ask: Ask, change: Ask
) -> None:
    path = join(learner)
    do_all_steps(learner, path)
    number = int(path.rsplit("/", 1)[1])
    assert ask(lambda: state_of(number)) == "booked"
    learner.get(path)
    assert "Still to do A new self-assessment" in learner.text()
    change(lambda: finishes(person_of(number)))
    assert ask(lambda: state_of(number)) == "completed"


def person_of(enrolment_id: int) -> int:
    from catalogue.enrolments.models import Enrolment

    return db.session.get_one(Enrolment, enrolment_id).person_id


def test_the_assessment_first_and_then_the_steps(asks: None, learner: Visitor, ask: Ask, change: Ask) -> None:
    path = join(learner)
    number = int(path.rsplit("/", 1)[1])
    change(lambda: finishes(person_of(number)))
    assert ask(lambda: state_of(number)) == "booked"
    do_all_steps(learner, path)
    assert ask(lambda: state_of(number)) == "completed"


def test_one_that_was_finished_before_joining_does_not_count(
    asks: None, add_person: AddPerson, ask: Ask, change: Ask
) -> None:
    ada = add_person("Ada")
    change(lambda: closed_assessment(ada))
    number = change(lambda: put_on(ada, SELF_PACED))
    from catalogue.attendance.queries import standing
    from catalogue.enrolments.models import Enrolment

    assert "a new self-assessment" in ask(lambda: standing(db.session.get_one(Enrolment, number)).missing)


def test_after_the_providers_word_it_is_awaited(partner: Visitor, add_person: AddPerson, ask: Ask, change: Ask) -> None:
    run_id, _sessions = change(lambda: add_course(0, None, reassessment_needed=True))
    ada = add_person("Ada")
    number = change(lambda: put_on(ada, WITH_RUNS, run_id))
    partner.get(f"/offers/{WITH_RUNS}/register")
    partner.press("Mark as completed : Ada")
    partner.follow()
    assert "This offer is completed when they have assessed themself again." in partner.page.get_text()
    assert ask(lambda: state_of(number)) == "attended"
    change(lambda: finishes(ada))
    assert ask(lambda: state_of(number)) == "completed"


def test_a_finished_assessment_says_so_from_its_own_page(asks: None, learner: Visitor, ask: Ask, change: Ask) -> None:
    """The real way: the last statement is answered, and it is finished."""
    from catalogue.assessments.actions import close
    from catalogue.assessments.models import Answer

    path = join(learner)
    number = int(path.rsplit("/", 1)[1])
    do_all_steps(learner, path)

    def answers() -> None:
        framework = frameworks.current_framework()
        draft = Assessment(
            person_id=person_of(number), framework_id=framework.id, seat_id=frameworks.seats()[0].id,
            state=AssessmentState.DRAFT, started_at=now(),
        )  # fmt: skip
        statements = [one for dimension in framework.dimensions for one in dimension.statements]
        draft.answers = [Answer(statement_id=one.id, agreement=2) for one in statements]
        db.session.add(draft)
        db.session.flush()
        close(draft)

    change(answers)
    assert ask(lambda: state_of(number)) == "completed"


def test_the_last_session_waits_for_it_too(add_person: AddPerson, facilitator: Visitor, ask: Ask, change: Ask) -> None:
    run_id, sessions = change(lambda: add_course(1, 1, reassessment_needed=True))
    ada = add_person("Ada")
    number = change(lambda: put_on(ada, WITH_RUNS, run_id))
    marked(facilitator, Course(run_id, sessions, number, 0).path(0), **{f"mark_{number}": "yes"})
    assert ask(lambda: state_of(number)) == "attended"
    change(lambda: finishes(ada))
    assert ask(lambda: state_of(number)) == "completed"
