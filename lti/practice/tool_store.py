"""What the platform remembers of tools: registrations under way, the tools and their deployments."""

import json
import sqlite3
import time
from dataclasses import asdict, replace
from typing import Any

from lti.practice.database import Database, next_id
from lti.practice.records import Deployment, Tool


class ToolStore(Database):
    def seed_tool(self, tool: Tool, deployment_id: str) -> None:
        """The tool that is there from the start, as the settings have it now."""
        with self._transaction() as db:
            _save_tool(db, tool)
            db.execute("insert into deployments values (?, ?) on conflict do nothing", (deployment_id, tool.client_id))

    def tools(self) -> list[Tool]:
        with self._transaction() as db:
            rows = db.execute("select * from tools order by rowid").fetchall()
        return [_tool(row) for row in rows]

    def tool(self, client_id: str) -> Tool | None:
        with self._transaction() as db:
            row = db.execute("select * from tools where client_id = ?", (client_id,)).fetchone()
        return _tool(row) if row else None

    def activate_tool(self, tool: Tool) -> None:
        with self._transaction() as db:
            _save_tool(db, replace(tool, active=True))

    def deployments(self) -> list[Deployment]:
        with self._transaction() as db:
            rows = db.execute(
                "select d.id, t.* from deployments d join tools t using (client_id) order by cast(d.id as integer)"
            ).fetchall()
        return [Deployment(row["id"], _tool(row)) for row in rows]

    def deployment(self, deployment_id: str) -> Deployment | None:
        return next((one for one in self.deployments() if one.id == deployment_id), None)

    def add_deployment(self, tool: Tool) -> None:
        with self._transaction() as db:
            db.execute("insert into deployments values (?, ?)", (next_id(db, "deployments"), tool.client_id))

    # Registrations under way

    def add_registration(self, registration_id: str, token: str, url: str, expires: int) -> None:
        with self._transaction() as db:
            db.execute("delete from registrations where expires <= ?", (int(time.time()),))
            db.execute("insert into registrations values (?, ?, ?, ?)", (registration_id, token, url, expires))

    def registration(self, registration_id: str) -> tuple[str, str] | None:
        """Its token and the tool's registration URL, if it is neither used nor expired."""
        with self._transaction() as db:
            row = db.execute(
                "select token, url from registrations where id = ? and expires > ?",
                (registration_id, int(time.time())),
            ).fetchone()
        return (row["token"], row["url"]) if row else None

    def knows_registration(self, token: str) -> bool:
        with self._transaction() as db:
            row = db.execute(
                "select 1 from registrations where token = ? and expires > ?", (token, int(time.time()))
            ).fetchone()
        return row is not None

    def register_tool(self, token: str, tool: Tool) -> Deployment | None:
        """Use the token up and add the tool. None, and nothing written, where it is used or has expired."""
        with self._transaction() as db:
            used = db.execute("delete from registrations where token = ? and expires > ?", (token, int(time.time())))
            if used.rowcount != 1:
                return None
            _save_tool(db, tool)
            deployment = Deployment(next_id(db, "deployments"), tool)
            db.execute("insert into deployments values (?, ?)", (deployment.id, tool.client_id))
        return deployment


def _save_tool(db: sqlite3.Connection, tool: Tool) -> None:
    details = asdict(tool)
    del details["active"]
    db.execute(
        "insert into tools values (?, ?, ?) on conflict do update set"
        " active = excluded.active, details = excluded.details",
        (tool.client_id, tool.active, json.dumps(details)),
    )


def _tool(row: sqlite3.Row) -> Tool:
    kept: dict[str, Any] = json.loads(row["details"])
    details: dict[str, Any] = {name: tuple(value) if isinstance(value, list) else value for name, value in kept.items()}
    return Tool(**details, active=bool(row["active"]))
