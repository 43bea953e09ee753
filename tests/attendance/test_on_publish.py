"""What the page of a provider says of its registers: which of them wait, and how many people stand how."""

from datetime import timedelta

import pytest

from catalogue.clock import today
from catalogue.enrolments.models import EnrolmentState
from catalogue.extensions import db
from catalogue.offers.models import Run, RunState
from tests.attendance.conftest import WITH_RUNS, AddPerson, Ask, Course, marked, put_on
from tests.visitor import Visitor


def to_fill(visitor: Visitor) -> dict[str, str]:
    """By where they lead, the words of the registers that wait."""
    visitor.get("/publish")
    heading = next((one for one in visitor.page.select("main h2") if "Registers to fill" in one.get_text()), None)
    if heading is None:
        return {}
    rows = heading.find_next("ul").select("li")  # type: ignore[union-attr]
    return {str(row.select_one("a")["href"]): row.get_text(" ") for row in rows}  # type: ignore[index]


@pytest.mark.parametrize("who", ["partner", "facilitator"])
@pytest.mark.both_databases
def test_who_keeps_registers_sees_which_of_them_wait(
    course: Course, who: str, learner: Visitor, request: pytest.FixtureRequest
) -> None:
    keeper: Visitor = request.getfixturevalue(who)
    assert list(to_fill(keeper)) == [course.path(0), course.path(1)], "the third is to come; the oldest is first"
    assert "2 people not marked yet" in to_fill(keeper)[course.path(0)]
    assert "2 registers to fill in" in keeper.text()
    marked(keeper, course.path(0), **{f"mark_{course.ada}": "yes"})
    assert "1 person not marked yet" in to_fill(keeper)[course.path(0)]
    marked(keeper, course.path(0), **{f"mark_{course.ben}": "no"})
    assert list(to_fill(keeper)) == [course.path(1)]
    learner.get("/publish", status=404)


def test_a_register_without_sessions_waits_once_its_run_is_over(
    change: Ask, add_person: AddPerson, facilitator: Visitor
) -> None:
    def a_run(key: str, days_ago: int, state: RunState) -> int:
        day = today() - timedelta(days=days_ago)
        offer = db.session.get_one(Run, first).offer
        run = Run(offer=offer, key=key, starts_on=day, ends_on=day, place="Leeds", places=9, state=state)
        db.session.add(run)
        db.session.flush()
        return run.id

    from tests.enrolments.conftest import first_run

    first = change(lambda: first_run().id)
    over, still, called_off = (
        change(lambda one=one: a_run(*one))
        for one in (
            ("over", 3, RunState.COMPLETED), ("today", 0, RunState.OPEN), ("called-off", 4, RunState.CANCELLED)
        )
    )  # fmt: skip
    for number, run_id in enumerate((over, still, called_off)):
        person_id = add_person(f"Ada {number}")
        change(lambda run_id=run_id, person_id=person_id: put_on(person_id, WITH_RUNS, run_id))
    assert list(to_fill(facilitator)) == [f"/offers/{WITH_RUNS}/register"]
    facilitator.get(f"/offers/{WITH_RUNS}/register")
    facilitator.press("Mark as completed : Ada 0")
    assert to_fill(facilitator) == {}


def test_a_facilitator_sees_registers_and_nothing_that_is_written(course: Course, facilitator: Visitor) -> None:
    facilitator.get("/home")
    places = [link.get_text(strip=True) for link in facilitator.page.select("header nav a")]
    assert {"Publish", "Track"} <= set(places)
    facilitator.get("/publish")
    assert "Who takes part" in facilitator.text()
    for theirs in ("New offer", "Drafts", "import a file", "make a token"):
        assert theirs not in facilitator.text()
    assert course.path(0) in facilitator.response.text


@pytest.mark.parametrize(("who", "path"), [("partner", "/publish"), ("administrator", "/admin")])
def test_who_took_part_is_counted_as_that_and_no_more_as_enrolled(
    course: Course, who: str, path: str, change: Ask, add_person: AddPerson, request: pytest.FixtureRequest
) -> None:
    keeper: Visitor = request.getfixturevalue(who)
    cleo = add_person("Cleo")
    change(lambda: put_on(cleo, WITH_RUNS, course.run_id, state=EnrolmentState.WAITLISTED))

    def counted() -> dict[str, str]:
        keeper.get(path)
        table = keeper.page.select_one("table.app-table")
        assert table is not None
        heads = [cell.get_text(strip=True) for cell in table.select("thead th")][1:]
        (row,) = [row for row in table.select("tbody tr") if f"/offers/{WITH_RUNS}/register" in str(row)]
        return dict(zip(heads, (cell.get_text(strip=True) for cell in row.select("td")), strict=True))

    assert counted() == {"Enrolled": "2", "Took part": "0", "Waiting": "1", "Completed": "0"}
    marked(keeper, course.path(0), **{f"mark_{course.ada}": "yes"})
    assert counted() == {"Enrolled": "1", "Took part": "1", "Waiting": "1", "Completed": "0"}
    assert "1 enrolled, 1 took part and have not completed it, 1 waiting, 0 completed" in keeper.text()
