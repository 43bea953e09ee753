"""No message, however odd, signed or not, is a fault of ours."""

import json
import time
from collections import Counter
from typing import Any
from urllib.parse import quote_from_bytes

import pytest
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA256
from flask import Flask
from hypothesis import given
from hypothesis import strategies as st

from tests.drills import many, say
from tests.lti.platform import AGS, KEY, LTI, NRPS, TOOL, Platform
from tests.lti.threats.test_forged_tokens import encoded, forgeries
from tests.visitor import ORIGIN, Visitor

CASES = many(150, 5_000)  # on each of the two databases
DEEP = 20_000
ODD_TEXT = [
    "\0", "a\0b", "\ud800", "x\udfffy", "\u202e", "\ufeff", "\x7f", "\r\nX-Injected: 1", "%00", "%zz", "{{7*7}}",
    "'; DROP TABLE person; --", "\\", "../../etc/passwd", "\U0001f600" * 50, "e\u0301", "9" * 5000, "-1", "1e999",
]  # fmt: skip
odd_text = st.sampled_from(ODD_TEXT) | st.text(max_size=40)
MEGABYTE = 1_000_000
raw_json = st.sampled_from([
    "[" * DEEP, '{"a":' * DEEP, "[" * 900 + "]" * 900, '{"a":' * 900 + "1" + "}" * 900, "1" * 5000, "1e400", "-1e400",
    "NaN", "Infinity", '"\\ud800"', '"\\u0000"', '{"a":1,"a":2}', "", "nul", '"' + "x" * 60_000 + '"', "9" * 400, "-0",
    "[" + ",".join(["1"] * 20_000) + "]", "{" + ",".join(f'"{n}":1' for n in range(8_000)) + "}", "\x00", "\ufeff{}",
])  # fmt: skip
"""JSON as it is written, which no library would write."""
json_values: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | odd_text,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(odd_text, inner, max_size=4),
    max_leaves=8,
)
NESTED = {
    LTI + "context": ["id", "label", "title", "type"],
    LTI + "resource_link": ["id", "title", "description"],
    LTI + "launch_presentation": ["document_target", "locale", "return_url", "height"],
    LTI + "custom": ["target", "offer", "filters", "grade", "context_history"],
    AGS: ["scope", "lineitems", "lineitem"],
    NRPS: ["context_memberships_url", "service_versions"],
}
MESSAGES = st.sampled_from(["LtiResourceLinkRequest"] * 3 + ["LtiDeepLinkingRequest", "LtiSubmissionReviewRequest"])
FIELDS = [
    "iss", "client_id", "login_hint", "target_link_uri", "lti_message_hint", "lti_deployment_id", "lti_storage_target",
    "probed", "state", "id_token", "error", "error_description", "kept", "token", "next",
]  # fmt: skip
ENDPOINTS = [("GET", "/lti/login"), ("POST", "/lti/login"), ("POST", "/lti/launch"), ("POST", "/lti/continue")]


class Sender:
    """Posts what is odd with all else in order, and counts the answers."""

    def __init__(self, visitor: Visitor, platform: Platform) -> None:
        self.visitor, self.platform = visitor, platform
        self.answers: Counter[int] = Counter()
        self.log_in()

    def log_in(self) -> None:
        self.asked = self.platform.log_in(self.visitor)

    def sign(self, header: str, claims: str) -> str:
        signed = ".".join(encoded(part.encode("utf-8", "surrogatepass")) for part in (header, claims))
        return f"{signed}.{encoded(KEY.sign(signed.encode(), PKCS1v15(), SHA256()))}"

    def launch(self, header: str, claims: str) -> None:
        status = self.send(
            "POST", "/lti/launch", [("id_token", self.sign(header, claims)), ("state", self.asked["state"])]
        )
        if status == 303:
            self.log_in()

    def send(self, method: str, path: str, fields: list[tuple[str, str]], **headers: str) -> int:
        body = "&".join(f"{quoted(name)}={quoted(value)}" for name, value in fields)
        how: dict[str, Any] = {"data": body, "content_type": "application/x-www-form-urlencoded"}
        if method == "GET":
            how = {"query_string": body}
        answer = self.visitor.client.open(path, method=method, base_url=ORIGIN, headers=headers, **how)
        self.answers[answer.status_code] += 1
        assert answer.status_code < 500, f"{method} {path}: {fields!r:.500}"
        assert "X-Injected" not in answer.headers
        return answer.status_code


