"""What the platform remembers of courses: their links, and who is in them."""

import json
import sqlite3
from collections.abc import Iterable
from typing import Any

from lti.practice.database import Database, next_id
from lti.practice.records import ContentItem, Course
from lti.practice.settings import Link


class CourseStore(Database):
    def courses(self) -> list[Course]:
        with self._transaction() as db:
            rows = db.execute("select * from courses order by cast(id as integer)").fetchall()
        return [_course(row) for row in rows]

    def course(self, course_id: str) -> Course | None:
        with self._transaction() as db:
            row = db.execute("select * from courses where id = ?", (course_id,)).fetchone()
        return _course(row) if row else None

    def seed_course(self, course: Course, links: Iterable[Link], person_ids: Iterable[str]) -> None:
        """The first course, as the settings have it now; what was done to it since stays."""
        with self._transaction() as db:
            _insert_course(db, course)
            for link in links:
                _insert_link(db, link)
            for person_id in person_ids:
                db.execute("insert into members values (?, ?, 1, 0) on conflict do nothing", (course.id, person_id))

    def copy_course(self, source: Course) -> Course:
        """Its links under ids of their own, its line items with their links, and its members; no grades."""
        with self._transaction() as db:
            new_id = next_id(db, "courses")
            course = Course(
                new_id, f"{source.label}-{new_id}", f"{source.title} (copy {new_id})", (source.id, *source.history)
            )
            _insert_course(db, course)
            links = db.execute(
                "select * from links where course_id = ? order by cast(id as integer)", (source.id,)
            ).fetchall()
            renamed: dict[str | None, str | None] = {None: None}
            for row in links:
                renamed[row["id"]] = link_id = next_id(db, "links")
                values = {**row, "id": link_id, "course_id": new_id}
                db.execute(f"insert into links values ({_LINK_VALUES})", values)  # noqa: S608
            for row in db.execute("select * from line_items where course_id = ? order by id", (source.id,)).fetchall():
                db.execute(
                    "insert into line_items (label, score_maximum, resource_id, tag, link_id, made_for_link,"
                    " course_id, deployment_id, submission_review) values (:label, :score_maximum, :resource_id,"
                    " :tag, :link_id, :made_for_link, :course_id, :deployment_id, :submission_review)",
                    {
                        **row,
                        "course_id": new_id,
                        "link_id": renamed[row["link_id"]],
                        "made_for_link": renamed[row["made_for_link"]],
                    },
                )
            db.execute(
                "insert into members select ?, person_id, active, revision from members where course_id = ?",
                (new_id, source.id),
            )
        return course

    # Links

    def links(self, course_id: str, deployment_id: str | None = None) -> list[Link]:
        with self._transaction() as db:
            rows = db.execute(
                "select * from links where course_id = :course and (:deployment is null or deployment_id = :deployment)"
                " order by cast(id as integer)",
                {"course": course_id, "deployment": deployment_id},
            ).fetchall()
        return [_link(row) for row in rows]

    def link(self, link_id: str) -> Link | None:
        with self._transaction() as db:
            row = db.execute("select * from links where id = ?", (link_id,)).fetchone()
        return _link(row) if row else None

    def add_content(
        self, sesskey: str, course_id: str, deployment_id: str, items: Iterable[ContentItem]
    ) -> list[Link] | None:
        """Use the selection up and add what was chosen. None, and nothing written, where it was used already."""
        added: list[Link] = []
        with self._transaction() as db:
            if db.execute("delete from selections where sesskey = ?", (sesskey,)).rowcount != 1:
                return None
            for item in items:
                link = Link(
                    next_id(db, "links"),
                    course_id,
                    None if item.url else deployment_id,
                    item.title,
                    item.text,
                    item.custom,
                    item.url,
                    item.icon,
                )
                _insert_link(db, link)
                if item.line_item is not None and not item.url:
                    values = {**item.line_item, "course": course_id, "deployment": deployment_id, "link": link.id}
                    values["submission_review"] = json.dumps(values["submission_review"])
                    db.execute(
                        "insert into line_items (label, score_maximum, resource_id, tag, link_id, made_for_link,"
                        " course_id, deployment_id, submission_review) values (:label, :score_maximum, :resource_id,"
                        " :tag, :link, :link, :course, :deployment, :submission_review)",
                        values,
                    )
                added.append(link)
        return added

    # Members

    def member_ids(self, course_id: str) -> frozenset[str]:
        with self._transaction() as db:
            rows = db.execute("select person_id from members where course_id = ? and active", (course_id,)).fetchall()
        return frozenset(row["person_id"] for row in rows)

    def changed_members(self, course_id: str, since: int) -> dict[str, bool]:
        """The people whose membership changed after that revision, and whether they are in the course."""
        with self._transaction() as db:
            rows = db.execute(
                "select person_id, active from members where course_id = ? and revision > ?", (course_id, since)
            ).fetchall()
        return {row["person_id"]: bool(row["active"]) for row in rows}

    def revision(self) -> int:
        """How many changes of memberships there have been."""
        with self._transaction() as db:
            (latest,) = db.execute("select coalesce(max(revision), 0) from members").fetchone()
        return int(latest)

    def set_member(self, course_id: str, person_id: str, active: bool) -> None:
        with self._transaction() as db:
            db.execute(
                "insert into members values (:course, :person, :active,"
                " (select coalesce(max(revision), 0) + 1 from members)) on conflict do update set"
                " active = excluded.active, revision = excluded.revision where active <> excluded.active",
                {"course": course_id, "person": person_id, "active": active},
            )


_LINK_VALUES = ":id, :course_id, :deployment_id, :title, :description, :custom, :url, :icon"


def _insert_course(db: sqlite3.Connection, course: Course) -> None:
    db.execute(
        "insert into courses values (?, ?, ?, ?) on conflict do nothing",
        (course.id, course.label, course.title, json.dumps(course.history)),
    )


def _insert_link(db: sqlite3.Connection, link: Link) -> None:
    db.execute(
        f"insert into links values ({_LINK_VALUES}) on conflict do update set"  # noqa: S608
        " title = excluded.title, description = excluded.description, custom = excluded.custom",
        {**vars(link), "custom": json.dumps(dict(link.custom))},
    )


def _course(row: sqlite3.Row) -> Course:
    return Course(row["id"], row["label"], row["title"], tuple(json.loads(row["history"])))


def _link(row: sqlite3.Row) -> Link:
    values: dict[str, Any] = {**row, "custom": json.loads(row["custom"])}
    return Link(**values)
