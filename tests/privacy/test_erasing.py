"""Who is erased is gone everywhere, but for what the table of places says stays and why."""

import json
import zipfile
from collections.abc import Callable
from io import BytesIO
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import String, delete, func, select

from catalogue import outbox
from catalogue.enrolments import actions as enrolments
from catalogue.enrolments.models import Completion, Enrolment, EnrolmentState
from catalogue.extensions import db
from catalogue.mail import write_mail
from catalogue.offers.models import Offer
from catalogue.outbox import Delivery
from catalogue.people import chain
from catalogue.people.models import Account, AuditEvent, Person, Role
from catalogue.privacy import erasing
from catalogue.privacy.cli import privacy
from catalogue.privacy.models import Erasure
from catalogue.privacy.placing import NAME_OF_NOBODY, places
from tests.conftest import PASSWORD
from tests.privacy.marked import SET, mark_everything, residue
from tests.visitor import Visitor

MARKER = "zqxmark"
Ask = Callable[[Callable[[], Any]], Any]


def stays() -> dict[str, set[str]]:
    """What the table says is not touched, in rows that stay."""
    found: dict[str, set[str]] = {}
    for rows in places().rows:
        if rows.erased is not None and not rows.names:
            found.setdefault(rows.table, set()).update(rows.stays.split())
    return found


def has_text(table: str) -> bool:
    """Whether there is a text in it that a marker fits into, and no code that its own rules ask for."""
    texts = {c.name for c in db.metadata.tables[table].columns if isinstance(c.type, String) and not c.primary_key}
    return bool(texts - set(SET.get(table, {})))


@pytest.fixture
def marked(add_person: Callable[..., int], change: Ask) -> int:
    person_id = add_person("Somebody")
    change(lambda: mark_everything(person_id, MARKER))
    return person_id


def key_of(person_id: int) -> str:
    return db.session.get_one(Person, person_id).key


@pytest.mark.both_databases
def test_nothing_is_left_of_a_marker_in_every_text_about_somebody(
    app: Flask, marked: int, change: Ask, ask: Ask
) -> None:
    before = ask(lambda: residue(MARKER))
    about = {rows.table for rows in ask(lambda: places().rows) if not rows.names}
    without = {table for table in about - set(before) if has_text(table)}
    assert not without, "a table without a marker proves nothing"
    key = ask(lambda: key_of(marked))
    change(lambda: erasing.erase_on_request(key, key))
    after, kept = ask(lambda: residue(MARKER)), ask(stays)
    left = {table: columns - kept.get(table, set()) for table, columns in after.items()}
    assert {table: columns for table, columns in left.items() if columns} == {}
    assert set(after) <= {"audit_event", "completion"}, "the trail, and codes of figures that this test wrote over"
    with app.app_context():
        assert chain.verify().fault == "" or "without a seal" in chain.verify().fault


@pytest.mark.both_databases
def test_what_stays_are_figures_that_lead_to_nobody(marked: int, change: Ask, ask: Ask) -> None:
    key = ask(lambda: key_of(marked))
    completed = ask(lambda: db.session.scalar(select(func.count()).select_from(Completion)))
    change(lambda: erasing.erase_on_request(key, key))

    def left() -> tuple[str, str, bool]:
        person = db.session.get_one(Person, marked)
        return person.name, person.email, person.key != key and person.suspended_at is not None

    assert ask(left) == (NAME_OF_NOBODY, "", True)
    assert ask(lambda: db.session.scalar(select(func.count()).select_from(Completion))) == completed
    assert ask(lambda: db.session.scalar(select(Person.id).where(Person.key == key))) is None
    assert ask(lambda: db.session.scalars(select(Erasure.person_key)).all()) == [key]


