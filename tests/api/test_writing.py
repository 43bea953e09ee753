"""Drafts that programs write: by whom, over what, and what is said of what cannot be."""

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from catalogue.enrolments.actions import enrol
from catalogue.extensions import db
from catalogue.offers.models import Run
from catalogue.people.models import Person, Role
from catalogue.transactions import run as in_transaction
from tests.api.conftest import SELF_PACED, WITH_RUNS, Program, Programs
from tests.publishing.conftest import offer_at
from tests.visitor import Visitor

ProviderKey = Callable[[str], str]


@pytest.fixture
def content(app: Flask) -> dict[str, Any]:
    """What is published of an offer, under a title of its own."""
    said = app.test_client().get(f"/api/v1/offers/{WITH_RUNS}").get_json()["content"]
    return said | {"title": "From our own system"}


@pytest.fixture
def at(provider_key: ProviderKey) -> str:
    return f"/providers/{provider_key(WITH_RUNS)}/offers/our-key:1"


@pytest.mark.both_databases
def test_a_program_drafts_an_offer_and_sends_it_to_review(
    program: Programs, at: str, content: dict[str, Any], sign_in: Callable[[int], Visitor]
) -> None:
    editor, partner = program(Role.EDITOR), program()
    editor.ask("GET", at, 404)
    made = editor.ask("PUT", at, 201, json=content)
    assert made.headers["ETag"] == '"1"'
    assert made.get_json()["content"] == content
    again = editor.ask("PUT", at, json=content)
    assert again.headers["ETag"] == '"1"', "what says the same changes nothing"
    changed = partner.ask("PUT", at, json=content | {"summary": "Shorter."})
    assert changed.headers["ETag"] == '"2"'
    assert partner.ask("GET", at).get_json() == changed.get_json()
    page = sign_in(editor.person_id)
    page.get("/publish")
    assert "From our own system" in page.text()

    editor.ask("POST", f"{at}/submit", 404)
    assert partner.ask("POST", f"{at}/submit").get_json()["state"] == "submitted"
    for refused in (partner.ask("PUT", at, 409, json=content), partner.ask("POST", f"{at}/submit", 409)):
        assert "reviewer" in refused.get_json()["detail"]
    assert partner.ask("GET", at).get_json()["content"]["summary"] == "Shorter."


def test_nobody_writes_over_what_they_have_not_seen(program: Programs, at: str, content: dict[str, Any]) -> None:
    partner = program()
    for tag in ('"1"', "*"):
        partner.ask("PUT", at, 412, json=content, headers={"If-Match": tag})
    partner.ask("GET", at, 404)
    partner.ask("PUT", at, 201, json=content)
    partner.ask("PUT", at, json=content | {"place": "Whitby"}, headers={"If-Match": '"7", "1"'})
    for tag in ('"1"', 'W/"2"', '"x"'):
        partner.ask("PUT", at, 412, json=content, headers={"If-Match": tag})
        partner.ask("POST", f"{at}/submit", 412, headers={"If-Match": tag})
    assert partner.ask("GET", at).get_json()["content"]["place"] == "Whitby"
    partner.ask("PUT", at, json=content, headers={"If-Match": "*"})


def test_what_is_published_is_drafted_anew(app: Flask, program: Programs, content: dict[str, Any]) -> None:
    with app.app_context():
        offer = offer_at(WITH_RUNS)
        at = f"/providers/{offer.provider.key}/offers/{offer.key}"
    partner = program()
    partner.ask("PUT", at, 201, json=content)
    published = app.test_client().get(f"/api/v1/offers/{WITH_RUNS}").get_json()
    assert published["title"] != content["title"], "nothing is published without a review"


def test_no_list_holds_what_no_database_can(program: Programs, at: str, content: dict[str, Any]) -> None:
    partner = program()
    for field in ("outcomes", "partners", "seats"):
        answer = partner.ask("PUT", at, 422, json=content | {field: ["a\0b"]})
        assert [fault["pointer"].split("/")[1] for fault in answer.get_json()["errors"]] == [field]
    partner.ask("GET", at, 404)


def test_every_fault_is_named_where_it_stands(program: Programs, at: str, content: dict[str, Any]) -> None:
    partner = program()

    def pointers(status: int = 422, **sent: Any) -> set[str]:
        answer = partner.ask("PUT", at, status, **sent)
        return {fault["pointer"] for fault in answer.get_json().get("errors", [])}

    mapping = content["mapping"][0]
    assert pointers(json={}) >= {"/title", "/summary", "/mapping", "/hours"}
    assert pointers(json=content | {"hours": "six", "odd/one~": 1}) == {"/hours", "/odd~1one~0"}
    assert pointers(json=content | {"mapping": [mapping, mapping | {"strength": "x"}]}) == {"/mapping/1/strength"}
    assert pointers(json=content | {"conditions": ["none-such"], "seats": ["nor-this"]}) == {"/conditions", "/seats"}
    assert pointers(json=content | {"mapping": [mapping | {"dimension": "none"}]}) == {"/mapping"}
    assert pointers(json=content | {"title": "a\0b"}) == {"/title"}
    assert pointers(json=[]) == {""}
    assert pointers(data=b'{"title": "\\ud800"', content_type="application/json") == {""}
    assert pointers(data=b"[" * 100_000, content_type="application/json") == {""}
    assert pointers(415, data=b"title=x", content_type="text/plain") == set()
    assert pointers(413, data=b"x" * 2_000_000, content_type="application/json") == set()
    partner.ask("GET", at, 404)


