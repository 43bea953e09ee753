"""Where platforms and browsers meet us: login, launch, and our key set.

In a frame, a browser may keep a cookie for the pair of sites alone (partitioned), or none. Where it keeps none, the
platform may store for us; else we begin again in a new window.
LTI OIDC Login with Client Side postMessages 1.0: https://www.imsglobal.org/spec/lti-cs-oidc/v0p1
"""

from urllib.parse import parse_qsl, urlencode

from flask import Blueprint, Response, current_app, g, jsonify, redirect, render_template, request, url_for
from sqlalchemy import select
from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Response as BaseResponse

from catalogue.extensions import csrf, db, limiter
from catalogue.offers.forms import filters_of
from catalogue.offers.models import Offer
from catalogue.people.views import keep
from catalogue.security import public
from catalogue.settings import Settings
from catalogue.transactions import run
from lti import keys, launch, refusals, storage
from lti import login as logins
from lti.addresses import origin
from lti.claims import DEEP_LINKING_MESSAGE, REVIEW_MESSAGE, Launch
from lti.courses import review
from lti.deep_linking.views import begin as begin_deep_linking
from lti.errors import LaunchRefused, Why
from lti.models import LoginState, Platform

lti = Blueprint("lti", __name__, url_prefix="/lti")

LOGINS = "300 per minute"
"""Of each page, for one client address, which a whole hospital may share; in a frame each launch asks twice."""
PAGES = {
    "assessment": "assessments.index",
    "recommendations": "recommendations.index",
}


def _settings() -> Settings:
    settings: Settings = current_app.extensions["settings"]
    return settings


@lti.errorhandler(LaunchRefused)
def refused(refusal: LaunchRefused) -> tuple[str, int]:
    return refusals.page(refusal)


@lti.route("/login", methods=["GET", "POST"])
@csrf.exempt  # type: ignore[untyped-decorator]
@public
@limiter.limit(LOGINS)
def login() -> BaseResponse | str:
    """A GET that writes: it remembers what it sends the browser away with."""
    sent = request.form if request.method == "POST" else request.args
    asked = {name: sent[name] for name in logins.PARAMETERS if name in sent}
    public_url = _settings().public_url
    platform = logins.read_login(asked, public_url)
    if request.headers.get("Sec-Fetch-Dest") == "iframe" and not storage.keeps_cookies(request):
        if "probed" not in sent:
            return _probe(asked)
        if not asked.get("lti_storage_target"):
            raise LaunchRefused(
                Why.NO_COOKIES, "the browser keeps no cookies in a frame",
                again=asked, platform_id=platform.id, frame_origin=platform.origin,
            )  # fmt: skip
        return _keep_at_platform(platform, asked)
    begun, address = run(lambda: logins.begin(platform, asked, public_url))
    response = redirect(address)
    storage.set_cookie(response, begun)  # type: ignore[arg-type]
    return response


def _probe(asked: dict[str, str]) -> BaseResponse:
    """In a frame, see whether cookies come back while the platform's hint still serves in a new window."""
    response = redirect(f"{url_for('lti.login')}?{urlencode({**asked, 'probed': '1'})}", 303)
    storage.set_probe(response)  # type: ignore[arg-type]
    return response


def _keep_at_platform(platform: Platform, asked: dict[str, str]) -> str:
    """Have the platform keep what binds the login to this browser, then go on to it."""
    public_url = _settings().public_url
    begun, address = run(lambda: logins.begin(platform, asked, public_url))
    g.frame_origin = platform.origin
    return render_template(
        "lti/keep_at_platform.html",
        frame=asked["lti_storage_target"], origin=platform.origin,
        key=storage.key_of(begun.state), value=begun.browser, onwards=address,
        again=f"{url_for('lti.login')}?{urlencode(asked)}",
    )  # fmt: skip


