"""The practice platform names the members of a course by Moodle's rules."""

import re
from dataclasses import replace

from flask.testing import FlaskClient

from lti.practice.settings import MEMBERS_READ, PEOPLE, Person, PracticeSettings
from tests.lti.practice.tool import JO, PRIYA, SAM, TINA, bearer_for, browser


def test_members_have_short_roles_and_no_one_who_left(settings: PracticeSettings) -> None:
    client = browser(replace(settings, people=(*PEOPLE, Person("7", "Lee", "Gone", active=False))))
    bearer = bearer_for(client, settings, MEMBERS_READ)
    body = client.get("/services/CourseSection/2/bindings/1/memberships", headers=bearer).get_json()
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
    url: str | None = "/services/CourseSection/2/bindings/1/memberships?limit=3"
    seen: list[list[str]] = []
    while url:
        answer = client.get(url, headers=bearer)
        seen.append([one["user_id"] for one in answer.get_json()["members"]])
        found = re.fullmatch(r'<http://localhost:9000(.+)>; rel="next"', answer.headers.get("Link", ""))
        url = found[1] if found else None
    assert seen == [[TINA, SAM, PRIYA], [JO]]


def test_members_of_one_role(client: FlaskClient, bearer: dict[str, str]) -> None:
    url = "/services/CourseSection/2/bindings/1/memberships?role=Instructor"
    assert [one["user_id"] for one in client.get(url, headers=bearer).get_json()["members"]] == [TINA]