def test_a_draft_that_is_not_whole_is_not_sent_to_review(
    app: Flask, program: Programs, sign_in: Callable[[int], Visitor], provider_key: ProviderKey
) -> None:
    partner = program()
    page = sign_in(partner.person_id)
    page.get("/publish/new")
    page.press("Start the draft", title="Only a title")
    at = f"/providers/{provider_key(WITH_RUNS)}/offers/only-a-title"
    assert partner.ask("GET", at).get_json()["content"] == {"title": "Only a title"}
    faults = partner.ask("POST", f"{at}/submit", 422).get_json()["errors"]
    assert "/summary" in {fault["pointer"] for fault in faults}
    assert partner.ask("GET", at).get_json()["state"] == "draft"


def test_providers_neither_read_nor_write_each_others_drafts(
    program: Programs, provider_key: ProviderKey, content: dict[str, Any], add_person: Callable[..., int]
) -> None:
    sides = {slug: (program(at=slug), program(Role.EDITOR, at=slug)) for slug in (WITH_RUNS, SELF_PACED)}
    paths = {slug: f"/providers/{provider_key(slug)}/offers/the-same-key" for slug in sides}
    assert len(set(paths.values())) == 2
    for slug, (partner, _editor) in sides.items():
        partner.ask("PUT", paths[slug], 201, json=content | {"title": slug})
    nobody = program(person_id=add_person("Nobody"))
    reviewer = program(person_id=add_person("Reviewer", Role.REVIEWER))
    for slug, path in paths.items():
        strangers = [one for other, people in sides.items() if other != slug for one in people]
        for stranger in (*strangers, nobody, reviewer):
            refused(stranger, path, content)
        for own in sides[slug]:
            assert own.ask("GET", path).get_json()["content"]["title"] == slug
    sides[WITH_RUNS][0].ask("PUT", "/providers/no-such-provider/offers/x", 404, json=content)


def test_a_program_keeps_the_dates_of_an_offer(
    app: Flask, program: Programs, provider_key: ProviderKey, add_person: Callable[..., int]
) -> None:
    with app.app_context():
        offer = offer_at(WITH_RUNS)
        at = f"/providers/{offer.provider.key}/offers/{offer.key}/runs/spring:1"
    said = {"key": "spring:1", "starts_on": "2030-03-01", "ends_on": "2030-03-02", "place": "Hull", "places": 12,
            "start_time": "09:30:00"}  # fmt: skip
    editor = program(Role.EDITOR)
    made = editor.ask("PUT", at, 201, json=said).get_json()
    assert made.items() >= said.items()
    assert editor.ask("PUT", at, json=said).get_json() == made
    assert editor.ask("PUT", at, json=said | {"places": 9}).get_json()["places"] == 9
    listed = app.test_client().get("/api/v1/runs?from=2030-03-01&to=2030-03-01").get_json()["items"]
    assert [(run["key"], run["places"], run["offer"]) for run in listed] == [("spring:1", 9, WITH_RUNS)]

    with app.app_context():
        run_id = db.session.scalars(select(Run.id).where(Run.key == "spring:1")).one()
    learner = add_person("Lena Learner")
    with app.app_context():
        in_transaction(lambda: enrol(db.session.get_one(Person, learner), offer_at(WITH_RUNS), run_id))
    assert "1" in editor.ask("PUT", at, 409, json=said | {"places": 0}).get_json()["detail"]

    wrong = {"key": "other", "ends_on": "2030-02-01", "start_time": "09:30:00Z"}
    faults = editor.ask("PUT", at, 422, json=said | wrong).get_json()["errors"]
    assert {fault["pointer"] for fault in faults} == {"/key", "/ends_on", "/start_time"}
    faults = editor.ask("PUT", at, 422, json=said | {"places": -1, "join_link": "x"}).get_json()["errors"]
    assert {fault["pointer"] for fault in faults} == {"/places", "/join_link"}
    (fault,) = editor.ask("PUT", at, 422, json=said | {"ends_on": "9999-12-31"}).get_json()["errors"]
    assert fault["pointer"] == "/ends_on"
    program(at=SELF_PACED).ask("PUT", at, 404, json=said)
    editor.ask("PUT", f"/providers/{provider_key(WITH_RUNS)}/offers/none/runs/spring:1", 404, json=said)


def refused(stranger: Program, path: str, content: dict[str, Any]) -> None:
    stranger.ask("GET", path, 404)
    stranger.ask("PUT", path, 404, json=content)
    stranger.ask("PUT", f"{path}-new", 404, json=content)
    stranger.ask("POST", f"{path}/submit", 404)
