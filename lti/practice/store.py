"""All that the platform remembers. Here: what is under way (launches, selections, tokens), and what was used."""

import time
from dataclasses import asdict

from lti.practice.course_store import CourseStore
from lti.practice.grade_store import GradeStore
from lti.practice.records import Launch, Selection
from lti.practice.settings import COURSE, LINE_ITEMS, PracticeSettings
from lti.practice.tool_store import ToolStore


class Store(CourseStore, GradeStore, ToolStore):
    def __init__(self, settings: PracticeSettings) -> None:
        super().__init__(settings.folder)
        self.seed_tool(settings.tool, settings.deployment_id)
        self.seed_course(COURSE, settings.links, [person.id for person in settings.people if person.active])
        self.seed_line_items(settings.links, LINE_ITEMS)

    # Launches

    def add_launch(self, launch: Launch) -> None:
        with self._transaction() as db:
            db.execute("delete from launches where expires <= ?", (int(time.time()),))
            db.execute(
                "insert into launches values (:id, :message, :person_id, :course_id, :deployment_id, :hint, :expires,"
                " :document_target, :link_id, :item_id, :for_person_id)",
                asdict(launch),
            )

    def launch(self, launch_id: str) -> Launch | None:
        """The launch of that id, if it is neither used nor expired."""
        with self._transaction() as db:
            row = db.execute(
                "select * from launches where id = ? and expires > ?", (launch_id, int(time.time()))
            ).fetchone()
        return Launch(**row) if row else None

    def use_launch(self, launch_id: str) -> bool:
        """Use the launch up. False where somebody was quicker: the row can be deleted once."""
        with self._transaction() as db:
            return db.execute("delete from launches where id = ?", (launch_id,)).rowcount == 1

    # Selections by deep linking. `add_content` uses them up.

    def add_selection(self, selection: Selection) -> None:
        with self._transaction() as db:
            db.execute("delete from selections where expires <= ?", (int(time.time()),))
            db.execute(
                "insert into selections values (:sesskey, :person_id, :course_id, :deployment_id, :data, :expires)",
                asdict(selection),
            )

    def selection(self, sesskey: str) -> Selection | None:
        with self._transaction() as db:
            row = db.execute(
                "select * from selections where sesskey = ? and expires > ?", (sesskey, int(time.time()))
            ).fetchone()
        return Selection(**row) if row else None

    # Tokens

    def add_token(self, token: str, client_id: str, scope: str, expires: int) -> None:
        with self._transaction() as db:
            db.execute("delete from tokens where expires <= ?", (int(time.time()),))
            db.execute("insert into tokens values (?, ?, ?, ?)", (token, client_id, scope, expires))

    def token(self, token: str) -> tuple[str, frozenset[str]] | None:
        """Whose token it is, by client id, and what it allows; None where it is unknown or has expired."""
        with self._transaction() as db:
            row = db.execute(
                "select client_id, scope from tokens where token = ? and expires > ?", (token, int(time.time()))
            ).fetchone()
        return (row["client_id"], frozenset(row["scope"].split())) if row else None

    def use_once(self, client_id: str, kind: str, value: str, expires: int) -> bool:
        """Note that this tool used a `jti` or a `nonce`. False where it was seen before."""
        with self._transaction() as db:
            db.execute("delete from used where expires <= ?", (int(time.time()),))
            added = db.execute(
                "insert into used values (?, ?, ?, ?) on conflict do nothing", (client_id, kind, value, expires)
            )
            return added.rowcount == 1
