"""Taking a file that somebody sends: one page takes a larger request than all others; and what the file is called."""

from typing import Any

from flask import Blueprint, request
from flask_login import current_user
from werkzeug.datastructures import FileStorage
from werkzeug.exceptions import RequestEntityTooLarge
from werkzeug.wrappers import Response

from catalogue.errors import page

LONGEST_NAME = 300
_FORM = 64 * 1024  # bytes of a request around the file in it


def room_for_a_file(blueprint: Blueprint, view: str, most: int, remedy: str) -> None:
    """Let this view of the blueprint take a file of ``most`` bytes, from who is signed in; ``remedy`` for larger ones.

    It is said before anything reads the form.
    """
    endpoint = f"{blueprint.name}.{view}"

    def room(asked: str | None, _values: dict[str, Any] | None) -> None:
        if asked == endpoint and request.method == "POST" and current_user.is_authenticated:
            request.max_content_length = most + _FORM

    def too_large(error: RequestEntityTooLarge) -> tuple[str, int] | Response:
        said = f"The file is larger than {most // 1_000_000} MB. {remedy}"
        return page(413, "That file is too large", said, error=error)

    blueprint.url_value_preprocessor(room)
    blueprint.register_error_handler(RequestEntityTooLarge, too_large)


def name_of(file: FileStorage) -> str:
    """What a file is called, as far as it can be shown."""
    name = "".join(letter for letter in file.filename or "" if letter.isprintable())
    return name.replace("\\", "/").rsplit("/", 1)[-1][:LONGEST_NAME] or "a file without a name"
