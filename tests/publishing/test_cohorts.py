"""A run as a cohort: its name, until when people join and leave, and the sessions in which they meet."""

from typing import Any

import pytest

from catalogue.extensions import db
from catalogue.offers.models import Offer, Run
from tests.conftest import Ask
from tests.publishing.conftest import Work

COHORT = {
    "name": "Spring cohort", "starts_on": "2030-03-01", "ends_on": "2030-05-31", "place": "Leeds", "places": "20",
    "apply_by": "2030-02-14", "withdraw_by": "2030-02-20",
}  # fmt: skip
MEETINGS = [("Where we stand", "2030-03-01", "09:30", "16:00"), ("What has changed", "2030-05-31", "13:00", "16:30")]


def typed(*sessions: tuple[str, str, str, str]) -> dict[str, str]:
    names = ("title", "day", "starts", "ends")
    return {
        f"sessions-{at}-{name}": said for at, row in enumerate(sessions) for name, said in zip(names, row, strict=True)
    }


def cohort(work: Work, *sessions: tuple[str, str, str, str]) -> None:
    work.partner.get(f"{work.at}/runs/new")
    for _session in sessions:
        work.partner.press("Add a session", status=200)
    work.partner.press("Save", **COHORT, **typed(*sessions))


def kept(work: Work) -> Any:
    run = next(run for run in db.session.get_one(Offer, work.offer_id).runs if run.name == "Spring cohort")
    sessions = [(one.key, one.title, f"{one.starts_at:%Y-%m-%d %H:%M}", f"{one.ends_at:%H:%M}") for one in run.sessions]
    return run.id, str(run.apply_by), str(run.withdraw_by), sessions


def test_a_cohort_is_added_with_its_sessions_in_london_time(work: Work, ask: Ask) -> None:
    cohort(work, *MEETINGS)
    assert ask(lambda: kept(work))[1:] == (
        "2030-02-14", "2030-02-20",
        [("session-1", "Where we stand", "2030-03-01 09:30", "16:00"),
         ("session-2", "What has changed", "2030-05-31 12:00", "15:30")],
    )  # fmt: skip


def test_a_session_is_changed_by_its_key_and_ended_by_emptying_its_row(work: Work, ask: Ask) -> None:
    cohort(work, *MEETINGS)
    run_id = ask(lambda: kept(work))[0]
    work.partner.get(f"{work.at}/runs/{run_id}")
    work.partner.press("Add a session", status=200)
    work.partner.press("Save", **typed(("", "", "", ""), MEETINGS[1], ("In between", "2030-04-01", "10:00", "11:00")))
    sessions = ask(lambda: kept(work))[3]
    assert [(key, title) for key, title, *_times in sessions] == [
        ("session-3", "In between"), ("session-2", "What has changed"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("wrong", "field", "words"),
    [
        ({"sessions-0-day": "2030-06-01"}, "sessions-0-day", "one of the days above"),
        ({"sessions-0-ends": "09:30"}, "sessions-0-ends", "end after it starts"),
        ({"sessions-0-title": ""}, "sessions-0-title", "Give the session a title"),
        ({"sessions-0-starts": "half nine"}, "sessions-0-starts", "a time between"),
        ({"apply_by": "2030-03-02"}, "apply_by", "after the first day"),
        ({"withdraw_by": "2030-06-01"}, "withdraw_by", "after the last day"),
    ],
)
def test_what_cannot_be_is_said_beside_the_field_and_what_was_typed_stays(
    work: Work, wrong: dict[str, str], field: str, words: str
) -> None:
    work.partner.get(f"{work.at}/runs/new")
    work.partner.press("Add a session", status=200)
    page = work.partner.press("Save", status=422, **(COHORT | typed(MEETINGS[0]) | wrong))
    box = page.select_one(f"#{field}")
    assert box is not None
    assert words in page.select_one(f"#{field}-error").get_text()  # type: ignore[union-attr]
    assert page.select_one("#name")["value"] == "Spring cohort"  # type: ignore[index]


def test_the_night_when_the_clocks_change_is_no_trap(work: Work, ask: Ask) -> None:
    """On 31 March 2030 the clocks go from 01:00 to 02:00 in London."""
    work.partner.get(f"{work.at}/runs/new")
    work.partner.press("Add a session", status=200)
    page = work.partner.press("Save", status=422, **COHORT, **typed(("Night", "2030-03-31", "01:30", "02:10")))
    assert "has to end after it starts" in page.get_text()
    assert ask(lambda: db.session.query(Run).filter(Run.name == "Spring cohort").count()) == 0
