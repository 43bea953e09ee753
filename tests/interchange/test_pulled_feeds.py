"""Addresses from which a provider's offers are pulled once a day."""

import socket
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import time_machine
from flask import Flask
from sqlalchemy import delete, func, select

from catalogue.app import create_app
from catalogue.extensions import db
from catalogue.interchange.models import OfferFeed, OfferImport
from catalogue.interchange.rows import OfferRow
from catalogue.people.models import Grant, Person, Role
from catalogue.settings import Settings
from catalogue.systems.models import Organisation
from catalogue.transactions import run
from tests.catalogue.servers import Server, whole
from tests.interchange.importing import PROVIDER, as_csv, course, rows
from tests.interchange.workers import state, sweep, work
from tests.visitor import Visitor

TAG = '"one"'


class Partner:
    """Somebody's own system: it gives out a list, with a tag, and can break down."""

    def __init__(self) -> None:
        self.content = as_csv(rows(2)).encode()
        self.broken = False
        self.server = Server(self._answer)

    def _answer(self, client: socket.socket) -> None:
        if self.broken:
            client.sendall(whole(b"", "503 Service Unavailable"))
        elif f"If-None-Match: {TAG}".encode() in self.server.asked.rsplit(b"GET ", 1)[-1]:
            client.sendall(whole(b"", "304 Not Modified"))
        else:
            client.sendall(whole(self.content, ETag=TAG))


@pytest.fixture
def theirs() -> Iterator[Partner]:
    partner = Partner()
    yield partner
    partner.server.close()


def add(visitor: Visitor, url: str, status: int = 302) -> None:
    visitor.get("/publish/feeds")
    visitor.press("Pull it once a day", status=status, url=url)


def pulled(app: Flask) -> str:
    """What came of it, after the worker has been at it."""
    work(app)
    with app.app_context():
        return db.session.scalars(select(OfferFeed.outcome)).one()


def outcome(app: Flask, visitor: Visitor) -> str:
    """The same, which the page says too."""
    said = pulled(app)
    visitor.get("/publish/feeds")
    assert said in visitor.text()
    return said


def later(**after: float) -> time_machine.travel:
    return time_machine.travel(datetime.now(UTC) + timedelta(**after), tick=True)


@pytest.mark.both_databases
def test_a_feed_is_pulled_at_once_and_again_every_day_and_what_has_not_changed_is_not_read_again(
    app: Flask, administrator: Visitor, theirs: Partner
) -> None:
    administrator.get("/publish/feeds")
    administrator.press("Pull it once a day", url=theirs.server.url, provider=PROVIDER)
    administrator.follow()
    assert "Not pulled yet" in administrator.text()
    assert outcome(app, administrator) == "2 new."
    link = administrator.page.select_one("main a[href^='/publish/imports/']")
    assert link is not None
    administrator.get(str(link["href"]))
    assert "Row 2: Leading a team, part 1" in administrator.text()
    assert "Petra" not in administrator.text()
    once = state(app)
    sweep(app)
    work(app)
    assert theirs.server.connections == 1, "it was not due"
    with later(hours=24, minutes=1):
        sweep(app)
        assert pulled(app) == "Nothing had changed since the last pull."
    theirs.content = as_csv([*rows(1, hours=7.0), *rows(2)[1:], OfferRow(4, "c3", course(3, mode="post"))]).encode()
    with app.app_context():
        run(lambda: setattr(db.session.scalars(select(OfferFeed)).one(), "etag", ""))
    assert state(app) == once
    administrator.get("/publish/feeds")
    administrator.press(f"Pull now : {theirs.server.url}")
    assert outcome(app, administrator) == "1 wrong, 1 changed, 1 the same as before."
    with app.app_context():
        assert db.session.scalars(select(func.count()).select_from(OfferImport)).one() == 1, "that of the last pull"
        assert db.session.scalars(select(OfferFeed.etag)).one() == "", "what is wrong is looked at again"
    administrator.press(f"Remove : {theirs.server.url}")
    administrator.follow()
    assert "The offers that it brought stay." in administrator.text()
    with app.app_context():
        assert db.session.scalars(select(OfferImport.id)).all() == []
    assert any("leading-a-team-part-2" in row for row in state(app)["offer"])


def letters(settings: Settings) -> list[str]:
    return [file.read_text() for file in Path(settings.folder / "mail").glob("*.eml")]


def test_a_feed_that_fails_is_tried_every_day_and_after_a_week_its_owner_gets_one_letter(
    app: Flask, partner: Visitor, theirs: Partner, settings: Settings
) -> None:
    theirs.broken = True
    add(partner, theirs.server.url)
    for day in range(10):
        with later(days=day, minutes=day):
            sweep(app)
            said = pulled(app)
        assert said == "The address answers with 503, not with a file. Check the address."
        assert theirs.server.connections == day + 1
        assert len(letters(settings)) == (1 if day >= 7 else 0)
    (letter,) = letters(settings)
    assert "To: petra.partner@test.example" in letter
    assert theirs.server.url in letter
    theirs.broken = False
    with later(days=11):
        sweep(app)
        assert pulled(app) == "2 new."
    with app.app_context():
        feed = db.session.scalars(select(OfferFeed)).one()
        assert (feed.failing_since, feed.warned_at) == (None, None)


