"""Requests to a store and its answers: Experience API 1.0.3, part three (communication), by section and requirement.

https://github.com/adlnet/xAPI-Spec/blob/master/xAPI-Communication.md; of the conformance requirements for learning
record stores those on the statements and the about resource. What stands in ``test_statements.py`` is not said again.
"""

from collections.abc import Callable
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

import pytest
from flask import Flask

from catalogue.people.models import Role
from tests.records.conftest import SLUG, Elsewhere, Json, agent, new_id, statement, voiding

VERB = {"id": "https://example.org/verbs/met"}
OTHER_VERB = {"id": "https://example.org/verbs/confirmed"}
THING = {"id": "https://example.org/activities/1"}
ANN = {"account": {"homePage": "https://lms.example", "name": "ann"}}
BEN = {"mbox": "mailto:ben@lms.example"}


def met(**changes: Any) -> Json:
    return statement(**{"verb": VERB, "object": THING, "actor": ANN} | changes)


def about(identifier: str, **changes: Any) -> Json:
    return met(**{"verb": OTHER_VERB, "actor": BEN} | changes, object={"objectType": "StatementRef", "id": identifier})


# 1.1 HEAD, 1.2 headers


def test_1_1_head_is_answered_as_get_is_without_a_body(store: Elsewhere) -> None:
    (identifier,) = store.send(met())
    asked = {"statementId": identifier}
    head, get = (store.ask(method, query_string=asked) for method in ("HEAD", "GET"))
    assert head.data == b""
    changing = {"Date", "X-Experience-API-Consistent-Through", "Content-Security-Policy"}
    kept = [{name: value for name, value in one.headers if name not in changing} for one in (head, get)]
    assert kept[0] == kept[1]
    store.ask("HEAD", status=404, query_string={"statementId": new_id()})


# 1.3 alternate request syntax


def alternate(store: Elsewhere, method: str, form: dict[str, str], status: int, address: str = "") -> Any:
    said = {"Authorization": f"Bearer {store.token}", "X-Experience-API-Version": "1.0.3"}
    answer = store.app.test_client().post(f"/xapi/statements?method={method}{address}", data=said | form)
    assert answer.status_code == status, answer.text
    return answer


@pytest.mark.both_databases
def test_1_3_s3_b15_put_post_and_get_are_understood_in_a_form(store: Elsewhere) -> None:
    identifier, said = new_id(), '{"actor":{"mbox":"mailto:zoë@b.example"},"verb":{"id":"a:b"},"object":{"id":"a:c"}}'
    alternate(store, "PUT", {"statementId": identifier, "content": said}, 204)
    (second,) = alternate(store, "POST", {"content": said, "Content-Type": "application/json"}, 200).get_json()
    read = alternate(store, "GET", {"statementId": identifier}, 200)
    assert read.get_json()["actor"] == {"mbox": "mailto:zoë@b.example"}
    assert read.headers["X-Experience-API-Version"] == "1.0.3"
    assert [one["id"] for one in alternate(store, "GET", {"limit": "1"}, 200).get_json()["statements"]] == [second]


def test_1_3_s3_b7_headers_in_the_form_count_as_headers(store: Elsewhere) -> None:
    said = {"content": '{"actor":{"mbox":"mailto:a@b.example"},"verb":{"id":"a:b"},"object":{"id":"a:c"}}'}
    alternate(store, "POST", said | {"X-Experience-API-Version": "0.9"}, 400)
    alternate(store, "POST", said | {"Authorization": "Bearer es_nothing"}, 401)
    alternate(store, "POST", said | {"Content-Type": "text/plain"}, 400)
    alternate(store, "GET", {"colour": "red"}, 400)


