"""Where LTI is plugged into the catalogue."""

from dataclasses import dataclass

from flask import Flask

from catalogue.egress import Client, Rules
from catalogue.enrolments.signals import completed
from catalogue.outbox import register_kind
from catalogue.pages import add_admin_page, add_place
from catalogue.settings import Settings
from lti.courses.views import course_link, lti_courses
from lti.grading import scores
from lti.platform_keys import PlatformKeys
from lti.platforms.views import lti_admin
from lti.storage import TokenCache
from lti.views import lti


@dataclass(frozen=True)
class Kept:
    """What this process keeps in ``app.extensions["lti"]``."""

    keys: PlatformKeys
    tokens: TokenCache


def register(app: Flask) -> None:
    settings: Settings = app.extensions["settings"]
    rules = Rules(loopback=settings.development)
    app.extensions["lti"] = Kept(PlatformKeys(lambda: Client(rules)), TokenCache())
    app.register_blueprint(lti)
    app.register_blueprint(lti_courses)
    app.register_blueprint(lti_admin)
    add_place(app, "Your course", course_link)
    add_admin_page(app, "Learning platforms", "lti_admin.index")
    register_kind(app, scores.KIND, scores.send)
    completed.connect(scores.record)
