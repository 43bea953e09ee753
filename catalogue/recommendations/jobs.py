"""Advice for groups, at night."""

from flask import Flask

from catalogue.jobs import on_its_day, register_daily
from catalogue.recommendations.grouping import due, make_advice
from catalogue.transactions import run


def register_advice_jobs(app: Flask) -> None:
    register_daily(app, "advice for systems", make_all_advice)


def make_all_advice() -> None:
    """Of every system that has none this quarter, each in a transaction of its own."""
    for system_id in due():
        on_its_day(lambda system_id=system_id: run(lambda: make_advice(system_id)))  # type: ignore[misc]
