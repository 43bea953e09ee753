"""Messages to people: a kind of delivery. In development they become files that one can open."""

import smtplib
import ssl
from email import policy
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import format_datetime
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit
from uuid import uuid4

from flask import Flask, current_app

from catalogue import outbox
from catalogue.clock import now
from catalogue.settings import Settings

WHOLE_LINES = policy.default.clone(max_line_length=998)
"""RFC 5322, section 2.1.1, at its longest: an address in a line stays whole, also for who opens the file."""
TIMEOUT = 8  # seconds for each of a server's answers: about ten of them fit into the outbox's lease


def register_mail(app: Flask) -> None:
    outbox.register_kind(app, "mail", send, forget=True)  # it may hold a link that signs in


def write_mail(to: str, subject: str, text: str) -> None:
    """Write a message in the present transaction."""
    outbox.write("mail", f"mail:{uuid4().hex}", {"to": to, "subject": subject, "text": text})


def link_to(endpoint: str, **values: Any) -> str:
    """The whole address of a page of ours: for a letter, whether a page or a worker writes it."""
    public_url: str = current_app.extensions["settings"].public_url
    return public_url.rstrip("/") + current_app.url_map.bind("").build(endpoint, values)


def send(payload: dict[str, Any]) -> None:
    """Send one. Raises ``ValueError`` where what it is to be sent to is not one address."""
    settings: Settings = current_app.extensions["settings"]
    message = EmailMessage(policy=WHOLE_LINES)
    message["From"], message["To"] = settings.mail_from, Address(addr_spec=payload["to"])
    message["Subject"] = " ".join(payload["subject"].split())  # titles come from partners: one line, whatever they hold
    message["Date"] = format_datetime(now())
    message.set_content(payload["text"])
    address = urlsplit(settings.mail)
    if address.scheme == "file":
        folder = Path(unquote(address.path))
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"{uuid4().hex}.eml").write_bytes(bytes(message))
        return
    try:
        if address.scheme == "smtps":
            server: smtplib.SMTP = smtplib.SMTP_SSL(
                address.hostname or "", address.port or 465, timeout=TIMEOUT, context=ssl.create_default_context()
            )
        elif address.scheme == "smtp":
            server = smtplib.SMTP(address.hostname or "", address.port or 587, timeout=TIMEOUT)
        else:
            raise ValueError("EVERYSEAT_MAIL_URL starts with file://, smtp:// or smtps://")
        with server:
            server.ehlo()
            if address.scheme == "smtp" and (address.username or server.has_extn("starttls")):
                server.starttls(context=ssl.create_default_context())
            if address.username:
                server.login(unquote(address.username), unquote(address.password or ""))
            server.send_message(message)
    except OSError as fault:  # SMTPException is one
        if _refused_for_good(fault):
            raise
        raise outbox.TryAgain(f"{type(fault).__name__}: {fault}") from fault


def _refused_for_good(fault: OSError) -> bool:
    """Whether the server will not take this message, now or later (RFC 5321, section 4.2.1: a code of 5yz)."""
    if isinstance(fault, smtplib.SMTPRecipientsRefused):
        return all(code >= 500 for code, _words in fault.recipients.values())
    return isinstance(fault, smtplib.SMTPDataError) and fault.smtp_code >= 500
