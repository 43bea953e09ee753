"""All that is held about a person, in one file: for programs (JSON) and for reading (HTML)."""

import json
import tempfile
from collections.abc import Iterator
from typing import IO
from zipfile import ZIP_DEFLATED, ZipFile

from flask import current_app

from catalogue.clock import now
from catalogue.privacy.holding import held_about, shown
from catalogue.privacy.placing import Subject

IN_MEMORY = 1024 * 1024  # bytes; a larger one is written to the disk


def packed(subject: Subject) -> IO[bytes]:
    """A ZIP archive, to be read from its beginning; row by row, however much there is."""
    file: IO[bytes] = tempfile.SpooledTemporaryFile(IN_MEMORY)  # noqa: SIM115 whoever sends it closes it
    with ZipFile(file, "w", ZIP_DEFLATED) as archive:
        for name, parts in (("about-you.json", _json(subject)), ("about-you.html", _html(subject))):
            with archive.open(name, "w", force_zip64=True) as entry:
                for part in parts:
                    entry.write(part.encode())
    file.seek(0)
    return file


def _json(subject: Subject) -> Iterator[str]:
    """``{"made_at": …, "held": {heading: [row, …]}}``."""
    yield f'{{"made_at": {json.dumps(now().isoformat())}, "held": {{'
    for number, held in enumerate(held_about(subject)):
        yield f"{',' if number else ''}\n{json.dumps(held.rows.heading)}: ["
        for position, row in enumerate(shown(held.rows, subject)):
            yield f"{',' if position else ''}\n  {json.dumps(row, ensure_ascii=False)}"
        yield "]"
    yield "}}\n"


def _html(subject: Subject) -> Iterator[str]:
    page = current_app.jinja_env.get_template("privacy/export.html")
    held = [(one, shown(one.rows, subject)) for one in held_about(subject)]
    return page.generate(held=held, made_at=now())
