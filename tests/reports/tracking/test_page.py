"""The page of completions: what it shows, to whom, and what is noted."""

import json
from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from sqlalchemy import select

from catalogue.clock import now, today
from catalogue.enrolments.models import Enrolment, EnrolmentState
from catalogue.extensions import db
from catalogue.offers.models import Offer, Step
from catalogue.people.models import AuditEvent, Person, Role
from catalogue.reports.tracking.filters import Eyes, Filters, Sight
from catalogue.reports.tracking.forms import LABELS
from catalogue.reports.tracking.narrowing import outcome
from catalogue.reports.tracking.queries import ROWS, rows_of
from catalogue.reports.tracking.rules import outcome_of
from tests.conftest import Ask
from tests.reports.standing import CUMBRIA, NOTTINGHAMSHIRE, a_run
from tests.reports.tracking.conftest import World, people_in, provided, put, trust_of
from tests.visitor import ORIGIN, Visitor


def rows(visitor: Visitor, path: str = "/track") -> list[str]:
    """The numbers of the enrolments on the page."""
    return [str(row["id"]).removeprefix("row-") for row in visitor.get(path).select("tr[id^=row-]")]


def read_of(ask: Ask) -> list[tuple[str, dict[str, Any]]]:
    """Whose completions were read, in order: the subject and the detail of each event."""
    reading = select(AuditEvent).where(AuditEvent.action == "completions read").order_by(AuditEvent.id)
    return ask(lambda: [(event.subject, event.detail) for event in db.session.scalars(reading)])  # type: ignore[no-any-return]


def test_administrators_see_everybody_in_figures_and_rows(world: World, administrator: Visitor) -> None:
    assert len(rows(administrator)) == 8
    said = administrator.text()
    assert "8 enrolments by 6 people: 2 completed, 2 under way, 2 overdue and 2 withdrawn." in said
    assert "Of 4 that have ended, 50% were completed, 50% withdrawn, and 0% ended with not coming." in said
    assert "Half of those who completed took 12 days or less" in said
    assert "90 days after joining" in said


@pytest.mark.parametrize(
    ("query", "count"),
    [
        ("system=nottinghamshire", 4), ("organisation=trust-nottinghamshire", 4), ("state=overdue", 2),
        ("state=completed", 2), ("state=withdrawn", 2), ("state=no-show", 0), ("state=nonsense", 8),
        ("offer=FIRST", 6), ("system=nottinghamshire&offer=SECOND", 1), ("provider=FIRST", 6),
    ],
)  # fmt: skip
def test_filters_leave_out_the_rest_in_rows_and_figures_alike(
    world: World, administrator: Visitor, ask: Ask, query: str, count: int
) -> None:
    first = ask(lambda: db.session.scalars(select(Offer).where(Offer.slug == world.offers[0])).one().provider.key)
    query = query.replace("provider=FIRST", f"provider={first}")
    query = query.replace("FIRST", world.offers[0]).replace("SECOND", world.offers[1])
    assert len(rows(administrator, f"/track?{query}")) == count
    said = "Nobody is on what this looks at" if not count else f"{count} enrolment"
    assert said in administrator.text()


def test_days_leave_out_who_joined_before_and_after_them(world: World, administrator: Visitor) -> None:
    first, last = today() - timedelta(days=60), today() - timedelta(days=30)
    assert len(rows(administrator, f"/track?since={first}&until={last}")) == 2
    assert len(rows(administrator, f"/track?since={first}")) == 6
    administrator.get("/track?since=soon", status=422)
    assert "Enter a day, for example 2026-03-31" in administrator.text()
    administrator.get(f"/track?since={last}&until={first}", status=422)
    assert "The last day comes before the first one" in administrator.text()
    administrator.get("/track/completions.csv?since=soon", status=422)


def test_a_filter_is_taken_away_one_by_one(world: World, administrator: Visitor) -> None:
    page = administrator.get("/track?system=nottinghamshire&state=overdue&names=1")
    links = [str(link["href"]) for link in page.select(".app-chips a")]
    asked = [dict(parse_qsl(urlsplit(link).query)) for link in links]
    assert [("system" in query, "state" in query) for query in asked] == [(False, True), (True, False), (False, False)]
    assert all(query.get("names") == "1" for query in asked[:2])
    assert len(rows(administrator, links[0])) == 2


def test_a_programme_is_looked_at_with_its_parts_for_the_people_on_it(
    world: World, administrator: Visitor, change: Ask
) -> None:
    def make() -> str:
        programme = provided(3)[2]
        part = provided()[0]
        step = db.session.scalars(
            select(Step).where(Step.version_id == programme.published.id).order_by(Step.id).limit(1)
        ).one()
        step.offer_id = part.id
        person = db.session.scalars(select(Person).where(Person.key == world.people[CUMBRIA][0])).one()
        put(person, programme)
        return programme.slug

    slug = change(make)
    chosen = administrator.get("/track").select(f"select[name=programme] option[value='{slug}']")
    assert len(chosen) == 1
    assert len(rows(administrator, f"/track?programme={slug}")) == 2


