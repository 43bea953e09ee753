"""A report of feedback, and a result, end in what somebody does about them."""

from collections.abc import Callable

import pytest

from tests.assessments.closed import closed_assessment
from tests.conftest import Ask
from tests.feedback.rounds import assessed, finished_round, raters
from tests.plans.conftest import SOON, commits
from tests.visitor import Visitor


@pytest.fixture
def reported(add_person: Callable[..., int], sign_in: Callable[[int], Visitor], change: Ask) -> Visitor:
    """Somebody who thinks more of themself than others do, and has their report."""
    person_id = add_person("Rae Reported")

    def make() -> None:
        assessed(person_id, agreement=4)
        finished_round(person_id, raters(peers=[1, 1, 1]))
        closed_assessment(person_id, 2)

    change(make)
    return sign_in(person_id)


@pytest.mark.both_databases
def test_a_report_ends_in_a_commitment_and_offers_that_are_put_on_the_plan(reported: Visitor) -> None:
    reported.get("/feedback/1/report")
    (commit,) = (a for a in reported.page.select("main a.nhsuk-button") if "Commit" in a.get_text())
    reported.get(str(commit["href"]))
    chosen = reported.page.select_one("select option[selected]")
    assert chosen.get_text() != "None in particular", "where others see most to go is chosen"
    reported.press("Put it on my plan", words="I listen", by=SOON)
    reported.get("/feedback/1/report")
    assert "What you have committed to I listen : by" in reported.text()
    buttons = [b for b in reported.page.select("main button") if b.get_text().startswith("Put on my plan")]
    assert buttons, "something would help, though they think that they are there"
    reported.press(" ".join(buttons[0].get_text(" ").split()))
    assert reported.response.headers["Location"] == "/feedback/1/report"
    assert "On your plan" in reported.follow().get_text()
    reported.get("/enrolments")
    assert "0 of 2 done" in reported.text()
    commits(reported, "I ask", query="?from=feedback:1")


def test_the_commitments_of_one_report_are_not_those_of_another(reported: Visitor) -> None:
    commits(reported, "Of the result", query="?from=assessment:2")
    reported.get("/feedback/1/report")
    assert "Of the result" not in reported.text()


def test_a_result_leads_to_a_commitment_and_a_day_and_lists_what_came_of_it(planner: Visitor) -> None:
    planner.get("/assessments/1")
    links = [str(a["href"]) for a in planner.page.select("main a")]
    assert "/plan/assess-again" in links
    (commit,) = (link for link in links if link.startswith("/plan/commit"))
    planner.get(commit)
    assert planner.page.select_one("select option[selected]").get_text() != "None in particular"
    planner.press("Put it on my plan", words="I listen", by=SOON)
    planner.get("/assessments/1")
    assert "What you have committed to I listen : by" in planner.text()