def test_1_3_s3_b3_what_is_not_in_that_syntax_is_refused(store: Elsewhere) -> None:
    identifier, said = new_id(), '{"actor":{"mbox":"mailto:a@b.example"},"verb":{"id":"a:b"},"object":{"id":"a:c"}}'
    headers = {"Authorization": f"Bearer {store.token}", "X-Experience-API-Version": "1.0.3"}
    form = {"statementId": identifier, "content": said}
    for query in (f"method=PUT&statementId={identifier}", "method=PATCH", "method=PUT&method=PUT", "method=put"):
        answer = store.app.test_client().post(f"/xapi/statements?{query}", headers=headers, data=form)
        assert answer.status_code == 400, query
    store.ask("GET", "/statements?method=POST", status=400)
    alternate(store, "PUT", {"statementId": identifier}, 400)
    store.ask("POST", "/statements?method=PUT", status=400, json=form)
    answer = store.app.test_client().post("/xapi/statements?method=PUT", headers=headers, data=b'{"content": 1}')
    assert answer.status_code == 400
    large = form | {"content": " " * 1_100_000}
    answer = store.app.test_client().post("/xapi/statements?method=PUT", headers=headers, data=large)
    assert answer.status_code in (400, 413)
    assert store.ids() == []


def test_1_3_a_form_for_any_other_address_stays_a_form(app: Flask) -> None:
    answer = app.test_client().post("/sign-in?method=GET", data={"email": "a@b.example"})
    assert answer.status_code == 400, "a form without its token, and not the page"


# 2.1.3 what is found


@pytest.mark.both_databases
def test_2_1_3_agent_is_the_actor_the_object_or_a_member_and_related_agents_looks_further(store: Elsewhere) -> None:
    (actor,) = store.send(met())
    (target,) = store.send(met(actor=BEN, object={"objectType": "Agent", "name": "Ann"} | ANN))
    (member,) = store.send(met(actor={"objectType": "Group", "member": [BEN, ANN]}))
    (instructor,) = store.send(met(actor=BEN, context={"instructor": ANN}))
    (team,) = store.send(met(actor=BEN, context={"team": {"objectType": "Group", "member": [ANN]}}))
    within = {"objectType": "SubStatement", "actor": ANN, "verb": VERB, "object": THING}
    (inner,) = store.send(met(actor=BEN, object=within))
    store.send(met(actor=BEN))
    assert store.ids(agent=ANN) == [member, target, actor]
    assert store.ids(agent=ANN, related_agents="true") == [inner, team, instructor, member, target, actor]
    authority = store.get(statementId=actor)["authority"]
    assert store.ids(agent=authority) == []
    assert len(store.ids(agent=authority, related_agents="true")) == 7
    assert len(store.ids(agent={"mbox": "mailto:ben@LMS.EXAMPLE"})) == 6, "capitals of a domain do not count"
    assert store.ids(agent={"mbox": "mailto:Ben@lms.example"}) == []


@pytest.mark.both_databases
def test_2_1_3_activity_is_the_object_and_related_activities_looks_further(store: Elsewhere) -> None:
    course = {"id": "https://example.org/courses/1"}
    (target,) = store.send(met(object=course))
    around = [
        store.send(met(context={"contextActivities": {name: course}}))[0]
        for name in ("parent", "grouping", "category", "other")
    ]
    within = {"objectType": "SubStatement", "actor": ANN, "verb": VERB, "object": course}
    (inner,) = store.send(met(object=within))
    (deeper,) = store.send(
        met(object=within | {"object": THING, "context": {"contextActivities": {"parent": [course]}}})
    )
    store.send(met())
    assert store.ids(activity=course["id"]) == [target]
    related = store.ids(activity=course["id"], related_activities="true")
    assert related == [deeper, inner, *around[::-1], target]


