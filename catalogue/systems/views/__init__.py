"""The pages on systems: for administrators, for those of one organisation, and for leads."""

from flask import Flask, url_for
from flask_login import current_user

from catalogue.pages import Task, add_admin_page, add_place
from catalogue.people.models import Role
from catalogue.systems.views import files, leading, members, organisations
from catalogue.systems.views.bodies import systems

__all__ = ["files", "leading", "members", "organisations", "register_systems"]


def register_systems(app: Flask) -> None:
    app.register_blueprint(systems)
    add_admin_page(app, Task.PEOPLE, "Systems", "systems.index")
    add_admin_page(app, Task.PEOPLE, "Organisations and their people", "systems.organisations")
    add_place(app, "Your organisation", _your_organisation)


def _your_organisation() -> str:
    """For administrators of an organisation alone; those of the whole service have all of them on their page."""
    person = current_user.person
    if person.has(Role.ADMINISTRATOR) or not person.organisations_as(Role.ADMINISTRATOR):
        return ""
    return url_for("systems.own_organisations")
