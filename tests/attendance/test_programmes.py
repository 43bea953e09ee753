"""A programme is completed by its steps: other offers, some by choice, completed before or after joining it."""

import pytest
from sqlalchemy import select

from catalogue.enrolments.models import CompletedBy, Completion, StepDone
from catalogue.extensions import db
from catalogue.offers.models import Offer
from catalogue.people.models import Role
from tests.attendance.conftest import PROGRAMME, add_programme, completes, offer_of, put_on, state_of, voids
from tests.conftest import Ask
from tests.enrolments.conftest import SELF_PACED, WITH_RUNS, AddPerson, SignIn, audited, mails
from tests.enrolments.taking_part import do_all_steps, join
from tests.visitor import Visitor


@pytest.fixture
def electives(ask: Ask) -> tuple[str, str]:
    """Two more offers."""
    found = ask(
        lambda: db.session.scalars(
            select(Offer.slug)
            .join(Offer.published)
            .where(Offer.slug.not_in([SELF_PACED, WITH_RUNS]))
            .order_by(Offer.slug)
            .limit(2)
        ).all()
    )
    return found[0], found[1]


def steps_done() -> int:
    return len(db.session.scalars(select(StepDone.id)).all())


@pytest.mark.both_databases
def test_completing_the_offers_of_a_programme_completes_it(
    change: Ask, ask: Ask, add_person: AddPerson, electives: tuple[str, str]
) -> None:
    ada = add_person("Ada")
    change(lambda: add_programme(needed=(SELF_PACED,), electives=(WITH_RUNS, *electives), choose=2))
    programme = change(lambda: put_on(ada, PROGRAMME))
    for number, slug in enumerate((electives[0], SELF_PACED)):
        change(lambda slug=slug: completes(ada, slug))
        assert (ask(lambda: state_of(programme)), ask(steps_done)) == ("booked", number + 1)
    change(lambda: completes(ada, WITH_RUNS))
    assert ask(lambda: state_of(programme)) == "completed"
    by = ask(lambda: db.session.scalars(select(Completion.by).where(Completion.enrolment_id == programme)).one())
    assert by == CompletedBy.RULE
    assert ask(lambda: audited("completed")) == 4


def test_what_was_completed_before_joining_counts_and_is_shown(
    change: Ask, ask: Ask, add_person: AddPerson, sign_in: SignIn
) -> None:
    ada = add_person("Ada")
    change(lambda: add_programme(needed=(SELF_PACED, WITH_RUNS)))
    change(lambda: completes(ada, SELF_PACED))
    programme = change(lambda: put_on(ada, PROGRAMME))
    visitor = sign_in(ada)
    visitor.get(f"/enrolments/{programme}")
    assert f"Still to do {WITH_RUNS[0].upper()}{WITH_RUNS[1:]} Steps" in visitor.text()
    change(lambda: completes(ada, WITH_RUNS))
    assert ask(lambda: state_of(programme)) == "completed"
    assert ask(steps_done) == 2


def test_a_step_that_is_an_offer_is_done_by_completing_that_alone(
    change: Ask, ask: Ask, add_person: AddPerson, sign_in: SignIn
) -> None:
    ada = add_person("Ada")
    change(lambda: add_programme(needed=(SELF_PACED,)))
    programme = change(lambda: put_on(ada, PROGRAMME))
    visitor = sign_in(ada)
    visitor.get(f"/enrolments/{programme}/steps/{SELF_PACED}")
    assert "It is done when you have completed that." in visitor.text()
    visitor.post(f"/enrolments/{programme}/steps/{SELF_PACED}", {"csrf_token": visitor.csrf_token()}, status=409)
    assert ask(steps_done) == 0


@pytest.mark.both_databases
def test_voiding_a_step_takes_it_back_from_a_programme_that_is_not_completed(
    change: Ask, ask: Ask, add_person: AddPerson
) -> None:
    ada = add_person("Ada")
    change(lambda: add_programme(needed=(SELF_PACED, WITH_RUNS)))
    programme = change(lambda: put_on(ada, PROGRAMME))
    completion = change(lambda: completes(ada, SELF_PACED))
    assert ask(steps_done) == 1
    change(lambda: voids(completion))
    assert (ask(steps_done), ask(lambda: state_of(programme))) == (0, "booked")


def test_a_step_that_was_completed_twice_stays_done_when_one_is_voided(
    change: Ask, ask: Ask, add_person: AddPerson
) -> None:
    ada = add_person("Ada")
    change(lambda: add_programme(needed=(SELF_PACED, WITH_RUNS)))
    change(lambda: put_on(ada, PROGRAMME))
    completion = change(lambda: completes(ada, SELF_PACED))
    change(lambda: completes(ada, SELF_PACED))
    change(lambda: voids(completion))
    assert ask(steps_done) == 1


