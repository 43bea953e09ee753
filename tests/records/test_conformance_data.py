"""Statements that a store takes and that it refuses: Experience API 1.0.3, part two (data), by section and requirement.

https://github.com/adlnet/xAPI-Spec/blob/master/xAPI-Data.md; of the conformance requirements for learning record stores
those on statements. What is merely of a wrong type in a property of its own stands in ``test_shapes.py``.
"""

from collections.abc import Callable
from typing import Any

import pytest

from tests.records.conftest import VOIDED, Elsewhere, Json, agent, new_id, statement

VERB = {"id": "https://example.org/verbs/met"}
THING = {"id": "https://example.org/activities/1"}
ACCOUNT = {"account": {"homePage": "https://lms.example", "name": "7"}}
SUB = {"objectType": "SubStatement", "actor": ACCOUNT, "verb": VERB, "object": THING}
REF = {"objectType": "StatementRef", "id": new_id()}


def met(**changes: Any) -> Json:
    return statement(**{"verb": VERB, "object": THING} | changes)


def result(**parts: Any) -> Json:
    return met(result=parts)


def context(**parts: Any) -> Json:
    return met(context=parts)


def defined(**parts: Any) -> Json:
    return met(object=THING | {"definition": parts})


TAKEN: dict[str, Json] = {
    "2.2.s2.b3: an actor, a verb and an object are enough": met(),
    "2.2.s4.b1.b1: a null within an extension": context(extensions={"https://example.org/x": None}),
    "2.4.1: a UUID of any version": met(id="01890a5d-ac96-774b-bcce-b302099a8057"),
    "2.4.2.1: an agent by mbox": met(actor=agent()),
    "2.4.2.1: an agent by mbox_sha1sum": met(actor={"mbox_sha1sum": "a" * 40}),
    "2.4.2.1: an agent by openid": met(actor={"openid": "https://ann.example/"}),
    "2.4.2.1: an agent by account": met(actor=ACCOUNT),
    "2.4.2.2.s4.b1: an anonymous group with members": met(actor={"objectType": "Group", "member": [agent()]}),
    "2.4.2.2.s5.b4: an identified group without members": met(actor={"objectType": "Group"} | ACCOUNT),
    "2.4.3: a verb without display": met(verb={"id": "tag:example.org,2026:met"}),
    "2.4.4.1: an activity whose id is no address": met(object={"id": "urn:isbn:9780141036144"}),
    "2.4.4.1.s13: an interaction": defined(interactionType="true-false", correctResponsesPattern=["true"]),
    "2.4.4.2: an agent as the object": met(object={"objectType": "Agent"} | ACCOUNT),
    "2.4.4.3.s4.b2: a reference to a statement that is not there": met(object=REF),
    "2.4.4.3.s8: a statement within": met(object=SUB),
    "2.4.7.s3.b5: a statement within, of the future": met(object=SUB | {"timestamp": "2199-01-01T00:00:00Z"}),
    "2.4.7.s3.b6: a timestamp of the future": met(timestamp="2199-01-01T00:00:00Z"),
    "2.4.5.1: a scaled score at its end": result(score={"scaled": -1}),
    "2.4.5.1: a raw score between min and max": result(score={"raw": 5, "min": 5, "max": 6}),
    "2.4.6.2.s4.b2: one activity in place of a list": context(contextActivities={"parent": THING}),
    "2.4.10.s3.b1: a version that begins with 1.0.": met(version="1.0.9"),
    "4.1.s3.b2: whatever an extension holds": result(extensions={"https://example.org/x": [{"y": [1.5, "", {}]}]}),
    "4.2: languages of several parts": met(verb=VERB | {"display": {"zh-Hant-TW": "x", "es-419": "y", "en": "z"}}),
    "4.3: an IRI beyond ASCII": met(verb={"id": "https://example.org/فعل/خواندن"}),
    "4.5: a timestamp without a zone": met(timestamp="2026-01-02T03:04:05.678"),
    "4.6: days, hours and parts of a second": result(duration="P3Y1M29DT4H35M59.14S"),
    "4.6: weeks": result(duration="P4W"),
}

