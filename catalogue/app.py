"""The catalogue as an application; it runs without learning platforms."""

from flask import Flask
from werkzeug.middleware.proxy_fix import ProxyFix

from catalogue.api.register import register_api
from catalogue.errors import register_errors
from catalogue.extensions import engine_options, register_extensions
from catalogue.jobs import register_jobs
from catalogue.logs import configure_logs
from catalogue.mail import register_mail
from catalogue.outbox import register_outbox
from catalogue.pages import register_pages
from catalogue.resources import resource_dir
from catalogue.security import register_security
from catalogue.settings import Settings
from catalogue.views import register_views


def create_app(settings: Settings) -> Flask:
    configure_logs(settings)
    app = Flask(__name__, static_folder="static", template_folder=str(resource_dir("templates")))
    app.extensions["settings"] = settings
    app.config.update(flask_config(settings))
    if settings.proxies:  # else every client would count as the proxy, and share its limits
        app.wsgi_app = ProxyFix(  # type: ignore[method-assign]
            app.wsgi_app, x_for=settings.proxies, x_proto=0, x_host=0
        )
    register_extensions(app)
    register_security(app)
    register_pages(app)
    register_errors(app)
    register_outbox(app)
    register_mail(app)
    register_jobs(app)
    register_views(app)
    register_api(app)
    return app


def flask_config(settings: Settings) -> dict[str, object]:
    """Flask's own settings, derived from ours."""
    return {
        "SECRET_KEY": settings.signing_secret,
        "SQLALCHEMY_DATABASE_URI": settings.database,
        "SQLALCHEMY_ENGINE_OPTIONS": engine_options(settings.database),
        "MIGRATIONS_FOLDER": str(resource_dir("migrations")),
        # A platform shows us in a frame on its own site: there, only partitioned cookies come back.
        "SESSION_COOKIE_NAME": "__Host-everyseat",
        "SESSION_COOKIE_SECURE": True,
        "SESSION_COOKIE_HTTPONLY": True,
        "SESSION_COOKIE_SAMESITE": "None",
        "SESSION_COOKIE_PARTITIONED": True,
        "WTF_CSRF_TIME_LIMIT": None,  # a form lives as long as the sign-in it was shown to
        # Counters are shared where there is a Redis; else each process counts for itself.
        "RATELIMIT_STORAGE_URI": settings.jobs if settings.jobs.startswith("redis") else "memory://",
        "MAX_CONTENT_LENGTH": 1024 * 1024,
        "MAX_FORM_MEMORY_SIZE": 512 * 1024,
    }
