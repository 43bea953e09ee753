"""Signing in and out, links that set a password, and what others may try at that door."""

import re
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any
from urllib.parse import quote, quote_from_bytes, urlencode, urljoin, urlsplit

import pytest
import time_machine
from flask import Flask
from sqlalchemy import func, select
from werkzeug.test import TestResponse

from catalogue.clock import now
from catalogue.extensions import db
from catalogue.outbox import Delivery
from catalogue.people import actions
from catalogue.people.models import PasswordReset, Person, Role, SignIn
from catalogue.people.rules import safe_path
from catalogue.transactions import run
from tests.assessments.test_assessing import choose_seat
from tests.catalogue.test_routes import closed_assessment
from tests.conftest import PASSWORD
from tests.visitor import ORIGIN, Visitor

EMAIL = "ada.brown@test.example"
COOKIE = "__Host-everyseat"
OTHER_CLIENT = {"REMOTE_ADDR": "203.0.113.5"}


@pytest.fixture
def ada(app: Flask) -> int:
    """Somebody with a password; returns their id."""
    with app.app_context():
        return run(lambda: actions.add_account(EMAIL, "Ada Brown", PASSWORD).person_id)


@pytest.fixture
def another(app: Flask) -> Callable[[], Visitor]:
    """Another browser."""
    return lambda: Visitor(app)


def enter(visitor: Visitor, email: str = EMAIL, password: str = PASSWORD, status: int = 302) -> None:
    visitor.get("/sign-in")
    visitor.press("Sign in", status=status, email=email, password=password)


def is_signed_in(visitor: Visitor) -> bool:
    return visitor.client.get("/enrolments", base_url=ORIGIN).status_code == 200


def session_cookie(visitor: Visitor) -> str:
    cookie = visitor.client.get_cookie(COOKIE, domain="127.0.0.1")
    assert cookie is not None
    return cookie.value


def links(app: Flask) -> list[str]:
    """The paths of the links in the messages that were written, oldest first."""
    with app.app_context():
        sent = db.session.scalars(select(Delivery).where(Delivery.kind == "mail").order_by(Delivery.id)).all()
        return [link for mail in sent for link in re.findall(r"(/sign-in/reset/\S+)", mail.payload["text"])]


def ask_for_link(visitor: Visitor, email: str = EMAIL) -> None:
    visitor.get("/sign-in/forgotten")
    visitor.press("Send me a link", status=200, email=email)


# signing in


def test_somebody_signs_in_and_lands_where_they_were_going(ada: int, visitor: Visitor) -> None:
    visitor.get("/assessments/start?x=1", status=302)
    visitor.follow()
    visitor.press("Sign in", email=EMAIL, password=PASSWORD)
    assert visitor.response.headers["Location"] == "/assessments/start?x=1"
    visitor.follow()
    assert "Ada Brown" in visitor.response.text


@pytest.mark.parametrize("typed", [f" {EMAIL} ", EMAIL.upper(), "Ada.Brown@Test.Example"])
def test_an_address_may_be_written_in_any_case(ada: int, visitor: Visitor, typed: str) -> None:
    enter(visitor, email=typed)
    assert is_signed_in(visitor)


def test_a_wrong_password_is_said_at_the_field_and_the_address_is_kept(ada: int, visitor: Visitor) -> None:
    enter(visitor, password="not my password", status=422)
    page = visitor.page
    error = page.select_one("#password-error")
    assert error is not None
    assert "The email address or the password is not right" in error.get_text()
    assert page.select_one(".nhsuk-error-summary a[href='#password']") is not None
    email, password = page.select_one("input[name=email]"), page.select_one("input[name=password]")
    assert email is not None
    assert password is not None
    assert email["value"] == EMAIL
    assert not password.get("value")
    assert "not my password" not in visitor.response.text
    assert not is_signed_in(visitor)