@pytest.mark.both_databases
def test_2_1_3_s3_what_is_about_a_statement_is_found_with_it_however_far(store: Elsewhere) -> None:
    registration = new_id()
    (first,) = store.send(met(context={"registration": registration}))
    (second,) = store.send(about(first))
    (third,) = store.send(about(second))
    store.send(about(new_id()), met(actor=BEN, verb=OTHER_VERB, object={"id": "https://example.org/activities/2"}))
    for asked in ({"agent": ANN}, {"verb": VERB["id"]}, {"activity": THING["id"]}, {"registration": registration}):
        assert store.ids(**asked) == [third, second, first], asked
    assert store.ids(agent=ANN, verb=VERB["id"], ascending="true") == [first, second, third]
    assert store.ids(agent=ANN, verb=OTHER_VERB["id"]) == [], "all of it has to be so of one statement"
    stored = store.get(statementId=second)["stored"]
    assert store.ids(agent=ANN, since=stored) == [third], "times are those of the statement itself"
    assert store.ids(agent=ANN, until=stored) == [second, first]
    assert store.ids(agent=ANN, limit="1") == [third]


def test_2_1_3_s3_statements_about_each_other_come_to_an_end(store: Elsewhere) -> None:
    one, other, alone = new_id(), new_id(), new_id()
    store.send(about(other, id=one, actor=ANN), about(one, id=other), about(alone, id=alone))
    assert set(store.ids(agent=ANN)) == {one, other}


@pytest.mark.both_databases
def test_2_1_4_a_voided_statement_is_not_found_and_what_is_about_it_is(store: Elsewhere) -> None:
    (target,) = store.send(met())
    (comment,) = store.send(about(target))
    (by,) = store.send(voiding(target))
    assert store.ids(activity=THING["id"]) == [by, comment]
    assert store.ids(agent=ANN) == [by, comment]


def test_2_1_3_s3_nobody_learns_by_it_what_others_said(store: Elsewhere, elsewhere: Callable[..., Elsewhere]) -> None:
    (theirs,) = store.send(met())
    partner = elsewhere(Role.PARTNER, SLUG)
    partner.send(about(theirs))
    assert partner.ids(agent=ANN) == []


@pytest.mark.parametrize(
    "asked",
    [
        {"statementId": "7"}, {"voidedStatementId": "7"}, {"agent": {}}, {"agent": agent() | ANN}, {"agent": "ann"},
        {"agent": {"objectType": "Group", "member": [ANN]}}, {"verb": "met"}, {"activity": "1"}, {"registration": "7"},
        {"related_agents": "1"}, {"related_activities": "True"}, {"since": "today"}, {"until": "2026-13-01T00:00:00Z"},
        {"limit": "-1"}, {"limit": "1.5"}, {"format": "Ids"}, {"attachments": "yes"}, {"ascending": ""},
        {"StatementId": "e05aa883-acaf-40ad-bf54-02c8ce485fb0"}, {"Agent": ANN}, {"Verb": "a:b"}, {"colour": "red"},
    ],
    ids=str,
)  # fmt: skip
def test_2_2_s4_b4_and_3_2_s3_b7_a_parameter_is_one_that_there_is_and_of_its_kind(
    store: Elsewhere, asked: Json
) -> None:
    store.get(status=400, **asked)


def test_2_1_3_s2_b2_one_statement_is_asked_for_alone(store: Elsewhere) -> None:
    (one,) = store.send(met())
    for name in ("agent", "verb", "activity", "registration", "related_agents", "related_activities", "since", "until",
                 "limit", "ascending"):  # fmt: skip
        store.get(status=400, statementId=one, **{name: "x"})
    store.get(status=400, statementId=one, voidedStatementId=one)
    assert store.get(statementId=one, format="ids", attachments="false")["id"] == one


def test_2_1_3_s2_b4_nothing_found_is_a_page_of_nothing(store: Elsewhere) -> None:
    assert store.get(verb="https://example.org/none") == {"statements": [], "more": ""}


