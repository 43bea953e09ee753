"""Statements as the specification has them: Experience API 1.0.3, by the names of its requirements."""

import base64
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
import time_machine
from flask import Flask
from sqlalchemy import func, select

from catalogue.clock import now
from catalogue.extensions import db
from catalogue.people.models import Role, Scope
from catalogue.records.models import XapiStatement
from tests.conftest import Ask
from tests.records.conftest import OFFER, SLUG, Elsewhere, Json, agent, new_id, statement, voiding

VERB = "https://example.org/verbs/met"
THING = {"id": "https://example.org/activities/1"}


def met(**changes: Any) -> Json:
    """Something that completes nothing."""
    return statement(**{"verb": {"id": VERB}, "object": THING} | changes)


def kept() -> int:
    return db.session.scalar(select(func.count()).select_from(XapiStatement)) or 0


@pytest.mark.both_databases
def test_put_with_statement_id_is_204_and_again_changes_nothing(store: Elsewhere, ask: Ask) -> None:
    identifier = new_id()
    assert store.put(identifier, met()).data == b""
    store.put(identifier, met())
    store.put(identifier, met(id=identifier.upper()))
    assert ask(kept) == 1
    read = store.get(statementId=identifier)
    assert read["id"] == identifier
    assert read["verb"] == {"id": VERB}
    assert read["version"] == "1.0.0"
    assert read["stored"] == read["timestamp"]
    assert read["authority"]["account"]["homePage"] == "http://127.0.0.1:8000"


@pytest.mark.both_databases
def test_a_different_statement_of_the_same_id_is_409_and_the_first_one_stays(store: Elsewhere, ask: Ask) -> None:
    identifier = new_id()
    store.put(identifier, met())
    store.put(identifier, met(verb={"id": f"{VERB}/again"}), status=409)
    store.send(met(id=identifier, result={"success": True}), status=409)
    assert store.get(statementId=identifier)["verb"] == {"id": VERB}
    assert ask(kept) == 1


def test_statement_comparison_leaves_out_what_a_store_sets_and_what_only_describes(store: Elsewhere) -> None:
    identifier = new_id()
    store.put(identifier, met(timestamp="2026-01-02T03:04:05Z"))
    described = met(
        timestamp="2026-01-02T04:04:05+01:00", version="1.0.3", stored="2020-01-01T00:00:00Z",
        verb={"id": VERB, "display": {"en": "met"}},
        object=THING | {"objectType": "Activity", "definition": {"name": {"en": "A thing"}}},
        actor=agent() | {"objectType": "Agent"}, authority=agent("somebody@else.example"),
    )  # fmt: skip
    store.put(identifier, described)
    store.put(identifier, met(timestamp="2026-01-02T03:04:06Z"), status=409)


def test_a_statement_of_somebody_else_is_not_taken_for_ones_own(
    store: Elsewhere, elsewhere: Callable[..., Elsewhere]
) -> None:
    identifier = new_id()
    store.put(identifier, met())
    elsewhere(Role.PARTNER, SLUG).put(identifier, met(), status=409)


@pytest.mark.both_databases
def test_post_of_many_keeps_all_or_none_and_answers_with_their_ids_in_order(store: Elsewhere, ask: Ask) -> None:
    identifier = new_id()
    ids = store.send(met(), met(id=identifier), met())
    assert ids[1] == identifier
    assert len(set(ids)) == 3
    store.send(met(), met(verb={}), status=400)
    store.send(met(), met(id=identifier, verb={"id": "https://example.org/other"}), status=409)
    twice = new_id()
    store.send(met(id=twice), met(id=twice.upper()), status=400)
    assert ask(kept) == 3
    assert store.ask("POST", json=[]).get_json() == []


def test_so_many_at_once_that_others_would_wait_for_them_are_refused(store: Elsewhere, ask: Ask) -> None:
    store.send(*[met()] * 501, status=400)
    assert ask(kept) == 0
    assert len(store.send(*[met()] * 500)) == 500


def test_a_token_does_what_it_is_for(elsewhere: Callable[..., Elsewhere]) -> None:
    reader, writer = elsewhere(scopes=(Scope.READ_STATEMENTS,)), elsewhere(scopes=(Scope.WRITE_STATEMENTS,))
    reader.ask("POST", status=403, json=met())
    reader.put(new_id(), met(), status=403)
    writer.get(status=403)
    writer.ask("POST", status=401, json=met(), headers={"Authorization": ""})
    writer.ask("POST", status=401, json=met(), headers={"Authorization": "Bearer es_nothing"})
    writer.send(met())


def test_a_token_may_come_as_the_password_of_basic_authentication(store: Elsewhere) -> None:
    said = base64.b64encode(f"anything:{store.token}".encode()).decode()
    store.ask("POST", json=met(), headers={"Authorization": f"Basic {said}"})
    wrong = base64.b64encode(b"anything:es_wrong").decode()
    store.ask("POST", status=401, json=met(), headers={"Authorization": f"Basic {wrong}"})
    answer = store.app.test_client().get("/api/v1/offers", headers={"Authorization": f"Basic {said}"})
    assert answer.status_code == 200, "elsewhere it is as if it had not been sent"


