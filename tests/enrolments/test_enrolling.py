"""Joining, working through, completing and leaving an offer, through the front door."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from sqlalchemy import func, select

from catalogue.enrolments import actions
from catalogue.enrolments.models import Completion, Enrolment, StepDone
from catalogue.enrolments.signals import completed
from catalogue.errors import Refused
from catalogue.extensions import db
from catalogue.offers.models import Offer, OfferVersion, Run, RunState
from catalogue.people.models import AuditEvent, Person, Role
from catalogue.resources import resource_dir
from catalogue.seeding import files
from catalogue.seeding.load_offers import load_offers
from catalogue.systems.models import Organisation
from tests.enrolments.conftest import (
    SELF_PACED,
    WITH_RUNS,
    audited,
    first_run,
    mails,
    states,
    today,
    yesterday,
)
from tests.visitor import Visitor

Ask = Callable[[Callable[[], Any]], Any]
SignIn = Callable[[int], Visitor]
AddPerson = Callable[..., int]


def join(visitor: Visitor, run_id: int | None = None) -> str:
    """Enrol as people do; returns the address of the enrolment."""
    if run_id is None:
        visitor.get(f"/offers/{SELF_PACED}/enrol")
        visitor.press("Confirm")
    else:
        visitor.get(f"/offers/{WITH_RUNS}/enrol")
        visitor.press("Confirm", run=run_id)
    return str(visitor.response.headers["Location"]).split("?", maxsplit=1)[0]


def step_paths(visitor: Visitor, enrolment: str) -> list[str]:
    return [str(link["href"]) for link in visitor.get(enrolment).select(".nhsuk-task-list__link")]


def do_all_steps(visitor: Visitor, enrolment: str) -> None:
    for path in step_paths(visitor, enrolment):
        visitor.get(path)
        visitor.press("I have done this")


def number_of(enrolment: str) -> int:
    return int(enrolment.rsplit("/", 1)[1])


def written() -> dict[str, int]:
    """How many rows there are of all that enrolling can write."""
    tables = (Enrolment, StepDone, Completion, AuditEvent)
    return {table.__tablename__: db.session.scalar(select(func.count()).select_from(table)) or 0 for table in tables}


@pytest.fixture
def new_learner(add_person: AddPerson, sign_in: SignIn) -> Callable[[str], Visitor]:
    return lambda name: sign_in(add_person(name))


@pytest.fixture
def organisation_of(ask: Ask) -> Callable[[str], int]:
    """The provider of an offer, by the offer's address."""

    def find(slug: str) -> int:
        return int(ask(lambda: db.session.scalar(select(Offer.provider_id).where(Offer.slug == slug))))

    return find


# Joining


def test_a_self_paced_offer_is_joined_and_shown_on_the_plan(learner: Visitor, ask: Ask) -> None:
    learner.get(f"/offers/{SELF_PACED}/enrol")
    learner.press("Confirm")
    learner.follow()
    assert "You are enrolled" in learner.text()
    learner.get("/enrolments")
    assert "Run a huddle worth 10 minutes" in learner.text()
    assert "0 of 3 steps done" in learner.text()
    assert [state for _person, state in ask(states)] == ["booked"]
    assert ask(mails) == [("lena.learner@test.example", "You are enrolled: Run a huddle worth 10 minutes")]
    assert ask(lambda: audited("enrolled")) == 1


@pytest.mark.both_databases
def test_a_run_is_joined_by_its_date_and_a_place_is_taken(
    learner: Visitor, ask: Ask, set_run: Callable[..., int]
) -> None:
    run_id = set_run(places=3)
    page = learner.get(f"/offers/{WITH_RUNS}/enrol")
    assert "3 places left" in page.get_text()
    learner.press("Confirm", run=run_id)
    learner.follow()
    assert "You are enrolled" in learner.text()
    assert [state for _person, state in ask(states)] == ["booked"]
    learner.get("/enrolments")
    assert ask(lambda: first_run().place) in learner.text()


