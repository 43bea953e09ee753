"""Whether a platform and we can work together, tried out: its key set, a service token, and the two clocks.

Security Framework 1.0, sections 6.3 and 4.1: https://www.imsglobal.org/spec/security/v1p0/
"""

import email.utils
import json
from dataclasses import dataclass
from datetime import UTC, timedelta

import requests
from pylti1p3.exception import LtiServiceException

from catalogue.clock import now
from catalogue.egress import Rules
from catalogue.extensions import db
from catalogue.outbox import TryAgain
from catalogue.reaching import chain_of, unreachable
from lti.grading.scores import SCORE
from lti.models import Platform, PlatformState
from lti.platform_keys import usable
from lti.services import UNREADABLE, Hurried, Service, ServiceRefused

SKEW = timedelta(seconds=60)
WITHIN = 8.0  # seconds for each of the two calls
MOODLE_BLOCKS = (
    "If the platform is a Moodle that says “The URL is blocked”: allow the host and port of Every Seat in its site "
    "administration, under HTTP security."
)


@dataclass(frozen=True, slots=True)
class Result:
    """One thing that was tried: what came of it, and what to do about that, in words for an administrator."""

    tried: str
    fine: bool
    found: str
    advice: str = ""


@dataclass(frozen=True, slots=True)
class _Seen:
    """A result, and how far the platform's clock was ahead of ours, where its answer said what time it was."""

    result: Result
    answered: bool = False
    ahead: timedelta | None = None


def check(platform: Platform, our_key_set: str, *, development: bool) -> list[Result]:
    """Try all of it; no transaction is open while the platform is asked, and it takes 16 seconds at most.

    One that nobody has approved is asked for no token: what we sign is for nobody whom we do not know.
    """
    jwks_url, token_url, pending = platform.jwks_url, platform.token_url, platform.state == PlatformState.PENDING
    db.session.rollback()
    key_set = _key_set(jwks_url, Hurried(Rules(loopback=development), WITHIN))
    if pending:
        later = Result(_a_token(token_url), True, "It was not asked for: the token is tried once it is approved.")
        return [key_set.result, later, *_clock([key_set])]
    seen = [key_set, _token(Service(platform, [SCORE], within=WITHIN), token_url, our_key_set)]
    return [*(one.result for one in seen), *_clock(seen)]


def outcome(results: list[Result]) -> str:
    """All of it in a few words."""
    wrong = sum(not one.fine for one in results)
    if not wrong:
        return f"{len(results)} of {len(results)} work"
    return f"{wrong} of {len(results)} {'does' if wrong == 1 else 'do'} not work"


def _key_set(url: str, client: Hurried) -> _Seen:
    tried = f"The platform’s key set, {url}"
    launches = "Until it can be read, nobody can launch."
    try:
        response = client.get(url, headers={"Accept": "application/json"})
    except (requests.RequestException, *UNREADABLE) as fault:
        return _Seen(Result(tried, False, unreachable(fault), f"Is the address right? {launches}"))
    ahead = _ahead(response)
    if response.status_code != 200:
        found, advice = _status(response)
        return _Seen(Result(tried, False, found, f"{advice} {launches}"), True, ahead)
    try:
        count = len(usable(json.loads(response.content)))
    except UNREADABLE:
        found = "It answered with something that is not a key set."
        return _Seen(Result(tried, False, found, f"Is the address right? {launches}"), True, ahead)
    if not count:
        found = "It answered with a key set that has no key for signing that we can use (RS256, with a key ID)."
        return _Seen(Result(tried, False, found, f"The platform has to make one. {launches}"), True, ahead)
    keys = "1 key" if count == 1 else f"{count} keys"
    return _Seen(Result(tried, True, f"It answered, with {keys} for signing."), True, ahead)


def _a_token(url: str) -> str:
    return f"A service token, from {url}"


