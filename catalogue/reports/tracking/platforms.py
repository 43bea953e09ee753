"""Learning platforms by name: told by whoever plugs them into the catalogue, which knows of none by itself."""

from collections.abc import Callable

from flask import Flask, current_app

NAMES = "platform_names"


def name_platforms(app: Flask, names: Callable[[], dict[str, str]]) -> None:
    """``names`` tells, by what an enrolment came ``via`` ("platform:7"), the name of each platform."""
    app.extensions[NAMES] = names


def platform_names() -> dict[str, str]:
    names: Callable[[], dict[str, str]] | None = current_app.extensions.get(NAMES)
    return names() if names else {}
