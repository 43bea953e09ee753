"""OpenID Connect, as a relying party: the authorization code flow with PKCE, and nothing else.

OpenID Connect Core 1.0, section 3.1: https://openid.net/specs/openid-connect-core-1_0.html#CodeFlowAuth
Discovery 1.0: https://openid.net/specs/openid-connect-discovery-1_0.html
PKCE: RFC 7636. The issuer in the answer (mix-up defence): RFC 9207.

All calls go through ``catalogue.egress``: no private addresses, no redirects, bounds on time and size.
"""

import hmac
import json
import secrets
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import requests
from authlib.common.errors import AuthlibBaseError
from authlib.integrations.requests_client.oauth2_session import OAuth2ClientAuth
from authlib.oauth2.client import OAuth2Client
from authlib.oidc.core import CodeIDToken
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, RSAKey
from joserfc.jws import extract_compact

from catalogue.clock import now
from catalogue.egress import Client, Rules

ALGORITHMS = {"RS256": "RSA", "ES256": "EC"}
"""What a token may be signed with, and the kind of key that it takes."""
SCOPE = "openid profile email"
LEEWAY = 60  # seconds
WITHIN = (3.0, 5.0)  # seconds to connect, and to read: 8 for each of four calls at most
LONGEST_TOKEN = 50_000  # characters
MOST_KEYS = 100
UNREADABLE = (ValueError, TypeError, KeyError, AttributeError, RecursionError)


class NotBelieved(Exception):
    """Why nobody is let in; for the log: it holds no personal data."""


class DoesNotAnswer(NotBelieved):
    """The provider could not be reached, or said nothing that can be read. ``__cause__`` says why."""


@dataclass(frozen=True, slots=True)
class Registration:
    """What a provider knows us by."""

    issuer: str
    client_id: str
    client_secret: str
    redirect_uri: str


@dataclass(frozen=True, slots=True)
class Metadata:
    """What we use of what a provider publishes about itself (Discovery 1.0, section 3)."""

    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str
    userinfo_endpoint: str
    auth_methods: tuple[str, ...]
    says_issuer: bool
    """Whether its answers name it (RFC 9207, section 3)."""


@dataclass(frozen=True, slots=True)
class Flow:
    """What a browser keeps between leaving for the provider and coming back."""

    state: str
    nonce: str
    verifier: str

    @classmethod
    def new(cls) -> "Flow":
        return cls(secrets.token_urlsafe(24), secrets.token_urlsafe(24), secrets.token_urlsafe(48))

    def as_kept(self) -> dict[str, str]:
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Claims:
    """Who it is, by the provider's word. Only ``subject`` identifies; name and address are for showing and writing."""

    subject: str
    name: str = ""
    email: str = ""


def discover(issuer: str, client: Client) -> Metadata:
    """Read it anew; it names the very issuer that was asked (Discovery 1.0, section 4.3). Raises ``NotBelieved``."""
    found = read(client, f"{issuer.removesuffix('/')}/.well-known/openid-configuration")
    if found.get("issuer") != issuer:
        raise NotBelieved("the provider's document names another issuer")
    try:
        authorization, token, keys = (found[name] for name in ("authorization_endpoint", "token_endpoint", "jwks_uri"))
        userinfo, methods = found.get("userinfo_endpoint", ""), found.get("token_endpoint_auth_methods_supported", [])
        for address in (authorization, token, keys, *([userinfo] if userinfo else [])):
            client.check_url(address)
        return Metadata(
            authorization, token, keys, userinfo, tuple(str(method) for method in methods),
            found.get("authorization_response_iss_parameter_supported") is True,
        )  # fmt: skip
    except (*UNREADABLE, requests.RequestException) as fault:
        raise NotBelieved("the provider's document lacks an address, or has one that is not called") from fault


def authorization_address(us: Registration, there: Metadata, flow: Flow) -> str:
    """Where the browser goes (Core 1.0, section 3.1.2.1; RFC 7636, section 4.3)."""
    address, _state = _oauth(us, there, None).create_authorization_url(
        there.authorization_endpoint, state=flow.state, code_verifier=flow.verifier, nonce=flow.nonce
    )
    return str(address)


def code_of(answer: Mapping[str, list[str]], us: Registration, flow: Flow, *, says_issuer: bool) -> str:
    """The code in what the browser brought back: of this flow and of this provider, each parameter once.

    Raises ``NotBelieved``.
    """
    if any(len(values) > 1 for values in answer.values()):
        raise NotBelieved("a parameter came twice")
    got = {name: values[0] for name, values in answer.items()}
    if not hmac.compare_digest(got.get("state", "").encode("utf-8", "surrogatepass"), flow.state.encode()):
        raise NotBelieved("the state is of another sign-in")
    if "iss" in got and got["iss"] != us.issuer:
        raise NotBelieved("the answer is of another provider")
    if says_issuer and "iss" not in got:
        raise NotBelieved("the answer does not say which provider it is of")
    if "error" in got:
        raise NotBelieved(f"the provider said: {got['error'][:100]}")
    if not got.get("code"):
        raise NotBelieved("there is no code in the answer")
    return got["code"]


