"""The practice platform takes scores and gives results by Moodle's rules."""

from typing import Any

import pytest
from flask.testing import FlaskClient

from tests.lti.practice.tool import PRIYA, SAM, TINA, cell, post_score


def test_score_is_scaled_to_the_line_item(client: FlaskClient, bearer: dict[str, str]) -> None:
    assert post_score(client, bearer, comment="Done") == 200
    assert cell(client)["points"] == 80
    assert cell(client)["comment"] == "Done"


def test_score_not_later_in_whole_seconds_conflicts(client: FlaskClient, bearer: dict[str, str]) -> None:
    assert post_score(client, bearer) == 200
    for stamp in ("2026-05-01T10:00:00+00:00", "2026-05-01T10:00:00.9Z", "2026-05-01T09:59:59Z"):
        assert post_score(client, bearer, timestamp=stamp, scoreGiven=1) == 409
    assert cell(client)["points"] == 80
    assert post_score(client, bearer, timestamp="2026-05-01T10:00:01Z", scoreGiven=9) == 200
    assert cell(client)["points"] == 90


def test_later_is_told_by_the_moment_not_by_the_text(client: FlaskClient, bearer: dict[str, str]) -> None:
    assert post_score(client, bearer, timestamp="2026-05-01T10:00:00+01:00") == 200
    assert post_score(client, bearer, timestamp="2026-05-01T09:30:00Z") == 200


@pytest.mark.parametrize(
    "change",
    [
        {"userId": None},
        {"userId": TINA},
        {"userId": "99"},
        {"userId": 4},
        {"timestamp": None},
        {"timestamp": "yesterday"},
        {"timestamp": "2026-05-01T10:00:00"},
        {"activityProgress": None},
        {"activityProgress": "Finished"},
        {"gradingProgress": None},
        {"gradingProgress": "Graded"},
        {"scoreGiven": "8"},
        {"scoreGiven": True},
        {"scoreGiven": -1},
        {"scoreMaximum": None},
        {"scoreMaximum": 0},
        {"comment": 3},
    ],
)
def test_score_out_of_shape(client: FlaskClient, bearer: dict[str, str], change: dict[str, Any]) -> None:
    assert post_score(client, bearer, **change) == 400
    assert cell(client) is None


@pytest.mark.parametrize("change", [{"gradingProgress": "Pending"}, {"scoreGiven": None, "scoreMaximum": None}])
def test_score_that_is_not_fully_graded_clears(
    client: FlaskClient, bearer: dict[str, str], change: dict[str, Any]
) -> None:
    post_score(client, bearer)
    assert post_score(client, bearer, timestamp="2026-05-01T10:00:01Z", **change) == 200
    assert cell(client)["points"] is None
    assert post_score(client, bearer, timestamp="2026-05-01T10:00:01Z") == 409


def test_results_leave_a_grade_of_nought_out(client: FlaskClient, bearer: dict[str, str]) -> None:
    post_score(client, bearer, comment="Well done")
    post_score(client, bearer, userId=PRIYA, scoreGiven=0)
    url = "/services/2/lineitems/1/lineitem"
    ours = f"http://localhost:9000{url}"
    full = {
        "id": f"{ours}/results?type_id=1&user_id={SAM}",
        "userId": SAM,
        "resultScore": 80,
        "resultMaximum": 100,
        "comment": "Well done",
        "scoreOf": f"{ours}?type_id=1",
        "timestamp": "2026-05-01T10:00:00+00:00",
    }
    bare = {"id": f"{ours}/results?type_id=1&user_id={PRIYA}", "userId": PRIYA}
    assert client.get(f"{url}/results?type_id=1", headers=bearer).get_json() == [full, bare]
    one = client.get(f"{url}/results?type_id=1&user_id={SAM}", headers=bearer)
    assert one.get_json() == [full]