@lti.post("/launch")
@csrf.exempt  # type: ignore[untyped-decorator]
@public
@limiter.limit(LOGINS)
def launch_tool() -> BaseResponse | str:
    state, settings = request.form.get("state", ""), _settings()
    cookie = storage.browser_of(request, state)
    asked_platform = _is_from_us() and "kept" in request.form
    if not cookie and not asked_platform and (login := _kept_at_platform(state)):
        return _ask_platform(login)
    message = launch.read(
        request.form,
        request.form["kept"] if asked_platform and not cookie else cookie,
        current_app.extensions["lti"].keys,
        settings.public_url,
        loopback=settings.development,
    )
    try:
        response = current_app.make_response(_open(message, has_cookies=bool(cookie)))
    except LaunchRefused as refusal:
        refusal.back = message.return_url
        raise
    storage.drop_cookie(response, state)
    return response


def _open(message: Launch, *, has_cookies: bool) -> BaseResponse | str:
    if message.message_type == DEEP_LINKING_MESSAGE:
        return begin_deep_linking(message)
    page, token = run(lambda: _arrive(message, hand_over=not has_cookies))
    if not has_cookies:
        return _new_window(message, token)
    keep(token)
    return redirect(page, 303)


def _is_from_us() -> bool:
    """Whether the form was on a page of ours: what it says was kept at the platform could else be an attacker's."""
    return request.headers.get("Origin") == origin(_settings().public_url)


def _kept_at_platform(state: str) -> LoginState | None:
    login = storage.open_login(state) if state else None
    return login if login and login.asked.get("lti_storage_target") else None


def _ask_platform(login: LoginState) -> str:
    """Have the page ask the platform for what it kept, and post the message once more with that."""
    g.frame_origin = login.platform.origin
    state = request.form["state"]
    return render_template(
        "lti/ask_platform.html",
        frame=login.asked["lti_storage_target"], origin=login.platform.origin, key=storage.key_of(state),
        sent={name: request.form[name] for name in ("id_token", "state", "error") if name in request.form},
        again=f"{url_for('lti.login')}?{urlencode(login.asked)}",
    )  # fmt: skip


def _arrive(message: Launch, *, hand_over: bool) -> tuple[str, str]:
    """Within a transaction: the page that the message opens, and a token for this browser, or for a new window."""
    arrived = review.arrive(message) if message.message_type == REVIEW_MESSAGE else launch.arrive(message)
    page = _page(arrived.target)
    if hand_over:
        return page, storage.hand_over(arrived.platform, arrived.person.id, arrived.arrived_at, page)
    return page, launch.sign_in(arrived, framed=message.framed)


def _new_window(message: Launch, token: str) -> str:
    """The launch is verified, and this frame can keep nobody signed in."""
    g.frame_origin = db.session.get_one(Platform, message.platform_id).origin
    return render_template("lti/new_window.html", token=token)


@lti.post("/continue")
@csrf.exempt  # type: ignore[untyped-decorator]
@public
@limiter.limit(LOGINS)
def continue_in_window() -> BaseResponse:
    """Go on, in a window of its own, with a launch that was verified in a frame."""
    if not _is_from_us():
        raise LaunchRefused(Why.OTHER_BROWSER, "the new window was not opened by a page of ours")
    token = request.form.get("token", "")
    sign_in, page = run(lambda: launch.take_over(token))
    keep(sign_in)
    return redirect(page, 303)


def _page(target: tuple[str, str]) -> str:
    """The page that a link names: always one of ours."""
    kind, value = target
    if kind == "offer":
        there = select(Offer.id).join(Offer.published).where(Offer.slug == value)
        return url_for("home.index") if db.session.scalar(there) is None else url_for("offers.offer", slug=value)
    if kind == "offers":
        return url_for("offers.index", **filters_of(MultiDict(parse_qsl(value))).as_query)
    if kind == "review":
        return url_for("lti_courses.review")
    return url_for(PAGES.get(kind, "home.index"))


@lti.get("/launch")
@public
def launch_by_hand() -> tuple[str, int]:
    """Somebody opened the address itself, or reloaded a page that a platform had posted to."""
    return render_template("lti/open_in_course.html"), 400


@lti.get("/jwks.json")
@public
def jwks() -> Response:
    response = jsonify(keys.key_set())
    response.headers["Cache-Control"] = "public, max-age=600"
    return response
