"""Learning tools: register one, activate it, deploy it once more. Any teacher may, for want of administrators."""

from urllib.parse import urlencode, urlsplit

from flask import Blueprint, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from lti.practice.errors import Refused
from lti.practice.platform import practice
from lti.practice.records import Tool, origin
from lti.practice.registration import begin
from lti.practice.signin import own_form, teacher

tool_pages = Blueprint("tool_pages", __name__)


@tool_pages.get("/tools")
def tools() -> ResponseReturnValue:
    teacher()
    store = practice().store
    deployments = store.deployments()
    return render_template(
        "practice/tools.html",
        tools=[(tool, [one.id for one in deployments if one.tool == tool]) for tool in store.tools()],
        registration_url=f"{practice().settings.tool_url}/lti/register",
    )


@tool_pages.post("/tools/registrations")
def start_registration() -> ResponseReturnValue:
    own_form()
    teacher()
    registration_id = begin(request.form.get("registration_url", "").strip())
    return redirect(url_for("tool_pages.registration", registration_id=registration_id))


@tool_pages.get("/tools/registrations/<registration_id>")
def registration(registration_id: str) -> ResponseReturnValue:
    """The tool's own page, in a frame, with all that it needs to register itself."""
    teacher()
    found = practice().store.registration(registration_id)
    if found is None:
        raise Refused(404, "This registration was used already, or is older than an hour.")
    token, url = found
    g.registering = origin(url)
    query = urlencode({"openid_configuration": practice().settings.configuration_url, "registration_token": token})
    source = f"{url}{'&' if urlsplit(url).query else '?'}{query}"
    return render_template("practice/registration.html", source=source, origin=g.registering)


@tool_pages.post("/tools/<client_id>/activate")
def activate(client_id: str) -> ResponseReturnValue:
    own_form()
    teacher()
    practice().store.activate_tool(_tool(client_id))
    return redirect(url_for("tool_pages.tools"))


@tool_pages.post("/tools/<client_id>/deployments")
def add_deployment(client_id: str) -> ResponseReturnValue:
    own_form()
    teacher()
    practice().store.add_deployment(_tool(client_id))
    return redirect(url_for("tool_pages.tools"))


def _tool(client_id: str) -> Tool:
    tool = practice().store.tool(client_id)
    if tool is None:
        raise Refused(404, "There is no such tool.")
    return tool
