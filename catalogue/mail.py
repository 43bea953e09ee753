"""Messages to people: a kind of delivery. In development they become files that one can open."""

import smtplib
import ssl
from email.message import EmailMessage
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit
from uuid import uuid4

from flask import Flask, current_app

from catalogue import outbox
from catalogue.settings import Settings

TIMEOUT = 20  # seconds


def register_mail(app: Flask) -> None:
    outbox.register_kind(app, "mail", send)


def write_mail(to: str, subject: str, text: str) -> None:
    """Write a message in the present transaction."""
    outbox.write("mail", f"mail:{to}", {"to": to, "subject": subject, "text": text})


def send(payload: dict[str, Any]) -> None:
    settings: Settings = current_app.extensions["settings"]
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = settings.mail_from, payload["to"], payload["subject"]
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
            if address.username:
                if address.scheme == "smtp":
                    server.starttls(context=ssl.create_default_context())
                server.login(unquote(address.username), unquote(address.password or ""))
            server.send_message(message)
    except (OSError, smtplib.SMTPServerDisconnected, smtplib.SMTPConnectError) as fault:
        raise outbox.TryAgain(str(fault)) from fault
