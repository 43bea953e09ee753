"""What programs read of the catalogue, and how they are told that something cannot be."""

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from jsonschema import Draft202012Validator
from sqlalchemy import select

from catalogue.extensions import db
from catalogue.offers.content import OfferContent
from catalogue.offers.models import Offer
from catalogue.people.models import Role
from catalogue.transactions import run
from tests.statements import statements_sent
from tests.visitor import Visitor

MEDIA_TYPE = "application/problem+json"


def read(visitor: Visitor, path: str, status: int = 200) -> Any:
    visitor.get(f"/api/v1{path}", status)
    return visitor.response.get_json(force=True)


def test_the_pages_of_a_list_hold_every_offer_once(visitor: Visitor) -> None:
    everything = read(visitor, "/offers?limit=100")
    assert everything["next"] is None
    assert everything["total"] == len(everything["items"]) > 7
    for order in ("?q=meetings&", "?sort=soonest&"):
        onward = read(visitor, f"/offers{order}limit=1")["next"]
        assert len(read(visitor, f"/offers{order}limit=1&after={onward}")["items"]) == 1
        read(visitor, f"/offers?after={onward}", 404)
    slugs, page = [], read(visitor, "/offers?limit=7")
    while True:
        slugs += [offer["slug"] for offer in page["items"]]
        if page["next"] is None:
            break
        link = visitor.response.headers["Link"]
        assert link.endswith('; rel="next"')
        page = read(visitor, link.split(">")[0].removeprefix("</api/v1"))
    assert slugs == [offer["slug"] for offer in everything["items"]]


@pytest.mark.parametrize("named", ["endpoint=offers", "_external=1", "_anchor=here", "_method=POST", "_scheme=x"])
def test_what_else_an_address_says_is_handed_on_and_does_nothing(visitor: Visitor, named: str) -> None:
    onward = read(visitor, f"/offers?{named}&limit=1")["next"]
    assert visitor.response.headers["Link"] == f'</api/v1/offers?{named}&limit=1&after={onward}>; rel="next"'


def test_filters_are_those_of_the_page_for_people(visitor: Visitor) -> None:
    found = read(visitor, "/offers?mode=self-paced&limit=100")
    assert 0 < found["total"] < read(visitor, "/offers")["total"]
    assert {offer["mode"] for offer in found["items"]} == {"self-paced"}


@pytest.mark.both_databases
def test_runs_are_read_by_date_and_each_once(visitor: Visitor) -> None:
    everything = read(visitor, "/runs?limit=100")["items"]
    assert len(everything) > 5
    assert [run["starts_on"] for run in everything] == sorted(run["starts_on"] for run in everything)
    found, page = [], read(visitor, "/runs?limit=2")
    while page["next"]:
        found += page["items"]
        page = read(visitor, visitor.response.headers["Link"].split(">")[0].removeprefix("</api/v1"))
    assert found + page["items"] == everything
    day, slug = everything[3]["starts_on"], everything[3]["offer"]
    on_that_day = read(visitor, f"/runs?from={day}&to={day}&limit=100")["items"]
    assert on_that_day == [run for run in everything if run["starts_on"] == day]
    of_that_offer = read(visitor, f"/offers/{slug}/runs?limit=100")["items"]
    assert [run for run in of_that_offer if run in everything] == [run for run in everything if run["offer"] == slug]
    for after in ("x", "2030-02-30_1", "2030-01-01_" + "9" * 30, "%D9%A2030-01-01_1"):
        read(visitor, f"/runs?after={after}", 404)
    read(visitor, "/runs?from=yesterday&limit=101", 422)


def test_a_page_of_any_site_reads_what_is_public_and_nothing_else(visitor: Visitor) -> None:
    for path, status in (("/seats", 200), ("/offers/none", 404)):
        read(visitor, path, status)
        assert visitor.response.headers["Access-Control-Allow-Origin"] == "*"
    read(visitor, "/providers/some/offers/one", 401)
    assert "Access-Control-Allow-Origin" not in visitor.response.headers
    asked = {"Origin": "https://a.example", "Access-Control-Request-Headers": "authorization"}
    answer = visitor.client.options("/api/v1/seats", headers=asked)
    assert "Access-Control-Allow-Headers" not in answer.headers