def _token(service: Service, url: str, our_key_set: str) -> _Seen:
    tried = _a_token(url)
    grades = "Until there is one, no grades go back."
    try:
        service.ask_token()
    except (TryAgain, ServiceRefused) as fault:
        response = next((one.response for one in chain_of(fault) if isinstance(one, LtiServiceException)), None)
        if response is not None:
            found, advice = _refused(response, our_key_set)
            return _Seen(Result(tried, False, found, f"{advice} {grades}"), True, _ahead(response))
        lost = next((one for one in chain_of(fault) if isinstance(one, requests.RequestException)), None)
        if lost is not None and not isinstance(lost, requests.JSONDecodeError):
            return _Seen(Result(tried, False, unreachable(lost), f"Is the address right? {grades}"))
        found = "It answered with something that is not a token."
        return _Seen(Result(tried, False, found, f"Is the address right? {grades}"), True)
    except RuntimeError as fault:  # our own keys
        return _Seen(Result(tried, False, f"It was not asked. {fault}", grades))
    return _Seen(Result(tried, True, "The platform gave us one: it knows our key."), True)


def _refused(response: requests.Response, our_key_set: str) -> tuple[str, str]:
    """What a token endpoint said, and what to do (RFC 6749, section 5.2)."""
    said = response.content[:4000].decode("utf-8", "replace")
    error = _error(response)
    if "URL is blocked" in said:
        return "The platform may not call Every Seat: it says “The URL is blocked”.", MOODLE_BLOCKS
    if error == "invalid_client" or response.status_code == 401:
        return (
            f"It does not accept our key ({error or response.status_code}).",
            f"Is Every Seat active there, and is the client ID right? The platform must have {our_key_set} as our key "
            f"set (Moodle: Public keyset), and be able to open it. {MOODLE_BLOCKS}",
        )
    if error == "invalid_scope":
        return (
            "It knows us, and does not let us send grades (invalid_scope).",
            "In Moodle, choose “Use this service for grade sync and column management” in the tool’s services.",
        )
    if error:
        return f"It refused, with “{error}”.", "Look into the platform’s own log."
    if response.status_code == 200 or "<html" in said.lower():
        return f"It answered with a page, and not with a token ({response.status_code}).", "Is the address right?"
    return _status(response)


def _error(response: requests.Response) -> str:
    try:
        said = json.loads(response.content)
    except UNREADABLE:
        return ""
    error = said.get("error") if isinstance(said, dict) else None
    return error[:100] if isinstance(error, str) and error.isprintable() else ""


def _status(response: requests.Response) -> tuple[str, str]:
    status = response.status_code
    if status in (404, 410):
        return f"There is nothing at that address ({status}).", "Is the address right?"
    if 300 <= status < 400:
        return (
            f"It sends us on to another address ({status}), where we do not follow.",
            "Give Every Seat the address that it leads to (everyseat platforms add).",
        )
    if status >= 500:
        return f"It answered that something is wrong with it ({status}).", "Look into the platform’s own log."
    return f"It refused to answer ({status}).", "Something before the platform may keep us out, such as a firewall."


def _ahead(response: requests.Response) -> timedelta | None:
    """How far its clock is ahead of ours; a cache on the way says how old its answer is."""
    try:
        said = email.utils.parsedate_to_datetime(response.headers.get("Date", ""))
        age = response.headers.get("Age", "")
        moment = said if said.tzinfo else said.replace(tzinfo=UTC)
        return moment.astimezone(UTC) + timedelta(seconds=int(age) if age.isdecimal() else 0) - now()
    except (ValueError, TypeError, IndexError, OverflowError):
        return None


def _clock(seen: list[_Seen]) -> list[Result]:
    """Its clock against ours, if it answered at all."""
    if not any(one.answered for one in seen):
        return []
    tried = "Its clock"
    ahead = next((one.ahead for one in seen if one.ahead is not None), None)
    if ahead is None:
        return [Result(tried, True, "Its answers did not say what time it is there, so it was not compared with ours.")]
    seconds = round(ahead.total_seconds())
    if abs(seconds) <= SKEW.total_seconds():
        return [Result(tried, True, "It agrees with ours, to within a minute.")]
    way = "ahead of" if seconds > 0 else "behind"
    return [
        Result(
            tried, False, f"It is {abs(seconds)} seconds {way} ours.",
            "Launches fail beyond 60 seconds. Set the clocks of both servers by network time (NTP).",
        )
    ]  # fmt: skip