def test_every_request_says_the_version_and_every_answer_too(store: Elsewhere) -> None:
    for version in ("", "0.9", "1.1.0", "2.0.0", "1.0.x"):
        store.ask("GET", status=400, headers={"X-Experience-API-Version": version})
    for version in ("1.0", "1.0.0", "1.0.9"):
        answer = store.ask("GET", headers={"X-Experience-API-Version": version})
        assert answer.headers["X-Experience-API-Version"] == "1.0.3"
    refused = store.ask("GET", status=401, headers={"Authorization": ""})
    assert refused.headers["X-Experience-API-Version"] == "1.0.3"
    assert refused.content_type == "application/problem+json"


def test_about_needs_neither_token_nor_version(store: Elsewhere) -> None:
    nothing = {"Authorization": "", "X-Experience-API-Version": ""}
    answer = store.ask("GET", "/about", headers=nothing)
    assert "1.0.3" in answer.get_json()["version"]
    assert answer.headers["X-Experience-API-Version"] == "1.0.3"


def test_every_answer_says_how_far_it_is_consistent(store: Elsewhere) -> None:
    said = store.ask("GET").headers["X-Experience-API-Consistent-Through"]
    assert timedelta() < now() - datetime.fromisoformat(said) < timedelta(minutes=1)


def test_statements_are_found_by_what_is_asked(store: Elsewhere) -> None:
    registration = new_id()
    account = {"account": {"homePage": "https://lms.example", "name": "7"}}
    (plain,) = store.send(met())
    (other_verb,) = store.send(met(verb={"id": f"{VERB}/2"}))
    (other_thing,) = store.send(met(object={"id": "https://example.org/activities/2"}))
    (other_agent,) = store.send(met(actor=account))
    (registered,) = store.send(met(context={"registration": registration}))
    (about_agent,) = store.send(met(actor=agent("ada@test.example"), object={"objectType": "Agent"} | account))
    assert store.ids() == [about_agent, registered, other_agent, other_thing, other_verb, plain]
    assert store.ids(ascending="true")[0] == plain
    assert store.ids(verb=f"{VERB}/2") == [other_verb]
    assert store.ids(activity="https://example.org/activities/2") == [other_thing]
    assert store.ids(agent=account) == [about_agent, other_agent]
    assert store.ids(agent={"objectType": "Agent", "name": "Seven"} | account) == [about_agent, other_agent]
    assert store.ids(registration=registration.upper()) == [registered]
    stored = store.get(statementId=other_verb)["stored"]
    assert plain not in store.ids(since=stored)
    assert other_verb not in store.ids(since=stored)
    assert store.ids(until=stored) == [other_verb, plain]
    assert store.ids(verb="https://example.org/none") == []
    assert store.get(verb="https://example.org/none")["more"] == ""


@pytest.mark.both_databases
def test_more_leads_on_without_a_statement_twice_or_left_out(store: Elsewhere) -> None:
    ids = store.send(*[met() for _ in range(7)])
    for asked in ({}, {"ascending": "true"}):
        page, found = store.get(limit=3, **asked), []
        while True:
            found += [one["id"] for one in page["statements"]]
            if not page["more"]:
                break
            assert len(page["statements"]) == 3
            store.send(met(verb={"id": "https://example.org/meanwhile"}))
            page = store.ask("GET", page["more"].removeprefix("/xapi")).get_json()
        kept_ids = [one for one in found if one in ids]
        assert kept_ids == (ids if asked else ids[::-1])
        assert len(set(found)) == len(found)


def test_a_page_is_bounded_and_a_limit_of_nothing_is_ours(store: Elsewhere) -> None:
    store.send(*[met() for _ in range(101)])
    for limit in ("0", "100", "5000"):
        assert len(store.ids(limit=limit)) == 100
    assert len(store.ids(limit="101")) == 100


def test_a_program_reads_what_its_person_sent_and_an_administrator_all(
    store: Elsewhere, elsewhere: Callable[..., Elsewhere]
) -> None:
    partner = elsewhere(Role.PARTNER, SLUG)
    (theirs,) = partner.send(met())
    (ours,) = store.send(met())
    assert partner.ids() == [theirs]
    partner.get(statementId=ours, status=404)
    assert set(store.ids()) == {theirs, ours}
    colleague = elsewhere(Role.PARTNER, SLUG)
    assert colleague.ids() == []


@pytest.mark.both_databases
def test_a_voided_statement_is_found_as_that_alone(store: Elsewhere) -> None:
    (target,) = store.send(met())
    (by,) = store.send(voiding(target))
    store.get(statementId=target, status=404)
    assert store.get(voidedStatementId=target)["id"] == target
    assert store.get(statementId=by)["object"]["id"] == target
    store.get(voidedStatementId=by, status=404)
    assert store.ids() == [by]