def test_others_see_one_place_fewer(
    learner: Visitor, new_learner: Callable[[str], Visitor], set_run: Callable[..., int]
) -> None:
    join(learner, set_run(places=3))
    assert "2 places left" in new_learner("Ola Other").get(f"/offers/{WITH_RUNS}/enrol").get_text()


def test_without_a_date_nothing_is_joined_and_the_field_says_so(learner: Visitor, ask: Ask) -> None:
    learner.get(f"/offers/{WITH_RUNS}/enrol")
    page = learner.press("Confirm", status=422)
    assert "Choose one of the dates" in page.get_text()
    assert ask(states) == []


def test_joining_again_leads_to_the_enrolment_that_there_is(learner: Visitor, ask: Ask) -> None:
    path = join(learner)
    learner.get(f"/offers/{SELF_PACED}/enrol", status=302)
    assert learner.response.headers["Location"] == path
    learner.post(f"/offers/{SELF_PACED}/enrol", {"csrf_token": learner.csrf_token()})
    assert learner.response.headers["Location"] == path
    assert len(ask(states)) == 1
    assert len(ask(mails)) == 1


@pytest.mark.both_databases
def test_a_full_run_puts_people_on_its_list_in_order_and_says_where_they_stand(
    new_learner: Callable[[str], Visitor], ask: Ask, set_run: Callable[..., int]
) -> None:
    run_id = set_run(places=1)
    join(new_learner("Ada First"), run_id)
    waiting = [new_learner(name) for name in ("Bo Second", "Cy Third")]
    for visitor in waiting:
        assert "full: join the waiting list" in visitor.get(f"/offers/{WITH_RUNS}/enrol").get_text()
        visitor.press("Confirm", run=run_id)
        visitor.follow()
        assert "You are on the waiting list" in visitor.text()
    for number, visitor in enumerate(waiting, 1):
        visitor.get("/enrolments")
        assert f"You are number {number}" in visitor.text()
        visitor.get(str(visitor.page.select_one(".app-offer-list a")["href"]))  # type: ignore[index]
        assert f"You are number {number} of 2 on the waiting list" in visitor.text()
    assert [state for _person, state in ask(states)] == ["booked", "waitlisted", "waitlisted"]
    assert ask(mails)[1][1].startswith("You are on the waiting list")


def test_a_run_without_places_has_a_waiting_list_alone(learner: Visitor, ask: Ask, set_run: Callable[..., int]) -> None:
    join(learner, set_run(places=0))
    assert [state for _person, state in ask(states)] == ["waitlisted"]


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"state": RunState.CANCELLED}, "This run has been cancelled. Choose another date."),
        ({"starts_on": yesterday()}, "This run has begun already. Choose another date."),
        ({"state": RunState.SCHEDULED}, "This run does not take people at the moment. Choose another date."),
        ({"state": RunState.COMPLETED}, "This run does not take people at the moment. Choose another date."),
    ],
)
def test_a_run_that_cannot_be_joined_is_not_offered_and_the_action_refuses_it_in_plain_words(
    values: dict[str, object],
    words: str,
    learner: Visitor,
    ask: Ask,
    set_run: Callable[..., int],
    change: Ask,
) -> None:
    learner.get(f"/offers/{WITH_RUNS}/enrol")
    opened = learner.page.select_one("input[name=csrf_token]")
    assert opened is not None
    run_id = set_run(**values)
    before = ask(written)
    page = learner.get(f"/offers/{WITH_RUNS}/enrol")
    assert not page.select(f"input[name=run][value='{run_id}']")
    learner.post(f"/offers/{WITH_RUNS}/enrol", {"csrf_token": opened["value"], "run": run_id}, status=422)
    assert words in learner.page.select_one(".nhsuk-error-summary").get_text()  # type: ignore[union-attr]

    def act() -> None:
        person = db.session.scalars(select(Person).where(Person.name == "Lena Learner")).one()
        actions.enrol(person, first_run().offer, run_id)

    with pytest.raises(Refused) as refusal:
        change(act)
    assert str(refusal.value) == words
    assert ask(written) == before
    assert ask(mails) == []


