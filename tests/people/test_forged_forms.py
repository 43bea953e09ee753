"""A form that we did not give out changes nothing."""

from collections.abc import Callable

import pytest
from flask import Flask
from sqlalchemy import func, select

from catalogue.extensions import csrf, db
from catalogue.people.models import SignIn
from catalogue.security import TokenWith, guard_of
from tests.people.door import FROM_PLATFORMS, is_signed_in, paths
from tests.visitor import ORIGIN, Visitor

FORGED = {
    "no token": ({}, ORIGIN),
    "an empty token": ({"csrf_token": ""}, ORIGIN),
    "a made-up token": ({"csrf_token": "made.up.token"}, ORIGIN),
    "another browser's token": (None, ORIGIN),
    "another site": ({}, "https://evil.example"),
}


@pytest.mark.parametrize("forged", FORGED)
def test_a_form_that_we_did_not_give_out_is_refused(
    app: Flask, administrator: Visitor, another: Callable[[], Visitor], forged: str
) -> None:
    fields, site = FORGED[forged]
    if fields is None:
        fields = {"csrf_token": another().csrf_token()}
    if site != ORIGIN:
        fields = {"csrf_token": administrator.csrf_token()}
    else:
        administrator.get("/")
    with app.app_context():
        before = db.session.scalar(select(func.count()).select_from(SignIn).where(SignIn.ended_at.is_(None)))
    posts = [(endpoint, path) for endpoint, path in paths(app, "POST") if endpoint not in FROM_PLATFORMS]
    assert len(posts) >= 10
    for endpoint, path in posts:
        if isinstance(
            guard_of(app.view_functions[endpoint]), TokenWith
        ):  # for programs, which no browser's cookie makes one
            assert administrator.client.post(path, data=fields, base_url=ORIGIN).status_code == 401, endpoint
            continue
        answer = administrator.client.post(path, data=fields, base_url=ORIGIN, headers={"Referer": f"{site}/"})
        assert answer.status_code == 400, f"{endpoint} took a form that we did not give out"
        assert "This page was open for too long" in answer.text, endpoint
    assert is_signed_in(administrator)
    with app.app_context():
        after = db.session.scalar(select(func.count()).select_from(SignIn).where(SignIn.ended_at.is_(None)))
    assert after == before


def test_only_what_platforms_frames_post_goes_without_a_token(app: Flask) -> None:
    views = {f"{view.__module__}.{view.__name__}": endpoint for endpoint, view in app.view_functions.items()}
    assert {views[view] for view in csrf._exempt_views} == FROM_PLATFORMS


def test_changing_things_takes_a_post(app: Flask, administrator: Visitor) -> None:
    for endpoint in ("people.sign_out", "assessments.finish", "attendance.tick", "lti_admin.suspend"):
        (path,) = (path for name, path in paths(app, "POST") if name == endpoint)
        administrator.get(path, status=405)
    assert is_signed_in(administrator)