def test_a_statement_that_voids_cannot_be_voided(store: Elsewhere) -> None:
    (target,) = store.send(met())
    (by,) = store.send(voiding(target))
    store.send(voiding(by), status=400)
    store.send(voiding(target))
    assert store.get(voidedStatementId=target)["id"] == target


def test_what_is_voided_before_it_comes_is_voided_when_it_comes(store: Elsewhere) -> None:
    target = new_id()
    store.send(voiding(target))
    store.send(met(id=target))
    store.get(statementId=target, status=404)
    assert store.get(voidedStatementId=target)["id"] == target


def test_nobody_voids_what_somebody_else_said(store: Elsewhere, elsewhere: Callable[..., Elsewhere]) -> None:
    (target,) = store.send(met())
    partner = elsewhere(Role.PARTNER, SLUG)
    partner.send(voiding(target), status=403)
    assert store.get(statementId=target)["id"] == target
    (theirs,) = partner.send(met())
    store.send(voiding(theirs))  # who answers for the whole service may


def test_parameters_that_there_are_not_or_that_do_not_go_together_are_refused(store: Elsewhere) -> None:
    (one,) = store.send(met())
    for asked in (
        {"statementid": one}, {"colour": "red"}, {"statementId": one, "voidedStatementId": one},
        {"statementId": one, "verb": VERB}, {"statementId": "7"}, {"limit": "-1"}, {"limit": "x"}, {"since": "today"},
        {"format": "short"}, {"ascending": "yes"}, {"agent": {}}, {"agent": {"name": "Ann"}}, {"registration": "7"},
        {"after": "x"}, {"related_agents": "yes"}, {"verb": "met"}, {"activity": "1"},
    ):  # fmt: skip
        store.get(status=400, **asked)
    store.ask("PUT", status=400, json=met())
    store.put("7", met(), status=400)
    store.put(new_id(), met(id=new_id()), status=400)
    store.ask("POST", f"/statements?statementId={one}", status=400, json=met())


def test_formats(store: Elsewhere) -> None:
    said = met(
        actor=agent() | {"name": "Lena"},
        verb={"id": VERB, "display": {"de": "traf", "en-GB": "met"}},
        object=THING | {"definition": {"name": {"de": "Ding", "en-GB": "Thing"}}},
    )
    (one,) = store.send(said)
    exact = store.get(statementId=one)
    assert {name: exact[name] for name in said} == said
    ids = store.get(statementId=one, format="ids")
    assert (ids["actor"], ids["verb"], ids["object"]) == (agent(), {"id": VERB}, THING)
    asked = {"statementId": one, "format": "canonical"}
    answer = store.ask("GET", query_string=asked, headers={"Accept-Language": "en"}).get_json()
    assert answer["verb"]["display"] == {"en-GB": "met"}
    assert answer["object"]["definition"]["name"] == {"en-GB": "Thing"}
    parts = store.ask("GET", query_string={"statementId": one, "attachments": "true"})
    assert parts.mimetype == "multipart/mixed"
    assert one in parts.text


def test_head_is_answered_as_get_is(store: Elsewhere) -> None:
    (one,) = store.send(met())
    answer = store.ask("HEAD", query_string={"statementId": one})
    assert answer.data == b""
    assert int(answer.headers["Content-Length"]) > 0
    assert "Last-Modified" in answer.headers


def test_stored_is_ours_and_timestamp_theirs(store: Elsewhere) -> None:
    with time_machine.travel("2026-11-26T12:00:00Z", tick=False):
        (one,) = store.send(met(timestamp="2025-05-01T10:00:00+02:00", stored="2020-01-01T00:00:00Z"))
        read = store.get(statementId=one)
    assert read["timestamp"] == "2025-05-01T10:00:00+02:00"
    assert datetime.fromisoformat(read["stored"]).year == 2026


def test_odd_input_is_refused_and_nothing_is_kept(app: Flask, store: Elsewhere, ask: Ask) -> None:
    bodies = [
        b"", b"{", b"[1]", b"null", b"7", b'"x"', b"\xff\xfe", b"[" * 100_000, b'{"a":1,"a":2}', b'{"a":NaN}',
        b'{"a":' + b"9" * 5000 + b"}",
        b'{"actor":{"mbox":"mailto:a@b.c"},"verb":{"id":"a:b"},"object":{"id":"a:\\u0000"}}',
        b'{"actor":{"mbox":"mailto:a@b.c","name":"\\ud800"},"verb":{"id":"a:b"},"object":{"id":"a:b"}}',
    ]  # fmt: skip
    for body in bodies:
        store.ask("POST", status=400, data=body, content_type="application/json")
    for content_type in (
        "text/plain",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "multipart/mixed",
    ):
        store.ask("POST", status=400, data=b"{}", content_type=content_type)
    store.ask("POST", status=413, data=b" " * 2_000_000, content_type="application/json")
    store.ask("DELETE", status=405)
    assert ask(kept) == 0
    assert OFFER.startswith("http")
