"""Why a server could not be reached, in words for an administrator."""

import socket
import ssl
from collections.abc import Iterator

import requests

from catalogue.egress import EgressRefused

UNREACHABLE: tuple[tuple[tuple[type[BaseException], ...], str, str], ...] = (
    ((socket.gaierror, UnicodeError), "was not found", "Its name was not found: there is no such host."),
    (
        (ssl.SSLCertVerificationError,), "",
        "Its certificate is not one that we can trust: it has run out, or is for another name.",
    ),
    ((ssl.SSLError,), "", "A secure connection could not be made (TLS)."),
    ((ConnectionRefusedError,), "refused", "It refused the connection: nothing answers at that address."),
    ((requests.Timeout, TimeoutError), "timed out", "It did not answer in time."),
)  # fmt: skip


def chain_of(fault: BaseException) -> Iterator[BaseException]:
    """A fault, and what it came from."""
    cause: BaseException | None = fault
    while cause is not None:
        yield cause
        cause = cause.__cause__ or cause.__context__


def unreachable(fault: BaseException) -> str:
    """Why there was no answer; the libraries wrap what happened several times over, some of it as text alone."""
    chain, said = list(chain_of(fault)), str(fault)
    if refused := next((one for one in chain if isinstance(one, EgressRefused)), None):
        return f"Every Seat does not call it, or does not read its answer: {refused}."
    for kinds, words, meaning in UNREACHABLE:
        if any(isinstance(one, kinds) for one in chain) or (words and words in said):
            return meaning
    return "It broke the connection off before it had answered."