def test_nothing_typed_is_said_at_each_field(visitor: Visitor) -> None:
    enter(visitor, email="", password="", status=422)
    assert visitor.page.select_one("#email-error") is not None
    assert visitor.page.select_one("#password-error") is not None


def refusal_of(visitor: Visitor, email: str) -> str:
    """The page that refuses this address, without what differs from page to page."""
    enter(visitor, email=email, password="not the password", status=422)
    text = visitor.response.text.replace(email, "ADDRESS")
    return re.sub(r'(nonce|name="csrf_token" value)="[^"]+"', "", text)


def test_nobody_learns_which_addresses_have_an_account(
    app: Flask, ada: int, add_person: Callable[..., int], another: Callable[[], Visitor]
) -> None:
    add_person("Without Password")
    suspended = add_person("Sue Spended")
    with app.app_context():
        run(lambda: actions.suspend(db.session.get_one(Person, suspended)))
    addresses = [EMAIL, "nobody@test.example", "without.password@test.example", "sue.spended@test.example"]
    assert len({refusal_of(another(), address) for address in addresses}) == 1


def test_a_suspended_person_cannot_sign_in(app: Flask, ada: int, visitor: Visitor) -> None:
    with app.app_context():
        run(lambda: actions.suspend(db.session.get_one(Person, ada)))
    enter(visitor, status=422)
    assert not is_signed_in(visitor)


# sessions


def test_a_sign_in_lasts_twelve_hours(ada: int, visitor: Visitor) -> None:
    with time_machine.travel(now(), tick=False) as clock:
        enter(visitor)
        clock.shift(timedelta(hours=12, seconds=-1))
        assert is_signed_in(visitor)
        clock.shift(timedelta(seconds=1))
        assert not is_signed_in(visitor)
    visitor.get("/enrolments", status=302)


def test_signing_out_ends_it_on_the_server(ada: int, visitor: Visitor, another: Callable[[], Visitor]) -> None:
    enter(visitor)
    kept = session_cookie(visitor)
    visitor.get("/")
    visitor.press("Sign out")
    assert not is_signed_in(visitor)
    thief = another()
    thief.client.set_cookie(COOKIE, kept, domain="127.0.0.1", secure=True)
    assert not is_signed_in(thief)


def test_signing_out_in_one_browser_leaves_the_other(
    ada: int, visitor: Visitor, another: Callable[[], Visitor]
) -> None:
    second = another()
    enter(visitor)
    enter(second)
    visitor.get("/")
    visitor.press("Sign out")
    assert is_signed_in(second)


PLANTED: dict[str, dict[str, Any]] = {
    "nothing": {},
    "a value": {"planted": "x"},
    "a sign-in that is none": {"_user_id": "planted"},
    "a fresh sign-in that is none": {"_user_id": "planted", "_fresh": True, "_id": "planted"},
    "a form token": {"csrf_token": "planted"},
    "a message": {"_flashes": [("message", "planted")]},
    "a state": {"just_closed": "planted"},
    "a lasting session": {"_permanent": True, "planted": "x"},
    "a remembered sign-in": {"_remember": "set", "_remember_seconds": 999},
    "a way back": {"next": "https://planted.example"},
    "much": {f"planted-{number}": "x" for number in range(20)},
}


@pytest.mark.parametrize("planted", PLANTED)
def test_nothing_planted_in_a_session_outlives_signing_in(
    ada: int, visitor: Visitor, another: Callable[[], Visitor], planted: str
) -> None:
    with visitor.client.session_transaction(base_url=ORIGIN) as session:
        session.update(PLANTED[planted])
    visitor.get("/sign-in")
    with visitor.client.session_transaction(base_url=ORIGIN) as session:
        form_token = session["csrf_token"]
    before = session_cookie(visitor)
    visitor.press("Sign in", email=EMAIL, password=PASSWORD)
    with visitor.client.session_transaction(base_url=ORIGIN) as session:
        assert set(session) <= {"_user_id", "_fresh", "_id", "csrf_token"}
        assert session.get("csrf_token") != form_token
        assert "planted" not in str(dict(session))
    planter = another()
    planter.client.set_cookie(COOKIE, before, domain="127.0.0.1", secure=True)
    assert not is_signed_in(planter)
    assert is_signed_in(visitor)


