"""Applications for tests: one of a kind, made once, which each test finds as new, on a database of its own.

To make one takes longer than most tests; so does what an application has at hand only later: its pages, and how it says
its questions in SQL. Its routes are fixed once it has answered (Flask refuses more): a test of others makes its own.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from copy import deepcopy
from typing import Any

from flask import Flask
from sqlalchemy import event, make_url

from catalogue.extensions import db, limiter
from catalogue.jobs import make_huey
from catalogue.logs import configure_logs
from catalogue.settings import Settings
from lti.plugin import keep_nothing


class Application:
    def __init__(self, make: Callable[[Settings], Flask], settings: Settings) -> None:
        self.app = make(settings)
        self.app.config.update(TESTING=True, PROPAGATE_FAULTS=True)
        self._settings = settings
        self._uncommitted: list[Any] = []
        self._config = dict(self.app.config)
        self._globals = dict(self.app.jinja_env.globals)
        self._extensions = dict(self.app.extensions)
        self._outbox = deepcopy(self.app.extensions["outbox"])
        self.app.teardown_request(self._look_for_changes)
        with self.app.app_context():
            event.listen(db.engine, "do_connect", self._lead)

    @contextmanager
    def on(self, settings: Settings, *, limited: bool) -> Iterator[Flask]:
        """The application as new, on the database and in the folder of ``settings``."""
        self._make_new(settings)
        limiter.reset()
        limiter.enabled = limited
        yield self.app
        with self.app.app_context():
            db.session.remove()
            db.engine.dispose()
        self.app.extensions["huey"].storage.close()
        assert not self._uncommitted, f"a request ended with changes that were not committed: {self._uncommitted}"

    def _make_new(self, settings: Settings) -> None:
        self._settings = settings
        self._uncommitted.clear()
        configure_logs(settings)
        _restore(self.app.config, self._config | {"SQLALCHEMY_DATABASE_URI": settings.database})
        _restore(self.app.jinja_env.globals, self._globals)
        _restore(self.app.extensions, self._extensions | {"settings": settings, "outbox": deepcopy(self._outbox)})
        self.app.extensions["huey"].storage = make_huey(settings.jobs, settings.signing_secret).storage
        if "lti" in self.app.extensions:
            keep_nothing(self.app)

    def _lead(self, dialect: Any, _record: Any, arguments: list[Any], parameters: dict[str, Any]) -> None:
        """Connections lead to the present test's database."""
        arguments[:], named = dialect.create_connect_args(make_url(self._settings.database))
        parameters.update(named)

    def _look_for_changes(self, _error: BaseException | None) -> None:
        self._uncommitted.extend([*db.session.new, *db.session.dirty, *db.session.deleted])


def _restore(kept: dict[str, Any], first: dict[str, Any]) -> None:
    kept.clear()
    kept.update(first)
