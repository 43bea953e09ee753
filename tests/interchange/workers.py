"""Files that are sent in, and the worker of the tests: it does what the queue holds, once it is told to."""

import io
from typing import Any

from flask import Flask
from sqlalchemy import func, select

from catalogue.extensions import db
from catalogue.interchange.models import OfferImport
from tests.interchange.importing import PROVIDER, everything
from tests.visitor import Visitor


def work(app: Flask) -> None:
    """Do all that is in the queue, and what that puts there."""
    huey = app.extensions["huey"]
    while (task := huey.dequeue()) is not None:
        huey.execute(task)


def sweep(app: Flask) -> None:
    """What happens every minute."""
    huey = app.extensions["huey"]
    (task,) = [task for task in huey._registry.periodic_tasks if task.name == "sweep"]
    huey.execute(task)


def send(visitor: Visitor, content: str | bytes, name: str = "courses.csv", status: int = 302, **typed: Any) -> str:
    """Send a file; gives the address of its page, where there is one."""
    page = visitor.get("/publish/import")
    token = page.select_one("main input[name=csrf_token]")
    provider = page.select_one("main [name=provider]")
    assert token is not None
    assert provider is not None
    content = content.encode() if isinstance(content, str) else content
    fields = {"csrf_token": token["value"], "provider": PROVIDER, "file": (io.BytesIO(content), name)} | typed
    visitor.post("/publish/import", fields, status=status)
    return visitor.response.headers.get("Location", "")


def state(app: Flask) -> dict[str, Any]:
    with app.app_context():
        return everything()


def imports_there(app: Flask) -> int:
    with app.app_context():
        return db.session.scalars(select(func.count()).select_from(OfferImport)).one()
