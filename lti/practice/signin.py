"""Who sits at this browser: a cookie that names one of the people of the course. There are no passwords."""

from flask import request
from werkzeug.wrappers import Response

from lti.practice.errors import Refused, SignInFirst
from lti.practice.platform import practice
from lti.practice.records import Course
from lti.practice.settings import Person

COOKIE = "practice_person"


def signed_in() -> Person | None:
    return practice().settings.person(request.cookies.get(COOKIE))


def sign_in(response: Response, person: Person) -> None:
    """SameSite=None; Secure, as Moodle has it.

    The launch runs in an iframe and comes back to /auth from the tool's site. A browser sends a Lax cookie on
    such a navigation only in a top-level window, so the person would be unknown in the iframe. None needs
    Secure, which Chromium and Firefox allow on http://localhost; any other address needs https.
    """
    response.set_cookie(COOKIE, person.id, secure=True, httponly=True, samesite="None")


def member(course: Course) -> Person:
    """Who is signed in, as a member of this course."""
    person = signed_in()
    if person is None:
        raise SignInFirst
    if person.id not in practice().store.member_ids(course.id):
        raise Refused(403, "You are not in this course.")
    return person


def teacher(course: Course | None = None) -> Person:
    """Who is signed in, as a teacher: of this course, or at all."""
    person = member(course) if course else signed_in()
    if person is None:
        raise SignInFirst
    if person.role != "Instructor":
        raise Refused(403, "Only a teacher does this.")
    return person


def own_form() -> None:
    """Another site's form is refused: the cookie goes anywhere, so the origin is what tells."""
    if request.headers.get("Origin") not in (None, request.host_url.rstrip("/")):
        raise Refused(400, "This form has to be sent from a page of this platform.")
