"""A token that was changed in any way is refused, with nothing written; the same token, unchanged, is let in."""

import hmac
import json
import time
from base64 import b64encode, urlsafe_b64decode, urlsafe_b64encode
from binascii import Error as NotBase64
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import HealthCheck, Phase, assume, given, seed, settings
from hypothesis import strategies as st

from tests.drills import SEED, many, say
from tests.lti.platform import AGS, KEY, LTI, OTHER_KEY, TOOL, Platform, jwk
from tests.visitor import ORIGIN, Visitor

Counts = Callable[[], dict[str, int]]
FORGED = many(300, 10_000)
BATCH = 50
"""So many forgeries are made of one token; then the token itself has to be accepted."""
PUBLIC_PEM = KEY.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
SECRETS = [
    PUBLIC_PEM,
    KEY.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo),
    json.dumps(jwk(KEY, "key-1")).encode(),
    b"client-1",
    b"",
]
"""What a receiver might take for the secret of an HMAC."""

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=4,
)
HEADERS = ["alg", "kid", "typ", "jku", "jwk", "x5u", "x5c", "crit", "b64", "zip", "enc", "cty"]
header_values = json_values | st.sampled_from(
    ["none", "None", "HS256", "HS512", "RS384", "ES256", "key-1", "key-2", "https://evil.example/keys", ["b64"]]
) | st.just(jwk(OTHER_KEY, "key-1"))  # fmt: skip
ARGUABLE = st.sampled_from([
    "https://evil.example", "client-2", ["client-1", "client-2"], "2", "5", "LtiDeepLinkingRequest",
    [LTI.replace("claim/", "vocab/lis/v2/membership#Instructor")], f"{TOOL}/elsewhere", 4_000_000_000, 0,
])  # fmt: skip


@dataclass
class Base:
    """A token that holds: its parts as bytes, and as they are written."""

    text: str
    claims: dict[str, Any]

    @property
    def header(self) -> dict[str, Any]:
        return {"alg": "RS256", "typ": "JWT", "kid": "key-1"}

    @property
    def parts(self) -> list[str]:
        return self.text.split(".")

    def is_same(self, other: str) -> bool:
        """Whether the other one says the same under the same signature: then it is no forgery.

        Base64 leaves four bits of the last letter of a signature unused.
        """
        mine, theirs = self.text.rpartition("."), other.rpartition(".")
        return mine[0] == theirs[0] and mine[2][:-1] == theirs[2][:-1] and _decoded(mine[2]) == _decoded(theirs[2])


def _decoded(part: str) -> bytes | None:
    try:
        return urlsafe_b64decode(part + "=" * (-len(part) % 4))
    except (NotBase64, ValueError):
        return None


def encoded(data: bytes) -> str:
    return urlsafe_b64encode(data).rstrip(b"=").decode()


def as_json(value: Any) -> str:
    return encoded(json.dumps(value).encode())


def signed_by_nobody(draw: Any, base: Base, signed: str) -> str:
    """A signature that whoever lacks the platform's key can make."""
    how = draw(st.sampled_from(["kept", "none", "other key", "secret", "random"]))
    if how == "kept":
        return base.parts[2]
    if how == "none":
        return ""
    if how == "other key":
        return encoded(OTHER_KEY.sign(signed.encode(), PKCS1v15(), SHA256()))
    if how == "secret":
        return encoded(hmac.digest(draw(st.sampled_from(SECRETS)), signed.encode(), "sha256"))
    return encoded(draw(st.binary(min_size=1, max_size=300)))


def resigned(draw: Any, base: Base, header: Any, claims: Any) -> str:
    signed = f"{as_json(header)}.{as_json(claims)}"
    return f"{signed}.{signed_by_nobody(draw, base, signed)}"


def other_header(draw: Any, base: Base) -> str:
    header = base.header
    for name in draw(st.lists(st.sampled_from(HEADERS), min_size=1, max_size=3, unique=True)):
        if draw(st.booleans()):
            header[name] = draw(header_values)
        else:
            header.pop(name, None)
    return resigned(draw, base, header, base.claims)


