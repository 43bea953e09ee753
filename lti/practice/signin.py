"""Who sits at this browser: a cookie that names one of the people of the course. There are no passwords."""

from flask import request
from werkzeug.wrappers import Response

from lti.practice.platform import practice
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
