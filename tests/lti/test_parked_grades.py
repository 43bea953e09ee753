"""Grades that need a person: an administrator sees them, tries them again, or leaves what the platform has."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import event, select

from catalogue.extensions import db
from catalogue.offers.models import Offer
from catalogue.outbox import Delivery, DeliveryState
from catalogue.people.models import AuditEvent, Role
from catalogue.transactions import run
from lti.grading import actions
from lti.grading.queries import PAGE, in_words
from lti.models import Platform as Registered
from tests.catalogue.test_command_line import everyseat
from tests.enrolments.taking_part import join, step_paths
from tests.lti.platform import Platform, serving
from tests.lti.test_progress import do
from tests.visitor import Visitor

Deliver = Callable[[], list[tuple[str, str]]]
Complete = Callable[[str], int]
KEPT, TRIED, ALL_TRIED = "grade of the platform kept", "grade tried again", "grades tried again"
SCORES, RESULTS = "/items/1/lineitem/scores", "/items/1/lineitem/results"


@pytest.fixture
def refused(
    visitor: Visitor, platform: Platform, slugs: list[str], complete: Complete, deliver: Deliver
) -> list[tuple[str, str]]:
    """The platform has refused a score."""
    platform.launch(visitor)
    complete(slugs[0])
    platform.faults.append((SCORES, (400, {}, {"error": "cannot be graded"})))
    return deliver()


@pytest.fixture
def audited(app: Flask) -> Callable[[], list[str]]:
    def events() -> list[str]:
        with app.app_context():
            wanted = select(AuditEvent.action).where(AuditEvent.action.in_([KEPT, TRIED, ALL_TRIED]))
            return list(db.session.scalars(wanted.order_by(AuditEvent.id)))

    return events


def park_more(app: Flask, count: int) -> None:
    """So many more like the first one, each in a lane of its own."""

    def add() -> None:
        first = db.session.scalars(select(Delivery).where(Delivery.kind == "score").order_by(Delivery.id)).first()
        assert first is not None
        for number in range(count):
            db.session.add(
                Delivery(
                    kind="score", lane=f"copy {number}", payload=first.payload, state=DeliveryState.PARKED,
                    attempts=1, last_error=first.last_error,
                )
            )  # fmt: skip

    with app.app_context():
        run(add)


def headings(visitor: Visitor) -> list[str]:
    return [heading.get_text() for heading in visitor.page.select("main h2")]


# Seen


@pytest.mark.both_databases
@pytest.mark.usefixtures("refused")
def test_an_administrator_sees_what_it_is_about_and_why_and_no_name(
    app: Flask, administrator: Visitor, slugs: list[str]
) -> None:
    with app.app_context():
        title = db.session.scalars(select(Offer).where(Offer.slug == slugs[0])).one().published.title
    administrator.get("/admin")
    assert administrator.page.find("a", string="Grades to look at")
    administrator.get("/admin/grades")
    text = administrator.text()
    for seen in ("Test Moodle", "LTI Launch Test Course", title, "User ID there 4", "100 of 100", "1 try"):
        assert seen in text
    assert "The platform could not take it. Perhaps this person is in the course no longer" in text
    assert "cannot be graded" in text
    for unseen in ("Sam", "Student", "student@example.com"):
        assert unseen not in administrator.page.get_text()


@pytest.mark.usefixtures("refused")
def test_the_pages_of_platforms_lead_there_with_the_count(app: Flask, administrator: Visitor) -> None:
    park_more(app, 2)
    for page in ("/admin/platforms", "/admin/platforms/1"):
        administrator.get(page)
        link = administrator.page.select_one("main a[href='/admin/grades']")
        assert link is not None
        assert "3 grades" in link.get_text()


def test_where_there_are_none_the_page_says_so(administrator: Visitor, platform: Platform) -> None:
    administrator.get("/admin/grades")
    assert "There are none" in administrator.text()
    assert administrator.page.select("main form") == []
    administrator.get("/admin/platforms")
    assert administrator.page.select_one("main a[href='/admin/grades']") is None


@pytest.mark.both_databases
@pytest.mark.usefixtures("refused")
def test_many_are_read_page_by_page_newest_first(app: Flask, administrator: Visitor) -> None:
    park_more(app, 2 * PAGE)
    numbers: list[int] = []
    administrator.get("/admin/grades")
    for _ in range(3):
        numbers += [int(heading.rsplit(" ", 1)[1]) for heading in headings(administrator)]
        onwards = administrator.page.find("a", string="Older ones")
        if onwards is not None:
            administrator.get(str(onwards["href"]))
    assert len(numbers) == 2 * PAGE + 1
    assert numbers == sorted(set(numbers), reverse=True)
    assert administrator.page.find("a", string="Older ones") is None


@pytest.mark.parametrize("before", ["x", "0", "-1", "9" * 30, "1' or 1=1"])
@pytest.mark.usefixtures("refused")
def test_a_page_that_is_none_is_the_first(app: Flask, administrator: Visitor, before: str) -> None:
    park_more(app, PAGE)
    administrator.get("/admin/grades")
    first = headings(administrator)
    assert len(first) == PAGE
    administrator.get("/admin/grades", query_string={"before": before})
    assert headings(administrator) == first
    assert administrator.page.find("a", string="Back to the newest") is None


@pytest.mark.usefixtures("refused")
def test_however_many_there_are_the_page_asks_as_often(app: Flask, administrator: Visitor) -> None:
    administrator.get("/admin/grades")
    with asked(app) as few:
        administrator.get("/admin/grades")
    park_more(app, 20)
    with asked(app) as many:
        administrator.get("/admin/grades")
    assert len(many) == len(few), "\n".join(many)


@contextmanager
def asked(app: Flask) -> Iterator[list[str]]:
    sent: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        sent.append(statement)

    with app.app_context():
        engine = db.engine
    event.listen(engine, "before_cursor_execute", note)
    try:
        yield sent
    finally:
        event.remove(engine, "before_cursor_execute", note)


@pytest.mark.parametrize(
    ("last_error", "words"),
    [
        ("ServiceRefused: POST https://m.example/x: answer 403: no", "does not let Every Seat write grades"),
        ("ServiceRefused: POST https://m.example/x: answer 404: ", "has no place for this grade any more"),
        ("ServiceRefused: GET https://m.example/x: answer 418: ", "The platform refused it."),
        ("ServiceRefused: the platform does not let us make a line item", "The platform does not let us make a line"),
        ("ScoreConflict: the platform holds another grade (5 of 10)", "The platform holds another grade (5 of 10)."),
        ("POST https://m.example/x: answer 503: busy", "could not be sent for three days"),
        ("the platform is suspended", "could not be sent for three days"),
        ("KeyError: 'timestamp'", "Something went wrong in Every Seat."),
    ],
)
def test_the_reason_is_in_plain_words(last_error: str, words: str) -> None:
    assert words in in_words(last_error)


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