def test_somebody_erases_themself_with_their_password(
    app: Flask, add_person: Callable[..., int], ask: Ask, change: Ask
) -> None:
    person_id = add_person("Lena Learner")

    def set_up() -> None:
        from catalogue.people import actions

        actions.add_account("lena.learner@test.example", password=PASSWORD)
        offer = db.session.scalars(select(Offer).where(Offer.slug == "ten-minute-huddle")).one()
        enrolments.enrol(db.session.get_one(Person, person_id), offer, None)
        write_mail(
            "lead@test.example", "Lena Learner has enrolled", "Lena Learner (lena.learner@test.example) enrolled."
        )

    change(set_up)
    visitor = Visitor(app)
    visitor.get("/sign-in")
    visitor.press("Sign in", email="lena.learner@test.example", password=PASSWORD)
    visitor.get("/about-you")
    assert "Your enrolments: 1 entry" in visitor.text()
    visitor.get("/about-you/erase")
    for words in ("What stays, and why", "Your enrolments", "who was shown whose record"):
        assert words in visitor.text()
    visitor.press("Erase everything about me", status=422, password="wrong")
    assert "The password is not right" in visitor.text()
    visitor.press("Erase everything about me", password=PASSWORD)
    visitor.follow()
    assert "You have been erased" in visitor.text()
    assert "What stays, and why" in visitor.text()
    visitor.get("/about-you", status=302)
    assert ask(lambda: db.session.scalar(select(Account))) is None
    assert ask(lambda: db.session.scalars(select(Enrolment.state)).all()) == [EnrolmentState.WITHDRAWN]
    (letter,) = ask(lambda: [d.payload for d in db.session.scalars(select(Delivery).where(Delivery.kind == "mail"))])
    assert letter["subject"] == f"{NAME_OF_NOBODY} has enrolled"
    assert "Lena" not in json.dumps(letter)
    assert "lena" not in json.dumps(letter)


@pytest.mark.both_databases
def test_a_name_that_is_a_word_of_other_messages_harms_none_of_them(
    add_person: Callable[..., int], change: Ask, ask: Ask
) -> None:
    """A platform says what people are called."""
    score = {"line_item": "https://moodle.example/mod/lti/scores", "user": "mod"}
    letter = {
        "to": "mod@test.example",
        "subject": "mod has left",
        "text": "See\nhttps://a.example/mod\n\nmod has left.",
    }

    def erase() -> None:
        person = db.session.get_one(Person, add_person("Mo Dern"))
        person.name = "mod"
        outbox.write("score", "score:1:1:99", score)
        write_mail(**letter)
        db.session.flush()
        erasing.erase_on_request(person.key, person.key)

    change(erase)
    waiting = select(Delivery.payload).where(Delivery.state == "waiting").order_by(Delivery.id)
    assert ask(lambda: db.session.scalars(waiting).all()) == [
        score,
        letter
        | {
            "subject": f"{NAME_OF_NOBODY} has left",
            "text": f"See\nhttps://a.example/mod\n\n{NAME_OF_NOBODY} has left.",
        },
    ]


def test_who_signs_in_by_other_means_has_to_have_done_so_just_now(
    app: Flask, add_person: Callable[..., int], change: Ask, ask: Ask
) -> None:
    from datetime import timedelta

    from catalogue.clock import now
    from catalogue.people import actions
    from catalogue.people.models import SignIn

    person_id = add_person()
    token = change(lambda: actions.begin_sign_in(db.session.get_one(Person, person_id), "platform:1"))
    visitor = Visitor(app, token)

    def grow_old() -> None:
        db.session.scalars(select(SignIn).where(SignIn.via == "platform:1")).one().created_at = now() - timedelta(
            hours=1
        )

    change(grow_old)
    visitor.get("/about-you/erase")
    assert "come back to this page within 10 minutes" in visitor.text()
    assert not visitor.page.select("main form")
    visitor.post("/about-you/erase", {"csrf_token": visitor.csrf_token()}, status=409)
    fresh = Visitor(app, change(lambda: actions.begin_sign_in(db.session.get_one(Person, person_id), "platform:1")))
    fresh.get("/about-you/erase")
    fresh.press("Erase everything about me")
    assert ask(lambda: db.session.get_one(Person, person_id).name) == NAME_OF_NOBODY


def test_places_of_the_erased_go_to_who_waits(add_person: Callable[..., int], change: Ask, ask: Ask) -> None:
    going, waiting = add_person(), add_person()

    def fill() -> None:
        offer = db.session.scalars(
            select(Offer).join(Offer.published).where(Offer.runs.any()).order_by(Offer.slug).limit(1)
        ).first()
        run = offer.runs[0]
        run.places = 1
        for person_id in (going, waiting):
            enrolments.enrol(db.session.get_one(Person, person_id), offer, run.id)

    change(fill)
    key = ask(lambda: key_of(going))
    change(lambda: erasing.erase_on_request(key, key))
    state = ask(lambda: db.session.scalar(select(Enrolment.state).where(Enrolment.person_id == waiting)))
    assert state == EnrolmentState.BOOKED