def test_another_persons_sign_in_planted_in_a_browser_is_left_behind(
    ada: int, add_person: Callable[..., int], sign_in: Callable[[int], Visitor]
) -> None:
    browser = sign_in(add_person("Mallory Intruder"))
    token = browser.csrf_token()
    browser.post("/sign-in", {"csrf_token": token, "email": EMAIL, "password": PASSWORD})
    browser.get("/")
    assert "Ada Brown" in browser.response.text
    assert "Mallory" not in browser.response.text


@pytest.mark.parametrize("role", list(Role))
def test_a_suspended_persons_open_session_ends_with_the_next_request(
    app: Flask, add_person: Callable[..., int], sign_in: Callable[[int], Visitor], role: Role
) -> None:
    person_id = add_person("Sue Spended", role)
    browsers = [sign_in(person_id), sign_in(person_id)]
    tokens = [browser.csrf_token() for browser in browsers]
    assert all(is_signed_in(browser) for browser in browsers)
    with app.app_context():
        run(lambda: actions.suspend(db.session.get_one(Person, person_id)))
    browsers[0].post("/assessments/start", {"csrf_token": tokens[0], "seat": 1})
    assert browsers[0].response.headers["Location"] == "/sign-in"
    assert not any(is_signed_in(browser) for browser in browsers)
    if role == Role.ADMINISTRATOR:
        browsers[1].get("/admin", status=302)


def test_sessions_end_even_where_only_the_mark_is_set(app: Flask, ada: int, visitor: Visitor) -> None:
    enter(visitor)

    def mark() -> None:
        db.session.get_one(Person, ada).suspended_at = now()

    with app.app_context():
        run(mark)
    assert not is_signed_in(visitor)


def test_the_database_keeps_no_token_that_could_be_used(app: Flask, ada: int, visitor: Visitor) -> None:
    enter(visitor)
    ask_for_link(visitor)
    token = links(app)[0].rsplit("/", 1)[1]
    with visitor.client.session_transaction(base_url=ORIGIN) as session:
        secrets = {token, session["_user_id"]}
    with app.app_context():
        kept = {row.token_hash for row in db.session.scalars(select(SignIn))}
        kept |= {row.token_hash for row in db.session.scalars(select(PasswordReset))}
    assert not kept & secrets
    assert all(len(value) == 64 for value in kept)


# links that set a password


def test_a_link_sets_the_password_once_and_ends_every_sign_in(
    app: Flask, ada: int, visitor: Visitor, another: Callable[[], Visitor]
) -> None:
    elsewhere = another()
    enter(elsewhere)
    ask_for_link(visitor)
    (link,) = links(app)
    visitor.get(link)
    visitor.press("Set the password", status=200, password="a new long password")
    assert not is_signed_in(elsewhere)
    assert not is_signed_in(visitor), "a link in a mailbox sets a password, and signs nobody in"
    enter(visitor, status=422)
    enter(visitor, password="a new long password")
    late = another()
    late.get(link, status=410)
    assert "does not work any more" in late.text()
    late.post(link, {"csrf_token": late.csrf_token(), "password": "yet another password"}, status=410)
    enter(another(), password="a new long password")


def test_setting_a_password_uses_up_the_other_links_too(app: Flask, ada: int, visitor: Visitor) -> None:
    ask_for_link(visitor)
    ask_for_link(visitor)
    first, second = links(app)
    visitor.get(second)
    visitor.press("Set the password", status=200, password="a new long password")
    visitor.get(first, status=410)


