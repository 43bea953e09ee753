"""What people of one organisation, system or platform have is not there for others: every route, every role."""

from collections.abc import Callable, Iterator
from io import BytesIO
from itertools import chain
from zipfile import ZipFile

import pytest
from flask import Flask
from sqlalchemy import select
from werkzeug.routing import Rule
from werkzeug.test import TestResponse

from catalogue.extensions import db
from catalogue.people.models import Person
from catalogue.security import PUBLIC, SIGNED_IN, TokenWith, guard_of
from tests.catalogue.tenancy import (
    ASKED,
    NOBODYS,
    OF,
    ONES_OWN,
    ORGANISATIONS,
    PROGRAMS,
    WHOLE,
    Tenant,
    everywhere,
    make_tenants,
)
from tests.drills import dealt, many
from tests.visitor import ORIGIN, Visitor

TENANTS = range(many(1, len(ORGANISATIONS)))
TABLES = {"NOBODYS": NOBODYS, "ONES_OWN": ONES_OWN, "WHOLE": WHOLE, "PROGRAMS": PROGRAMS, "OF": set(OF)}


@pytest.fixture
def tenants(app: Flask, add_person: Callable[..., int], sign_in: Callable[[int], Visitor]) -> list[Tenant]:
    return list(make_tenants(app, add_person, sign_in))


@pytest.fixture(name="everywhere")
def everywhere_(add_person: Callable[..., int], sign_in: Callable[[int], Visitor]) -> dict[str, Visitor]:
    return everywhere(add_person, sign_in)


def built(app: Flask, rule: Rule, tenant: Tenant) -> str:
    """The address of a tenant's own thing."""
    names = OF[rule.endpoint].names
    with app.test_request_context():
        found = rule.build({name: tenant.things[names.get(name, name)] for name in rule.arguments})
    assert found is not None
    return found[1]


def rules_of(app: Flask) -> Iterator[tuple[Rule, str]]:
    """Every route to something of somebody's, with each method that it takes."""
    for rule in app.url_map.iter_rules():
        if rule.endpoint in OF:
            for method in sorted({"GET", "POST"} & (rule.methods or set())):
                yield rule, method


def in_full(answer: TestResponse) -> bytes:
    """What an answer says; what a workbook packs is unpacked."""
    if not answer.data.startswith(b"PK"):
        return answer.data
    with ZipFile(BytesIO(answer.data)) as packed:
        return b"".join(packed.read(name) for name in packed.namelist())


def test_every_route_is_placed(app: Flask) -> None:
    there = {rule.endpoint for rule in app.url_map.iter_rules()}
    placed = [endpoint for table in TABLES.values() for endpoint in table]
    missing, gone = sorted(there - set(placed)), sorted(set(placed) - there)
    assert not missing, f"say in tests/catalogue/tenancy.py whose {', '.join(missing)} is"
    assert not gone, f"tests/catalogue/tenancy.py places what is not there any more: {', '.join(gone)}"
    assert len(placed) == len(set(placed)), "a route is placed once"


def test_the_place_of_a_route_is_what_its_guard_says(app: Flask) -> None:
    for endpoint, view in app.view_functions.items():
        guard = guard_of(view)
        table = next(name for name, table in TABLES.items() if endpoint in table)
        fits = {
            "NOBODYS": guard == PUBLIC, "ONES_OWN": guard == SIGNED_IN, "OF": guard == SIGNED_IN,
            "WHOLE": isinstance(guard, tuple), "PROGRAMS": isinstance(guard, TokenWith),
        }  # fmt: skip
        assert fits[table], f"{endpoint} stands in {table} and is guarded by {guard}"


