"""The practice platform's pages show what is there, and a restart loses nothing."""

import stat
import subprocess
import sys

from flask.testing import FlaskClient

from lti.practice.settings import PEOPLE, PracticeSettings
from tests.lti.practice.tool import JO, SAM, add_item, browser, cell, labels, post_score, request_of, start


def test_restart_loses_nothing(client: FlaskClient, settings: PracticeSettings, bearer: dict[str, str]) -> None:
    post_score(client, bearer)
    add_item(client, bearer, label="Kept")
    asked = request_of(start(client))
    keys = client.get("/certs").get_json()
    again = browser(settings)
    assert again.get("/certs").get_json() == keys
    assert labels(again, bearer)[-1] == "Kept"
    assert len(labels(again, bearer)) == 3
    assert cell(again)["points"] == 80
    again.post("/sign-in", data={"person": SAM})
    assert again.post("/auth", data=asked).status_code == 200


def test_key_is_for_its_owner_alone(client: FlaskClient, settings: PracticeSettings) -> None:
    for file in settings.folder.iterdir():
        assert stat.S_IMODE(file.stat().st_mode) == 0o600, file
    assert "d" not in client.get("/certs").get_json()["keys"][0]


def test_pages(client: FlaskClient, settings: PracticeSettings) -> None:
    assert client.get("/course").headers["Location"] == "/"
    home = client.get("/").text
    assert "This is a practice platform: it stands in for Moodle or Totara." in home
    assert all(person.name in home for person in PEOPLE)
    page = client.post("/sign-in", data={"person": SAM}, follow_redirects=True).text
    assert "You are Sam Ward, learner" in page
    assert all(link.title in page for link in settings.links)
    framed = client.get("/course/links/1")
    assert '<iframe src="/launch/1?target=iframe"' in framed.text
    assert "/launch/1?target=window" in framed.text
    assert f"frame-src 'self' {settings.tool_url}" in framed.headers["Content-Security-Policy"]
    assert client.get("/course/links/9").status_code == 404
    assert client.get("/launch/9").status_code == 404


def test_gradebook_shows_the_grade(client: FlaskClient, bearer: dict[str, str]) -> None:
    post_score(client, bearer, userId=JO, scoreGiven=7.25, comment="<b>Good</b>")
    page = client.get("/course/gradebook").text
    assert "<strong>72.5</strong>" in page
    assert "&lt;b&gt;Good&lt;/b&gt;" in page
    assert "1 May 2026, 11:00:00" in page


def test_return_page_escapes_what_the_tool_says(client: FlaskClient) -> None:
    page = client.get("/return", query_string={"lti_errormsg": "<script>"}).text
    assert "&lt;script&gt;" in page


def test_configuration_names_the_endpoints(client: FlaskClient, settings: PracticeSettings) -> None:
    found = client.get("/openid-configuration").get_json()
    assert found["issuer"] == settings.url
    for name, path in {
        "token_endpoint": "/token",
        "jwks_uri": "/certs",
        "authorization_endpoint": "/auth",
    }.items():
        assert found[name] == settings.url + path


def test_command_says_what_is_missing() -> None:
    """In a process of its own, in which the library can't be imported."""
    program = (
        "import sys; sys.modules['lti1p3platform'] = None;"
        "from lti.practice.cli import practice_platform; practice_platform([])"
    )
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=False)
    assert ended.returncode == 1
    assert "Install everyseat[practice]" in ended.stderr