@pytest.mark.parametrize(
    "query",
    ["system=nowhere", "organisation=none", "provider=none", "offer=none", "seat=none", "platform=platform:99",
     "condition=none", "dimension=none", "programme=none", "of=people", "of=offers"],
)  # fmt: skip
def test_what_is_not_there_is_not_there(world: World, administrator: Visitor, query: str) -> None:
    for path in ("/track", "/track/completions.csv", "/track/completions.xlsx", "/track/trend.svg"):
        administrator.get(f"{path}?{query}", status=404)


@pytest.mark.parametrize("typed", ["Person 0 of nottinghamshire", "lena.learner@test.example"])
def test_what_is_noted_of_a_reading_holds_nobodys_name_or_address_whatever_was_typed(
    world: World, administrator: Visitor, ask: Ask, typed: str
) -> None:
    """Filters are names of bodies, offers and days that are there: anything else is refused, or passed over."""
    answers = Counter(
        administrator.client.get(path, query_string={"names": "1", name: typed}, base_url=ORIGIN).status_code
        for path in ("/track", "/track/completions.csv", "/track/completions.xlsx")
        for name in (*LABELS, "of", "by", "q", "person", "name", "after")
    )
    administrator.get(f"/track/people/{typed}?names=1&of=all", status=404)
    assert set(answers) == {200, 404, 422}
    read = select(AuditEvent).where(AuditEvent.action.endswith(" read")).order_by(AuditEvent.id)
    told = ask(lambda: [json.dumps([event.subject, event.detail]) for event in db.session.scalars(read)])
    assert len(told) == answers[200] + 2, "the page shows rows beside a day that is none, and no file does"
    for words in ("Person", "nottinghamshire", "@", "%40", "lena"):
        assert [one for one in told if words in one] == []


@pytest.mark.parametrize("role", [Role.LEAD, Role.ADMINISTRATOR])
def test_leads_and_administrators_of_a_body_see_its_people_and_nobody_else(
    world: World, who: Callable[..., Visitor], ask: Ask, role: Role
) -> None:
    for system, other in ((NOTTINGHAMSHIRE, CUMBRIA), (CUMBRIA, NOTTINGHAMSHIRE)):
        visitor = who(role, system)
        assert len(rows(visitor, "/track?names=1")) == 4
        assert f"of {system}" in visitor.response.text
        assert f"of {other}" not in visitor.response.text
        visitor.get(f"/track?system={other}", status=404)
        visitor.get(f"/track?organisation=trust-{other}", status=404)
        visitor.get(f"/track/people/{world.people[system][0]}")
        visitor.get(f"/track/people/{world.people[other][0]}", status=404)
        visitor.get("/track/completions.csv?names=1")
        assert f"of {other}" not in visitor.response.text
    visitor = who(Role.ADMINISTRATOR, organisation_id=ask(lambda: trust_of(CUMBRIA)))
    assert len(rows(visitor)) == 4
    visitor.get("/admin", status=404)


def test_an_offer_for_members_only_is_told_to_those_whose_people_are_on_it(
    world: World, who: Callable[..., Visitor], administrator: Visitor, change: Ask
) -> None:
    def make() -> str:
        programme = provided(3)[2]
        step = db.session.scalars(
            select(Step).where(Step.version_id == programme.published.id).order_by(Step.id).limit(1)
        ).one()
        step.offer_id, programme.published.members_only = provided()[0].id, True
        put(db.session.scalars(select(Person).where(Person.key == world.people[CUMBRIA][0])).one(), programme)
        return programme.slug

    slug = change(make)
    for visitor, told in (
        (who(Role.LEAD, CUMBRIA), True),
        (who(Role.LEAD, NOTTINGHAMSHIRE), False),
        (administrator, True),
    ):
        assert bool(visitor.get("/track").select(f"select[name=programme] option[value='{slug}']")) == told
        for name in ("programme", "offer"):
            visitor.get(f"/track?{name}={slug}", status=200 if told else 404)


@pytest.mark.parametrize("role", [Role.PARTNER, Role.EDITOR, Role.FACILITATOR])
def test_who_answers_for_offers_sees_counts_of_ten_and_more_and_never_who(
    world: World, who: Callable[..., Visitor], change: Ask, role: Role
) -> None:
    visitor = who(role, organisation_id=world.providers[0])
    visitor.get("/track?names=1")
    assert not visitor.page.select("tr[id^=row-]")
    assert "Of groups of fewer than 10 people nothing is told" in visitor.text()
    assert not {"2", "3", "4", "6"} & {cell.get_text(strip=True) for cell in visitor.page.select("td")}
    change(lambda: [put(person, provided()[0], took=3) for person in people_in(CUMBRIA, 9)])
    visitor.get("/track")
    assert "People on your offers: 11 completed" in visitor.text()
    for filter_ in ("system=nottinghamshire", "state=completed", "seat=chair", "since=2026-01-01", "platform=x"):
        asked = visitor.get(f"/track?{filter_}")
        assert "People on your offers: 11 completed" in visitor.text(), "nobody is left out by who they are"
        assert not asked.select(".app-chips")
    visitor.get(f"/track?offer={world.offers[1]}", status=404)
    visitor.get(f"/track/people/{world.people[CUMBRIA][0]}", status=404)
    visitor.get("/track?of=people", status=404)
    visitor.get("/track/completions.csv?names=1")
    assert "Person" not in visitor.response.text