def test_what_is_no_list_of_offers_is_said_in_words(app: Flask, partner: Visitor, theirs: Partner) -> None:
    theirs.content = b"<html><body>Our courses</body></html>"
    before = state(app)
    add(partner, theirs.server.url)
    said = outcome(app, partner)
    assert said
    assert state(app) == before


def test_a_feed_stops_when_who_asked_for_it_does_not_work_there_any_more(
    app: Flask, partner: Visitor, administrator: Visitor, theirs: Partner
) -> None:
    add(partner, theirs.server.url)

    def leave() -> None:
        person_id = db.session.scalars(select(Person.id).where(Person.name == "Petra Partner")).one()
        db.session.execute(delete(Grant).where(Grant.person_id == person_id))

    with app.app_context():
        run(leave)
    before = state(app)
    said = outcome(app, administrator)
    assert said.startswith("We did not pull it: who asked for it does not work on these offers any more.")
    assert theirs.server.connections == 0
    assert state(app) == before
    partner.get("/publish/feeds", status=404)


REFUSED = [
    ("", "Enter the whole address"),
    ("file:///etc/passwd", "Enter the whole address"),
    ("ftp://example.org/list.csv", "Enter the whole address"),
    ("https://", "Enter the whole address"),
    ("https://user:word@example.org/", "Enter the whole address"),
    ("https://example.org:port/", "Enter the whole address"),
    ("https://[::1/", "Enter the whole address"),
    ("https://exämple.org/\u202e", "Enter the whole address"),
    (f"https://example.org/{'x' * 500}", "500 characters or fewer"),
    ("https://10.0.0.1/list.csv", "inside a private network"),
    ("https://169.254.169.254/latest/meta-data", "inside a private network"),
    ("https://[::ffff:192.168.0.1]/", "inside a private network"),
]


def test_an_address_that_we_do_not_go_to_is_refused_in_words(app: Flask, partner: Visitor) -> None:
    for url, words in REFUSED:
        add(partner, url, status=422)
        assert words in partner.text(), url
    with app.app_context():
        assert db.session.scalars(select(OfferFeed)).all() == []
    add(partner, "https://10.0.0.1.nip.example/list.csv")
    assert outcome(app, partner) == "Nothing answers at this address. Check the address, then try again."
    add(partner, "https://10.0.0.1.nip.example/list.csv", status=422)
    assert "We pull this address already." in partner.text()


def test_what_a_name_leads_to_is_checked_when_it_is_pulled_and_loopback_is_for_development_alone(
    app: Flask, partner: Visitor, theirs: Partner, settings: Settings
) -> None:
    add(partner, f"http://localhost:{theirs.server.port}/")
    live = create_app(
        Settings(
            env="production", database_url=settings.database, instance=settings.folder, secret_key="x" * 40,
            public_url="https://everyseat.example", jobs_url=settings.jobs, mail_url="smtp://mail.example",
        )
    )  # fmt: skip
    while app.extensions["huey"].dequeue() is not None:
        pass
    with live.app_context():
        sweep(live)
        work(live)
        assert "We do not fetch this" in db.session.scalars(select(OfferFeed.outcome)).one()
        db.session.remove()
        db.engine.dispose()
    assert theirs.server.connections == 0


def test_a_feed_is_not_there_for_people_of_another_provider(
    app: Flask, partner: Visitor, add_person: Callable[..., int], sign_in: Callable[[int], Visitor], theirs: Partner
) -> None:
    add(partner, theirs.server.url)
    with app.app_context():
        feed_id = db.session.scalars(select(OfferFeed.id)).one()
        elsewhere = db.session.scalars(select(Organisation.id).where(Organisation.key == "nhs-improvement")).one()
    other = sign_in(add_person("Other Partner", Role.PARTNER, organisation_id=elsewhere))
    other.get("/publish/feeds")
    assert theirs.server.url not in other.text()
    for stranger in (other, sign_in(add_person("Lena Learner")), sign_in(add_person("Rita", Role.REVIEWER))):
        for what in ("pull", "remove"):
            stranger.post(f"/publish/feeds/{feed_id}/{what}", {"csrf_token": stranger.csrf_token()}, status=404)
    fields = {"csrf_token": other.csrf_token(), "provider": PROVIDER, "url": "https://example.org/"}
    other.post("/publish/feeds", fields, status=422)
    with app.app_context():
        assert db.session.scalars(select(OfferFeed.url)).all() == [theirs.server.url]
