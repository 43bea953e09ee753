"""Your system: what a lead sees of it, and of no other."""

from flask import render_template
from flask_login import current_user

from catalogue.errors import NotThere
from catalogue.people.models import Role
from catalogue.security import signed_in
from catalogue.systems import queries
from catalogue.systems.models import System
from catalogue.systems.views.bodies import systems


@systems.get("/your-system")
@signed_in
def yours() -> str:
    """The one system that somebody leads, or a choice of those."""
    person = current_user.person
    if not any(grant.role == Role.LEAD for grant in person.grants):
        raise NotThere
    led = queries.led_systems(person)
    if len(led) == 1:
        return _page(led[0], alone=True)
    return render_template("systems/yours.html" if led else "reports/no_system.html", systems=led)


@systems.get("/your-system/<key>")
@signed_in
def your_system(key: str) -> str:
    return _page(queries.led_system(current_user.person, key), alone=False)


def _page(system: System, *, alone: bool) -> str:
    organisations = queries.organisations_of(system)
    return render_template(
        "systems/your_system.html",
        system=system, organisations=organisations, told=queries.people_told(organisations),
        partners=queries.partners_of(system), alone=alone,
    )  # fmt: skip
