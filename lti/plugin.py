"""Where LTI is plugged into the catalogue."""

from dataclasses import dataclass

from flask import Flask

from catalogue.egress import Client, Rules
from catalogue.enrolments.signals import completed, progressed, voided
from catalogue.jobs import register_daily
from catalogue.outbox import register_kind
from catalogue.pages import Task, add_admin_page, add_place
from catalogue.privacy.placing import add_places
from catalogue.privacy.readings import add_readings
from catalogue.privacy.retention import add_periods
from catalogue.records.identities import register_identities
from catalogue.reports.tracking.platforms import name_platforms
from catalogue.settings import Settings
from lti import keys, privacy, storage
from lti.courses.roster import Rosters
from lti.courses.views import course_link, lti_courses
from lti.deep_linking.views import lti_choosing
from lti.grading import scores, sending, writing
from lti.grading.views import lti_grades
from lti.platform_keys import PlatformKeys
from lti.platforms.queries import people_known_as, platform_names
from lti.platforms.registration_views import lti_registration
from lti.platforms.views import lti_admin
from lti.views import lti


@dataclass(frozen=True)
class Kept:
    """What this process keeps in ``app.extensions["lti"]``."""

    keys: PlatformKeys
    rosters: Rosters


def register(app: Flask) -> None:
    keep_nothing(app)
    app.register_blueprint(lti)
    app.register_blueprint(lti_choosing)
    app.register_blueprint(lti_courses)
    app.register_blueprint(lti_admin)
    app.register_blueprint(lti_grades)
    app.register_blueprint(lti_registration)
    add_place(app, "Your course", course_link)
    name_platforms(app, platform_names)
    add_admin_page(app, Task.PLATFORMS, "Learning platforms", "lti_admin.index")
    add_admin_page(app, Task.PLATFORMS, "Grades to look at", "lti_grades.index")
    register_kind(app, scores.KIND, sending.send)
    register_identities(app, people_known_as)
    completed.connect(writing.record)
    progressed.connect(writing.record_progress)
    voided.connect(writing.record_voided)
    add_places(app, privacy.ROWS, privacy.NOBODYS)
    add_periods(app, privacy.PERIODS)
    add_readings(app, privacy.READINGS)
    register_daily(app, "look after keys", keys.look_after)
    register_daily(app, "forget launches", storage.forget_expired)


def keep_nothing(app: Flask) -> None:
    """Begin as a process does: with no platform's keys and nobody's roster."""
    settings: Settings = app.extensions["settings"]
    rules = Rules(loopback=settings.development)
    app.extensions["lti"] = Kept(PlatformKeys(lambda: Client(rules)), Rosters())