def test_an_offer_is_the_document_that_its_provider_wrote(visitor: Visitor) -> None:
    slug = read(visitor, "/offers?limit=1")["items"][0]["slug"]
    offer = read(visitor, f"/offers/{slug}")
    assert OfferContent.model_validate(offer["content"]).title == offer["title"]


@pytest.mark.parametrize(
    ("path", "status"),
    [("/offers/none-of-this-name", 404), ("/frameworks/none", 404), ("/nowhere", 404), ("/offers?after=x", 404),
     ("/offers?q=%00", 400),
     ("/offers?limit=0", 422), ("/offers?limit=many", 422), ("/offers?sort=worst", 422)],
)  # fmt: skip
def test_a_refusal_is_a_problem_document(visitor: Visitor, path: str, status: int) -> None:
    problem = read(visitor, path, status)
    assert visitor.response.content_type == MEDIA_TYPE
    assert problem["status"] == status
    assert problem["detail"]
    if status == 422:
        assert problem["errors"][0]["pointer"] == "/query/" + path.split("?")[1].partition("=")[0]


def test_what_an_address_does_not_do_is_refused_with_what_it_does(visitor: Visitor) -> None:
    answer = visitor.client.delete("/api/v1/conditions")
    assert answer.status_code == 405
    assert answer.content_type == MEDIA_TYPE
    assert "GET" in answer.headers["Allow"]


@pytest.mark.limited
def test_who_asks_too_often_is_told_when_to_ask_again(visitor: Visitor) -> None:
    for _ in range(300):
        assert visitor.client.get("/api/v1/openapi.json").status_code == 200
    answer = visitor.client.get("/api/v1/openapi.json")
    assert answer.status_code == 429
    assert answer.content_type == MEDIA_TYPE
    assert 1 <= int(answer.headers["Retry-After"]) <= 60


def test_a_browsers_sign_in_shows_a_program_nothing_more(
    app: Flask, visitor: Visitor, add_person: Callable[..., int], sign_in: Callable[[int], Visitor]
) -> None:
    def hide() -> tuple[str, int]:
        offer = db.session.scalars(select(Offer).join(Offer.published).order_by(Offer.slug).limit(1)).one()
        offer.published.members_only = True
        return offer.slug, offer.provider_id

    with app.app_context():
        slug, provider_id = run(hide)
    member = sign_in(add_person("Pat", Role.PARTNER, organisation_id=provider_id))
    member.get(f"/offers/{slug}")
    read(member, f"/offers/{slug}", 404)
    assert slug not in {offer["slug"] for offer in read(member, "/offers?limit=100")["items"]}


def test_a_longer_list_asks_the_database_no_more_often(app: Flask, visitor: Visitor) -> None:
    counts = []
    for limit in (2, 40):
        with statements_sent(app) as sent:
            assert len(read(visitor, f"/offers?limit={limit}")["items"]) == limit
        counts.append(len(sent))
    assert counts[0] == counts[1] <= 12, counts


def test_the_document_describes_itself_in_schemas_that_are_right(visitor: Visitor) -> None:
    document = read(visitor, "/openapi.json")
    assert document["openapi"].startswith("3.1")
    for schema in document["components"]["schemas"].values():
        Draft202012Validator.check_schema(schema)
    for name in references(document):
        found: Any = document
        for part in name.removeprefix("#/").split("/"):
            found = found[part]


def references(part: Any) -> set[str]:
    if isinstance(part, list):
        return set().union(*map(references, part))
    if not isinstance(part, dict):
        return set()
    own = {part["$ref"]} if isinstance(part.get("$ref"), str) else set()
    return own.union(*map(references, part.values()))
