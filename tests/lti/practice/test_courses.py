"""Courses are apart from each other; a copy knows where it came from."""

import sqlite3

from flask.testing import FlaskClient

from lti.practice.claims import VARIABLES
from lti.practice.settings import PracticeSettings
from tests.lti.practice.tool import (
    LTI,
    PRIYA,
    SAM,
    TINA,
    add_content,
    add_item,
    bearer_for,
    browser,
    claims_of,
    post_score,
    sign_in,
)

VARIED = {name: f"${name}" for name in VARIABLES} | {"unknown": "$Person.name.full", "text": "$Context.id or so"}


def copy(client: FlaskClient, course: str = "2") -> str:
    sign_in(client, TINA)
    return client.post(f"/courses/{course}/copy").headers["Location"].removeprefix("/courses/")


def items(client: FlaskClient, bearer: dict[str, str], course: str) -> list[tuple[str, str, str, str | None]]:
    found = client.get(f"/services/{course}/lineitems?type_id=1", headers=bearer).get_json()
    return [(one["label"], one["resourceId"], one["tag"], one.get("resourceLinkId")) for one in found]


def test_variables_are_replaced_and_unknown_ones_arrive(client: FlaskClient, settings: PracticeSettings) -> None:
    add_content(client, settings, {"type": "ltiResourceLink", "title": "Varied", "custom": VARIED})
    custom = claims_of(client, settings, link="4")[LTI + "custom"]
    assert {name: custom[name] for name in VARIED} == {
        "Context.id": "2",
        "Context.id.history": "",
        "Context.label": "SEATS",
        "Context.title": "Leading from every seat",
        "User.id": SAM,
        "User.username": "sam.ward",
        "Person.sourcedId": "sis-sam.ward",
        "ResourceLink.id": "4",
        "ResourceLink.title": "Varied",
        "unknown": "$Person.name.full",
        "text": "$Context.id or so",
    }
    assert custom["context_id_history"] == ""


def test_copy_has_links_of_its_own_and_its_history(client: FlaskClient, settings: PracticeSettings) -> None:
    custom = {"history": "$Context.id.history", "offer": "x"}
    add_content(client, settings, {"type": "ltiResourceLink", "title": "Traced", "custom": custom})
    assert copy(client) == "3"
    assert copy(client, "3") == "4"
    page = client.get("/courses/4").text
    assert "Leading from every seat (copy 3) (copy 4)" in page
    assert 'href="/course/links/12"' in page
    assert 'href="/course/links/4"' not in page
    claims = claims_of(client, settings, link="12")
    assert claims[LTI + "resource_link"]["id"] == "12"
    assert claims[LTI + "context"]["id"] == "4"
    assert claims[LTI + "custom"]["history"] == "3,2"
    assert claims[LTI + "custom"]["offer"] == "x"
    assert claims_of(client, settings, link="8")[LTI + "custom"]["history"] == "2"


def test_copy_has_line_items_of_its_own(client: FlaskClient, bearer: dict[str, str]) -> None:
    add_item(client, bearer, label="Loose", resourceId="r", tag="t")
    post_score(client, bearer)
    copy(client)
    assert items(client, bearer, "3") == [
        ("Every Seat: where you stand, and what would help", "", "", "4"),
        ("Offer: Meetings that finish on time", "", "", "6"),
        ("Loose", "r", "t", None),
    ]
    assert client.get("/services/3/lineitems/1/lineitem?type_id=1", headers=bearer).status_code == 404
    assert post_score(client, bearer, item=1, course="3") == 404
    assert post_score(client, bearer, item=4, course="3", userId=PRIYA) == 200
    copied = {one["name"]: one["grades"] for one in client.get("/courses/3/gradebook.json").get_json()["learners"]}
    assert [name for name, grades in copied.items() if grades["4"]] == ["Priya Shah"]
    first = client.get("/course/gradebook.json").get_json()
    assert [item["number"] for item in first["line_items"]] == [1, 2, 3]


def test_first_course_keeps_its_addresses(client: FlaskClient) -> None:
    copy(client)
    assert client.get("/courses/2").headers["Location"].endswith("/course")
    listed = client.get("/courses").text
    assert '<a href="/course">Leading from every seat</a>' in listed
    assert '<a href="/courses/3">Leading from every seat (copy 3)</a>' in listed
    assert 'href="/courses/3/gradebook"' in client.get("/courses/3").text
    assert client.get("/courses/9").status_code == 404


def test_only_a_teacher_copies_from_the_platforms_own_page(client: FlaskClient) -> None:
    sign_in(client, SAM)
    assert client.post("/courses/2/copy").status_code == 403
    sign_in(client, TINA)
    assert client.post("/courses/2/copy", headers={"Origin": "http://127.0.0.1:8000"}).status_code == 400
    assert client.get("/courses/3").status_code == 404


def test_link_of_another_course_gets_no_line_item(client: FlaskClient, bearer: dict[str, str]) -> None:
    copy(client)
    body = {"label": "x", "scoreMaximum": 1, "resourceLinkId": "4"}
    kind = "application/vnd.ims.lis.v2.lineitem+json"
    answers = [
        client.post(f"/services/{course}/lineitems?type_id=1", json=body, content_type=kind, headers=bearer)
        for course in ("2", "3")
    ]
    assert [answer.status_code for answer in answers] == [403, 201]


def test_folder_of_the_first_version_keeps_its_grades(settings: PracticeSettings) -> None:
    settings.folder.mkdir()
    with sqlite3.connect(settings.folder / "practice.sqlite3") as db:
        db.executescript(
            "create table launches (id text primary key, link_id text not null);"
            "create table tokens (token text primary key, scope text not null, expires integer not null);"
            "create table line_items (id integer primary key autoincrement, label text not null,"
            " score_maximum real not null, resource_id text not null, tag text not null, link_id text,"
            " made_for_link text unique);"
            "insert into line_items values (1, 'Kept', 100, '', '', '1', '1');"
        )
    db.close()
    client = browser(settings)
    bearer = bearer_for(client, settings, *settings.granted_scopes)
    assert [label for label, *_ in items(client, bearer, "2")] == ["Kept", "Offer: Meetings that finish on time"]
    assert claims_of(client, settings)[LTI + "context"]["id"] == "2"
