"""What a badge says, as Open Badges 3.0 has it: issuer, achievement, credential and the list of what is revoked.

Sources: Open Badges 3.0, sections 8.2 and appendix B, https://www.imsglobal.org/spec/ob/v3p0; Verifiable Credentials
Data Model 2.0, https://www.w3.org/TR/vc-data-model-2.0/; Bitstring Status List 1.0, sections 2 and 3,
https://www.w3.org/TR/vc-bitstring-status-list/.
"""

import base64
import gzip
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from catalogue.attendance.queries import parts_of
from catalogue.frameworks.models import LevelHeading
from catalogue.offers.models import OfferVersion
from catalogue.people.rules import hash_token
from catalogue.systems.models import Organisation

Json = dict[str, Any]
CREDENTIALS = "https://www.w3.org/ns/credentials/v2"
OPEN_BADGES = "https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.3.json"
SCHEMA = "https://purl.imsglobal.org/spec/ob/v3p0/schema/json/ob_v3p0_achievementcredential_schema.json"
LIST_LENGTH = 131_072
"""Badges on a list, at the least: so that looking one up tells nobody which one it was (section 6.1 of the list)."""


@dataclass(frozen=True, slots=True)
class Holder:
    """How a badge names its holder: by a hash with salt of something that they can show to be theirs."""

    kind: str
    """An ``IdentifierTypeEnum`` of Open Badges: ``emailAddress`` or ``systemId``."""
    value: str
    salt: str

    def identity(self) -> Json:
        """An ``IdentityObject``: the hash is of the value with the salt after it."""
        return {
            "type": "IdentityObject",
            "hashed": True,
            "identityHash": f"sha256${hash_token(self.value + self.salt)}",
            "identityType": self.kind,
            "salt": self.salt,
        }


