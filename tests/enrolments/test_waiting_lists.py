"""A full run has a waiting list, and a place that becomes free goes to the first in line."""

from collections.abc import Callable

import pytest

from catalogue.offers.models import RunState
from tests.enrolments.conftest import WITH_RUNS, Ask, audited, mails, states, written, yesterday
from tests.enrolments.taking_part import join
from tests.visitor import Visitor

# Waiting


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
    ada.press("Yes, withdraw", why="work")
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
        patch.setattr("catalogue.enrolments.letters.write_mail", broken)
        with pytest.raises(RuntimeError):
            ada.press("Yes, withdraw", why="work")
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
    bo.press("Yes, withdraw", why="work")
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
    ada.press("Yes, withdraw", why="work")
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
        ada.press("Yes, withdraw", why="work")
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
    ada.press("Yes, withdraw", why="work")
    assert join(ada, run_id) != path
    assert [state for _person, state in ask(states)] == ["withdrawn", "booked", "waitlisted"]
