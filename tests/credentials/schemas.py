"""JSON schemas of Open Badges 3.0, written from the standard: appendix B.1 (data model) and section 8.2 (the claims of
the JWT that stand beside it). Nothing beside what is named here is let through.
"""

from typing import Any

Json = dict[str, Any]
URI = {"type": "string", "pattern": r"^https?://[^ ]+$"}
TEXT = {"type": "string", "minLength": 1}
TIME = {"type": "string", "pattern": r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(Z|[+-]\d\d:\d\d)$"}


def thing(required: Json, optional: Json | None = None) -> Json:
    return {
        "type": "object",
        "properties": required | (optional or {}),
        "required": list(required),
        "additionalProperties": False,
    }


def kinds(name: str) -> Json:
    return {"type": "array", "contains": {"const": name}, "items": TEXT, "minItems": 1}


def several(one: Json) -> Json:
    return {"type": "array", "items": one, "minItems": 1}


PROFILE = thing({"id": URI, "type": kinds("Profile")}, {"name": TEXT, "description": TEXT, "url": URI})
ALIGNMENT = thing(
    {"type": kinds("Alignment"), "targetName": TEXT, "targetUrl": URI},
    {"targetCode": TEXT, "targetFramework": TEXT, "targetDescription": TEXT,
     "targetType": {"enum": ["ceasn:Competency", "ceterms:Credential", "CFItem", "CFRubric", "CFRubricCriterion",
                             "CFRubricCriterionLevel", "CTDL"]}},
)  # fmt: skip
ACHIEVEMENT = thing(
    {"id": URI, "type": kinds("Achievement"), "name": TEXT, "description": TEXT,
     "criteria": {"anyOf": [thing({"narrative": TEXT}), thing({"id": URI}, {"narrative": TEXT})]}},
    {"alignment": several(ALIGNMENT), "inLanguage": TEXT,
     "achievementType": {"enum": ["Course", "LearningProgram"]}},
)  # fmt: skip
IDENTITY = thing(
    {"type": {"const": "IdentityObject"}, "hashed": {"const": True},
     "identityHash": {"type": "string", "pattern": r"^sha256\$[0-9a-f]{64}$"},
     "identityType": {"enum": ["emailAddress", "systemId"]}},
    {"salt": TEXT},
)  # fmt: skip
CONTEXT = {
    "type": "array",
    "prefixItems": [
        {"const": "https://www.w3.org/ns/credentials/v2"},
        {"type": "string", "pattern": r"^https://purl\.imsglobal\.org/spec/ob/v3p0/context-3\.0\.\d\.json$"},
    ],
    "minItems": 2,
}
STATUS = thing(
    {"id": URI, "type": {"const": "BitstringStatusListEntry"}, "statusPurpose": {"const": "revocation"},
     "statusListIndex": {"type": "string", "pattern": "^[0-9]+$"}, "statusListCredential": URI}
)  # fmt: skip
CREDENTIAL = thing(
    {
        "@context": CONTEXT,
        "id": URI,
        "type": {"allOf": [kinds("VerifiableCredential"), {"contains": {"enum": ["AchievementCredential",
                                                                                "OpenBadgeCredential"]}}]},
        "name": TEXT,
        "issuer": PROFILE,
        "validFrom": TIME,
        "credentialSubject": thing(
            {"type": kinds("AchievementSubject"), "achievement": ACHIEVEMENT},
            {"id": URI, "identifier": several(IDENTITY)},
        ),
        "iss": URI, "jti": URI, "sub": URI, "nbf": {"type": "integer"},
    },
    {"awardedDate": TIME, "credentialStatus": STATUS,
     "credentialSchema": several(thing({"id": URI, "type": {"const": "1EdTechJsonSchemaValidator2019"}}))},
)  # fmt: skip
