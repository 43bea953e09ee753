"""The practice platform names the members of a course by Moodle's rules."""

import re
from dataclasses import replace

from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from lti.practice.settings import MEMBERS_READ, PEOPLE, Person, PracticeSettings
from tests.lti.practice.tool import (
    JO,
    PRIYA,
    SAM,
    TINA,
    bearer_for,
    browser,
    post_score,
    request_of,
    sign_in,
    start,
)

MEMBERS = "/services/CourseSection/2/bindings/1/memberships"


def test_members_have_short_roles_and_no_one_who_left(settings: PracticeSettings) -> None:
    client = browser(replace(settings, people=(*PEOPLE, Person("7", "Lee", "Gone", active=False))))
    bearer = bearer_for(client, settings, MEMBERS_READ)
    body = client.get(MEMBERS, headers=bearer).get_json()
    assert set(body) == {"id", "context", "members"}
    assert [one["user_id"] for one in body["members"]] == [TINA, SAM, PRIYA, JO]
    assert body["members"][1] == {
        "status": "Active",
        "roles": ["Learner"],
        "user_id": SAM,
        "lis_person_sourcedid": "sis-sam.ward",
        "name": "Sam Ward",
        "given_name": "Sam",
        "family_name": "Ward",
        "email": "sam.ward@practice.example",
        "ext_user_username": "sam.ward",
    }


def test_members_come_in_pages(client: FlaskClient, bearer: dict[str, str]) -> None:
    url: str | None = f"{MEMBERS}?limit=3"
    seen: list[list[str]] = []
    while url:
        answer = client.get(url, headers=bearer)
        seen.append([one["user_id"] for one in answer.get_json()["members"]])
        found = re.search(r'<http://localhost:9000([^>]+)>; rel="next"', ", ".join(answer.headers.getlist("Link")))
        url = found[1] if found else None
    assert seen == [[TINA, SAM, PRIYA], [JO]]


def test_members_of_one_role(client: FlaskClient, bearer: dict[str, str]) -> None:
    url = f"{MEMBERS}?role=Instructor"
    assert [one["user_id"] for one in client.get(url, headers=bearer).get_json()["members"]] == [TINA]


def differences(answer: TestResponse) -> str:
    links = re.findall(r'<http://localhost:9000([^>]+)>; rel="differences"', ", ".join(answer.headers.getlist("Link")))
    assert len(links) == 1
    return str(links[0])


def test_differences_list_who_changed_since(client: FlaskClient, bearer: dict[str, str]) -> None:
    sign_in(client, TINA)
    everybody = client.get(MEMBERS, headers=bearer)
    since = differences(everybody)
    assert client.get(since, headers=bearer).get_json()["members"] == []
    client.post("/courses/2/people", data={"person": SAM, "in_course": "no"})
    client.post("/courses/2/people", data={"person": PRIYA, "in_course": "no"})
    client.post("/courses/2/people", data={"person": PRIYA, "in_course": "yes"})
    changed = client.get(since, headers=bearer)
    found = {one["user_id"]: one["status"] for one in changed.get_json()["members"]}
    assert found == {SAM: "Deleted", PRIYA: "Active"}
    assert client.get(differences(changed), headers=bearer).get_json()["members"] == []
    assert [one["user_id"] for one in client.get(MEMBERS, headers=bearer).get_json()["members"]] == [TINA, PRIYA, JO]


def test_differences_come_in_pages(client: FlaskClient, bearer: dict[str, str]) -> None:
    sign_in(client, TINA)
    since = differences(client.get(MEMBERS, headers=bearer))
    for person in (SAM, PRIYA):
        client.post("/courses/2/people", data={"person": person, "in_course": "no"})
    first = client.get(since + "&limit=1", headers=bearer)
    onwards = re.search(r'<http://localhost:9000([^>]+)>; rel="next"', ", ".join(first.headers.getlist("Link")))
    assert onwards
    second = client.get(onwards[1], headers=bearer)
    assert [one.get_json()["members"][0]["user_id"] for one in (first, second)] == [SAM, PRIYA]
    assert 'rel="next"' not in ", ".join(second.headers.getlist("Link"))


def test_who_is_out_of_the_course_has_nothing_of_it(client: FlaskClient, bearer: dict[str, str]) -> None:
    begun = request_of(start(client, SAM))
    sign_in(client, TINA)
    assert "Take Sam Ward out of the course" in client.get("/courses/2/people").text
    client.post("/courses/2/people", data={"person": SAM, "in_course": "no"})
    assert "Put Sam Ward into the course" in client.get("/courses/2/people").text
    assert post_score(client, bearer) == 400
    assert "Sam Ward" not in client.get("/course/gradebook").text
    sign_in(client, SAM)
    assert client.get("/course").status_code == 403
    assert client.get("/launch/1").status_code == 403
    assert client.post("/auth", data=begun).status_code == 400


def test_only_a_teacher_changes_people_and_not_themselves(client: FlaskClient) -> None:
    sign_in(client, SAM)
    assert client.get("/courses/2/people").status_code == 403
    assert client.post("/courses/2/people", data={"person": JO, "in_course": "no"}).status_code == 403
    sign_in(client, TINA)
    for data in ({"person": TINA, "in_course": "no"}, {"person": "99", "in_course": "no"}, {"person": JO}):
        assert client.post("/courses/2/people", data=data).status_code == 400
