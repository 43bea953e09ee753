"""Where platforms and browsers meet us: login, launch, our key set, and a teacher's page on their course."""

from urllib.parse import urlencode

from flask import Blueprint, Response, current_app, g, jsonify, redirect, render_template, request, url_for
from flask_login import current_user
from sqlalchemy import select
from werkzeug.wrappers import Response as BaseResponse

from catalogue.errors import NotThere
from catalogue.extensions import csrf, db, limiter
from catalogue.offers.models import Offer
from catalogue.people.views import keep
from catalogue.security import public, signed_in
from catalogue.settings import Settings
from catalogue.transactions import run
from lti import keys, launch, refusals, storage
from lti import login as logins
from lti.courses import overview as courses
from lti.errors import LaunchRefused

lti = Blueprint("lti", __name__, url_prefix="/lti")

LOGINS = "300 per minute"
"""For one client address, which a whole hospital may share; in a frame each launch asks twice."""
PAGES = {
    "assessment": "assessments.index",
    "recommendations": "recommendations.index",
    "offers": "offers.index",
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
def login() -> BaseResponse | tuple[str, int]:
    """The one GET that writes: it remembers what it sends the browser away with."""
    sent = request.form if request.method == "POST" else request.args
    asked = {name: sent[name] for name in logins.PARAMETERS if name in sent}
    public_url = _settings().public_url
    platform = logins.read_login(asked, public_url)
    if request.headers.get("Sec-Fetch-Dest") == "iframe" and not storage.keeps_cookies(request):
        return _probe(asked, logins.origin(platform.auth_url), probed="probed" in sent)
    begun, address = run(lambda: logins.begin(platform, asked, public_url))
    response = redirect(address)
    storage.set_cookie(response, begun)  # type: ignore[arg-type]
    return response


def _probe(asked: dict[str, str], frame_origin: str, *, probed: bool) -> BaseResponse:
    """In a frame, see whether cookies come back while the platform's hint still serves in a new window."""
    if probed:
        raise LaunchRefused(
            "the browser keeps no cookies in a frame", launch.BLOCKED, again=asked, frame_origin=frame_origin
        )
    response = redirect(f"{url_for('lti.login')}?{urlencode({**asked, 'probed': '1'})}", 303)
    storage.set_probe(response)  # type: ignore[arg-type]
    return response


@lti.post("/launch")
@csrf.exempt  # type: ignore[untyped-decorator]
@public
def launch_tool() -> BaseResponse | tuple[str, int]:
    state, settings = request.form.get("state", ""), _settings()
    browser = storage.browser_of(request, state)
    message = launch.read(
        request.form,
        browser,
        current_app.extensions["lti"].keys,
        settings.public_url,
        loopback=settings.development,
    )
    arrived = run(lambda: launch.arrive(message))
    keep(arrived.token)
    response = redirect(_page(arrived.target), 303)
    storage.drop_cookie(response, state)  # type: ignore[arg-type]
    return response


def _page(target: tuple[str, str]) -> str:
    """The page that a link names: always one of ours."""
    kind, slug = target
    if kind == "offer":
        there = select(Offer.id).join(Offer.published).where(Offer.slug == slug)
        return url_for("home.index") if db.session.scalar(there) is None else url_for("offers.offer", slug=slug)
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


@lti.get("/course/<int(max=2147483647):link_id>")
@signed_in
def course(link_id: int) -> str:
    """What a teacher sees of their course; for everybody else there is no such page."""
    link = courses.taught(link_id, current_user.sign_in)
    if link is None:
        raise NotThere("There is no such page.")
    return render_template("lti/course.html", link=link, course=courses.overview(link))


def course_link() -> str:
    """The address of the present person's own course page, or an empty string."""
    if not current_user.is_authenticated:
        return ""
    if "lti_course_link" not in g:
        arrived_at: str = current_user.sign_in.arrived_at
        link_id = arrived_at.removeprefix("link:") if arrived_at.startswith("link:") else ""
        taught = courses.taught(int(link_id), current_user.sign_in) if link_id.isdecimal() else None
        g.lti_course_link = url_for("lti.course", link_id=taught.id) if taught else ""
    return str(g.lti_course_link)
