"""A teacher's pages on their course."""

from flask import Blueprint, g, render_template, url_for
from flask_login import current_user

from catalogue.errors import NotThere
from catalogue.security import signed_in
from lti.courses import overview as courses

lti_courses = Blueprint("lti_courses", __name__, url_prefix="/lti")


@lti_courses.get("/course/<int(max=2147483647):link_id>")
@signed_in
def course(link_id: int) -> str:
    """What a teacher sees of their course; for everybody else there is no such page."""
    link = courses.taught(link_id, current_user.sign_in)
    if link is None:
        raise NotThere("There is no such page.")
    return render_template("lti/course.html", link=link, course=courses.overview(link))


def course_link() -> str:
    """The address of the present person's own course page, or an empty string."""
    if not current_user.is_authenticated:
        return ""
    if "lti_course_link" not in g:
        arrived_at: str = current_user.sign_in.arrived_at
        link_id = arrived_at.removeprefix("link:") if arrived_at.startswith("link:") else ""
        taught = courses.taught(int(link_id), current_user.sign_in) if link_id.isdecimal() else None
        g.lti_course_link = url_for("lti_courses.course", link_id=taught.id) if taught else ""
    return str(g.lti_course_link)