REFUSED: dict[str, Json] = {
    "2.2.s2.b3: no actor": met(actor=...),
    "2.2.s2.b3: no verb": met(verb=...),
    "2.2.s2.b3: no object": met(object=...),
    "2.2.s4.b1.b1: a null": met(context=None),
    "2.2.s4.b1.b2: a text for a number": result(score={"raw": "5"}),
    "2.2.s4.b1.b3: a text for a truth": result(success="true"),
    "2.2.s4.b1.b4: an empty text for an IRI": met(verb={"id": ""}),
    "2.2.s4.b1.b5: a key in other letters": met(Verb=VERB),
    "2.2.s4.b1.b6: a value in other letters": met(actor=agent() | {"objectType": "agent"}),
    "2.2.s4.b1.b7: a key that there is not": met(colour="red"),
    "2.2.s4.b1.b8: an IRI without a scheme": met(object={"id": "example.org/activities/1"}),
    "2.3.2.s2.b1: voiding what is no reference": met(verb={"id": VOIDED}),
    "2.4.1: an id with a digit too many": met(id=new_id() + "8"),
    "2.4.1: an id with another letter": met(id="M" + new_id()[1:]),
    "2.4.2.1.s2.b1: an agent without an identifier": met(actor={"name": "Ann"}),
    "2.4.2.1.s2.b2: an agent with two": met(actor=agent() | ACCOUNT),
    "2.4.2.2.s4.b1: a group of nobody": met(actor={"objectType": "Group", "name": "Nobody"}),
    "2.4.2.2.s4.b2: a group in a group": met(actor={"objectType": "Group", "member": [
        {"objectType": "Group", "member": [agent()]}]}),
    "2.4.2.3: an mbox that is no mailto": met(actor={"mbox": "ann@test.example"}),
    "2.4.2.3: an mbox_sha1sum that is none": met(actor={"mbox_sha1sum": "z" * 40}),
    "2.4.2.4: an account without homePage": met(actor={"account": {"name": "7"}}),
    "2.4.2.4: an account without name": met(actor={"account": {"homePage": "https://lms.example"}}),
    "2.4.4.1.s13.b1: an interaction of no kind": defined(interactionType="guess"),
    "2.4.4.1.s16.b1: parts of an interaction with one id": defined(
        interactionType="choice", choices=[{"id": "a"}, {"id": "a"}]),
    "2.4.4.2: an agent as the object that does not say so": met(object=ACCOUNT),
    "2.4.4.3.s4.b2: a reference to no UUID": met(object=REF | {"id": "7"}),
    "2.4.4.3.s8.b2: a statement within that is none": met(object=SUB | {"verb": {}}),
    "2.4.4.3.s8.b3: a statement within, with an id": met(object=SUB | {"id": new_id()}),
    "2.4.4.3.s8.b3: a statement within, with an authority": met(object=SUB | {"authority": agent()}),
    "2.4.4.3.s8.b4: a statement within one within": met(object=SUB | {"object": SUB}),
    "2.4.5.1: a scaled score beyond 1": result(score={"scaled": 1.01}),
    "2.4.5.1: a raw score below min": result(score={"raw": 1, "min": 2, "max": 3}),
    "2.4.5.1: a min that is not below max": result(score={"min": 2, "max": 2}),
    "2.4.6.s4.b1: a revision of what is no activity": met(object=REF, context={"revision": "2"}),
    "2.4.6.s4.b2: a platform of what is no activity": met(object=REF, context={"platform": "x"}),
    "2.4.6: a registration that is no UUID": context(registration="7"),
    "2.4.6: a team that is no group": context(team=agent()),
    "2.4.6.2.s4.b1: a kind of context that there is not": context(contextActivities={"uncle": [THING]}),
    "2.4.9.s3.b1: an authority of three": met(authority={"objectType": "Group", "member": [agent()] * 3}),
    "2.4.10.s3.b2: a version that does not begin with 1.0.": met(version="1.1.0"),
    "2.4.10.s3.b2: a version in two parts": met(version="1.0"),
    "4.1.s3.b1: an extension whose name is no IRI": result(extensions={"x": 1}),
    "4.2: a language that is none": met(verb=VERB | {"display": {"the English": "met"}}),
    "4.2: a language map that is none": met(verb=VERB | {"display": "met"}),
    "4.5: a timestamp that is none": met(timestamp="01/011/2015"),
    "4.5: a timestamp of no known zone": met(timestamp="2008-09-15T15:53:00.601-00:00"),
    "4.6: a duration that is none": result(duration="PA1H0M0S"),
    "4.6: weeks and days": result(duration="P4W1D"),
}  # fmt: skip


@pytest.mark.parametrize("case", TAKEN)
def test_what_a_store_must_take_it_takes_and_gives_back_as_it_was(store: Elsewhere, case: str) -> None:
    (identifier,) = store.send(TAKEN[case])
    read, sent = store.get(statementId=identifier), TAKEN[case]
    if "contextActivities" not in str(sent):
        assert {name: read[name] for name in sent} == sent
    assert set(read) - set(sent) <= {"id", "stored", "timestamp", "version", "authority"}