def test_a_run_is_joined_until_the_day_it_starts(learner: Visitor, ask: Ask, set_run: Callable[..., int]) -> None:
    join(learner, set_run(starts_on=today()))
    assert [state for _person, state in ask(states)] == ["booked"]


@pytest.mark.parametrize("run_id", [0, 2_000_000_000])
def test_a_run_that_is_not_there_is_not_joined(run_id: int, learner: Visitor, ask: Ask) -> None:
    learner.get(f"/offers/{WITH_RUNS}/enrol")
    learner.press("Confirm", status=404, run=run_id)
    assert ask(states) == []


def test_a_run_of_another_offer_is_not_joined(learner: Visitor, ask: Ask) -> None:
    def another() -> int:
        return db.session.scalars(select(Run.id).where(Run.offer_id != first_run().offer_id).limit(1)).one()

    learner.get(f"/offers/{WITH_RUNS}/enrol")
    learner.press("Confirm", status=404, run=ask(another))
    assert ask(states) == []


def test_two_runs_on_the_same_days_are_said_to_clash(
    learner: Visitor, change: Ask, set_run: Callable[..., int]
) -> None:
    def same_days() -> str:
        mine = first_run()
        other = db.session.scalars(select(Run).where(Run.offer_id != mine.offer_id).limit(1)).one()
        other.starts_on, other.ends_on = mine.starts_on, mine.ends_on
        return other.offer.slug

    slug = change(same_days)
    join(learner, set_run())
    assert "clashes with" in learner.get(f"/offers/{slug}/enrol").get_text()


def test_nobody_enrols_who_is_not_signed_in(visitor: Visitor, ask: Ask) -> None:
    visitor.get(f"/offers/{SELF_PACED}/enrol", status=302)
    assert "/sign-in" in visitor.response.headers["Location"]
    visitor.post(f"/offers/{SELF_PACED}/enrol", {"csrf_token": visitor.csrf_token()})
    assert ask(states) == []


# Leaving


@pytest.mark.both_databases
def test_withdrawing_gives_the_place_to_the_first_in_line_at_once_and_writes_to_them(
    new_learner: Callable[[str], Visitor], ask: Ask, set_run: Callable[..., int]
) -> None:
    run_id = set_run(places=1)
    ada, bo, cy = (new_learner(name) for name in ("Ada First", "Bo Second", "Cy Third"))
    path = join(ada, run_id)
    bos, cys = join(bo, run_id), join(cy, run_id)
    before = len(ask(mails))
    ada.get(f"{path}/withdraw")
    assert "to the first person on the waiting list" in ada.text()
    ada.press("Yes, withdraw")
    ada.follow()
    assert "You have withdrawn from" in ada.page.get_text()
    assert [state for _person, state in ask(states)] == ["withdrawn", "booked", "waitlisted"]
    to, subject = ask(mails)[before]
    assert to == "bo.second@test.example"
    assert subject.startswith("You are enrolled")
    assert len(ask(mails)) == before + 1
    assert ask(lambda: audited("given a place")) == 1
    bo.get(bos)
    assert "waiting list" not in bo.text()
    cy.get(cys)
    assert "number 1 of 1" in cy.text()


