"""JSON schemas of CASE, written from the standard: information model of CASE 1.0 and 1.1, section 4 (no package carries
the published ones). Nothing beside what the standard names is let through.
"""

from typing import Any

Json = dict[str, Any]
UUID = {"type": "string", "pattern": "^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$"}
URI = {"type": "string", "pattern": "^https?://"}
TEXT = {"type": "string", "minLength": 1}
TIME = {"type": "string", "pattern": r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(Z|[+-]\d\d:\d\d)$"}
DAY = {"type": "string", "pattern": r"^\d{4}-\d\d-\d\d$"}
WHOLE = {"type": "integer"}


MINOR = [
    "forbidden", "fullsuccess", "internal_server_error", "invalid_selection_field", "invalid_sort_field",
    "invalid_uuid", "server_busy", "unauthorised_request", "unknownobject",
]  # fmt: skip


def thing(required: Json, optional: Json | None = None) -> Json:
    return {
        "type": "object",
        "properties": required | (optional or {}),
        "required": list(required),
        "additionalProperties": False,
    }


def many(one: Json) -> Json:
    return {"type": "array", "items": one}


LINK = thing({"title": TEXT, "identifier": UUID, "uri": URI})
SAME = {"identifier": UUID, "uri": URI, "lastChangeDateTime": TIME}
TEXTS = many(TEXT)


def schemas(version: str) -> dict[str, Json]:
    """By the name of what an endpoint answers."""
    newer = version == "1.1"
    kinds = [
        "isChildOf", "isPeerOf", "isPartOf", "exactMatchOf", "precedes", "isRelatedTo", "replacedBy", "exemplar",
        "hasSkillLevel", *(["isTranslationOf"] if newer else []),
    ]  # fmt: skip
    more_of_document: Json = {"caseVersion": {"const": "1.1"}, "frameworkType": TEXT, "extensions": {"type": "object"}}
    document = (
        SAME | {"creator": TEXT, "title": TEXT},
        {
            "officialSourceURL": URI, "publisher": TEXT, "description": TEXT, "subject": TEXTS,
            "subjectURI": many(LINK), "language": TEXT, "version": TEXT,
            "adoptionStatus": {"enum": ["Private Draft", "Draft", "Adopted", "Deprecated"]},
            "statusStartDate": DAY, "statusEndDate": DAY, "licenseURI": LINK, "notes": TEXT,
        } | (more_of_document if newer else {}),
    )  # fmt: skip
    item = (
        SAME | {"fullStatement": TEXT},
        {
            "alternativeLabel": TEXT, "CFItemType": TEXT, "CFItemTypeURI": LINK, "humanCodingScheme": TEXT,
            "listEnumeration": TEXT, "abbreviatedStatement": TEXT, "conceptKeywords": TEXTS,
            "conceptKeywordsURI": LINK, "notes": TEXT, "language": TEXT, "educationLevel": TEXTS,
            "licenseURI": LINK, "statusStartDate": DAY, "statusEndDate": DAY,
        } | ({"extensions": {"type": "object"}, "subject": TEXTS, "subjectURI": many(LINK)} if newer else {}),
    )  # fmt: skip
    association = (
        SAME | {"associationType": {"enum": kinds}, "originNodeURI": LINK, "destinationNodeURI": LINK},
        {"sequenceNumber": WHOLE, "CFAssociationGroupingURI": LINK}
        | ({"notes": TEXT, "extensions": {"type": "object"}} if newer else {}),
    )
    level = thing(SAME, {"description": TEXT, "quality": TEXT, "score": {"type": "number"}, "feedback": TEXT,
                         "position": WHOLE, "rubricCriterionId": UUID})  # fmt: skip
    criterion = thing(SAME, {"category": TEXT, "description": TEXT, "CFItemURI": LINK, "weight": {"type": "number"},
                             "position": WHOLE, "rubricId": UUID, "CFRubricCriterionLevels": many(level)})  # fmt: skip
    rubric = thing(SAME, {"title": TEXT, "description": TEXT, "CFRubricCriteria": many(criterion)})
    concept = thing(SAME | {"title": TEXT, "hierarchyCode": TEXT}, {"keywords": TEXT, "description": TEXT})
    item_type = thing(SAME | {"title": TEXT, "description": TEXT, "hierarchyCode": TEXT}, {"typeCode": TEXT})
    in_document = {"CFDocumentURI": LINK}
    item_alone = thing(item[0] | in_document, item[1])
    association_alone = thing(association[0], association[1] | in_document)
    document_alone = thing(document[0] | {"CFPackageURI": LINK}, document[1])
    return {
        "CFPackages": thing(
            {"CFDocument": thing(*document)},
            {
                "CFItems": many(thing(*item)), "CFAssociations": many(thing(*association)),
                "CFDefinitions": thing({}, {"CFConcepts": many(concept), "CFItemTypes": many(item_type)}),
                "CFRubrics": many(rubric),
            },
        ),
        "CFDocuments list": thing({"CFDocuments": many(document_alone)}),
        "CFDocuments": document_alone,
        "CFItems": item_alone,
        "CFAssociations": association_alone,
        "CFItemAssociations": thing({"CFItem": item_alone, "CFAssociations": many(association_alone)}),
        "CFRubrics": rubric,
        "CFItemTypes": thing({"CFItemTypes": many(item_type)}),
        "CFConcepts": thing({"CFConcepts": many(concept)}),
        "error": thing(
            {
                "imsx_codeMajor": {"enum": ["success", "processing", "failure", "unsupported"]},
                "imsx_severity": {"enum": ["status", "warning", "error"]},
            },
            {
                "imsx_description": TEXT,
                "imsx_codeMinor": thing({"imsx_codeMinorField": many(thing(
                    {"imsx_codeMinorFieldName": TEXT, "imsx_codeMinorFieldValue": {"enum": MINOR}}))}),
            },
        ),
    }  # fmt: skip
