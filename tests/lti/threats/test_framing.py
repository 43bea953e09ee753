"""Only the platform that somebody came from may show our pages in a frame; whoever came otherwise, nobody may."""

from collections.abc import Callable
from contextlib import ExitStack

from flask import Flask
from sqlalchemy import select

from catalogue.extensions import db
from catalogue.people import actions as people
from catalogue.people.models import Role
from catalogue.transactions import run
from lti.models import Identity
from lti.models import Platform as Registered
from tests.drills import dealt, say
from tests.lti.platform import TEACHER, Platform, serving
from tests.people.door import paths
from tests.visitor import ORIGIN, Visitor

ENDS_A_SESSION = {"people.sign_out", "people.sign_in"}


def ancestors(visitor: Visitor, method: str, path: str) -> str | None:
    """Of a page that was answered; none where the answer is no page, which no frame shows."""
    answer = visitor.client.open(path, method=method, base_url=ORIGIN, headers={"Referer": f"{ORIGIN}/"})
    policy = answer.headers.get("Content-Security-Policy", "")
    if answer.mimetype != "text/html" or "frame-ancestors" not in policy:
        assert answer.mimetype != "text/html", f"{method} {path} can be framed by anybody"
        return None
    assert "X-Frame-Options" not in answer.headers
    return policy.partition("frame-ancestors ")[2].partition(";")[0].strip()


def test_every_page_is_framed_by_the_platform_one_came_from_alone(
    app: Flask, visitors: Callable[[], Visitor], register: Callable[[Platform], int], administrator: Visitor
) -> None:
    routes = [("GET", *route) for route in paths(app, "GET")] + [("POST", *route) for route in paths(app, "POST")]
    routes = [route for route in routes if route[1] not in ENDS_A_SESSION]
    expected: dict[str, tuple[Visitor, str]] = {}
    with ExitStack() as stack:
        for number in (1, 2, 3):
            platform = stack.enter_context(serving(Platform(client_id=f"client-{number}")))
            register(platform)
            framed, window = visitors(), visitors()
            platform.launch(framed, TEACHER, sub="framed")
            platform.launch(window, TEACHER, sub="window", launch_presentation={"document_target": "window"})
            expected[f"in a frame of platform {number}"] = framed, platform.url
            expected[f"in a window from platform {number}"] = window, "'none'"

        def prepare() -> None:
            db.session.scalars(select(Registered).order_by(Registered.id)).all()[
                2
            ].frames_origin = "https://frames.moodle.example"
            for identity in db.session.scalars(select(Identity)):
                people.grant(identity.person, Role.ADMINISTRATOR)

        with app.app_context():
            run(prepare)
        elsewhere = visitors()  # the third platform shows us on a host of its own
        platform.launch(elsewhere, TEACHER, sub="framed")
        expected["in a frame of platform 3"] = elsewhere, "https://frames.moodle.example"
        expected["signed in by password"] = administrator, "'none'"
        expected["not signed in"] = visitors(), "'none'"
        pages = 0
        for hand, (name, (visitor, origin)) in enumerate(expected.items()):
            for method, endpoint, path in dealt(routes, 3, hand):  # each route to some in a frame and some in none
                found = ancestors(visitor, method, path)
                assert found in (None, origin), f"{name}: {method} {endpoint}"
                pages += found is not None
        for name, (visitor, origin) in expected.items():
            assert ancestors(visitor, "GET", "/") == origin, f"{name} stayed as they were"
    say(
        f"clickjacking: {len(routes)} routes x {len(expected)} visitors, 3 platforms: {pages} pages, "
        "wrong frame-ancestors 0"
    )