@pytest.mark.both_databases
def test_a_withdrawal_that_fails_promotes_nobody(
    new_learner: Callable[[str], Visitor],
    ask: Ask,
    set_run: Callable[..., int],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    run_id = set_run(places=1)
    ada, bo = new_learner("Ada First"), new_learner("Bo Second")
    path = join(ada, run_id)
    join(bo, run_id)
    before, sent = ask(written), ask(mails)

    def broken(*_args: object) -> None:
        raise RuntimeError("the message cannot be written")

    ada.get(f"{path}/withdraw")
    with monkeypatch.context() as patch:
        patch.setattr("catalogue.enrolments.views.write_mail", broken)
        with pytest.raises(RuntimeError):
            ada.press("Yes, withdraw")
    assert [state for _person, state in ask(states)] == ["booked", "waitlisted"]
    assert (ask(written), ask(mails)) == (before, sent)


def test_leaving_the_list_moves_those_behind_up_and_promotes_nobody(
    new_learner: Callable[[str], Visitor], ask: Ask, set_run: Callable[..., int]
) -> None:
    run_id = set_run(places=1)
    join(new_learner("Ada First"), run_id)
    bo, cy = new_learner("Bo Second"), new_learner("Cy Third")
    path, cys = join(bo, run_id), join(cy, run_id)
    bo.get(f"{path}/withdraw")
    bo.press("Yes, withdraw")
    assert [state for _person, state in ask(states)] == ["booked", "withdrawn", "waitlisted"]
    cy.get(cys)
    assert "number 1 of 1" in cy.text()


@pytest.mark.parametrize("values", [{"state": RunState.CANCELLED}, {"starts_on": yesterday()}])
def test_nobody_is_promoted_to_a_run_that_is_cancelled_or_has_begun(
    values: dict[str, object], new_learner: Callable[[str], Visitor], ask: Ask, set_run: Callable[..., int]
) -> None:
    run_id = set_run(places=1)
    ada, bo = new_learner("Ada First"), new_learner("Bo Second")
    path = join(ada, run_id)
    join(bo, run_id)
    set_run(**values)
    ada.get(f"{path}/withdraw")
    ada.press("Yes, withdraw")
    assert [state for _person, state in ask(states)] == ["withdrawn", "waitlisted"]


def test_withdrawing_twice_changes_nothing_more(
    new_learner: Callable[[str], Visitor], ask: Ask, set_run: Callable[..., int]
) -> None:
    run_id = set_run(places=1)
    people = [new_learner(name) for name in ("Ada First", "Bo Second", "Cy Third")]
    path, *_others = [join(visitor, run_id) for visitor in people]
    ada = people[0]
    for _ in range(2):
        ada.get(f"{path}/withdraw")
        ada.press("Yes, withdraw")
    assert [state for _person, state in ask(states)] == ["withdrawn", "booked", "waitlisted"]
    assert ask(lambda: audited("withdrew")) == 1


def test_whoever_withdrew_can_join_again_at_the_end_of_the_line(
    new_learner: Callable[[str], Visitor], ask: Ask, set_run: Callable[..., int]
) -> None:
    run_id = set_run(places=1)
    ada, bo = new_learner("Ada First"), new_learner("Bo Second")
    path = join(ada, run_id)
    join(bo, run_id)
    ada.get(f"{path}/withdraw")
    ada.press("Yes, withdraw")
    assert join(ada, run_id) != path
    assert [state for _person, state in ask(states)] == ["withdrawn", "booked", "waitlisted"]


# What is another's is not there


@pytest.mark.both_databases
@pytest.mark.parametrize("below", ["", "/withdraw", "/steps/step-1"])
def test_anothers_enrolment_is_not_there(
    below: str, learner: Visitor, new_learner: Callable[[str], Visitor], ask: Ask
) -> None:
    path = join(learner) + below
    before = ask(written)
    other = new_learner("Ola Other")
    other.get(path, status=404)
    if below:
        other.post(path, {"csrf_token": other.csrf_token()}, status=404)
    assert {key: value for key, value in ask(written).items() if key != "audit_event"} == {
        key: value for key, value in before.items() if key != "audit_event"
    }
    assert [state for _person, state in ask(states)] == ["booked"]


def test_an_enrolment_that_nobody_has_is_not_there(learner: Visitor) -> None:
    for number in (0, 999_999, 2_147_483_647, 2_147_483_648, 10**30):
        learner.get(f"/enrolments/{number}", status=404)


# Completing


@pytest.mark.both_databases
def test_the_last_step_completes_the_offer(learner: Visitor, ask: Ask) -> None:
    path = join(learner)
    first, second, third = step_paths(learner, path)
    for step in (first, second):
        learner.get(step)
        learner.press("I have done this")
        assert ask(lambda: written()["completion"]) == 0
    learner.get(third)
    learner.press("I have done this")
    learner.follow()
    assert "You have completed this" in learner.text()
    completion = ask(
        lambda: db.session.execute(select(Completion.by, Completion.by_person_id, Completion.person_id)).one()
    )
    assert completion.by == "last-step"
    assert completion.by_person_id == completion.person_id
    assert ask(lambda: audited("completed")) == 1
    learner.get("/enrolments")
    assert "completed on" in learner.text()


def test_steps_may_be_done_in_any_order_and_twice(learner: Visitor, ask: Ask) -> None:
    path = join(learner)
    steps = step_paths(learner, path)
    token = learner.csrf_token()
    for step in [steps[2], steps[2], steps[0], steps[2]]:
        learner.post(step, {"csrf_token": token})
    assert ask(written)["step_done"] == 2
    assert ask(written)["completion"] == 0
    learner.post(steps[1], {"csrf_token": token})
    assert ask(written)["completion"] == 1


def test_a_step_that_the_offer_does_not_have_is_not_there(learner: Visitor) -> None:
    path = join(learner)
    learner.get(f"{path}/steps/step-99", status=404)


def test_a_step_of_a_withdrawn_enrolment_is_refused_in_plain_words(learner: Visitor, ask: Ask) -> None:
    path = join(learner)
    step = step_paths(learner, path)[0]
    token = learner.csrf_token()
    learner.get(f"{path}/withdraw")
    learner.press("Yes, withdraw")
    learner.post(step, {"csrf_token": token}, status=409)
    assert "You are not on this offer any more." in learner.text()
    assert ask(written)["step_done"] == 0


@pytest.mark.both_databases
def test_completing_again_changes_nothing_and_is_no_fault(learner: Visitor, ask: Ask) -> None:
    path = join(learner)
    steps = step_paths(learner, path)
    do_all_steps(learner, path)
    token = learner.csrf_token()
    before = ask(written)
    for _ in range(2):
        learner.post(steps[-1], {"csrf_token": token})
    assert ask(written) == before


def test_whoever_completed_cannot_withdraw(learner: Visitor, ask: Ask) -> None:
    path = join(learner)
    do_all_steps(learner, path)
    assert "Withdraw" not in learner.get(path).get_text()
    learner.post(f"{path}/withdraw", {"csrf_token": learner.csrf_token()}, status=409)
    assert "You have completed this, so you cannot withdraw from it." in learner.text()
    assert [state for _person, state in ask(states)] == ["completed"]


def test_a_completed_self_paced_offer_is_not_joined_again(learner: Visitor, ask: Ask) -> None:
    do_all_steps(learner, join(learner))
    learner.post(f"/offers/{SELF_PACED}/enrol", {"csrf_token": learner.csrf_token()}, status=409)
    assert "You have completed this already" in learner.text()
    assert len(ask(states)) == 1


# The register


@pytest.fixture
def partner(add_person: AddPerson, sign_in: SignIn, organisation_of: Callable[[str], int]) -> Visitor:
    """A partner of the provider of the offer with runs."""
    return sign_in(add_person("Pia Partner", Role.PARTNER, organisation_id=organisation_of(WITH_RUNS)))


@pytest.fixture
def stranger(add_person: AddPerson, sign_in: SignIn, ask: Ask, organisation_of: Callable[[str], int]) -> Visitor:
    """A partner of another provider."""
    ours = organisation_of(WITH_RUNS)
    theirs = ask(lambda: db.session.scalars(select(Organisation.id).where(Organisation.id != ours).limit(1)).one())
    return sign_in(add_person("Stan Stranger", Role.PARTNER, organisation_id=theirs))


def tick(visitor: Visitor, name: str) -> None:
    visitor.get(f"/offers/{WITH_RUNS}/register")
    visitor.press(f"Mark as completed : {name}")


@pytest.mark.both_databases
@pytest.mark.parametrize(("who", "by"), [("partner", "provider"), ("administrator", "administrator")])
def test_the_provider_and_the_administrator_tick_who_completed(
    who: str, by: str, learner: Visitor, ask: Ask, set_run: Callable[..., int], request: pytest.FixtureRequest
) -> None:
    path = join(learner, set_run())
    keeper: Visitor = request.getfixturevalue(who)
    tick(keeper, "Lena Learner")
    keeper.follow()
    assert "Lena Learner has completed this offer." in keeper.page.get_text()
    assert ask(lambda: db.session.scalars(select(Completion.by)).one()) == by
    assert ask(lambda: audited("completed")) == 1
    learner.get(path)
    assert "Completed on" in learner.text()
    learner.post(f"{path}/withdraw", {"csrf_token": learner.csrf_token()}, status=409)


def test_a_tick_posted_twice_completes_once(
    learner: Visitor, partner: Visitor, ask: Ask, set_run: Callable[..., int]
) -> None:
    number = number_of(join(learner, set_run()))
    fields = {"csrf_token": partner.csrf_token()}
    for _ in range(3):
        partner.post(f"/offers/{WITH_RUNS}/register/{number}", fields)
    assert ask(written)["completion"] == 1
    assert ask(lambda: audited("completed")) == 1


def test_somebody_on_the_waiting_list_cannot_be_ticked(
    learner: Visitor, partner: Visitor, ask: Ask, set_run: Callable[..., int]
) -> None:
    number = number_of(join(learner, set_run(places=0)))
    partner.post(f"/offers/{WITH_RUNS}/register/{number}", {"csrf_token": partner.csrf_token()}, status=409)
    assert "Only somebody who holds a place can complete an offer." in partner.text()
    assert ask(written)["completion"] == 0


@pytest.mark.both_databases
@pytest.mark.parametrize("who", ["stranger", "learner"])
def test_to_anybody_else_the_register_is_not_there(
    who: str,
    new_learner: Callable[[str], Visitor],
    ask: Ask,
    set_run: Callable[..., int],
    request: pytest.FixtureRequest,
) -> None:
    number = number_of(join(new_learner("Ada First"), set_run()))
    other: Visitor = request.getfixturevalue(who)
    other.get(f"/offers/{WITH_RUNS}/register", status=404)
    assert "Ada First" not in other.page.get_text()
    other.post(f"/offers/{WITH_RUNS}/register/{number}", {"csrf_token": other.csrf_token()}, status=404)
    assert [state for _person, state in ask(states)] == ["booked"]


def test_a_partner_ticks_nobody_on_an_offer_that_is_not_theirs_by_way_of_their_own(
    learner: Visitor, partner: Visitor, ask: Ask
) -> None:
    number = number_of(join(learner))
    partner.post(f"/offers/{WITH_RUNS}/register/{number}", {"csrf_token": partner.csrf_token()}, status=404)
    assert [state for _person, state in ask(states)] == ["booked"]


# Heard above, in the same transaction


@contextmanager
def listening(listener: Callable[..., None]) -> Iterator[None]:
    completed.connect(listener)
    try:
        yield
    finally:
        completed.disconnect(listener)


def test_a_completion_is_heard_once_and_what_is_written_then_is_kept_with_it(learner: Visitor, ask: Ask) -> None:
    heard: list[int] = []

    def listener(_sender: object, completion: Completion) -> None:
        heard.append(completion.person_id)
        db.session.add(AuditEvent(action="heard", subject=f"completion:{completion.id}"))

    path = join(learner)
    with listening(listener):
        do_all_steps(learner, path)
        learner.post(f"{path}/steps/step-3", {"csrf_token": learner.csrf_token()})
    assert len(heard) == 1
    assert ask(lambda: audited("heard")) == 1


@pytest.mark.both_databases
def test_a_listener_that_fails_leaves_nothing_behind(learner: Visitor, ask: Ask) -> None:
    path = join(learner)
    *before_last, last = step_paths(learner, path)
    for step in before_last:
        learner.get(step)
        learner.press("I have done this")
    before = ask(written)

    def listener(_sender: object, completion: Completion) -> None:
        db.session.add(AuditEvent(action="heard", subject=f"completion:{completion.id}"))
        db.session.flush()
        raise RuntimeError("the delivery cannot be written")

    learner.get(last)
    with listening(listener), pytest.raises(RuntimeError):
        learner.press("I have done this")
    assert ask(written) == before
    assert [state for _person, state in ask(states)] == ["booked"]
    learner.get(last)
    learner.press("I have done this")
    assert [state for _person, state in ask(states)] == ["completed"]


def test_a_failing_listener_leaves_nothing_of_a_tick_behind(
    learner: Visitor, partner: Visitor, ask: Ask, set_run: Callable[..., int]
) -> None:
    join(learner, set_run())
    before = ask(written)

    def listener(_sender: object, completion: Completion) -> None:
        raise RuntimeError(str(completion.id))

    partner.get(f"/offers/{WITH_RUNS}/register")
    before = ask(written)
    with listening(listener), pytest.raises(RuntimeError):
        partner.press("Mark as completed : Lena Learner")
    assert ask(written) == before
    assert [state for _person, state in ask(states)] == ["booked"]


# Versions


def publish_anew(title: str, steps: int) -> None:
    """A new version of the self-paced offer, by another title and with so many steps."""
    file = resource_dir("seed") / "example_offers.toml"
    shape = files.read(file, files.OffersFile)
    row = next(row for row in shape.offer if row.key == SELF_PACED)
    changed = row.model_copy(update={"title": title, "step": row.step[:steps]})
    framework = files.read(resource_dir("seed") / "seats.toml", files.SeatsFile).framework
    load_offers(file, files.OffersFile(offer=[changed]), framework, demo=False)


@pytest.mark.both_databases
def test_people_keep_the_version_that_they_enrolled_on(
    learner: Visitor, new_learner: Callable[[str], Visitor], ask: Ask, change: Ask
) -> None:
    path = join(learner)
    steps = step_paths(learner, path)
    learner.get(steps[0])
    learner.press("I have done this")
    change(lambda: publish_anew("A huddle, all new", steps=1))

    assert "Run a huddle worth 10 minutes" in learner.get(path).get_text()
    assert step_paths(learner, path) == steps
    learner.get("/enrolments")
    assert "1 of 3 steps done" in learner.text()
    for step in steps[1:]:
        learner.get(step)
        learner.press("I have done this")
    learner.follow()
    assert "You have completed this" in learner.text()

    late = new_learner("Nia New")
    lates = join(late)
    assert "A huddle, all new" in late.get(lates).get_text()
    assert len(step_paths(late, lates)) == 1
    do_all_steps(late, lates)
    assert [state for _person, state in ask(states)] == ["completed", "completed"]
    numbers = ask(lambda: db.session.scalars(select(OfferVersion.number).join(Enrolment).order_by(Enrolment.id)).all())
    assert list(numbers) == [1, 2]
    late.get(f"{lates}/steps/step-2", status=404)


def test_whoever_waits_for_a_place_keeps_their_version_too(
    learner: Visitor,
    new_learner: Callable[[str], Visitor],
    ask: Ask,
    change: Ask,
    set_run: Callable[..., int],
) -> None:
    run_id = set_run(places=1)
    first = join(learner, run_id)
    waiting = new_learner("Bo Second")
    bos = join(waiting, run_id)

    def publish() -> None:
        file = resource_dir("seed") / "example_offers.toml"
        row = next(row for row in files.read(file, files.OffersFile).offer if row.key == WITH_RUNS)
        framework = files.read(resource_dir("seed") / "seats.toml", files.SeatsFile).framework
        changed = files.OffersFile(offer=[row.model_copy(update={"title": "Meetings, all new"})])
        load_offers(file, changed, framework, demo=False)

    change(publish)
    learner.get(f"{first}/withdraw")
    learner.press("Yes, withdraw")
    assert "Meetings, all new" not in waiting.get(bos).get_text()
    assert [state for _person, state in ask(states)] == ["withdrawn", "booked"]
