"""Two libraries in the test platform's place: each begins launches, builds and signs messages, and grants tokens.

They were written apart from us, so a misreading of the standard of our own shows.
"""

import hmac
import warnings
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from django.conf import settings
from lti1p3platform.ltiplatform import LTI1P3PlatformConfAbstract
from lti1p3platform.message_launch import LTIAdvantageMessageLaunchAbstract
from lti1p3platform.oidc_login import OIDCLoginAbstract
from lti1p3platform.registration import Registration
from werkzeug.test import TestResponse

from tests.lti.platform import KEY, LEARNER, LTI, TEACHER, TOOL, Answer, Platform, token_of
from tests.visitor import Visitor

# All of Django that the library needs: no application is set up, so there are no models, signals or log handlers.
settings.configure(PLATFORM_NAME="Every Seat's tests")

with warnings.catch_warnings(action="ignore", category=DeprecationWarning):  # what it stands on is leaving Python 3.11
    from lti_consumer.data import Lti1p3LaunchData
    from lti_consumer.lti_1p3.constants import LTI_1P3_CONTEXT_TYPE
    from lti_consumer.lti_1p3.consumer import LtiAdvantageConsumer
    from lti_consumer.lti_1p3.key_handlers import PlatformKeyHandler
    from lti_consumer.utils import get_data_from_cache

Change = Callable[[dict[str, Any]], Any]
Sign = Callable[["LibraryPlatform", dict[str, Any]], str]
USER, LINK, COURSE = "4", "1", "2"
LINK_TITLE, COURSE_TITLE, COURSE_LABEL = "Every Seat", "LTI Launch Test Course", "LTI101"


def without(*names: str) -> Change:
    """A change that leaves these claims out."""

    def change(claims: dict[str, Any]) -> None:
        for name in names:
            del claims[name]

    return change


def having(name: str, value: Any) -> Change:
    return lambda claims: claims.update({name: value})


@dataclass(frozen=True)
class Said:
    """What a launch tells of a person: ``roles`` to the letter, or as the library itself puts what ``who`` is."""

    who: str = "learner"
    roles: list[str] | None = None
    name: str | None = "Sam Student"
    email: str | None = "student@example.com"
    in_course: bool = True


@dataclass
class LibraryPlatform(Platform, ABC):
    """``key`` signs; ``tool_keys``, the tool's key set, is fetched by the library before it grants a token."""

    key: rsa.RSAPrivateKey = KEY
    tool_keys: dict[str, Any] = field(default_factory=lambda: {"keys": []})

    def __post_init__(self) -> None:
        self.keys = self.published()

    # what a library does

    @abstractmethod
    def published(self) -> list[dict[str, Any]]:
        """Its public keys."""

    @abstractmethod
    def login_url(self) -> str:
        """Where a browser is sent to begin a login."""

    @abstractmethod
    def answer_to(self, asked: dict[str, str], said: Said) -> dict[str, str]:
        """``state`` and ``id_token``, for what the tool asked."""

    @abstractmethod
    def signed(self, claims: dict[str, Any], key: rsa.RSAPrivateKey, headers: dict[str, Any]) -> str:
        """A token of just these claims."""

    @abstractmethod
    def grant(self, asked: dict[str, str]) -> dict[str, Any]:
        """The answer to a token request whose assertion verified."""

    # what tests ask for

    @property
    def kid(self) -> str:
        return str(self.keys[0]["kid"])

    def initiation(self, **more: str) -> dict[str, str]:
        return dict(parse_qsl(urlsplit(self.login_url()).query)) | more

    def sign(
        self, claims: dict[str, Any], key: rsa.RSAPrivateKey | None = None, headers: dict[str, Any] | None = None
    ) -> str:
        return self.signed(claims, key or self.key, {"kid": self.kid} if headers is None else headers)

    def sign_with(self, alg: str, claims: dict[str, Any]) -> str:
        """By no key (``none``), or by our own public key as a secret (``HS256``): no library would."""
        public = self.key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
        by = {"none": lambda _data: b"", "HS256": lambda data: hmac.digest(public, data, "sha256")}
        return token_of({"alg": alg, "typ": "JWT", "kid": self.kid}, claims, by[alg])

    def message(
        self,
        asked: dict[str, str],
        who: str = "learner",
        *,
        change: Change | None = None,
        sign: Sign | None = None,
        **said: Any,
    ) -> dict[str, str]:
        """What a browser posts: as the library made it, or its claims changed and signed once more."""
        posted = self.answer_to(asked, Said(who, **said))
        if change is None and sign is None:
            return posted
        claims = jwt.decode(posted["id_token"], options={"verify_signature": False})
        if change is not None:
            change(claims)
        return posted | {"id_token": sign(self, claims) if sign else self.sign(claims)}

    def launch(self, visitor: Visitor, who: str = "learner", *, status: int = 303, **more: Any) -> TestResponse:
        """A whole launch; see ``message`` for ``more``."""
        visitor.post("/lti/launch", self.message(self.log_in(visitor), who, **more), status)
        return visitor.response

    # what it serves

    def answer(self, method: str, path: str, headers: Any, body: bytes) -> Answer:
        if path == "/tool-keys":
            return 200, {}, self.tool_keys
        return super().answer(method, path, headers, body)

    def _token(self, asked: dict[str, str]) -> Answer:
        self.token_requests.append(asked)
        granted = self.grant(asked)
        self.tokens[granted["access_token"]] = set(granted["scope"].split())
        return 200, {}, granted


def _pem(key: rsa.RSAPrivateKey) -> str:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