def redeem(us: Registration, there: Metadata, flow: Flow, code: str, client: Client) -> Claims:
    """Who it is, for the code (Core 1.0, sections 3.1.3 and 5.3). Raises ``NotBelieved``."""
    try:
        answer = _oauth(us, there, client).fetch_token(
            there.token_endpoint, grant_type="authorization_code", code=code, code_verifier=flow.verifier,
            redirect_uri=us.redirect_uri, timeout=WITHIN,
        )  # fmt: skip
    except requests.RequestException as fault:
        raise DoesNotAnswer("the provider's token endpoint does not answer") from fault
    except (AuthlibBaseError, *UNREADABLE) as fault:
        raise NotBelieved(f"the provider gave no token: {type(fault).__name__}") from fault
    token, access = answer.get("id_token"), answer.get("access_token")
    if not isinstance(token, str) or len(token) > LONGEST_TOKEN:
        raise NotBelieved("the provider gave no ID token")
    said = verified(token, us, flow.nonce, read(client, there.jwks_uri), access)
    subject = said["sub"]
    if not said.get("name") and there.userinfo_endpoint and isinstance(access, str):
        said = _user_info(client, there, access, subject) | said
    return _claims(subject, said)


def verified(token: str, us: Registration, nonce: str, key_set: Any, access: Any = None) -> dict[str, Any]:
    """The claims of an ID token (Core 1.0, section 3.1.3.7). Raises ``NotBelieved``."""
    try:
        header = extract_compact(token.encode()).headers()
        algorithm = header.get("alg")
        if algorithm not in ALGORITHMS:
            raise NotBelieved("the token is signed by a method that we do not take")
        key = _key(key_set, header.get("kid"), str(algorithm))
        signed = jwt.decode(token, key, algorithms=[str(algorithm)])
        claims = CodeIDToken(
            signed.claims, signed.header, {"iss": {"essential": True, "value": us.issuer}},
            {"nonce": nonce, "client_id": us.client_id, "access_token": access if isinstance(access, str) else None},
        )  # fmt: skip
        claims.validate(int(now().timestamp()), LEEWAY)
    except (JoseError, *UNREADABLE) as fault:
        raise NotBelieved(f"the token is not valid: {type(fault).__name__} {fault}"[:200]) from fault
    audience = claims["aud"] if isinstance(claims["aud"], list) else [claims["aud"]]
    subject = claims["sub"]
    if us.client_id not in audience:
        raise NotBelieved("the token is for somebody else")
    if not isinstance(subject, str) or not 0 < len(subject) <= 255 or "\0" in subject:
        raise NotBelieved("the token names nobody")
    return dict(claims)


def _key(key_set: Any, kid: object, algorithm: str) -> RSAKey | ECKey:
    """The key that signed: by its ID, or the only one where the token names none. Raises ``NotBelieved``."""
    kind = ALGORITHMS[algorithm]
    fitting = [
        entry
        for entry in key_set["keys"][:MOST_KEYS]
        if isinstance(entry, dict)
        and entry.get("kty") == kind
        and entry.get("use", "sig") == "sig"
        and entry.get("alg", algorithm) == algorithm
        and (kid is None or entry.get("kid") == kid)
        and (kind != "EC" or entry.get("crv") == "P-256")
    ]
    if len(fitting) != 1:
        raise NotBelieved("the token is signed with a key that is not in the provider's key set")
    return RSAKey.import_key(fitting[0]) if kind == "RSA" else ECKey.import_key(fitting[0])


def _user_info(client: Client, there: Metadata, access: str, subject: str) -> dict[str, Any]:
    """What it says beside the token (Core 1.0, section 5.3.2: of the same subject); nothing where it says nothing."""
    try:
        said = read(client, there.userinfo_endpoint, {"Authorization": f"Bearer {access}"})
    except NotBelieved:
        return {}
    return said if said.get("sub") == subject else {}


def _claims(subject: str, said: Mapping[str, Any]) -> Claims:
    name = said.get("name") or " ".join(str(said.get(part) or "") for part in ("given_name", "family_name"))
    email = said.get("email") if said.get("email_verified") is not False else ""
    return Claims(subject, _short(name, 200), _short(email, 254))


def _short(text: object, longest: int) -> str:
    found = " ".join(text.replace("\0", "").split()) if isinstance(text, str) else ""
    try:
        found.encode()
    except UnicodeEncodeError:
        return ""
    return found if len(found) <= longest else ""


def read(client: Client, address: str, headers: Mapping[str, str] | None = None) -> dict[str, Any]:
    """Raises ``DoesNotAnswer``."""
    try:
        response = client.get(address, timeout=WITHIN, headers={"Accept": "application/json", **(headers or {})})
        if response.status_code != 200:
            raise ValueError(f"answer {response.status_code}")
        found = json.loads(response.content)
        if not isinstance(found, dict):
            raise ValueError("not an object")
    except (requests.RequestException, *UNREADABLE) as fault:
        raise DoesNotAnswer(f"{address} does not answer as it should") from fault
    return found


class _Caller(OAuth2Client):  # type: ignore[misc]
    """The library's client, on a session of ours."""

    client_auth_class = OAuth2ClientAuth
    SESSION_REQUEST_PARAMS = ("timeout",)


def _oauth(us: Registration, there: Metadata, session: Client | None) -> _Caller:
    return _Caller(
        session, client_id=us.client_id, client_secret=us.client_secret or None, redirect_uri=us.redirect_uri,
        scope=SCOPE, code_challenge_method="S256", token_endpoint_auth_method=_auth_method(us, there),
    )  # fmt: skip


def _auth_method(us: Registration, there: Metadata) -> str:
    """How we say who we are: in the header, where the provider takes that (Core 1.0, section 9)."""
    if not us.client_secret:
        return "none"
    if there.auth_methods and "client_secret_basic" not in there.auth_methods:
        return "client_secret_post"
    return "client_secret_basic"


def client_for(*, development: bool) -> Client:
    return Client(Rules(loopback=development))
