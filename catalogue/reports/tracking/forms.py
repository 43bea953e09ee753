"""The shape of what is asked of the page, in the query of an address, and of the name under which it is kept."""

from datetime import date
from typing import Any

from flask_wtf import FlaskForm
from werkzeug.datastructures import MultiDict
from wtforms import HiddenField, RadioField, StringField
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]  # newer than its stubs
from wtforms.validators import InputRequired, Length

from catalogue.enrolments.models import EnrolmentState
from catalogue.offers.forms import storable
from catalogue.reports.models import Every
from catalogue.reports.tracking.filters import OF_OFFERS, OVERDUE, By, Filters, Sight

STATES: dict[str, str] = {
    OVERDUE: "Overdue",
    EnrolmentState.BOOKED: "Enrolled",
    EnrolmentState.ATTENDED: "Attended, not completed yet",
    EnrolmentState.COMPLETED: "Completed",
    EnrolmentState.WAITLISTED: "On the waiting list",
    EnrolmentState.NOMINATED: "Nominated",
    EnrolmentState.REQUESTED: "Waiting for approval",
    EnrolmentState.WITHDRAWN: "Withdrawn",
    EnrolmentState.NO_SHOW: "Did not come",
    EnrolmentState.DECLINED: "Declined",
}
"""What ``Filters.state`` can be, in words."""
NAMED = ("system", "organisation", "provider", "programme", "offer", "condition", "dimension", "seat", "platform")
LABELS = {
    "system": "System", "organisation": "Organisation", "provider": "Provider", "programme": "Programme",
    "offer": "Offer", "condition": "Condition", "dimension": "Dimension", "seat": "Seat",
    "platform": "Learning platform", "state": "State", "since": "Joined from", "until": "Joined until",
}  # fmt: skip
LONGEST = 300


def filters_of(query: MultiDict[str, str], sight: Sight) -> tuple[Filters, dict[str, str]]:
    """The filters that a query names and these eyes have; and what is wrong with it, by filter, in words."""
    faults: dict[str, str] = {}
    asked: dict[str, Any] = {
        name: value
        for name in (*(NAMED if sight.by_name else OF_OFFERS), *(["state"] if sight.by_name else []))
        if (value := query.get(name, "").strip()) and len(value) <= LONGEST and storable(value)
    }
    if asked.get("state", OVERDUE) not in STATES:
        del asked["state"]
    for name in ("since", "until") if sight.by_name else ():
        if typed := query.get(name, "").strip():
            day = _day(typed)
            if day is None:
                faults[name] = "Enter a day, for example 2026-03-31"
            else:
                asked[name] = day
    if "since" in asked and "until" in asked and asked["since"] > asked["until"]:
        faults["until"] = "The last day comes before the first one"
    return Filters(**asked), faults


def _day(typed: str) -> date | None:
    """A day of the years that one can have joined in."""
    try:
        day = date.fromisoformat(typed)
    except ValueError:
        return None
    return day if 2000 <= day.year <= 2100 else None


def by_of(query: MultiDict[str, str]) -> By | None:
    named = query.get("by", "")
    return By(named) if named in set(By) else None


class KeepForm(FlaskForm):  # type: ignore[misc]
    name = StringField(
        "Name of this view",
        validators=[InputRequired("Give the view a name"), Length(max=100, message="Use 100 letters or fewer")],
    )
    every = RadioField(
        "Send me the figures by email",
        choices=[
            SelectChoice("", "Never"),
            SelectChoice(Every.WEEK.value, "Every Monday"),
            SelectChoice(Every.MONTH.value, "On the first of every month"),
        ],
        default="",
    )
    query = HiddenField(validators=[Length(max=5000)])