def test_who_answers_for_both_looks_at_one_at_a_time(
    world: World, add_person: Callable[..., int], sign_in: Callable[[int], Visitor], change: Ask, ask: Ask
) -> None:
    from catalogue.people import actions

    person_id = add_person("Bea Both", Role.PARTNER, organisation_id=world.providers[0])
    trust = ask(lambda: trust_of(CUMBRIA))
    change(lambda: actions.grant(db.session.get_one(Person, person_id), Role.ADMINISTRATOR, trust))
    visitor = sign_in(person_id)
    assert len(rows(visitor)) == 4
    visitor.get("/track?of=offers")
    assert "nothing is told" in visitor.text()


def test_names_are_shown_when_asked_for_and_each_is_noted(world: World, administrator: Visitor, ask: Ask) -> None:
    administrator.get("/track")
    assert "Person 0" not in administrator.response.text
    assert not read_of(ask)
    administrator.get("/track?names=1&system=nottinghamshire")
    assert "Person 0 of nottinghamshire" in administrator.text()
    subject, detail = read_of(ask)[-1]
    assert (subject, detail["people"]) == ("track", 3)
    assert set(detail["keys"]) == set(world.people[NOTTINGHAMSHIRE])
    administrator.get(f"/track/people/{world.people[CUMBRIA][1]}")
    assert "Person 1 of west-north-and-east-cumbria" in administrator.text()
    assert read_of(ask)[-1][0] == world.people[CUMBRIA][1]
    administrator.get("/track/completions.csv?names=1&state=overdue")
    assert read_of(ask)[-1] == ("track", {"query": "of=all&state=overdue&names=1", "file": "csv"})
    assert len(read_of(ask)) == 3


def test_pages_go_on_and_back_with_every_row_once(world: World, administrator: Visitor, change: Ask) -> None:
    offer_count = 2 * ROWS + 7
    change(lambda: [put(person, provided()[0]) for person in people_in(CUMBRIA, offer_count)])
    seen, path, pages = [], "/track", []
    while path:
        seen += rows(administrator, path)
        pages.append(path)
        older = administrator.page.find("a", string="Older")
        path = str(older["href"]) if older else ""  # type: ignore[index]
    assert len(seen) == len(set(seen)) == offer_count + 8
    assert seen == sorted(seen, key=int, reverse=True)
    assert not administrator.page.select(".app-figures"), "who turns to more rows does not wait for figures"
    assert administrator.page.find("a", string="The figures, and the newest enrolments")
    newer = administrator.page.find("a", string="Newer")
    assert rows(administrator, str(newer["href"])) == seen[ROWS : 2 * ROWS]  # type: ignore[index]


@pytest.mark.both_databases
def test_the_database_decides_as_the_rules_do(ask: Ask, change: Ask) -> None:
    """Of every state, at their own pace and on runs, round the days on which it becomes overdue."""

    def make() -> None:
        offer = provided()[0]
        dated = db.session.scalars(select(Offer).where(Offer.runs.any()).order_by(Offer.id).limit(1)).one()
        runs = [a_run(dated, 9, in_days) for in_days in (-1, 0, 1)]
        for state in EnrolmentState:
            for days in (0, 89, 90, 91, 300):
                put(Person(name="x"), offer, state, now() - timedelta(days=days))
            for each in runs:
                put(Person(name="x"), dated, state, a_run=each)

    change(make)

    def compare() -> int:
        by_rule = {
            row.id: outcome_of(row.state, overdue=row.overdue).value
            for after in (0,)
            for row in rows_of(Sight(Eyes.ALL), Filters(), today(), after=after).rows
        }
        decided = db.session.execute(select(Enrolment.id, outcome(today()).label("outcome")))
        by_database = {key: name for key, name in decided if key in by_rule}
        assert by_database == by_rule
        overdue = rows_of(Sight(Eyes.ALL), Filters(state="overdue"), today()).rows
        assert all(row.overdue for row in overdue)
        return len(overdue)

    assert ask(compare) == 2 * (2 + 1)


def test_the_picture_has_no_script_and_no_style(world: World, administrator: Visitor) -> None:
    address = str(administrator.get("/track").select_one("img.app-trend")["src"])  # type: ignore[index]
    picture = administrator.client.get(address, base_url="https://127.0.0.1:8000")
    assert picture.mimetype == "image/svg+xml"
    assert picture.text.count("<rect") > 4
    for word in ("<script", "<style", "style=", "javascript", "onclick", "pygal.org", "href"):
        assert word not in picture.text, word
    empty = administrator.client.get("/track/trend.svg?state=no-show", base_url="https://127.0.0.1:8000")
    assert empty.status_code == 200


def test_learners_have_no_such_page(world: World, learner: Visitor) -> None:
    learner.get("/track", status=404)
    assert not learner.page.select("header a[href='/track']")