def other_claims(draw: Any, base: Base) -> str:
    claims = dict(base.claims)
    for name in draw(st.lists(st.sampled_from(sorted(claims)), min_size=1, max_size=3, unique=True)):
        if draw(st.booleans()):
            claims[name] = draw(ARGUABLE | json_values)
        else:
            del claims[name]
    return resigned(draw, base, base.header, claims)


def other_signature(draw: Any, base: Base) -> str:
    header, claims, written = base.parts
    signature = bytearray(_decoded(written) or b"")
    at = draw(st.integers(0, len(signature) - 1))
    match draw(st.sampled_from(["bit", "cut", "longer", "zeros", "turned", "random", "other"])):
        case "bit":
            signature[at] ^= 1 << draw(st.integers(0, 7))
        case "cut":
            del signature[at:]
        case "longer":
            signature += draw(st.binary(min_size=1, max_size=300))
        case "zeros":
            signature = bytearray(len(signature))
        case "turned":
            signature.reverse()
        case "random":
            signature = bytearray(draw(st.binary(min_size=256, max_size=256)))
        case "other":
            return f"{header}.{claims}.{signed_by_nobody(draw, base, f'{header}.{claims}')}"
    return f"{header}.{claims}.{encoded(bytes(signature))}"


def other_structure(draw: Any, base: Base) -> str:
    parts = base.parts
    match draw(st.sampled_from(["order", "fewer", "more", "separator", "JSON", "around"])):
        case "order":
            return ".".join(draw(st.permutations(parts)))
        case "fewer":
            return ".".join(parts[: draw(st.integers(0, 2))])
        case "more":
            return ".".join([*parts, *draw(st.lists(st.sampled_from([*parts, "", "e30"]), min_size=1, max_size=3))])
        case "separator":
            return draw(st.sampled_from(["..", ",", " ", "\n", "%2E", "\u3002", "-"])).join(parts)
        case "JSON":
            return json.dumps({"protected": parts[0], "payload": parts[1], "signature": parts[2]})
    around = draw(st.sampled_from(['"', " ", "\n", "\t", "Bearer ", "\ufeff", "\0", ".", "="]))
    return draw(st.sampled_from([around + base.text, base.text + around, around + base.text + around]))


def other_encoding(draw: Any, base: Base) -> str:
    parts = base.parts
    number = draw(st.integers(0, 2))
    part = parts[number]
    at = draw(st.integers(0, len(part) - 1))
    match draw(st.sampled_from(["standard", "padded", "spaced", "without", "letter", "twice", "case", "raw", "wide"])):
        case "standard":
            parts[number] = b64encode(_decoded(part) or b"").decode()
        case "padded":
            parts[number] = part + "=" * draw(st.integers(1, 4))
        case "spaced":
            spaces = draw(st.text(st.sampled_from("!\n\r *\0\x7f~"), min_size=1, max_size=8))
            parts[number] = part[:at] + spaces + part[at:]
        case "without":
            parts[number] = part[:at] + part[at + 1 :]
        case "letter":
            parts[number] = part[:at] + draw(st.sampled_from("ABCxyz019-_é")) + part[at + 1 :]
        case "twice":
            parts[number] = encoded(part.encode())
        case "case":
            parts[number] = part.swapcase()
        case "raw":
            parts[number] = (_decoded(part) or b"").decode("latin-1")
        case "wide":
            parts[number] = encoded((_decoded(part) or b"").decode("latin-1").encode("utf-16"))
    return ".".join(parts)


