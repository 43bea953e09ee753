"""A launch, from the platform's side: start it at the tool, answer the tool's authentication request.

Steps 1 to 3 of https://www.imsglobal.org/spec/security/v1p0/#openid_connect_launch_flow
"""

import json
import secrets
import time

from flask import Blueprint, Response, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from werkzeug.datastructures import MultiDict

from lti.practice.claims import LAUNCH_CONTAINERS, resource_link_claims
from lti.practice.platform import practice
from lti.practice.settings import Person, PracticeSettings
from lti.practice.signin import signed_in
from lti.practice.store import Launch

LAUNCH_LIFE = 5 * 60

launches = Blueprint("launches", __name__)


class BadRequest(Exception):
    """An authentication request that is refused; the message says what was wrong with it."""


@launches.get("/launch/<link_id>")
def start(link_id: str) -> ResponseReturnValue:
    """Post the person on to the tool's login initiation. `target`: iframe (the default) or window."""
    settings, store = practice().settings, practice().store
    link = settings.link(link_id)
    target = request.args.get("target", "iframe")
    if link is None or target not in LAUNCH_CONTAINERS:
        return render_template("practice/error.html", reason="There is no such link in this course."), 404
    person = signed_in()
    if person is None:
        return redirect(url_for("pages.home"))
    launch_id = f"ltilaunch{link.id}_{secrets.token_hex(16)}"
    hint = json.dumps({"launchid": launch_id}, separators=(",", ":"))
    store.add_launch(Launch(launch_id, person.id, link.id, hint, target, int(time.time()) + LAUNCH_LIFE))
    return _onwards(
        settings.tool_login_url,
        {
            "iss": settings.url,
            "target_link_uri": settings.tool_launch_url,
            "login_hint": person.id,
            "lti_message_hint": hint,
            "client_id": settings.client_id,
            "lti_deployment_id": settings.deployment_id,
        },
    )


@launches.route("/auth", methods=["GET", "POST"])
def auth() -> ResponseReturnValue:
    """Answer the tool with a signed message, or with an error page: a request that is not in order is never
    sent on to an address which it names."""
    platform = practice()
    asked = request.form if request.method == "POST" else request.args
    try:
        _check_request(asked, platform.settings)
        launch, person = _launch_of(asked)
    except BadRequest as refusal:
        return render_template("practice/error.html", reason=str(refusal)), 400
    link = platform.settings.link(launch.link_id)
    if link is None or not platform.store.use_launch(launch.id):
        reason = "This launch was used already, or its link is gone. Open the link again."
        return render_template("practice/error.html", reason=reason), 400
    items = platform.store.line_items(link_id=link.id)
    claims = resource_link_claims(platform.settings, person, link, launch, items)
    message = platform.sign_launch(asked.to_dict(), claims)
    return _onwards(platform.settings.tool_launch_url, {"state": message["state"], "id_token": message["id_token"]})


def _check_request(asked: MultiDict[str, str], settings: PracticeSettings) -> None:
    fixed = {
        "scope": "openid",
        "response_type": "id_token",
        "response_mode": "form_post",
        "prompt": "none",
        "client_id": settings.client_id,
        "redirect_uri": settings.tool_launch_url,
    }
    for name in (*fixed, "login_hint", "lti_message_hint", "state", "nonce"):
        given = asked.getlist(name)
        if len(given) != 1 or not given[0]:
            raise BadRequest(f"The request needs one {name}.")
        if name in fixed and given[0] != fixed[name]:
            raise BadRequest(f"{name} must be “{fixed[name]}”; it was “{given[0]}”.")


def _launch_of(asked: MultiDict[str, str]) -> tuple[Launch, Person]:
    """The launch that the hint names. It serves only the person it was made for, signed in at this browser: a
    launch id that leaked is of no use to anybody else."""
    hint = asked["lti_message_hint"]
    try:
        launch_id = json.loads(hint)["launchid"]
    except (ValueError, TypeError, KeyError, RecursionError):
        raise BadRequest("lti_message_hint is not the one that was sent.") from None
    launch = practice().store.launch(launch_id) if isinstance(launch_id, str) else None
    if launch is None:
        raise BadRequest("This launch is unknown, was used already, or is older than five minutes.")
    if hint != launch.hint:
        raise BadRequest("lti_message_hint must come back unchanged, to the letter.")
    if asked["login_hint"] != launch.person_id:
        raise BadRequest("login_hint is not the one that was sent.")
    person = signed_in()
    if person is None or person.id != launch.person_id:
        raise BadRequest("The person signed in at this browser is not the one who opened the link.")
    return launch, person


def _onwards(action: str, fields: dict[str, str]) -> Response:
    """A form that submits itself, with a button for browsers without JavaScript."""
    response = make_response(render_template("practice/onwards.html", action=action, fields=fields))
    response.headers["Cache-Control"] = "no-store"
    return response