def test_2_1_3_s2_b5_and_b8_answers_say_how_far_they_are_consistent_and_when_it_was_stored(store: Elsewhere) -> None:
    put = store.put(new_id(), met())
    (identifier,) = store.send(met())
    one = store.ask("GET", query_string={"statementId": identifier})
    for answer in (put, one, store.ask("GET"), store.ask("GET", status=404, query_string={"statementId": new_id()}),
                   store.ask("POST", status=400, json={})):  # fmt: skip
        assert datetime.fromisoformat(answer.headers["X-Experience-API-Consistent-Through"]).tzinfo is not None
    stored = datetime.fromisoformat(one.get_json()["stored"])
    assert one.headers["Last-Modified"] == stored.strftime("%a, %d %b %Y %H:%M:%S GMT")


def test_2_1_3_s4_canonical_has_one_language_of_each_text(store: Elsewhere) -> None:
    words = {"de": "Ding", "en-GB": "Thing", "fr": "Chose"}
    definition = {
        "name": words, "description": words, "interactionType": "choice",
        "choices": [{"id": "a", "description": words}], "extensions": {"https://example.org/x": {"name": words}},
    }  # fmt: skip
    said = met(verb=VERB | {"display": words}, object=THING | {"definition": definition}, actor=ANN | {"name": "Ann"})
    (identifier,) = store.send(said)
    for languages, chosen in (("fr", "fr"), ("en", "en-GB"), ("cy, de;q=0.5", "de"), ("", "de")):
        asked = {"statementId": identifier, "format": "canonical"}
        shown = store.ask("GET", query_string=asked, headers={"Accept-Language": languages}).get_json()
        found = shown["object"]["definition"]
        only = {chosen: words[chosen]}
        assert [found["name"], found["description"], found["choices"][0]["description"]] == [only] * 3
        assert shown["verb"]["display"] == only
        assert found["extensions"] == definition["extensions"]
        assert shown["actor"] == said["actor"]


def test_2_5_s3_b1_more_is_a_relative_address_that_keeps_what_was_asked(store: Elsewhere) -> None:
    store.send(*[met() for _ in range(3)], *[met(verb=OTHER_VERB) for _ in range(3)])
    asked = {"verb": VERB["id"], "limit": "2", "format": "ids", "related_agents": "true"}
    more = store.get(**asked)["more"]
    assert more.startswith("/xapi/statements?")
    assert urlencode({"verb": VERB["id"]}) in more
    page = store.ask("GET", more.removeprefix("/xapi")).get_json()
    assert len(page["statements"]) == 1
    assert page["more"] == ""


# 2.8 about, 3.2 error codes, 3.3 versioning


def test_2_8_about_names_the_versions(store: Elsewhere) -> None:
    answer = store.ask("GET", "/about", headers={"Authorization": "", "X-Experience-API-Version": ""})
    assert answer.get_json() == {"version": ["1.0.0", "1.0.1", "1.0.2", "1.0.3"]}


def test_3_2_s3_refusals_have_the_code_that_says_why(store: Elsewhere, elsewhere: Callable[..., Elsewhere]) -> None:
    store.ask("POST", status=400, data=b"{}", content_type="text/plain")
    store.ask("GET", status=401, headers={"Authorization": "Bearer es_nothing"})
    elsewhere(scopes=()).ask("GET", status=403)
    store.get(status=404, statementId=new_id())
    store.ask("DELETE", status=405)
    store.ask("POST", status=413, data=b" " * 2_000_000, content_type="application/json")
    store.ask("POST", status=400, json=[met(), met(verb={"id": "should fail"})])
    assert store.ids() == [], "all of a batch or nothing"


@pytest.mark.parametrize(
    ("version", "status"),
    [("1.0", 200), ("1.0.0", 200), ("1.0.1", 200), ("1.0.32", 200), ("", 400), ("0.95", 400), ("1.1.0", 400),
     ("2.0.0", 400), ("1", 400), ("1.0.", 400)],
)  # fmt: skip
def test_3_3_s3_versions_from_1_0_on_and_before_1_1_are_spoken(store: Elsewhere, version: str, status: int) -> None:
    answer = store.ask("GET", status=status, headers={"X-Experience-API-Version": version})
    assert answer.headers["X-Experience-API-Version"] == "1.0.3"