class ConsumerXBlock(LibraryPlatform):
    """``lti-consumer-xblock``, the platform's side of Open edX. Its tokens live for an hour."""

    def published(self) -> list[dict[str, Any]]:
        return list(self._consumer().get_public_keyset()["keys"])

    def login_url(self) -> str:
        launch = Lti1p3LaunchData(user_id=USER, user_role=None, config_id="1", resource_link_id=LINK)
        return str(self._consumer().prepare_preflight_url(launch))

    def answer_to(self, asked: dict[str, str], said: Said) -> dict[str, str]:
        launch = get_data_from_cache(asked["lti_message_hint"])
        consumer = self._consumer()
        role = {"teacher": "instructor", "learner": "student"}[said.who] if said.roles is None else None
        consumer.set_user_data(launch.user_id, role, said.name, said.email)
        if said.roles is not None:
            consumer.set_extra_claim({LTI + "roles": said.roles})
        consumer.set_resource_link_claim(launch.resource_link_id, title=LINK_TITLE)
        if said.in_course:
            consumer.set_context_claim(COURSE, [LTI_1P3_CONTEXT_TYPE.course_offering], COURSE_TITLE, COURSE_LABEL)
        consumer.set_launch_presentation_claim("iframe")
        consumer.set_custom_parameters({})
        consumer.enable_ags(f"{self.url}/items?type_id=1", allow_programmatic_grade_interaction=True)
        consumer.enable_nrps(f"{self.url}/members")
        return dict(consumer.generate_launch_request(asked))

    def signed(self, claims: dict[str, Any], key: rsa.RSAPrivateKey, headers: dict[str, Any]) -> str:
        if set(headers) != {"kid"}:  # it signs with this one only
            return Platform.sign(self, claims, key, headers)
        return str(_key_handler(key, headers["kid"]).encode_and_sign(claims))

    def grant(self, asked: dict[str, str]) -> dict[str, Any]:
        return dict(self._consumer().access_token(asked))

    def _consumer(self) -> LtiAdvantageConsumer:
        consumer = LtiAdvantageConsumer(
            iss=self.url,
            lti_oidc_url=f"{TOOL}/lti/login",
            lti_launch_url=f"{TOOL}/lti/launch",
            client_id=self.client_id,
            deployment_id=self.deployment,
            rsa_key=None,
            rsa_key_id=None,
            redirect_uris=[f"{TOOL}/lti/launch"],
            tool_keyset_url=f"{self.url}/tool-keys",
        )
        consumer.key_handler = _key_handler(self.key, "key-1")
        return consumer


@cache
def _key_handler(key: rsa.RSAPrivateKey, kid: str) -> PlatformKeyHandler:
    """Kept, since reading a private key takes long."""
    return PlatformKeyHandler(_pem(key), kid)


class Lti1p3Platform(LibraryPlatform):
    """``lti1p3platform``. Its tokens live for five minutes, and its key's id is the key's thumbprint."""

    def published(self) -> list[dict[str, Any]]:
        return list(self._configuration().get_jwks()["keys"])

    def login_url(self) -> str:
        return str(_Login(None, self._configuration()).initiate_login(USER))

    def answer_to(self, asked: dict[str, str], said: Said) -> dict[str, str]:
        launch = _Launch(None, self._configuration())
        launch.asked = asked
        roles = {"teacher": TEACHER, "learner": LEARNER}[said.who] if said.roles is None else said.roles
        launch.set_user_data(asked["login_hint"], roles, said.name, said.email)
        launch.set_resource_link_claim(asked["lti_message_hint"], title=LINK_TITLE)
        if said.in_course:
            offering = LTI_1P3_CONTEXT_TYPE.course_offering.value
            launch.set_launch_context_claim(COURSE, [offering], COURSE_TITLE, COURSE_LABEL)
        launch.set_launch_presentation_claim("iframe")
        launch.set_custom_parameters_claim({})
        launch.set_ags(f"{self.url}/items?type_id=1")
        launch.set_nrps(f"{self.url}/members")
        return dict(launch.lti_launch())

    def signed(self, claims: dict[str, Any], key: rsa.RSAPrivateKey, headers: dict[str, Any]) -> str:
        return str(Registration.encode_and_sign(claims, key, headers))

    def grant(self, asked: dict[str, str]) -> dict[str, Any]:
        return dict(self._configuration().get_access_token(asked))

    def _configuration(self) -> "_Configuration":
        public = self.key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
        return _Configuration(
            registration=Registration()
            .set_iss(self.url)
            .set_client_id(self.client_id)
            .set_deployment_id(self.deployment)
            .set_oidc_login_url(f"{TOOL}/lti/login")
            .set_launch_url(f"{TOOL}/lti/launch")
            .set_tool_key_set_url(f"{self.url}/tool-keys")
            .set_platform_private_key(_pem(self.key))
            .set_platform_public_key(public.decode())
        )


class _Configuration(LTI1P3PlatformConfAbstract):
    def init_platform_config(self, **kwargs: Any) -> None:
        self._registration = kwargs["registration"]

    def get_registration_by_params(self, **_kwargs: Any) -> Registration:
        return self._registration


class _Login(OIDCLoginAbstract):
    _lti_message_hint = LINK

    def set_lti_message_hint(self, **_kwargs: Any) -> None:
        pass

    def get_redirect(self, url: str) -> str:
        return url


class _Launch(LTIAdvantageMessageLaunchAbstract):
    asked: dict[str, str]

    def get_preflight_response(self) -> dict[str, str]:
        return self.asked

    def render_launch_form(self, launch_data: dict[str, Any], **_kwargs: Any) -> dict[str, str]:
        return {name: launch_data[name] for name in ("state", "id_token")}


SIGNERS: dict[str, type[LibraryPlatform]] = {"lti1p3platform": Lti1p3Platform, "lti-consumer-xblock": ConsumerXBlock}