def moment(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def issuer_address(base: str, provider: Organisation) -> str:
    return f"{base}/issuers/{provider.key}"


def issuer(base: str, provider: Organisation) -> Json:
    """The provider's profile. The keys are ours: it issues through this service."""
    return {
        "id": issuer_address(base, provider),
        "type": ["Profile"],
        "name": provider.name,
        "description": f"{provider.name} issues its badges through Every Seat.",
        "url": base.removesuffix("/credentials"),
    }


def version_mark(version: OfferVersion) -> str:
    """In the address of an achievement: that of an offer for members only cannot be guessed."""
    return f"{version.id}-{version.content_hash[:20]}"


def achievement(base: str, case: str, version: OfferVersion, headings: Sequence[LevelHeading]) -> Json:
    """What a version of an offer stands for. ``case`` is where CASE items are; ``headings`` are what it leads to."""
    is_programme = any(step.offer_id for step in version.steps)
    said: Json = {
        "id": f"{base}/achievements/{version_mark(version)}",
        "type": ["Achievement"],
        "achievementType": "LearningProgram" if is_programme else "Course",
        "name": version.title,
        "description": version.summary,
        "criteria": {"narrative": how_completed(version)},
        "inLanguage": "en-GB",
    }
    alignments = _alignments(case, version, headings)
    return said | {"alignment": alignments} if alignments else said


def _alignments(case: str, version: OfferVersion, headings: Sequence[LevelHeading]) -> list[Json]:
    by_place = {(heading.dimension_id, heading.level): heading for heading in headings}
    found = []
    for mapping in version.mappings:
        heading = by_place.get((mapping.dimension_id, mapping.to_level))
        if heading is not None:
            found.append(
                {
                    "type": ["Alignment"],
                    "targetType": "CFItem",
                    "targetFramework": mapping.dimension.framework.name,
                    "targetName": f"{mapping.dimension.name}: {heading.heading}",
                    "targetCode": heading.identifier,
                    "targetUrl": f"{case}/CFItems/{heading.identifier}",
                }
            )
    return found


def how_completed(version: OfferVersion) -> str:
    """In a few sentences, what somebody has done who completed it, by any of the ways in which that is found out."""
    parts = parts_of(version)
    asked = []
    titles = [title for part in parts if part.choose == len(part.steps) for title in part.steps.values()]
    if titles:
        asked.append(f"Did: {'; '.join(titles)}.")
    asked += [
        f"{part.title}: did {part.choose} of {len(part.steps)}." for part in parts if part.choose < len(part.steps)
    ]
    if version.sessions_needed:
        more = "session" if version.sessions_needed == 1 else "sessions"
        asked.append(f"Attended {version.sessions_needed} {more} or more, or all of them where there were fewer.")
    if asked:
        asked.append("Or took part, as the provider confirmed.")
    elif not (version.self_paced and version.reassessment_needed):
        asked.append("Took part, as the provider confirmed.")
    if version.reassessment_needed:
        asked.append("Assessed their own leadership again, after joining.")
    asked.append("Or completed it in another learning system, as the provider confirmed.")
    if any(step.offer_id is not None for step in version.steps):
        asked.append("Offers among the steps may have been completed in other learning systems.")
    return " ".join(asked)


def list_address(base: str, provider: Organisation, number: int) -> str:
    return f"{issuer_address(base, provider)}/status/{number // LIST_LENGTH}"


@dataclass(frozen=True, slots=True)
class Issued:
    """A badge as our register has it."""

    key: str
    number: int
    """Its place among all badges, which is that on the list of what is revoked."""
    issued_at: datetime
    completed_at: datetime


def claims(base: str, issued: Issued, achieved: Json, provider: Organisation, holder: Holder) -> Json:
    """The payload of the JWS: the credential, with the claims of a JWT that repeat what it says."""
    address = f"{base}/{issued.key}"
    listed = list_address(base, provider, issued.number)
    place = issued.number % LIST_LENGTH
    subject = f"{address}#holder"
    return {
        "@context": [CREDENTIALS, OPEN_BADGES],
        "id": address,
        "type": ["VerifiableCredential", "AchievementCredential"],
        "name": achieved["name"],
        "issuer": issuer(base, provider),
        "validFrom": moment(issued.issued_at),
        "awardedDate": moment(issued.completed_at),
        "credentialSubject": {
            "id": subject,
            "type": ["AchievementSubject"],
            "identifier": [holder.identity()],
            "achievement": achieved,
        },
        "credentialStatus": {
            "id": f"{listed}#{place}",
            "type": "BitstringStatusListEntry",
            "statusPurpose": "revocation",
            "statusListIndex": str(place),
            "statusListCredential": listed,
        },
        "credentialSchema": [{"id": SCHEMA, "type": "1EdTechJsonSchemaValidator2019"}],
        "iss": issuer_address(base, provider),
        "jti": address,
        "sub": subject,
        "nbf": int(issued.issued_at.timestamp()),
    }


def status_list(base: str, provider: Organisation, page: int, revoked: Iterable[int], at: datetime) -> Json:
    """The list of a provider's badges that are revoked, as claims to be signed; ``revoked`` are their numbers."""
    bits = bytearray(LIST_LENGTH // 8)
    for number in revoked:
        place = number % LIST_LENGTH
        bits[place // 8] |= 0x80 >> place % 8
    packed = base64.urlsafe_b64encode(gzip.compress(bytes(bits), mtime=0)).rstrip(b"=").decode()
    address = list_address(base, provider, page * LIST_LENGTH)
    return {
        "@context": [CREDENTIALS],
        "id": address,
        "type": ["VerifiableCredential", "BitstringStatusListCredential"],
        "issuer": issuer_address(base, provider),
        "validFrom": moment(at),
        "credentialSubject": {
            "id": f"{address}#list",
            "type": "BitstringStatusList",
            "statusPurpose": "revocation",
            "encodedList": f"u{packed}",
        },
        "iss": issuer_address(base, provider),
        "jti": address,
        "sub": f"{address}#list",
        "nbf": int(at.timestamp()),
    }