def test_a_link_lasts_an_hour(app: Flask, ada: int, visitor: Visitor) -> None:
    with time_machine.travel(now(), tick=False) as clock:
        ask_for_link(visitor)
        (link,) = links(app)
        clock.shift(timedelta(hours=1, seconds=-1))
        visitor.get(link)
        clock.shift(timedelta(seconds=1))
        visitor.press("Set the password", status=410, password="a new long password")
        visitor.get(link, status=410)
        assert visitor.page.find("a", href="/sign-in/forgotten") is not None
    enter(visitor)


def test_a_short_password_is_refused_and_the_link_stays(app: Flask, ada: int, visitor: Visitor) -> None:
    ask_for_link(visitor)
    (link,) = links(app)
    visitor.get(link)
    visitor.press("Set the password", status=422, password="short")
    assert visitor.page.select_one("#password-error") is not None
    assert "short" not in str(visitor.page.select_one("form"))
    visitor.press("Set the password", status=200, password="long enough now")


@pytest.mark.parametrize("token", ["", "x", "%00", "a" * 5000, "../../sign-out"])
def test_a_link_that_nobody_sent_opens_nothing(visitor: Visitor, token: str) -> None:
    answer = visitor.client.get(f"/sign-in/reset/{token}", base_url=ORIGIN)
    assert answer.status_code in (400, 404, 410)


def test_unknown_addresses_get_the_same_page_and_no_message(
    app: Flask, ada: int, add_person: Callable[..., int], another: Callable[[], Visitor]
) -> None:
    suspended = add_person("Sue Spended")
    with app.app_context():
        run(lambda: actions.suspend(db.session.get_one(Person, suspended)))
    pages = set()
    for email in (EMAIL, "nobody@test.example", "sue.spended@test.example"):
        visitor = another()
        ask_for_link(visitor, email)
        assert email in visitor.text()
        pages.add(visitor.text().replace(email, "ADDRESS"))
    assert len(pages) == 1
    with app.app_context():
        sent = db.session.scalars(select(Delivery)).all()
        assert [mail.payload["to"] for mail in sent] == [EMAIL]


@pytest.mark.parametrize("typed", ["", "ada", "ada@", "a b@test.example", "x" * 300 + "@test.example"])
def test_what_is_no_address_is_said_at_the_field(app: Flask, visitor: Visitor, typed: str) -> None:
    visitor.get("/sign-in/forgotten")
    visitor.press("Send me a link", status=422, email=typed)
    assert visitor.page.select_one("#email-error") is not None
    assert links(app) == []


# limits


@pytest.mark.limited
def test_guessing_is_limited_and_the_victim_is_not_locked_out(
    ada: int, visitor: Visitor, another: Callable[[], Visitor]
) -> None:
    for _ in range(10):
        enter(visitor, password="a guess", status=422)
    enter(visitor, password="a guess", status=429)
    assert "Too many tries" in visitor.text()
    enter(visitor, email=EMAIL.upper(), status=429)
    enter(visitor, email="somebody.else@test.example", password="a guess", status=422)
    victim = another()
    victim.client.environ_base.update(OTHER_CLIENT)
    enter(victim)
    assert is_signed_in(victim)


@pytest.mark.limited
def test_a_client_is_limited_over_all_addresses(ada: int, visitor: Visitor, another: Callable[[], Visitor]) -> None:
    token = visitor.csrf_token()
    for number in range(60):
        visitor.post("/sign-in", {"csrf_token": token, "email": f"{number}@test.example"}, status=422)
    visitor.post("/sign-in", {"csrf_token": token, "email": EMAIL, "password": PASSWORD}, status=429)
    visitor.get("/sign-in")
    victim = another()
    victim.client.environ_base.update(OTHER_CLIENT)
    enter(victim)


@pytest.mark.limited
def test_the_limit_ends_after_ten_minutes(ada: int, visitor: Visitor) -> None:
    with time_machine.travel(now(), tick=False) as clock:
        for _ in range(10):
            enter(visitor, password="", status=422)
        enter(visitor, status=429)
        clock.shift(timedelta(minutes=10, seconds=1))
        enter(visitor)


