"""What the platform remembers of grades: line items, and what each learner has in them."""

import json
import sqlite3
from collections.abc import Iterable, Mapping
from typing import Any

from lti.practice.database import Database
from lti.practice.records import Grade, LineItem
from lti.practice.settings import Link


class GradeStore(Database):
    def seed_line_items(self, links: Iterable[Link], maxima: Mapping[str, float]) -> None:
        """The line items that the platform makes for its own links."""
        with self._transaction() as db:
            for link in links:
                if link.id in maxima:
                    db.execute(
                        "insert into line_items (label, score_maximum, resource_id, tag, link_id, made_for_link,"
                        " course_id, deployment_id) values (?, ?, '', '', ?, ?, ?, ?) on conflict do nothing",
                        (link.title, maxima[link.id], link.id, link.id, link.course_id, link.deployment_id),
                    )

    def line_items(
        self,
        course_id: str,
        deployment_id: str | None = None,
        *,
        link_id: str | None = None,
        resource_id: str | None = None,
        tag: str | None = None,
    ) -> list[LineItem]:
        with self._transaction() as db:
            rows = db.execute(
                "select * from line_items where course_id = :course"
                " and (:deployment is null or deployment_id = :deployment)"
                " and (:link is null or link_id = :link)"
                " and (:resource is null or resource_id = :resource) and (:tag is null or tag = :tag)"
                " order by id",
                {
                    "course": course_id,
                    "deployment": deployment_id,
                    "link": link_id,
                    "resource": resource_id,
                    "tag": tag,
                },
            ).fetchall()
        return [_line_item(row) for row in rows]

    def line_item(self, item_id: int) -> LineItem | None:
        with self._transaction() as db:
            row = db.execute("select * from line_items where id = ?", (item_id,)).fetchone()
        return _line_item(row) if row else None

    def add_line_item(self, course_id: str, deployment_id: str, values: Mapping[str, Any]) -> LineItem:
        """`values`: label, score_maximum, resource_id, tag, link_id, submission_review."""
        with self._transaction() as db:
            row = db.execute(
                "insert into line_items (label, score_maximum, resource_id, tag, link_id, course_id, deployment_id,"
                " submission_review) values (:label, :score_maximum, :resource_id, :tag, :link_id, :course,"
                " :deployment, :submission_review) returning *",
                _stored(values) | {"course": course_id, "deployment": deployment_id},
            ).fetchone()
        return _line_item(row)

    def change_line_item(self, item: LineItem, values: Mapping[str, Any]) -> LineItem:
        """Grades keep their percentage where the maximum changes."""
        with self._transaction() as db:
            row = db.execute(
                "update line_items set label = :label, score_maximum = :score_maximum,"
                " resource_id = :resource_id, tag = :tag, link_id = :link_id,"
                " submission_review = :submission_review where id = :id returning *",
                _stored(values) | {"id": item.id},
            ).fetchone()
            db.execute(
                "update grades set points = points * ? / ? where item_id = ?",
                (values["score_maximum"], item.score_maximum, item.id),
            )
        return _line_item(row)

    def delete_line_item(self, item_id: int) -> None:
        with self._transaction() as db:
            db.execute("delete from line_items where id = ?", (item_id,))

    # Grades

    def save_grade(self, grade: Grade) -> bool:
        """False, and nothing written, where the stored grade is not older: compared in whole seconds."""
        with self._transaction() as db:
            written = db.execute(
                "insert into grades values (?, ?, ?, ?, ?, ?, ?) on conflict do update set"
                " points = excluded.points, comment = excluded.comment,"
                " activity_progress = excluded.activity_progress,"
                " grading_progress = excluded.grading_progress, timestamp = excluded.timestamp"
                " where excluded.timestamp > grades.timestamp",
                (
                    grade.item_id,
                    grade.person_id,
                    grade.points,
                    grade.comment,
                    grade.activity_progress,
                    grade.grading_progress,
                    grade.timestamp,
                ),
            )
            return written.rowcount == 1

    def grades(self, item_id: int) -> list[Grade]:
        with self._transaction() as db:
            rows = db.execute("select * from grades where item_id = ? order by person_id", (item_id,)).fetchall()
        return [Grade(**row) for row in rows]


def _stored(values: Mapping[str, Any]) -> dict[str, Any]:
    return {**values, "submission_review": json.dumps(values["submission_review"])}


def _line_item(row: sqlite3.Row) -> LineItem:
    values: dict[str, Any] = {**row, "submission_review": json.loads(row["submission_review"])}
    return LineItem(**values)
