"""Where single sign-on, and the way in when nothing else works, are plugged into the application."""

from flask import Flask

from catalogue.pages import Task, add_admin_page
from catalogue.people.break_glass_views import break_glass_pages
from catalogue.signon.admin_views import providers_admin
from catalogue.signon.views import signon


def register_signon(app: Flask) -> None:
    app.register_blueprint(signon)
    app.register_blueprint(break_glass_pages)
    app.register_blueprint(providers_admin)
    add_admin_page(app, Task.PEOPLE, "Single sign-on", "providers_admin.index")
