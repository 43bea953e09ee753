"""Papers as PDF: tagged, with title and language (PDF/UA-1, ISO 14289-1).

The pages are Typst files among the templates. What people wrote reaches them as data and never as markup, so nothing
that is typed can be a command.
"""

import json
from functools import cache
from typing import Any

import typst
from flask import Response

from catalogue.errors import Refused
from catalogue.resources import resource_dir


def printed(page: str, data: dict[str, Any]) -> bytes:
    """A paper by its page among the templates; raises ``Refused`` where no font of this machine has some letters."""
    try:
        content = typst.compile(_page(page), sys_inputs={"data": json.dumps(data)}, pdf_standards=["ua-1"])
    except typst.TypstError as fault:
        if "could not be displayed" not in str(fault):
            raise
        raise Refused(
            "Some of the words have letters that we have no font for, so we cannot print them. Ask whoever runs this "
            "service to add one; nothing that is kept is affected."
        ) from fault
    return bytes(content or b"")


def download(content: bytes, name: str) -> Response:
    """A PDF to keep, called ``name.pdf``."""
    answer = Response(content, content_type="application/pdf")
    answer.headers["Content-Disposition"] = f"attachment; filename={name}.pdf"
    return answer


@cache
def _page(page: str) -> bytes:
    return (resource_dir("templates") / f"{page}.typ").read_bytes()