def test_an_administrator_erases_somebody_who_asked(
    administrator: Visitor, add_person: Callable[..., int], ask: Ask
) -> None:
    person_id = add_person("Lena Learner")
    key = ask(lambda: key_of(person_id))
    administrator.get("/admin/privacy")
    administrator.press("Find", status=422, who="nobody@test.example")
    administrator.press("Find", who="Lena.Learner@test.example")
    administrator.follow()
    assert "What is held about Lena Learner" in administrator.text()
    administrator.press("Erase them", status=422)
    administrator.get(f"/admin/privacy/{key}")
    administrator.press("Erase them", asked="in-writing")
    administrator.follow()
    assert key in administrator.text()
    administrator.get(f"/admin/privacy/{key}", status=404)
    about_them = select(AuditEvent.action).where(AuditEvent.subject == key).order_by(AuditEvent.id)
    actions = ask(lambda: db.session.scalars(about_them).all())
    assert "what is held read" in actions
    assert actions[-1] == "person erased"


def test_the_last_administrator_stays(administrator: Visitor, add_person: Callable[..., int], ask: Ask) -> None:
    own = ask(lambda: db.session.scalar(select(Person.key).where(Person.name == "Adam Administrator")))
    administrator.get(f"/admin/privacy/{own}")
    administrator.press("Erase them", status=409, asked="checked")
    add_person("Another", Role.ADMINISTRATOR)
    administrator.get(f"/admin/privacy/{own}")
    administrator.press("Erase them", asked="checked")
    administrator.get("/admin/privacy", status=302)


def test_an_erasure_is_done_again_after_a_restore(app: Flask, marked: int, change: Ask, ask: Ask) -> None:
    key = ask(lambda: key_of(marked))
    change(lambda: erasing.erase_on_request(key, key))

    def restore() -> None:
        """As it was before: the person is there, and the database knows of no erasure."""
        db.session.execute(delete(Erasure))
        person = db.session.get_one(Person, marked)
        person.key, person.name, person.email, person.suspended_at = key, MARKER, f"{MARKER}@test.example", None

    change(restore)
    result = app.test_cli_runner().invoke(privacy, ["replay"])
    assert result.exit_code == 0, result.output
    assert "Erased again: 1." in result.output
    assert ask(lambda: db.session.get_one(Person, marked).name) == NAME_OF_NOBODY
    assert ask(lambda: db.session.scalars(select(Erasure.person_key)).all()) == [key]
    assert "Erased again: 0. Not there any more: 1." in app.test_cli_runner().invoke(privacy, ["replay"]).output


def test_the_ledger_holds_keys_alone_and_takes_no_harm_from_a_line_cut_short(
    app: Flask, marked: int, change: Ask, ask: Ask
) -> None:
    key = ask(lambda: key_of(marked))
    change(lambda: erasing.erase_on_request(key, key))
    with app.app_context():
        file = erasing.ledger()
        assert MARKER not in file.read_text()
        assert file.stat().st_mode & 0o077 == 0
        file.write_text(file.read_text() + '{"key": "abc')
        assert erasing.keys_in_ledger() == {key}


def test_all_that_is_held_comes_in_one_download(
    app: Flask, marked: int, sign_in: Callable[[int], Visitor], ask: Ask
) -> None:
    visitor = sign_in(marked)
    answer = visitor.client.post(
        "/about-you/download", data={"csrf_token": visitor.csrf_token()}, base_url="https://127.0.0.1:8000",
        headers={"Referer": "https://127.0.0.1:8000/"},
    )  # fmt: skip
    assert answer.status_code == 200
    with zipfile.ZipFile(BytesIO(answer.data)) as archive:
        held = json.loads(archive.read("about-you.json"))["held"]
        html = archive.read("about-you.html").decode()
    own = [rows.heading for rows in ask(lambda: places().rows) if not rows.names]
    missing = set(own) - set(held) - {"What others did with your record"}
    assert not missing
    assert held["Your notes"][0]["text"].startswith(MARKER)
    assert MARKER in html
    assert "Your notes (1)" in html
    said = json.dumps(held)
    for secret in ("password_hash", "token_hash", "secret_encrypted"):
        assert secret not in said
