"""The practice platform keeps line items by Moodle's rules."""

import json
from typing import Any

import pytest
from flask.testing import FlaskClient

from tests.lti.practice.tool import ITEM_TYPE, ITEMS_TYPE, add_item, cell, labels, post_score


def test_line_items_of_the_platform(client: FlaskClient, bearer: dict[str, str]) -> None:
    found = client.get("/services/2/lineitems?type_id=1", headers=bearer).get_json()
    assert [item["resourceLinkId"] for item in found] == ["1", "3"]
    assert found[1] == {
        "id": "http://localhost:9000/services/2/lineitems/2/lineitem?type_id=1",
        "label": "Offer: Meetings that finish on time",
        "scoreMaximum": 100,
        "resourceId": "",
        "tag": "",
        "resourceLinkId": "3",
        "ltiLinkId": "3",
    }


def test_line_item_filters(client: FlaskClient, bearer: dict[str, str]) -> None:
    add_item(client, bearer, label="A", resourceId="r", tag="t")
    add_item(client, bearer, label="B", resourceId="r", tag="u", resourceLinkId="2")
    assert labels(client, bearer, resource_id="r") == ["A", "B"]
    assert labels(client, bearer, tag="u") == ["B"]
    assert labels(client, bearer, resource_id="r", tag="t") == ["A"]
    assert labels(client, bearer, resource_link_id="2") == ["B"]
    assert labels(client, bearer, resource_link_id="9") == []
    assert len(labels(client, bearer, limit="1")) == 4


def test_line_item_changes_and_goes(client: FlaskClient, bearer: dict[str, str]) -> None:
    made = add_item(client, bearer, tag="t")
    url = made["id"].removeprefix("http://localhost:9000")
    post_score(client, bearer, 3)
    changed = client.put(
        url, data=json.dumps({"label": "New", "scoreMaximum": 50}), content_type=ITEM_TYPE, headers=bearer
    )
    assert changed.get_json() == made | {"label": "New", "scoreMaximum": 50, "tag": ""}
    assert cell(client, item=3)["points"] == 40
    assert client.get(url, headers=bearer).get_json() == changed.get_json()
    assert client.delete(url, headers=bearer).status_code == 204
    assert client.get(url, headers=bearer).status_code == 404


def test_the_platforms_own_line_item_stays(client: FlaskClient, bearer: dict[str, str]) -> None:
    assert client.delete("/services/2/lineitems/1/lineitem?type_id=1", headers=bearer).status_code == 403


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ([], 400),
        ({"scoreMaximum": 10}, 400),
        ({"label": "x"}, 400),
        ({"label": "x", "scoreMaximum": 0}, 400),
        ({"label": "x", "scoreMaximum": "10"}, 400),
        ({"label": "x", "scoreMaximum": 10, "tag": 3}, 400),
        ({"label": "x", "scoreMaximum": 10, "resourceLinkId": "99"}, 403),
    ],
)
def test_line_item_out_of_shape(client: FlaskClient, bearer: dict[str, str], body: Any, status: int) -> None:
    url = "/services/2/lineitems?type_id=1"
    answer = client.post(url, data=json.dumps(body), content_type=ITEM_TYPE, headers=bearer)
    assert answer.status_code == status


def test_addresses_and_media_types(client: FlaskClient, bearer: dict[str, str]) -> None:
    for url, status in {
        "/services/3/lineitems?type_id=1": 404,
        "/services/2/lineitems": 400,
        "/services/2/lineitems?type_id=2": 400,
        "/services/2/lineitems/99/lineitem?type_id=1": 404,
        "/services/CourseSection/2/bindings/2/memberships": 404,
    }.items():
        assert client.get(url, headers=bearer).status_code == status, url
    url = "/services/2/lineitems?type_id=1"
    assert client.post(url, json={"label": "x", "scoreMaximum": 1}, headers=bearer).status_code == 400
    assert client.get(url, headers=bearer | {"Accept": "application/json"}).status_code == 400
    assert client.get(url, headers=bearer | {"Accept": ITEMS_TYPE}).status_code == 200