@pytest.mark.limited
def test_nobodys_mailbox_can_be_flooded(app: Flask, ada: int, visitor: Visitor) -> None:
    for _ in range(5):
        ask_for_link(visitor)
    visitor.get("/sign-in/forgotten")
    visitor.press("Send me a link", status=429, email=EMAIL)
    assert len(links(app)) == 5


# forms from elsewhere

FROM_PLATFORMS = {"lti.login", "lti.launch_tool"}
FORGED = {
    "no token": ({}, ORIGIN),
    "an empty token": ({"csrf_token": ""}, ORIGIN),
    "a made-up token": ({"csrf_token": "made.up.token"}, ORIGIN),
    "another browser's token": (None, ORIGIN),
    "another site": ({}, "https://evil.example"),
}


def paths(app: Flask, method: str) -> Iterator[tuple[str, str]]:
    """Endpoint and an address of each route that takes this method."""
    with app.test_request_context(base_url=ORIGIN):
        for rule in app.url_map.iter_rules():
            if method in (rule.methods or ()):
                built = rule.build(dict.fromkeys(rule.arguments, 1))
                assert built is not None
                yield rule.endpoint, built[1]


@pytest.mark.parametrize("forged", FORGED)
def test_a_form_that_we_did_not_give_out_is_refused(
    app: Flask, administrator: Visitor, another: Callable[[], Visitor], forged: str
) -> None:
    fields, site = FORGED[forged]
    if fields is None:
        fields = {"csrf_token": another().csrf_token()}
    if site != ORIGIN:
        fields = {"csrf_token": administrator.csrf_token()}
    else:
        administrator.get("/")
    with app.app_context():
        before = db.session.scalar(select(func.count()).select_from(SignIn).where(SignIn.ended_at.is_(None)))
    posts = [(endpoint, path) for endpoint, path in paths(app, "POST") if endpoint not in FROM_PLATFORMS]
    assert len(posts) >= 10
    for endpoint, path in posts:
        answer = administrator.client.post(path, data=fields, base_url=ORIGIN, headers={"Referer": f"{site}/"})
        assert answer.status_code == 400, f"{endpoint} took a form that we did not give out"
        assert "This page was open for too long" in answer.text, endpoint
    assert is_signed_in(administrator)
    with app.app_context():
        after = db.session.scalar(select(func.count()).select_from(SignIn).where(SignIn.ended_at.is_(None)))
    assert after == before


def test_changing_things_takes_a_post(app: Flask, administrator: Visitor) -> None:
    for endpoint in ("people.sign_out", "assessments.finish", "enrolments.tick", "lti_admin.suspend"):
        (path,) = (path for name, path in paths(app, "POST") if name == endpoint)
        administrator.get(path, status=405)
    assert is_signed_in(administrator)


# the way back

HOSTS = [
    "evil.example",
    "evil.example/path",
    "evil.example:443",
    "127.0.0.1:8000@evil.example",
    "127.0.0.1.evil.example",
]
OPENINGS = [
    "//", "///", "////", "https://", "http://", "https:/", "https:", "HTTPS://", "\\\\", "/\\", "\\/", "/\\/", "//\\",
    "/\t/", "/\n/", "\t//", " //", "\x00//", "/\x0b/", "https:\\\\", "//%2f", "/%09//",
]  # fmt: skip
TARGETS = [opening + host for opening in OPENINGS for host in HOSTS] + [
    "javascript:alert(1)", "JavaScript:alert(1)", "data:text/html,x", "//[", "//[::1", "http://[", "//[evil]", "/[",
    "//evil．example", "//evil。example", "//evil.example℀", "//%65vil.example", "?next=//evil.example",
    "#//evil.example",
    "evil.example", "@evil.example", ".evil.example", "/" * 3000, "/x" * 1500, "mailto:x@evil.example",
    "//\u2028evil.example",
    "/\u2028/evil.example", "/\x85/evil.example", "/\r\nLocation: //evil.example", "blob:x", "//user:pw@evil.example",
    "",
]  # fmt: skip


