"""Who is asking: the person whose token a program sends.

Source: RFC 6750, https://www.rfc-editor.org/rfc/rfc6750, sections 2.1 and 3.1.
"""

from flask import g, request

from catalogue.clock import now
from catalogue.errors import TokenNotValid, TokenTooNarrow, TokenWanted
from catalogue.people import actions, queries
from catalogue.people.models import ApiToken, Person, Scope
from catalogue.people.rules import TOKEN_USE_NOTED_EVERY, hash_token
from catalogue.transactions import run

BY_PASSWORD = ("/xapi/",)
"""Where a token may come as the password of Basic authentication, as xAPI has it. What writes there is JSON, so a
browser that keeps such a password sends nothing there for another site."""


def sent_token() -> str | None:
    """What the request carries as a token; none where it carries none."""
    sent = request.authorization
    if sent is not None and sent.type == "basic" and request.path.startswith(BY_PASSWORD):
        return sent.password or ""
    return (sent.token or "") if sent is not None and sent.type == "bearer" else None


def token_key() -> str:
    """What limits count a token by; hashed, since counters may be kept outside our database."""
    return hash_token(sent_token() or "")


def identify() -> ApiToken | None:
    """The token that the request came with, if any; raises ``TokenNotValid``. That it is used is noted."""
    if "api_token" not in g:
        sent = sent_token()
        g.api_token = None if sent is None else _used(sent)
    found: ApiToken | None = g.api_token
    return found


def _used(sent: str) -> ApiToken:
    found = _open(sent)
    if found.last_used_at is None or found.last_used_at <= now() - TOKEN_USE_NOTED_EVERY:
        token_id = found.id
        run(lambda: actions.note_use(token_id))
        found = _open(sent)
    return found


def _open(sent: str) -> ApiToken:
    found = queries.open_api_token(sent)
    if found is None:
        raise TokenNotValid("This token is not known, or has ended or expired. Make another one at /tokens.")
    return found


def token_for(scope: Scope) -> ApiToken:
    """The token that the request came with; raises ``TokenWanted`` and ``TokenTooNarrow``."""
    found = identify()
    if found is None:
        raise TokenWanted("This needs a token. Make one at /tokens, and send it as Authorization: Bearer.")
    if scope not in found.scopes:
        raise TokenTooNarrow(scope)
    return found


def reader() -> Person | None:
    """Whose offers are to be found beside those for everyone: nobody's without a token for reading."""
    found = identify()
    return found.person if found is not None and Scope.READ_OFFERS in found.scopes else None
