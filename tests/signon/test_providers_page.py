"""Administrators add identity providers, try them out, and change them."""

from collections.abc import Callable

import pytest
from sqlalchemy import select

from catalogue.extensions import db
from catalogue.people.models import AuditEvent, IdentityProvider
from catalogue.signon import actions, queries
from tests.conftest import Ask
from tests.signon.provider import SECRET, Provider
from tests.visitor import Visitor

TYPED = {
    "name": "Saltbeck Partnership", "key": "saltbeck", "issuer": "https://login.saltbeck.example", "client_id": "seat",
    "client_secret": "their secret", "organisation": "shared",
}  # fmt: skip


def test_a_provider_is_added_and_changed(administrator: Visitor, ask: Ask) -> None:
    administrator.get("/admin")
    administrator.get("/admin/sign-on")
    assert "There is none yet" in administrator.text()
    administrator.get("/admin/sign-on/add")
    assert "/sign-in/from/KEY" in administrator.text()
    administrator.press("Add it", **TYPED)
    administrator.follow()
    assert "http://127.0.0.1:8000/sign-in/from/saltbeck" in administrator.text()
    assert "their secret" not in administrator.response.text
    administrator.press("Save settings", name="Saltbeck", client_secret="")
    assert ask(lambda: actions.secret_of(queries.provider("saltbeck"))) == "their secret"
    administrator.follow()
    administrator.press("Save settings", client_secret="a new one")
    assert ask(lambda: actions.secret_of(queries.provider("saltbeck"))) == "a new one"
    events = ask(lambda: db.session.scalars(select(AuditEvent)).all())
    assert [event.action for event in events if event.subject.startswith("provider:")] == [
        "identity provider added", "identity provider changed", "identity provider changed",
    ]  # fmt: skip
    assert "secret" not in str([event.detail for event in events]).replace("new_secret", "")


FAULTS = {
    "name": ("", "Enter a name"),
    "key": ("Salt beck", "Use small letters"),
    "issuer": ("ftp://login.example", "starts with https://"),
    "client_id": ("", "Enter the client ID"),
    "client_secret": ("x" * 1001, "1000 characters or fewer"),
    "organisation": ("99999", "Choose one from the list"),
}


@pytest.mark.parametrize("field", FAULTS)
def test_what_is_wrong_is_said_at_its_field(administrator: Visitor, ask: Ask, field: str) -> None:
    typed, said = FAULTS[field]
    administrator.get("/admin/sign-on/add")
    administrator.press("Add it", status=422, **TYPED | {field: typed})
    error = administrator.page.select_one(f"#{field}-error")
    assert error is not None
    assert said in error.get_text()
    assert ask(lambda: db.session.scalars(select(IdentityProvider)).all()) == []


def test_a_key_is_taken_once(provider: Provider, administrator: Visitor) -> None:
    administrator.get("/admin/sign-on/add")
    administrator.press("Add it", status=422, **TYPED | {"key": "riverside"})
    assert "has the key riverside already" in administrator.text()


def found(administrator: Visitor) -> str:
    administrator.get("/admin/sign-on/riverside")
    administrator.press("Check connection", status=200)
    box = administrator.page.select_one("#checked")
    assert box is not None
    return " ".join(box.get_text(" ").split())


def test_a_check_says_in_words_what_works(provider: Provider, administrator: Visitor) -> None:
    said = found(administrator)
    assert "What can be tried works" in said
    assert "with 1 key that we can use" in said
    assert SECRET not in administrator.response.text
    assert all(method == "GET" for method, _url, _more in provider.asked)


BROKEN: dict[str, tuple[Callable[[Provider], None], str]] = {
    "down": (lambda there: setattr(there, "down", True), "It refused the connection"),
    "another issuer": (lambda there: there.document.update(issuer="https://x.example"), "names another issuer"),
    "no keys": (lambda there: there.document.update(jwks_uri="https://login.trust.example/gone"), "answer 404"),
    "no endpoint": (lambda there: there.document.update(token_endpoint=None), "lacks an address"),
}


@pytest.mark.parametrize("broken", BROKEN)
def test_a_check_says_in_words_what_does_not(provider: Provider, administrator: Visitor, broken: str) -> None:
    break_it, words = BROKEN[broken]
    break_it(provider)
    if broken == "no endpoint":
        provider.check_url = lambda url: url.startswith("https")  # type: ignore[method-assign, assignment, return-value]
    said = found(administrator)
    assert "It does not work yet" in said
    assert words in said
