"""The practice platform as a Flask application."""

from flask import Flask, Response, g, jsonify, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from lti.practice.deep_linking import deep_linking
from lti.practice.errors import Refused, SignInFirst
from lti.practice.launches import launches
from lti.practice.pages import pages
from lti.practice.platform import Practice, practice
from lti.practice.registration import registration
from lti.practice.services import services
from lti.practice.settings import PracticeSettings
from lti.practice.store import Store
from lti.practice.tokens import tokens
from lti.practice.tool_pages import tool_pages


def create_practice_platform(settings: PracticeSettings) -> Flask:
    app = Flask(__name__)
    store = Store(settings)
    app.extensions["practice"] = Practice(settings, store, store.private_key())
    for blueprint in (pages, tool_pages, launches, deep_linking, registration, tokens, services):
        app.register_blueprint(blueprint)
    app.add_url_rule("/certs", "certs", certs)
    app.register_error_handler(Refused, refused)
    app.register_error_handler(SignInFirst, sign_in_first)
    app.before_request(insist_on_user_agent)
    app.after_request(add_headers)
    return app


def certs() -> ResponseReturnValue:
    return jsonify(practice().public_keys())


def refused(refusal: Refused) -> ResponseReturnValue:
    return render_template("practice/error.html", reason=refusal.reason), refusal.status


def sign_in_first(_error: SignInFirst) -> ResponseReturnValue:
    return redirect(url_for("pages.home"))


def insist_on_user_agent() -> ResponseReturnValue | None:
    """Some Moodles stand behind a firewall that does."""
    if not request.headers.get("User-Agent"):
        return jsonify({"error": "a request needs a User-Agent"}), 403
    return None


def add_headers(response: Response) -> Response:
    """Forms may post, and frames show, nothing but this platform, its tools, and one that is being registered."""
    origins = [origin for tool in practice().store.tools() for origin in tool.origins]
    tools = " ".join(dict.fromkeys(origins))
    registering: str = g.get("registering", "")
    response.headers["Content-Security-Policy"] = (
        f"default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' {tools}; "
        f"frame-src 'self' {tools} {registering}; form-action 'self' {tools}; frame-ancestors 'self'; base-uri 'none'"
    )
    response.headers["X-Content-Type-Options"] = "nosniff"
    return response