@pytest.mark.parametrize("case", REFUSED)
def test_what_a_store_must_refuse_is_400_with_where_and_why(store: Elsewhere, case: str) -> None:
    said = store.ask("POST", status=400, json=REFUSED[case]).get_json()
    assert said["detail"].startswith("statement")
    assert store.ids() == []


# What comes back


def test_2_4_6_2_s4_b3_activities_around_come_back_in_lists(store: Elsewhere) -> None:
    around = {"contextActivities": {"parent": THING, "other": [THING]}}
    (identifier,) = store.send(met(context=around, object=SUB | {"context": around}))
    lists = {"parent": [THING], "other": [THING]}
    read = store.get(statementId=identifier)
    assert read["context"]["contextActivities"] == lists
    assert read["object"]["context"]["contextActivities"] == lists


def test_2_4_7_to_2_4_10_what_a_store_sets(store: Elsewhere) -> None:
    (identifier,) = store.send(met(stored="2020-01-01T00:00:00Z", authority=agent("somebody@else.example")))
    read = store.get(statementId=identifier)
    assert read["stored"] == read["timestamp"] > "2026"
    assert read["version"] == "1.0.0"
    assert read["authority"]["objectType"] == "Agent"
    assert read["authority"]["account"]["homePage"] == "http://127.0.0.1:8000"


# Whether two are the same (2.3.1): the second is sent under the id of the first

FULL = met(
    timestamp="2026-01-02T03:04:05Z",
    object={"objectType": "SubStatement", "actor": ACCOUNT, "verb": VERB, "object": THING},
    context={
        "registration": "aaaaaaaa-1111-4111-8111-111111111111",
        "team": {"objectType": "Group", "member": [agent("a@b.example"), agent("c@b.example")]},
        "contextActivities": {"parent": [THING]},
    },
)
SAME: dict[str, Callable[[Json], Json]] = {
    "b1: what a store sets": lambda said: said | {"version": "1.0.3", "stored": "2020-01-01T00:00:00Z"},
    "b2: definitions of activities": lambda said: said | {"context": said["context"] | {
        "contextActivities": {"parent": [THING | {"definition": {"name": {"en": "Thing"}}}]}}},
    "b3: how verbs are displayed": lambda said: said | {"object": said["object"] | {
        "verb": VERB | {"display": {"en": "met"}}}},
    "b4: how moments are written": lambda said: said | {"timestamp": "2026-01-02T04:04:05.000+01:00"},
    "b5: the order of a group": lambda said: said | {"context": said["context"] | {
        "team": {"objectType": "Group", "member": [agent("c@b.example"), agent("a@B.EXAMPLE")]}}},
    "b7: capitals of a UUID": lambda said: said | {"context": said["context"] | {
        "registration": "AAAAAAAA-1111-4111-8111-111111111111"}},
    "2.4.6.2: one activity in place of a list": lambda said: said | {"context": said["context"] | {
        "contextActivities": {"parent": THING}}},
}  # fmt: skip
OTHER: dict[str, Callable[[Json], Json]] = {
    "another moment": lambda said: said | {"timestamp": "2026-01-02T03:04:06Z"},
    "another actor": lambda said: said | {"actor": agent("ada@test.example")},
    "another verb within": lambda said: said | {"object": said["object"] | {"verb": {"id": "https://example.org/x"}}},
    "another activity around": lambda said: said | {"context": said["context"] | {
        "contextActivities": {"parent": [{"id": "https://example.org/x"}]}}},
    "b8: a duration written otherwise": lambda said: said | {"result": {"duration": "PT60M"}},
}  # fmt: skip


@pytest.mark.parametrize("case", SAME)
def test_2_3_1_differences_that_do_not_count(store: Elsewhere, case: str) -> None:
    identifier = new_id()
    store.put(identifier, FULL)
    before = store.get(statementId=identifier)
    store.put(identifier, SAME[case](FULL))
    assert store.get(statementId=identifier) == before


@pytest.mark.parametrize("case", OTHER)
def test_2_3_1_differences_that_count_are_409_and_change_nothing(store: Elsewhere, case: str) -> None:
    identifier = new_id()
    store.put(identifier, FULL | {"result": {"duration": "PT1H"}})
    before = store.get(statementId=identifier)
    store.put(identifier, OTHER[case](FULL | {"result": {"duration": "PT1H"}}), status=409)
    assert store.get(statementId=identifier) == before