def quoted(text: str) -> str:
    return quote_from_bytes(text.encode("utf-8", "surrogatepass"))


HEADER = json.dumps({"alg": "RS256", "typ": "JWT", "kid": "key-1"})


@pytest.mark.both_databases
def test_nothing_odd_is_a_fault_of_ours(app: Flask, database: str, visitor: Visitor, platform: Platform) -> None:
    sender, began = Sender(visitor, platform), time.monotonic()

    @forgeries(CASES // 2)
    @given(st.data())
    def signed(data: st.DataObject) -> None:
        """A platform's own messages, with odd values in one or more claims."""
        claims = platform.claims(sender.asked["nonce"])
        claims[LTI + "message_type"] = data.draw(MESSAGES)
        for name in data.draw(st.lists(st.sampled_from(sorted(claims)), min_size=1, max_size=3, unique=True)):
            inner = NESTED.get(name)
            if inner and data.draw(st.booleans()):
                claims[name] = dict(claims[name]) | {data.draw(st.sampled_from(inner)): data.draw(json_values)}
            elif name == LTI + "roles":
                claims[name] = data.draw(st.lists(odd_text, max_size=5) | json_values)
            elif name in ("nonce", "iss", "aud"):
                claims[data.draw(odd_text)] = data.draw(json_values)
            else:
                claims[name] = data.draw(odd_text | json_values)
        sender.launch(HEADER, json.dumps(claims, ensure_ascii=data.draw(st.booleans())))

    @forgeries(CASES // 4)
    @given(st.data())
    def written(data: st.DataObject) -> None:
        """JSON that is deep, long, doubled or broken, as a header, as all claims, or as one of them."""
        odd, claims = data.draw(raw_json), platform.claims(sender.asked["nonce"])
        match data.draw(st.sampled_from(["header", "in the header", "claims", "a claim", "a claim", "a claim twice"])):
            case "header":
                return sender.launch(odd, json.dumps(claims))
            case "in the header":
                return sender.launch(HEADER[:-1] + f', "x": {odd}}}', json.dumps(claims))
            case "claims":
                return sender.launch(HEADER, odd)
            case "a claim twice":
                name = data.draw(st.sampled_from(sorted(claims)))
                return sender.launch(HEADER, json.dumps(claims)[:-1] + f', "{name}": {odd}}}')
        name = data.draw(st.sampled_from(sorted(claims)))
        sender.launch(HEADER, json.dumps(claims | {name: "ODD"}).replace('"ODD"', odd))

    @forgeries(CASES - CASES // 2 - CASES // 4)
    @given(st.data())
    def fields(data: st.DataObject) -> None:
        """Parameters at each endpoint: odd, repeated, missing, a megabyte long."""
        method, path = data.draw(st.sampled_from(ENDPOINTS))
        given_ = platform.initiation() | {"state": sender.asked["state"], "token": "x"}
        given_["id_token"] = platform.sign(platform.claims("another nonce"))
        sent = [(name, value) for name, value in given_.items() if data.draw(st.integers(0, 9))]
        for name in data.draw(st.lists(st.sampled_from(FIELDS), min_size=1, max_size=4)):
            value = data.draw(odd_text)
            if data.draw(st.integers(0, 19)) == 0:
                value = data.draw(st.sampled_from("x.\0\ud800é[")) * data.draw(
                    st.sampled_from([20_000, 150_000, MEGABYTE])
                )
            sent = [pair for pair in sent if pair[0] != name or data.draw(st.booleans())] + [(name, value)]
        headers = data.draw(st.sampled_from([{}, {"Origin": TOOL}, {"Sec-Fetch-Dest": "iframe"}, {"Origin": "null"}]))
        sender.send(method, path, sent, **headers)

    signed()
    written()
    fields()
    faults = sum(count for status, count in sender.answers.items() if status >= 500)
    say(
        f"odd input, {database}: {sender.answers.total()} cases: 5xx {faults}, "
        f"{', '.join(f'{status}: {count}' for status, count in sorted(sender.answers.items()))}; "
        f"{time.monotonic() - began:.0f} s"
    )
    assert sender.answers.total() >= CASES * 0.95
    assert {303, 400} <= set(sender.answers), "some of them are let in"
    platform.launch(visitor)
