"""Plugs the catalogue into learning platforms over LTI 1.3."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from flask import Flask


def register_lti(app: "Flask") -> None:
    """Pages, the delivery of scores, and what this process keeps of platforms.

    Imported here, so that ``lti.practice`` can be used without the catalogue's database.
    """
    from lti.plugin import register

    register(app)
