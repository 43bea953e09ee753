"""A submission is opened from the gradebook: by a teacher, or by the learner whose it is."""

from flask.testing import FlaskClient

from lti.practice.settings import PracticeSettings
from tests.lti.practice.tool import (
    LTI,
    PRIYA,
    SAM,
    TINA,
    add_content,
    add_item,
    claims_at,
    register,
    request_of,
    sign_in,
    start_at,
)

AGS = "https://purl.imsglobal.org/spec/lti-ags/claim/endpoint"
REVIEWED = {
    "type": "ltiResourceLink",
    "title": "Reviewed",
    "custom": {"offer": "x", "view": "offer"},
    "lineItem": {"scoreMaximum": 1, "submissionReview": {"custom": {"view": "work", "of": "$User.id"}}},
}


def test_review_request_names_the_learner_and_the_line_item(client: FlaskClient, settings: PracticeSettings) -> None:
    add_content(client, settings, REVIEWED)
    claims = claims_at(client, settings, f"/launch/submission/3/{PRIYA}")
    assert claims["sub"] == TINA
    assert claims[LTI + "message_type"] == "LtiSubmissionReviewRequest"
    assert claims[LTI + "target_link_uri"] == settings.tool_launch_url
    assert claims[LTI + "for_user"] == {
        "user_id": PRIYA,
        "person_sourcedid": "sis-priya.shah",
        "roles": ["http://purl.imsglobal.org/vocab/lis/v2/membership#Learner"],
        "given_name": "Priya",
        "family_name": "Shah",
        "name": "Priya Shah",
        "email": "priya.shah@practice.example",
    }
    assert claims[AGS]["lineitem"] == "http://localhost:9000/services/2/lineitems/3/lineitem?type_id=1"
    assert claims[LTI + "resource_link"]["id"] == "4"
    custom = claims[LTI + "custom"]
    assert (custom["offer"], custom["view"], custom["of"]) == ("x", "work", TINA)


def test_line_item_without_a_link(client: FlaskClient, settings: PracticeSettings, bearer: dict[str, str]) -> None:
    made = add_item(client, bearer, submissionReview={"custom": {"view": "work"}})
    assert made["submissionReview"] == {"custom": {"view": "work"}}
    claims = claims_at(client, settings, f"/launch/submission/3/{SAM}")
    assert LTI + "resource_link" not in claims
    assert claims[LTI + "custom"]["view"] == "work"


def test_learners_open_their_own_only(client: FlaskClient, settings: PracticeSettings) -> None:
    claims = claims_at(client, settings, f"/launch/submission/1/{SAM}", SAM)
    assert claims["sub"] == claims[LTI + "for_user"]["user_id"] == SAM
    assert client.get(f"/launch/submission/1/{PRIYA}").status_code == 403
    assert client.get(f"/submissions/1/{PRIYA}").status_code == 403
    assert client.get(f"/launch/submission/1/{TINA}").status_code == 404
    assert client.get(f"/launch/submission/9/{SAM}").status_code == 404
    assert client.get("/course/gradebook").text.count("Open submission</a>") == 2
    assert f'<iframe src="/launch/submission/1/{SAM}"' in client.get(f"/submissions/1/{SAM}").text
    sign_in(client, TINA)
    assert client.get("/course/gradebook").text.count("Open submission</a>") == 6


def test_nobody_else_takes_a_review_over(client: FlaskClient) -> None:
    asked = request_of(start_at(client, f"/launch/submission/1/{PRIYA}", TINA))
    sign_in(client, SAM)
    assert client.post("/auth", data=asked).status_code == 400


def test_tool_that_takes_no_reviews_has_none(client: FlaskClient, settings: PracticeSettings) -> None:
    asked = [{"type": "LtiSubmissionReviewRequest"}]
    registered = register(client, settings, messages=asked).get_json()
    assert registered["https://purl.imsglobal.org/spec/lti-tool-configuration"]["messages"][0]["type"] == (
        "LtiSubmissionReviewRequest"
    )
    client.post(f"/tools/{registered['client_id']}/activate")
    assert "Add from Other tool" not in client.get("/course").text
    assert client.get("/launch/select/2/2").status_code == 404