def leads_to(location: str) -> str:
    """The site a browser goes to: it drops tabs and line ends, trims, and takes backslashes for slashes."""
    seen = re.sub(r"[\t\r\n]", "", location).strip("".join(map(chr, range(33)))).replace("\\", "/")
    return urlsplit(urljoin(f"{ORIGIN}/sign-in", seen)).netloc


def test_there_are_a_hundred_ways_off_the_site() -> None:
    assert len(set(TARGETS)) >= 100
    assert leads_to("/\\evil.example") == leads_to(" /\t/evil.example") == "evil.example", "the detector is blind"


def test_no_way_back_leads_off_the_site(learner: Visitor) -> None:
    for target in TARGETS:
        answer = learner.client.get(f"/sign-in?next={quote(target)}", base_url=ORIGIN)
        assert answer.status_code == (400 if "\0" in target else 302), target
        location = answer.headers.get("Location", "/")
        assert leads_to(location) == urlsplit(ORIGIN).netloc, target
        assert location.startswith("/"), target
        assert not location.startswith("//"), target


@pytest.mark.parametrize("target", ["//evil.example", "https://evil.example", "/\\evil.example", "//["])
def test_nor_does_it_after_the_password(ada: int, visitor: Visitor, target: str) -> None:
    visitor.get(f"/sign-in?next={quote(target)}")
    visitor.press("Sign in", email=EMAIL, password=PASSWORD)
    assert visitor.response.headers["Location"] == "/"


@pytest.mark.parametrize("target", ["/", "/offers?q=a&mode=online", "/assessments/3#top", "/offers/x?y=//z", "/%2f"])
def test_paths_of_ours_are_a_way_back(target: str) -> None:
    assert safe_path(target) == target


# odd input

ODD: list[bytes] = [
    b"sNaN",
    b"a\x00b", "\ud800".encode("utf-8", "surrogatepass"), b"99999999999999999999", b"\xff\xfe\xfd", b"9" * 5000,
    b"x" * 20_000, b"-1", b"1e999", b"%zz%u0041", "\u202e\U0001f600e\u0301".encode(), b"\r\nX-Injected: 1",
]  # fmt: skip
FIELDS = (
    "email", "password", "seat", "note", "later", "run", "s1", "s2", "q", "after", "hours", "next", "open", "new",
    "condition", "dimension", "mode", "name", "issuer", "client_id", "deployment", "jwks_url", "auth_url",
    "token_url", "organisation", "iss", "login_hint", "target_link_uri", "state", "id_token",
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


def a_real_path(app: Flask, rule: str) -> str:
    """The rule's address with what there is; ``key`` is a step's or a dimension's."""
    with app.app_context():
        run(lambda: actions.add_account(EMAIL))
        run(lambda: actions.send_reset_link(EMAIL, "/sign-in/reset/"))
    link = links(app)[-1].rsplit("/", 1)[1]
    key = "step-1" if "steps" in rule else "care"
    values = {"slug": "ten-minute-huddle", "key": key, "token": link, "filename": "everyseat.css"}
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
    assert routes * len(ODD) >= 500


@pytest.mark.both_databases
def test_no_odd_input_is_a_fault_of_ours(
    app: Flask, database: str, somebody: Callable[[], Visitor], another: Callable[[], Visitor]
) -> None:
    cases = ODD if database == "sqlite" else ODD[:3]
    visitor = somebody()
    for rule in list(app.url_map.iter_rules()):
        if rule.endpoint in ("people.sign_out", "people.reset"):
            visitor = another()  # they would end the others' session
        elif rule.endpoint == "assessments.index":
            visitor = somebody()
        token = visitor.csrf_token()
        path = a_real_path(app, rule.rule)
        for odd in cases:
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
            if b"\0" in odd and rule.endpoint not in FROM_PLATFORMS:
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
    for name, (data, content_type) in BODIES.items():
        for endpoint, path in paths(app, "POST"):
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
