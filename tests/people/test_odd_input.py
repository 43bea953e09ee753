"""No odd input, at any route, is a fault of ours."""

import re
from collections.abc import Callable
from typing import Any
from urllib.parse import quote_from_bytes, urlencode

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from catalogue.people import actions
from catalogue.people.models import Role
from catalogue.transactions import run
from tests.assessments.closed import closed_assessment
from tests.assessments.test_assessing import choose_seat
from tests.drills import dealt
from tests.people.door import COOKIE, EMAIL, FROM_PLATFORMS, links, paths
from tests.visitor import ORIGIN, Visitor

ODD: list[bytes] = [
    b"sNaN", "\ud800".encode("utf-8", "surrogatepass"), b"99999999999999999999", b"\xff\xfe\xfd", b"9" * 5000,
    b"x" * 20_000, b"-1", b"1e999", b"%zz%u0041", "\u202e\U0001f600e\u0301".encode(), b"\r\nX-Injected: 1",
]  # fmt: skip
NUL = b"a\x00b"
FIELDS = (
    "email", "password", "seat", "note", "later", "run", "s1", "s2", "q", "after", "hours", "next", "open", "new",
    "condition", "dimension", "mode", "name", "issuer", "client_id", "deployment", "jwks_url", "auth_url",
    "token_url", "organisation", "system", "sort", "page", "iss", "login_hint", "target_link_uri", "state", "id_token",
)  # fmt: skip


@pytest.fixture
def somebody(app: Flask, add_person: Callable[..., int], sign_in: Callable[[int], Visitor]) -> Callable[[], Visitor]:
    """Somebody with something of everything, so that every page has its work to do."""

    def make() -> Visitor:
        person_id = add_person("", Role.ADMINISTRATOR)
        visitor = sign_in(person_id)
        choose_seat(visitor)
        visitor.get("/offers/ten-minute-huddle/enrol")
        visitor.press("Confirm")
        with app.app_context():
            run(lambda: closed_assessment(person_id, level=0))
        return visitor

    return make


def a_link(app: Flask) -> str:
    """What a link to a new password ends with."""
    with app.app_context():
        run(lambda: actions.add_account(EMAIL))
        run(lambda: actions.send_reset_link(EMAIL, "/sign-in/reset/"))
    return links(app)[-1].rsplit("/", 1)[1]


def a_real_path(app: Flask, rule: str) -> str:
    """The rule's address with what there is; ``key`` is a step's or a dimension's."""
    key = "step-1" if "steps" in rule else "care"
    values = {"slug": "ten-minute-huddle", "key": key, "filename": "everyseat.css"}
    if "<token>" in rule:
        values["token"] = a_link(app)
    path = re.sub(r"<([^>]+:)?(\w+)>", lambda found: values.get(found[2], "1"), rule)
    return path.replace("/assessments/1", "/assessments/2")  # the first one is under way


def send(visitor: Visitor, method: str, path: bytes, query: bytes = b"", **more: Any) -> TestResponse:
    """A request with just these bytes, as a server hands them on."""
    raw = {"PATH_INFO": path.decode("latin-1"), "QUERY_STRING": query.decode("latin-1")}
    return visitor.client.open(
        method=method, base_url=ORIGIN, environ_overrides=raw, headers={"Referer": f"{ORIGIN}/"}, **more
    )


def fields(value: bytes, **others: str) -> bytes:
    return urlencode(dict.fromkeys(FIELDS, value) | others, quote_via=lambda text, *_: quote_from_bytes(
        text if isinstance(text, bytes) else text.encode())).encode()  # fmt: skip


def test_there_are_five_hundred_odd_cases(app: Flask) -> None:
    routes = sum(len({"GET", "POST"} & (rule.methods or set())) for rule in app.url_map.iter_rules())
    assert routes * len([NUL, *ODD]) >= 500


