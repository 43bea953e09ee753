"""Whether an identity provider and we can work together, tried out, in words for an administrator."""

from dataclasses import dataclass

import requests

from catalogue.egress import Client
from catalogue.reaching import unreachable
from catalogue.signon import protocol
from catalogue.signon.protocol import ALGORITHMS, DoesNotAnswer, NotBelieved, Registration


@dataclass(frozen=True, slots=True)
class Result:
    """One thing that was tried: what came of it, and what to do about that."""

    tried: str
    fine: bool
    found: str
    advice: str = ""


def check(us: Registration, client: Client) -> list[Result]:
    """Its document and its keys; whether it knows us shows only when somebody signs in. 16 seconds at most."""
    tried = f"What it says about itself, under {us.issuer}"
    try:
        there = protocol.discover(us.issuer, client)
    except DoesNotAnswer as fault:
        return [Result(tried, False, _why(fault), "Is the issuer right? Until it answers, nobody can sign in.")]
    except NotBelieved as fault:
        advice = "The issuer has to be exactly as the provider writes it, with or without the last stroke."
        return [Result(tried, False, f"It answered, but {fault}.", advice)]
    return [Result(tried, True, "It answered, as the issuer that it should be."), _keys(there.jwks_uri, client)]


def _keys(address: str, client: Client) -> Result:
    tried = f"Its keys, {address}"
    advice = "It has to sign with RS256 or ES256. Until there is such a key, nobody can sign in."
    try:
        listed = protocol.read(client, address)["keys"]
        kinds = set(ALGORITHMS.values())
        count = sum(isinstance(key, dict) and key.get("kty") in kinds for key in listed)
    except DoesNotAnswer as fault:
        return Result(tried, False, _why(fault), "Until they can be read, nobody can sign in.")
    except protocol.UNREADABLE:
        return Result(tried, False, "It answered with something that is not a key set.", advice)
    if not count:
        return Result(tried, False, "It answered, with no key that we can use.", advice)
    return Result(tried, True, f"It answered, with {count} {'key' if count == 1 else 'keys'} that we can use.")


def _why(fault: DoesNotAnswer) -> str:
    cause = fault.__cause__
    if isinstance(cause, requests.RequestException) and not isinstance(cause, requests.JSONDecodeError):
        return unreachable(cause)
    return f"It answered with something that we cannot read ({cause})."


def outcome(results: list[Result]) -> str:
    wrong = sum(not one.fine for one in results)
    return "It does not work yet" if wrong else "What can be tried works. Now sign in through it yourself"
