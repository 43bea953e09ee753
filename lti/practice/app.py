"""The practice platform as a Flask application."""

from flask import Flask, Response, jsonify, request
from flask.typing import ResponseReturnValue

from lti.practice.launches import launches
from lti.practice.pages import pages
from lti.practice.platform import Practice, practice
from lti.practice.services import services
from lti.practice.settings import PracticeSettings
from lti.practice.store import Store
from lti.practice.tokens import tokens


def create_practice_platform(settings: PracticeSettings) -> Flask:
    app = Flask(__name__)
    store = Store(settings.folder, settings.links)
    app.extensions["practice"] = Practice(settings, store, store.private_key())
    for blueprint in (pages, launches, tokens, services):
        app.register_blueprint(blueprint)
    app.add_url_rule("/certs", "certs", certs)
    app.add_url_rule("/openid-configuration", "openid_configuration", openid_configuration)
    app.before_request(insist_on_user_agent)
    app.after_request(add_headers)
    return app


def certs() -> ResponseReturnValue:
    return jsonify(practice().public_keys())


def openid_configuration() -> ResponseReturnValue:
    """What there is to know for registering the platform. It takes no dynamic registrations."""
    settings = practice().settings
    return jsonify(
        {
            "issuer": settings.url,
            "token_endpoint": settings.token_url,
            "token_endpoint_auth_methods_supported": ["private_key_jwt"],
            "token_endpoint_auth_signing_alg_values_supported": ["RS256"],
            "jwks_uri": settings.key_set_url,
            "authorization_endpoint": settings.auth_url,
            "scopes_supported": [*settings.granted_scopes, "openid"],
            "response_types_supported": ["id_token"],
            "subject_types_supported": ["public", "pairwise"],
            "id_token_signing_alg_values_supported": ["RS256"],
            "claims_supported": ["sub", "iss", "name", "given_name", "family_name", "email"],
            "https://purl.imsglobal.org/spec/lti-platform-configuration": {
                "product_family_code": "moodle",
                "version": "practice",
                "messages_supported": [{"type": "LtiResourceLinkRequest"}],
                "variables": [],
            },
        }
    )


def insist_on_user_agent() -> ResponseReturnValue | None:
    """Some Moodles stand behind a firewall that does."""
    if not request.headers.get("User-Agent"):
        return jsonify({"error": "a request needs a User-Agent"}), 403
    return None


def add_headers(response: Response) -> Response:
    """Forms may post, and frames show, nothing but this platform and the tool."""
    tool = practice().settings.tool_origin
    response.headers["Content-Security-Policy"] = (
        f"default-src 'none'; style-src 'self'; script-src 'self'; frame-src 'self' {tool}; "
        f"form-action 'self' {tool}; frame-ancestors 'self'; base-uri 'none'"
    )
    response.headers["X-Content-Type-Options"] = "nosniff"
    return response