def test_a_completed_programme_stands_when_a_step_is_voided_and_an_administrator_is_told(
    change: Ask, ask: Ask, add_person: AddPerson
) -> None:
    add_person("Adam Administrator", Role.ADMINISTRATOR)
    change(lambda: setattr(administrator(), "email", "adam@test.example"))
    ada = add_person("Ada")
    change(lambda: add_programme(needed=(SELF_PACED,)))
    programme = change(lambda: put_on(ada, PROGRAMME))
    completion = change(lambda: completes(ada, SELF_PACED))
    change(lambda: voids(completion))
    assert ask(lambda: state_of(programme)) == "completed"
    assert ask(mails) == [("adam@test.example", "A step of a completed programme was voided: The programme")]


def administrator() -> object:
    from catalogue.people.models import Person

    return db.session.scalars(select(Person).where(Person.name == "Adam Administrator")).one()


def test_a_programme_within_a_programme_goes_all_the_way_up(change: Ask, ask: Ask, add_person: AddPerson) -> None:
    ada = add_person("Ada")
    change(lambda: add_programme(needed=(SELF_PACED,)))

    def outer() -> int:
        from catalogue.offers.models import Step
        from tests.attendance.conftest import like, offer_of

        offer = like(offer_of(SELF_PACED).published, "outer")
        inner, version = offer_of(PROGRAMME), offer.published
        db.session.add(Step(version=version, key="in", position=0, title="In", minutes=1, text="", offer=inner))
        db.session.flush()
        return put_on(ada, "outer")

    at = change(outer)
    change(lambda: put_on(ada, PROGRAMME))
    change(lambda: completes(ada, SELF_PACED))
    assert ask(lambda: state_of(at)) == "completed"


def test_an_elective_too_many_changes_nothing(
    change: Ask, ask: Ask, add_person: AddPerson, electives: tuple[str, str], learner: Visitor
) -> None:
    ada = add_person("Ada")
    change(lambda: add_programme(needed=(SELF_PACED,), electives=electives, choose=1))
    programme = change(lambda: put_on(ada, PROGRAMME))
    for slug in electives:
        change(lambda slug=slug: completes(ada, slug))
    assert ask(lambda: state_of(programme)) == "booked"


def test_joining_a_programme_of_which_all_is_done_completes_it(change: Ask, learner: Visitor, ask: Ask) -> None:
    change(lambda: add_programme(needed=(SELF_PACED,)))
    do_all_steps(learner, join(learner))
    learner.get(f"/offers/{PROGRAMME}/enrol")
    learner.press("Confirm")
    learner.follow()
    assert "You have completed this" in learner.text()


def test_the_plan_counts_what_is_needed_and_not_every_elective(
    change: Ask, learner: Visitor, ask: Ask, electives: tuple[str, str]
) -> None:
    change(lambda: add_programme(needed=(SELF_PACED,), electives=(WITH_RUNS, *electives), choose=1))
    do_all_steps(learner, join(learner))
    learner.get(f"/offers/{PROGRAMME}/enrol")
    learner.press("Confirm")
    learner.get("/enrolments")
    assert "1 of 2 steps done" in learner.text()


def test_each_provider_keeps_the_register_of_their_own_step_and_of_no_other(
    change: Ask, ask: Ask, add_person: AddPerson, sign_in: SignIn
) -> None:
    """The programme is one provider's, and one of its steps another's."""
    ada = add_person("Ada")
    lead = ask(lambda: offer_of(SELF_PACED).provider_id)
    others = select(Offer.slug).join(Offer.published).where(Offer.provider_id != lead).order_by(Offer.slug)
    step = ask(lambda: db.session.scalars(others.limit(1)).one())
    change(lambda: add_programme(needed=(SELF_PACED, step)))
    for slug in (PROGRAMME, step):
        change(lambda slug=slug: put_on(ada, slug))
    of_step, of_programme = (ask(lambda slug=slug: offer_of(slug).provider_id) for slug in (step, PROGRAMME))
    assert of_step != of_programme
    for role in (Role.PARTNER, Role.FACILITATOR):
        keepers = {
            step: sign_in(add_person(f"{role} of the step", role, organisation_id=of_step)),
            PROGRAMME: sign_in(add_person(f"{role} of the programme", role, organisation_id=of_programme)),
        }
        for mine, keeper in keepers.items():
            for slug in keepers:
                keeper.get(f"/offers/{slug}/register", status=200 if slug == mine else 404)