@pytest.mark.parametrize("number", TENANTS)
def test_what_is_somebodys_is_there_for_them_and_for_nobody_else(
    app: Flask, tenants: list[Tenant], everywhere: dict[str, Visitor], visitor: Visitor, number: int
) -> None:
    tenant = tenants[number]
    near = [*tenant.people.items(), *((f"{role} everywhere", one) for role, one in everywhere.items())]
    others = (other.people.items() for other in tenants if other is not tenant)
    far = [(f"{role} of another", one) for role, one in chain.from_iterable(others)]
    tokens = {one: one.csrf_token() for _name, one in chain(near, far)}
    for turn, (rule, method) in enumerate(rules_of(app)):
        whose, path = OF[rule.endpoint], built(app, rule, tenant)
        if method == "GET":
            visitor.get(path, status=302)
        may = whose.roles | ({"administrator everywhere"} if whose.everywhere else set())
        for name, one in chain(near, dealt(far, 10, turn)):
            if name in may:
                continue
            if method == "GET":
                answer = one.client.get(path, base_url=ORIGIN)
            else:
                answer = one.client.post(
                    path, data={"csrf_token": tokens[one]}, base_url=ORIGIN,
                    headers={"Referer": f"{ORIGIN}/"},
                )  # fmt: skip
            assert answer.status_code == 404, f"{method} {path} gave {answer.status_code} to the {name}"
        if method == "GET" and whose.there:
            for role in whose.roles:
                answer = tenant.people[role].client.get(path, base_url=ORIGIN)
                assert answer.status_code in (200, 302), f"{path} gave {answer.status_code} to the {role} whose it is"


@pytest.mark.parametrize("number", TENANTS)
def test_pages_about_oneself_say_nothing_of_another_tenant(app: Flask, tenants: list[Tenant], number: int) -> None:
    tenant = tenants[number]
    pages = [rule.rule for rule in app.url_map.iter_rules()
             if rule.endpoint in ONES_OWN and not rule.arguments and "GET" in (rule.methods or ())]  # fmt: skip
    for other in tenants:
        if other is tenant:
            continue
        for role, one in other.people.items():
            for path in pages:
                answer = one.client.get(path, base_url=ORIGIN)
                said = in_full(answer)
                told = [mark for mark in tenant.marks if mark.encode() in said]
                assert not told, f"{path} tells the {role} of another tenant of {told}"


@pytest.mark.parametrize("number", TENANTS)
def test_a_page_that_is_asked_for_anothers_system_or_provider_is_not_there(
    app: Flask, tenants: list[Tenant], everywhere: dict[str, Visitor], number: int
) -> None:
    tenant = tenants[number]
    for rule in app.url_map.iter_rules():
        what, asking = ASKED.get(rule.endpoint, ("", ()))
        if not what:
            continue
        path = f"{rule.rule}?{what}={tenant.things[what]}"
        for other in tenants:
            for role, one in other.people.items():
                if other is not tenant or role not in asking:
                    one.get(path, status=404)
        everywhere["learner"].get(path, status=404)
        tenant.people[asking[0]].get(path)


def test_a_partners_tick_reaches_only_people_on_the_offer_it_names(tenants: list[Tenant]) -> None:
    first, second = tenants[:2]
    partner, slug = first.people["partner"], first.things["slug"]
    elsewhere = second.things["enrolment_id"]
    partner.post(f"/offers/{slug}/register/{elsewhere}", {"csrf_token": partner.csrf_token()}, status=404)
    partner.get("/publish")
    assert str(second.things["slug"]) not in partner.response.text


def test_the_member_of_one_organisation_is_not_found_under_another(
    tenants: list[Tenant], everywhere: dict[str, Visitor]
) -> None:
    first, second = tenants[:2]
    for one in (first.people["administrator"], everywhere["administrator"]):
        one.get(f"/organisations/{first.things['organisation']}/people/{second.things['membership_id']}", status=404)


def test_a_teacher_who_signs_in_by_password_has_no_course(
    app: Flask, tenants: list[Tenant], sign_in: Callable[[int], Visitor]
) -> None:
    with app.app_context():
        teacher_id = db.session.scalars(select(Person.id).where(Person.name == "Teacher Quill0")).one()
    sign_in(teacher_id).get(f"/lti/course/{tenants[0].things['link_id']}", status=404)
