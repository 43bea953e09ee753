"""What is a statement and what is none: types, names and values (Experience API 1.0.3, part two)."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalogue.records.comparing import same
from catalogue.records.reading import Malformed
from catalogue.records.statements import check
from tests.records.conftest import Json, agent, new_id, statement

GROUP = {"objectType": "Group", "member": [agent()]}
REF = {"objectType": "StatementRef", "id": new_id()}
SUB = {"objectType": "SubStatement", "actor": agent(), "verb": {"id": "a:b"}, "object": {"id": "a:c"}}
FILE = {"usageType": "a:b", "display": {"en": "File"}, "contentType": "text/plain", "length": 1, "sha2": "a" * 64}

GOOD: dict[str, Json] = {
    "least": statement(),
    "id": statement(id=new_id()),
    "account": statement(actor={"account": {"homePage": "https://a.example", "name": "7"}}),
    "openid": statement(actor={"openid": "https://a.example/me", "objectType": "Agent", "name": "Ann"}),
    "sha1": statement(actor={"mbox_sha1sum": "a" * 40}),
    "group without a name": statement(actor=GROUP),
    "group with a name": statement(actor={"objectType": "Group", "mbox": "mailto:a@b.c", "member": []}),
    "of an agent": statement(object={"objectType": "Agent"} | agent()),
    "of a group": statement(object=GROUP),
    "of a statement": statement(object=REF),
    "within a statement": statement(object=SUB),
    "result": statement(result={
        "score": {"scaled": -0.5, "raw": 1, "min": 0, "max": 10}, "success": True, "completion": False,
        "response": "", "duration": "PT1H2M3.5S", "extensions": {"a:b": None},
    }),
    "weeks": statement(result={"duration": "P2W"}),
    "context": statement(context={
        "registration": new_id(), "instructor": agent(), "team": GROUP, "language": "en-GB", "statement": REF,
        "contextActivities": {"parent": {"id": "a:b"}, "grouping": [{"id": "a:b"}]}, "revision": "1", "platform": "x",
        "extensions": {"https://a.example/x": {"anything": [1, None]}},
    }),
    "interaction": statement(object={"id": "a:b", "definition": {
        "type": "a:c", "moreInfo": "https://a.example", "interactionType": "choice", "correctResponsesPattern": ["a"],
        "choices": [{"id": "a", "description": {"en": "A"}}],
    }}),
    "timestamp without seconds' parts": statement(timestamp="2026-01-02T03:04:05Z"),
    "timestamp with parts": statement(timestamp="2026-01-02T03:04:05.123456789+01:00"),
    "timestamp without zone": statement(timestamp="2026-01-02T03:04:05"),
    "version": statement(version="1.0.3"),
    "attachment": statement(attachments=[FILE | {"fileUrl": "https://a.example/f"}]),
    "authority": statement(authority={"objectType": "Group", "member": [agent(), agent("b@b.c")]}),
}  # fmt: skip

BAD: dict[str, Json] = {
    "no actor": statement(actor=...),
    "no verb": statement(verb=...),
    "no object": statement(object=...),
    "unknown property": statement(colour="red"),
    "property in other letters": statement(Actor=agent()),
    "null": statement(result=None),
    "null within": statement(result={"success": None}),
    "id no UUID": statement(id="7"),
    "actor empty": statement(actor={}),
    "actor a text": statement(actor="mailto:a@b.c"),
    "actor with two identifiers": statement(actor=agent() | {"openid": "https://a.example"}),
    "actor with members": statement(actor=agent() | {"member": []}),
    "group empty": statement(actor={"objectType": "Group"}),
    "group with two identifiers": statement(actor=GROUP | agent() | {"openid": "https://a.example"}),
    "group in a group": statement(actor={"objectType": "Group", "member": [GROUP]}),
    "mbox no mailto": statement(actor={"mbox": "a@b.c"}),
    "sha1 short": statement(actor={"mbox_sha1sum": "a" * 39}),
    "openid no IRI": statement(actor={"openid": "me"}),
    "account without home page": statement(actor={"account": {"name": "7"}}),
    "account with more": statement(actor={"account": {"homePage": "https://a.example", "name": "7", "x": 1}}),
    "account of a number": statement(actor={"account": {"homePage": "https://a.example", "name": 7}}),
    "objectType in other letters": statement(actor=agent() | {"objectType": "agent"}),
    "verb without id": statement(verb={}),
    "verb no IRI": statement(verb={"id": "completed"}),
    "display no map": statement(verb={"id": "a:b", "display": "done"}),
    "display in no language": statement(verb={"id": "a:b", "display": {"the English": "done"}}),
    "display of a number": statement(verb={"id": "a:b", "display": {"en": 1}}),
    "object without id": statement(object={}),
    "object of an unknown kind": statement(object={"objectType": "Course", "id": "a:b"}),
    "objectType a list": statement(object={"objectType": [], "id": "a:b"}),
    "reference no UUID": statement(object={"objectType": "StatementRef", "id": "7"}),
    "statement with id within": statement(object=SUB | {"id": new_id()}),
    "statement within one within": statement(object=SUB | {"object": SUB}),
    "interaction of an unknown kind": statement(object={"id": "a:b", "definition": {"interactionType": "guess"}}),
    "choices of no choice": statement(object={"id": "a:b", "definition": {"interactionType": "likert", "choices": []}}),
    "choices of nothing": statement(object={"id": "a:b", "definition": {"choices": []}}),
    "choices twice": statement(object={"id": "a:b", "definition": {
        "interactionType": "choice", "choices": [{"id": "a"}, {"id": "a"}]}}),
    "score too high": statement(result={"score": {"scaled": 1.1}}),
    "score a text": statement(result={"score": {"raw": "7"}}),
    "score true": statement(result={"score": {"raw": True}}),
    "score out of range": statement(result={"score": {"raw": 11, "min": 0, "max": 10}}),
    "score backwards": statement(result={"score": {"min": 5, "max": 5}}),
    "success a text": statement(result={"success": "true"}),
    "completion a number": statement(result={"completion": 1}),
    "duration": statement(result={"duration": "1 hour"}),
    "duration of nothing": statement(result={"duration": "P"}),
    "duration of no time": statement(result={"duration": "PT"}),
    "extension no IRI": statement(result={"extensions": {"x": 1}}),
    "registration": statement(context={"registration": "7"}),
    "team an agent": statement(context={"team": agent()}),
    "language": statement(context={"language": "the English"}),
    "context activities": statement(context={"contextActivities": {"uncle": {"id": "a:b"}}}),
    "context activities no activity": statement(context={"contextActivities": {"parent": GROUP}}),
    "revision of an agent": statement(object={"objectType": "Agent"} | agent(), context={"revision": "1"}),
    "platform of a statement": statement(object=REF, context={"platform": "x"}),
    "timestamp": statement(timestamp="yesterday"),
    "timestamp a day": statement(timestamp="2026-01-02"),
    "timestamp of no day": statement(timestamp="2026-02-30T00:00:00Z"),
    "timestamp of no zone": statement(timestamp="2026-01-02T03:04:05-00:00"),
    "timestamp of the first year": statement(timestamp="0001-01-01T00:00:00+14:00"),
    "timestamp before our time": statement(timestamp="0001-01-01T00:00:00Z"),
    "timestamp after our time": statement(timestamp="9999-12-31T23:59:59Z"),
    "version": statement(version="2.0.0"),
    "attachment of no kind": statement(attachments=[FILE | {"contentType": "should fail"}]),
    "attachments no list": statement(attachments=FILE),
    "authority of three": statement(authority={"objectType": "Group", "member": [agent()] * 3}),
    "voiding no statement": statement(verb={"id": "http://adlnet.gov/expapi/verbs/voided"}),
    "too long": statement(object={"id": "https://a.example/" + "x" * 500}),
}  # fmt: skip


@pytest.mark.parametrize("name", GOOD)
def test_a_statement_as_the_specification_has_it_is_taken(name: str) -> None:
    check(GOOD[name])
    assert same(GOOD[name], GOOD[name])


@pytest.mark.parametrize("name", BAD)
def test_what_is_not_so_is_refused_with_where_and_why(name: str) -> None:
    with pytest.raises(Malformed) as fault:
        check(BAD[name])
    assert ":" in str(fault.value)


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
PLACES = ("actor", "verb", "object", "result", "context", "timestamp", "attachments", "authority", "version", "id")


@given(st.sampled_from(PLACES), anything)
def test_whatever_stands_in_a_place_is_taken_or_refused_and_never_a_fault(place: str, value: Any) -> None:
    try:
        check(statement(**{place: value}))
    except Malformed:
        pass
    else:
        assert place in ("result", "context", "attachments")


@given(anything)
def test_whatever_is_sent_is_taken_or_refused_and_never_a_fault(value: Any) -> None:
    with pytest.raises(Malformed):
        check(value)
