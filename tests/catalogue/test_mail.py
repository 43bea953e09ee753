"""A message goes to one address as it was written, and waits for a mail server that may take it later."""

import email
import email.policy
import smtplib
from collections.abc import Callable
from email.message import EmailMessage

import pytest
from flask import Flask
from sqlalchemy import select

from catalogue import mail, outbox
from catalogue.extensions import db
from catalogue.outbox import Delivery, DeliveryState
from catalogue.settings import Settings
from catalogue.transactions import run

pytestmark = pytest.mark.catalogue_alone


@pytest.fixture
def mailbox(settings: Settings) -> Callable[[], list[EmailMessage]]:
    """The messages in the folder that development writes them to."""
    folder = settings.folder / "mail"

    def read() -> list[EmailMessage]:
        return [
            email.message_from_bytes(file.read_bytes(), policy=email.policy.default)  # type: ignore[arg-type]
            for file in sorted(folder.glob("*.eml"))
        ]

    return read


def send_mail(to: str, subject: str, text: str = "Hello") -> Delivery:
    run(lambda: mail.write_mail(to, subject, text))
    outbox.deliver_due()
    db.session.rollback()
    return db.session.scalars(select(Delivery).order_by(Delivery.id.desc()).limit(1)).one()


@pytest.mark.usefixtures("context", "woken")
def test_a_message_becomes_a_file_that_one_can_read(mailbox: Callable[[], list[EmailMessage]]) -> None:
    text = "Dear Zoë,\n\nthe ward – yours – has a place.\n"
    delivery = send_mail("zoe@test.example", "You are enrolled: Führen & führen lassen", text)
    assert delivery.state == DeliveryState.DELIVERED
    (message,) = mailbox()
    assert message["To"] == "zoe@test.example"
    assert message["Subject"] == "You are enrolled: Führen & führen lassen"
    assert message["From"] == "Every Seat <no-reply@everyseat.example>"
    assert message["Date"]
    assert message.get_content() == text


@pytest.mark.usefixtures("context", "woken")
@pytest.mark.parametrize("break_", ["\n", "\r\n", "\r", "\n ", "\x0b", "\x0c", "\x85", "\u2028"])
def test_a_title_cannot_add_a_header(break_: str, mailbox: Callable[[], list[EmailMessage]]) -> None:
    subject = f"You are enrolled: Lead{break_}Bcc: victim@test.example{break_}{break_}<p>text</p>"
    assert send_mail("lena@test.example", subject).state == DeliveryState.DELIVERED
    (message,) = mailbox()
    assert message["Bcc"] is None
    assert message["Subject"] == "You are enrolled: Lead Bcc: victim@test.example <p>text</p>"
    assert message.get_content() == "Hello\n"


@pytest.mark.usefixtures("context", "woken")
@pytest.mark.parametrize(
    "to",
    [
        "lena@test.example\nBcc: victim@test.example",
        "lena@test.example\r\n\r\ntext",
        "lena@test.example, victim@test.example",
        "lena@test.example; victim@test.example",
        "Lena <lena@test.example>",
        "group: lena@test.example, victim@test.example;",
        "lena",
        "",
    ],
)
def test_an_address_is_one_address_or_nothing_is_sent(to: str, mailbox: Callable[[], list[EmailMessage]]) -> None:
    delivery = send_mail(to, "Hello")
    assert delivery.state == DeliveryState.PARKED
    assert delivery.last_error
    assert mailbox() == []


class Smtp:
    """An SMTP server that answers with a fault."""

    fault: Exception | None = None
    sent: list[EmailMessage]

    def __init__(self, *_args: object, **_options: object) -> None:
        pass

    def __enter__(self) -> "Smtp":
        return self

    def __exit__(self, *_fault: object) -> None:
        pass

    def ehlo(self) -> None:
        pass

    def has_extn(self, _name: str) -> bool:
        return False

    def send_message(self, message: EmailMessage) -> None:
        if self.fault is not None:
            raise self.fault
        self.sent.append(message)


@pytest.mark.usefixtures("context", "woken")
@pytest.mark.parametrize(
    ("fault", "state"),
    [
        (None, DeliveryState.DELIVERED),
        (smtplib.SMTPRecipientsRefused({"a": (450, b"greylisted")}), DeliveryState.WAITING),
        (smtplib.SMTPRecipientsRefused({"a": (550, b"no such mailbox")}), DeliveryState.PARKED),
        (smtplib.SMTPDataError(451, b"later"), DeliveryState.WAITING),
        (smtplib.SMTPDataError(554, b"not this"), DeliveryState.PARKED),
        (smtplib.SMTPAuthenticationError(535, b"wrong password"), DeliveryState.WAITING),
        (smtplib.SMTPServerDisconnected("gone"), DeliveryState.WAITING),
        (TimeoutError("slow"), DeliveryState.WAITING),
        (ConnectionRefusedError(), DeliveryState.WAITING),
    ],
)
def test_a_mail_server_that_may_take_it_later_is_tried_again(
    fault: Exception | None, state: DeliveryState, app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    app.extensions["settings"] = app.extensions["settings"].model_copy(
        update={"mail_url": "smtp://mail.test.example:25"}
    )
    Smtp.fault, Smtp.sent = fault, []
    monkeypatch.setattr(smtplib, "SMTP", Smtp)
    assert send_mail("lena@test.example", "Hello").state == state
    assert len(Smtp.sent) == (state == DeliveryState.DELIVERED)


@pytest.mark.usefixtures("context", "woken")
def test_an_address_in_a_message_stays_whole_in_its_file(settings: Settings) -> None:
    address = "https://everyseat.example/sign-in/reset/" + "x" * 120
    assert send_mail("lena@test.example", "A link", f"Open it:\n{address}\n").state == DeliveryState.DELIVERED
    (file,) = (settings.folder / "mail").glob("*.eml")
    assert address in file.read_text(encoding="utf-8")


@pytest.mark.usefixtures("context", "woken")
def test_a_message_that_waits_holds_no_other_to_the_same_address_back(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    app.extensions["settings"] = app.extensions["settings"].model_copy(
        update={"mail_url": "smtp://mail.test.example:25"}
    )
    monkeypatch.setattr(smtplib, "SMTP", Smtp)
    Smtp.fault, Smtp.sent = smtplib.SMTPDataError(451, b"later"), []
    assert send_mail("lena@test.example", "First").state == DeliveryState.WAITING
    Smtp.fault = None
    assert send_mail("lena@test.example", "Second").state == DeliveryState.DELIVERED