@pytest.mark.both_databases
def test_no_odd_input_is_a_fault_of_ours(
    app: Flask, database: str, somebody: Callable[[], Visitor], another: Callable[[], Visitor]
) -> None:
    """Every route gets a NUL and some of the others, dealt out from route to route; in a drill all of them."""
    hands = 10 if database == "sqlite" else 20
    visitor = somebody()
    for hand, rule in enumerate(app.url_map.iter_rules()):
        if rule.endpoint in ("people.sign_out", "people.reset"):
            visitor = another()  # they would end the others' session
        elif rule.endpoint == "assessments.index":
            visitor = somebody()
        token = visitor.csrf_token() if "POST" in (rule.methods or ()) else ""
        path = a_real_path(app, rule.rule)
        for odd in (NUL, *dealt(ODD, hands, hand)):
            answers = []
            if "GET" in (rule.methods or ()):
                raw = re.sub(rb"<[^>]+>", lambda _, odd=odd: odd, rule.rule.encode())
                answers.append(send(visitor, "GET", path.encode() if raw == rule.rule.encode() else raw, fields(odd)))
            if "POST" in (rule.methods or ()):
                form = fields(odd, csrf_token=token)
                kind = "application/x-www-form-urlencoded"
                answers.append(send(visitor, "POST", path.encode(), data=form, content_type=kind))
            for answer in answers:
                assert answer.status_code < 500, f"{answer.request.method} {path}: {odd[:40]!r}"
                assert "X-Injected" not in answer.headers
            if odd == NUL and rule.endpoint not in FROM_PLATFORMS:
                assert all(answer.status_code in (400, 404) for answer in answers), path


BODIES: dict[str, tuple[bytes, str]] = {
    "a field of a megabyte": (b"note=" + b"x" * 1_000_000, "application/x-www-form-urlencoded"),
    "more than we read": (b"note=" + b"x" * 1_100_000, "application/x-www-form-urlencoded"),
    "twenty thousand fields": (b"&".join([b"a=1"] * 20_000), "application/x-www-form-urlencoded"),
    "parts without a boundary": (b"--x\r\n\r\n", "multipart/form-data"),
    "parts that never end": (
        b'--x\r\nContent-Disposition: form-data; name="email"\r\n\r\n',
        "multipart/form-data; boundary=x",
    ),
    "a part with bytes that are no text": (
        b'--x\r\nContent-Disposition: form-data; name="email"\r\n\r\n\xff\x00\xed\xa0\x80\r\n--x--\r\n',
        "multipart/form-data; boundary=x",
    ),
    "a thousand parts": (
        b"".join(b'--x\r\nContent-Disposition: form-data; name="%d"\r\n\r\n1\r\n' % n for n in range(1500))
        + b"--x--\r\n",
        "multipart/form-data; boundary=x",
    ),
    "JSON": (b'{"email": "\\u0000"}', "application/json"),
    "no kind": (b"email=x", ""),
    "a kind of nonsense": (b"\x00\x01", "text/\xff; charset=nonsense"),
    "an unknown alphabet": (b"email=%E9", "application/x-www-form-urlencoded; charset=klingon"),
}


def test_no_odd_body_is_a_fault_of_ours(app: Flask, somebody: Callable[[], Visitor]) -> None:
    visitor = somebody()
    for hand, (endpoint, path) in enumerate(paths(app, "POST")):
        for name, (data, content_type) in dealt([*BODIES.items()], 6, hand):
            answer = send(visitor, "POST", path.encode(), data=data, content_type=content_type)
            assert 400 <= answer.status_code < 500, f"{endpoint}: {name} gave {answer.status_code}"


@pytest.mark.parametrize(
    "path",
    ["/assessments/99999999999999999999", "/assessments/2147483648", "/assessments/2147483647",
     "/assessments/-1", "/assessments/0", "/enrolments/99999999999999999999/withdraw",
     "/lti/course/99999999999999999999"],
)  # fmt: skip
def test_a_number_past_all_numbers_is_not_there(learner: Visitor, path: str) -> None:
    learner.get(path, status=404)


@pytest.mark.parametrize("cookie", ["", "x", "e30.x.y", "." * 4000, "\xff", "eyJfdXNlcl9pZCI6MX0.aaaaaa.bbbb"])
def test_a_session_that_we_did_not_write_is_none(visitor: Visitor, cookie: str) -> None:
    answer = visitor.client.get("/enrolments", base_url=ORIGIN, headers={"Cookie": f"{COOKIE}={cookie}"})
    assert answer.status_code == 302
