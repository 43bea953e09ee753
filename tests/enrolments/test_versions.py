"""People keep the version of an offer that they enrolled on."""

from collections.abc import Callable

import pytest
from sqlalchemy import select

from catalogue.enrolments.models import Enrolment
from catalogue.extensions import db
from catalogue.offers.models import OfferVersion
from catalogue.resources import resource_dir
from catalogue.seeding import files
from catalogue.seeding.load_offers import load_offers
from tests.enrolments.conftest import SELF_PACED, WITH_RUNS, Ask, states
from tests.enrolments.taking_part import do_all_steps, join, step_paths
from tests.visitor import Visitor


def publish_anew(title: str, steps: int) -> None:
    """A new version of the self-paced offer, by another title and with so many steps."""
    file = resource_dir("seed") / "example_offers.toml"
    shape = files.read(file, files.OffersFile)
    row = next(row for row in shape.offer if row.key == SELF_PACED)
    changed = row.model_copy(update={"title": title, "step": row.step[:steps]})
    load_offers(file, files.OffersFile(offer=[changed]), demo=False)


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
        changed = files.OffersFile(offer=[row.model_copy(update={"title": "Meetings, all new"})])
        load_offers(file, changed, demo=False)

    change(publish)
    learner.get(f"{first}/withdraw")
    learner.press("Yes, withdraw", why="work")
    assert "Meetings, all new" not in waiting.get(bos).get_text()
    assert [state for _person, state in ask(states)] == ["withdrawn", "booked"]
