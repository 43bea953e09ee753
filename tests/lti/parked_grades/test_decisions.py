"""An administrator tries grades again, or leaves what the platform has."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from catalogue.extensions import db
from catalogue.outbox import Delivery
from catalogue.people.models import Role
from catalogue.transactions import run
from lti.grading import actions
from lti.models import Platform as Registered
from tests.catalogue.test_command_line import everyseat
from tests.enrolments.taking_part import join, step_paths
from tests.lti.parked_grades.conftest import ALL_TRIED, KEPT, SCORES, TRIED, Complete, Deliver, park_more
from tests.lti.platform import Platform, serving
from tests.lti.test_progress import do
from tests.visitor import Visitor

# Tried again


@pytest.mark.both_databases
@pytest.mark.usefixtures("refused")
def test_what_stood_in_the_way_is_put_right_and_the_grade_arrives(
    administrator: Visitor, platform: Platform, deliver: Deliver, audited: Callable[[], list[str]]
) -> None:
    administrator.get("/admin/grades")
    words = (" ".join(button.get_text(" ").split()) for button in administrator.page.select("main button"))
    administrator.press(next(text for text in words if text.startswith("Try again number")))
    again = administrator.response.request.path
    administrator.follow()
    assert "The grade is on its way again." in administrator.page.get_text()
    administrator.post(again, {"csrf_token": administrator.csrf_token("/admin/platforms/add")})
    administrator.follow()
    assert "This grade was on its way already" in administrator.page.get_text()
    assert audited() == [TRIED]
    assert deliver() == [("delivered", "")]
    assert len(platform.scores) == 1
    administrator.get("/admin/grades")
    assert "There are none" in administrator.text()


@pytest.mark.both_databases
def test_all_of_a_platform_go_at_once_and_those_of_another_stay(
    app: Flask, visitor: Visitor, administrator: Visitor, platform: Platform, slugs: list[str], complete: Complete,
    deliver: Deliver, register: Callable[[Platform], int], audited: Callable[[], list[str]],
) -> None:  # fmt: skip
    with serving(Platform(client_id="client-2", numbers=iter(range(1, 9)))) as other:
        register(other)
        for one, sub in ((platform, "4"), (other, "9")):
            one.launch(visitor, sub=sub)
            for slug in slugs:
                complete(slug)
            one.faults += [(f"/items/{n}/lineitem/scores", (403, {}, {})) for n in (1, 2)]
            assert deliver()[-1][0] == "parked"
        with app.app_context():
            theirs = db.session.scalars(select(Registered.id).where(Registered.client_id == "client-1")).one()
        token = administrator.csrf_token("/admin/grades")
        for _ in range(2):
            administrator.post(f"/admin/grades/platforms/{theirs}/again", {"csrf_token": token})
        assert [state for state, _ in deliver()] == ["delivered", "delivered", "parked", "parked"]
        assert audited() == [ALL_TRIED]
        assert (len(platform.scores), len(other.scores)) == (2, 0)


@pytest.mark.both_databases
@pytest.mark.usefixtures("refused")
def test_the_command_does_the_same(app: Flask, platform: Platform, deliver: Deliver) -> None:
    def retry(*words: str, status: int = 0) -> str:
        result = everyseat("grades", "retry", *words, make=lambda: app)
        assert result.exit_code == status, result.output
        return str(result.output).strip()

    assert "there is no platform Elsewhere" in retry("--platform", "Elsewhere", status=2)
    assert retry("--platform", "Test Moodle") == "1 grade is on the way again."
    assert retry() == "There are none."
    assert deliver() == [("delivered", "")]
    park_more(app, 3)
    assert retry() == "3 grades are on the way again."


@pytest.mark.both_databases
@pytest.mark.parametrize("reads", [True, False], ids=["it lets us read", "it does not"])
def test_one_that_a_later_score_has_overtaken_does_not_overwrite_it(
    app: Flask, visitor: Visitor, administrator: Visitor, platform: Platform, deliver: Deliver, *, reads: bool
) -> None:
    """Not even where a platform would take the older for the newer."""
    scopes = {} if reads else {"change": without_results}
    platform.launch(visitor, custom={"grade": "progress"}, **scopes)
    steps = step_paths(visitor, join(visitor))
    do(visitor, steps[0])
    platform.faults.append((SCORES, (400, {}, {})))
    deliver()
    for step in steps[1:]:
        do(visitor, step)
    assert [state for state, _ in deliver()] == ["parked", "delivered", "delivered"]
    held = platform.scores[1, "4"]
    held["timestamp"] = "2020-01-01T00:00:00.000+00:00"
    try_again(administrator)
    assert [state for state, _ in deliver()] == ["delivered"] * 3
    assert platform.scores[1, "4"] == held
    assert held["scoreGiven"] == 100


def without_results(claims: dict[str, Any]) -> None:
    endpoint = claims["https://purl.imsglobal.org/spec/lti-ags/claim/endpoint"]
    endpoint["scope"] = [scope for scope in endpoint["scope"] if "result" not in scope]


def try_again(administrator: Visitor) -> None:
    token = administrator.csrf_token("/admin/grades")
    (action,) = [
        str(form["action"])
        for form in administrator.page.select("main form")
        if str(form["action"]).endswith("/again") and "/platforms/" not in str(form["action"])
    ]
    administrator.post(action, {"csrf_token": token})


# Left as it is there


@pytest.mark.both_databases
def test_a_teachers_grade_is_kept_and_nothing_is_sent(
    app: Flask, visitor: Visitor, administrator: Visitor, platform: Platform, slugs: list[str], complete: Complete,
    deliver: Deliver, audited: Callable[[], list[str]],
) -> None:  # fmt: skip
    platform.add_item(label="Ours", resourceId=f"offer:{slugs[0]}", tag="completion")
    held = {"scoreGiven": 55, "scoreMaximum": 100, "timestamp": "2020-01-01T00:00:00.000+00:00"}
    platform.scores[1, "4"] = held
    platform.launch(visitor)
    complete(slugs[0])
    deliver()
    administrator.get("/admin/grades")
    assert "The platform holds another grade (55 of 100); it was left as it is." in administrator.text()
    (keep,) = [f for f in administrator.page.select("main form") if str(f["action"]).endswith("/keep")]
    token = administrator.csrf_token("/admin/grades")
    for _ in range(2):
        administrator.post(str(keep["action"]), {"csrf_token": token})
    administrator.follow()
    assert "There are none" in administrator.text()
    assert audited() == [KEPT]
    assert [state for state, _ in deliver()] == ["dropped"]
    assert (platform.posted, platform.scores[1, "4"]) == ([], held)
    again = str(keep["action"]).replace("/keep", "/again")
    administrator.post(again, {"csrf_token": token})
    assert [state for state, _ in deliver()] == ["dropped"]


def test_keeping_the_platforms_grade_closes_all_that_waits_behind_the_same_one(
    visitor: Visitor, administrator: Visitor, platform: Platform, deliver: Deliver
) -> None:
    platform.launch(visitor, custom={"grade": "progress"})
    steps = step_paths(visitor, join(visitor))
    do(visitor, steps[0])
    deliver()
    platform.scores[1, "4"]["scoreGiven"] = 90
    do(visitor, steps[1])
    do(visitor, steps[2])
    assert [state for state, _ in deliver()] == ["delivered", "parked", "parked"]
    administrator.get("/admin/grades")
    keep = next(f for f in administrator.page.select("main form") if str(f["action"]).endswith("/keep"))
    administrator.post(str(keep["action"]), {"csrf_token": administrator.csrf_token("/admin/grades")})
    assert [state for state, _ in deliver()] == ["delivered", "dropped", "dropped"]
    assert platform.scores[1, "4"]["scoreGiven"] == 90


@pytest.mark.usefixtures("refused")
def test_what_has_arrived_cannot_be_dropped(administrator: Visitor, deliver: Deliver) -> None:
    administrator.get("/admin/grades")
    keep = next(f for f in administrator.page.select("main form") if str(f["action"]).endswith("/keep"))
    try_again(administrator)
    assert deliver() == [("delivered", "")]
    token = administrator.csrf_token("/admin/platforms/add")
    administrator.post(str(keep["action"]), {"csrf_token": token}, status=409)
    assert deliver() == [("delivered", "")]


@pytest.mark.both_databases
@pytest.mark.usefixtures("refused")
def test_two_administrators_at_once_decide_one_after_the_other(
    app: Flask, platform: Platform, deliver: Deliver, audited: Callable[[], list[str]]
) -> None:
    def decide(action: Callable[[int], bool]) -> str:
        with app.app_context():
            delivery_id = db.session.scalars(select(Delivery.id).where(Delivery.kind == "score")).one()
            try:
                return str(run(lambda: action(delivery_id)))
            except actions.Refused:
                return "refused"

    with ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(decide, [actions.keep, actions.try_again] * 3))
    if deliver() == [("delivered", "")]:
        assert sorted(answers) == ["False", "False", "True", "refused", "refused", "refused"]
        assert audited() == [TRIED]
    else:
        assert sorted(answers) == ["False"] * 5 + ["True"]
        assert (audited(), platform.scores) == ([KEPT], {})


@pytest.mark.parametrize("role", [Role.LEAD, Role.PARTNER, Role.FACILITATOR])
@pytest.mark.usefixtures("refused")
def test_nobody_else_decides(
    add_person: Callable[..., int], sign_in: Callable[[int], Visitor], deliver: Deliver, role: Role
) -> None:
    somebody = sign_in(add_person("Somebody", role))
    token = somebody.csrf_token()
    for path in ("/admin/grades/1/again", "/admin/grades/1/keep", "/admin/grades/platforms/1/again"):
        somebody.post(path, {"csrf_token": token}, status=404)
    assert [state for state, _ in deliver()] == ["parked"]
