"""The page on which people try the API."""

from flask import Blueprint, current_app, g, render_template

from catalogue.security import public

pages = Blueprint("api_pages", __name__, url_prefix="/api/v1")


@pages.get("/docs")
@public
def docs() -> str:
    """Swagger UI over our OpenAPI document; without a script, a list of what there is to read."""
    g.image_sources = "'self' data:"  # the arrows of its style sheet
    described = current_app.extensions["openapi"]
    reading = [(path, routes["get"]["summary"]) for path, routes in described["paths"].items() if "get" in routes]
    return render_template("api/docs.html", reading=reading)