KINDS: dict[str, Callable[[Any, Base], str]] = {
    "header": other_header,
    "claims": other_claims,
    "signature": other_signature,
    "structure": other_structure,
    "encoding": other_encoding,
}
no_texts = json_values.filter(lambda value: not isinstance(value, str) or not value)
LIES: dict[str, st.SearchStrategy[Any]] = {
    "iss": json_values | st.sampled_from(["https://evil.example", "http://127.0.0.1"]),
    "aud": json_values | st.sampled_from(["client-2", ["client-1", "client-2"], ["client-2"], "CLIENT-1", "client-1 "]),
    "azp": st.text(max_size=9).filter(lambda text: text != "client-1") | st.integers() | st.just(["client-1"]),
    "nonce": json_values,
    "sub": no_texts | st.just("x" * 256) | st.just("4\0") | st.just("\ud800"),
    "exp": no_texts.filter(lambda value: not _is_number(value)) | st.integers(-(2**70), 10**9) | st.just("4000000000"),
    "iat": no_texts.filter(lambda value: not _is_number(value)) | st.integers(-(2**70), 10**9) | st.integers(2**33),
    LTI + "version": json_values.filter(lambda value: value != "1.3.0") | st.just("1.1"),
    LTI + "message_type": json_values | st.just("LtiStartProctoring"),
    LTI + "deployment_id": json_values.filter(lambda value: value != "1") | st.just("2"),
    LTI + "target_link_uri": json_values
    | st.sampled_from([f"{TOOL}.evil.example/", "//evil.example", "https://127.1"]),
    LTI + "roles": no_texts.filter(lambda value: not isinstance(value, list) or not _all_text(value)),
    LTI + "resource_link": json_values.filter(lambda value: not isinstance(value, dict) or not value.get("id")),
    AGS: no_texts.filter(lambda value: not isinstance(value, dict)),
}
"""Claims that a launch of this platform, to us, now, cannot have: signed by its own key, they are refused."""


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _all_text(value: list[Any]) -> bool:
    return all(isinstance(one, str) for one in value)


class Door:
    """One token after the other that would be let in; forgeries of it are posted first."""

    def __init__(self, visitor: Visitor, platform: Platform, counts: Counts) -> None:
        self._visitor, self._platform, self._counts = visitor, platform, counts
        self.answers: Counter[str] = Counter()
        self.accepted_bases = 0
        self._begin()

    def _begin(self) -> None:
        self._asked = self._platform.log_in(self._visitor)
        self._before = self._counts()
        self.sent = 0

    def base(self) -> Base:
        claims = self._platform.claims(self._asked["nonce"])
        return Base(self._platform.sign(claims), claims)

    def post(self, token: str) -> int:
        posted = {"id_token": token, "state": self._asked["state"]}
        return self._visitor.client.post("/lti/launch", data=posted, base_url=ORIGIN).status_code

    def forge(self, kind: str, token: str) -> None:
        status = self.post(token)
        self.answers[f"{status // 100}xx"] += 1
        assert 400 <= status < 500, f"{kind}: {status}"
        self.sent += 1
        if self.sent == BATCH:
            self.end_batch()

    def end_batch(self) -> None:
        assert self._counts() == self._before, "a refused message wrote something"
        assert self.post(self.base().text) == 303, "the token that the forgeries were made of"
        self.accepted_bases += 1
        self._begin()


def forgeries(count: int) -> Callable[[Callable[..., None]], Callable[..., None]]:
    many_examples = settings(
        max_examples=count, deadline=None, database=None, phases=[Phase.generate, Phase.shrink],
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    return lambda test: seed(SEED)(many_examples(test))


def test_no_token_that_was_changed_is_let_in(visitor: Visitor, platform: Platform, counts: Counts) -> None:
    door, kinds, began = Door(visitor, platform, counts), Counter[str](), time.monotonic()

    @forgeries(FORGED * 2 // 3)
    @given(st.sampled_from(sorted(KINDS)), st.data())
    def forged(kind: str, data: st.DataObject) -> None:
        base = door.base()
        token = KINDS[kind](data.draw, base)
        assume(not base.is_same(token))
        door.forge(kind, token)
        kinds[kind] += 1

    @forgeries(FORGED - FORGED * 2 // 3)
    @given(st.sampled_from(sorted(LIES)), st.data())
    def lying(name: str, data: st.DataObject) -> None:
        claims = door.base().claims
        if name != "azp" and data.draw(st.integers(0, 9)) == 0:
            del claims[name]
        else:
            claims[name] = data.draw(LIES[name])
        if name != AGS or AGS in claims:  # that one may be left out
            door.forge(name, platform.sign(claims))
            kinds["signed lie"] += 1

    forged()
    lying()
    door.end_batch()
    say(
        f"forged launches: {sum(kinds.values())} tokens ({', '.join(f'{n} {k}' for k, n in sorted(kinds.items()))}): "
        f"accepted 0, 5xx 0, written 0; {door.accepted_bases} unchanged ones accepted; {time.monotonic() - began:.0f} s"
    )
    assert sum(kinds.values()) >= FORGED * 0.95
    assert set(door.answers) == {"4xx"}
