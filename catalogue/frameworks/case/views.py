"""The endpoints of CASE 1.0 and 1.1. Source: REST binding, sections 3 and 4; errors as in section 5."""

import re
from collections.abc import Callable, Sequence
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from flask import Blueprint, Response, current_app, jsonify, request, url_for
from flask_login import current_user

from catalogue.frameworks.case import VERSIONS
from catalogue.frameworks.case.queries import published
from catalogue.frameworks.case.write import Json, Package, with_document
from catalogue.people.models import Role
from catalogue.security import public

case = Blueprint("case", __name__, url_prefix="/ims/case/<any(v1p0, v1p1):version>")
MOST = 500
Find = Callable[[Package], Sequence[Json]]


class _Refused(Exception):
    def __init__(self, status: int, minor: str, said: str) -> None:
        super().__init__(said)
        self.status, self.minor = status, minor


@case.errorhandler(_Refused)
def refused(fault: _Refused) -> tuple[Response, int]:
    """``imsx_StatusInfo``."""
    field = {"imsx_codeMinorFieldName": "sourcedId", "imsx_codeMinorFieldValue": fault.minor}
    return jsonify(
        imsx_codeMajor="failure",
        imsx_severity="error",
        imsx_description=str(fault),
        imsx_codeMinor={"imsx_codeMinorField": [field]},
    ), fault.status


def packages(version: str) -> list[Package]:
    """Those that anybody may have; for administrators, who answer for the rest, all."""
    base = current_app.extensions["settings"].public_url.rstrip("/") + f"/ims/case/{version}"
    may_all = current_user.is_authenticated and current_user.person.has(Role.ADMINISTRATOR)
    return [Package(one, base, VERSIONS[version]) for one in published(open_only=not may_all)]


def _found(version: str, identifier: str, find: Find) -> tuple[Json, Package]:
    try:
        wanted = str(UUID(identifier))
    except ValueError:
        raise _Refused(400, "invalid_uuid", "That is not a UUID") from None
    for package in packages(version):
        for one in find(package):
            if one["identifier"] == wanted:
                return one, package
    raise _Refused(404, "unknownobject", "There is nothing with that identifier")


@case.get("/CFDocuments")
@public
def documents(version: str) -> Response:
    found = [package.document | {"CFPackageURI": package.package_link} for package in packages(version)]
    return _listed("CFDocuments", found, version)


@case.get("/CFDocuments/<identifier>")
@public
def document(version: str, identifier: str) -> Response:
    found, package = _found(version, identifier, lambda package: [package.document])
    return jsonify(found | {"CFPackageURI": package.package_link})


@case.get("/CFPackages/<identifier>")
@public
def package(version: str, identifier: str) -> Response:
    return jsonify(_found(version, identifier, lambda package: [package.document])[1].whole())


@case.get("/CFItems/<identifier>")
@public
def item(version: str, identifier: str) -> Response:
    found, package = _found(version, identifier, lambda package: package.items)
    return jsonify(with_document([found], package)[0])


@case.get("/CFItemAssociations/<identifier>")
@public
def item_associations(version: str, identifier: str) -> Response:
    """An item, and every association that has it at either end."""
    found, package = _found(version, identifier, lambda package: package.items)
    ends = ("originNodeURI", "destinationNodeURI")
    about = [one for one in package.associations if found["identifier"] in [one[end]["identifier"] for end in ends]]
    return jsonify(CFItem=with_document([found], package)[0], CFAssociations=with_document(about, package))


@case.get("/CFAssociations/<identifier>")
@public
def association(version: str, identifier: str) -> Response:
    found, package = _found(version, identifier, lambda package: package.associations)
    return jsonify(with_document([found], package)[0])


@case.get("/CFRubrics/<identifier>")
@public
def rubric(version: str, identifier: str) -> Response:
    return jsonify(_found(version, identifier, lambda package: [package.rubric])[0])


@case.get("/CFItemTypes/<identifier>")
@public
def item_type(version: str, identifier: str) -> Response:
    return jsonify(CFItemTypes=[_found(version, identifier, lambda package: package.item_types)[0]])


@case.get("/CFConcepts/<identifier>")
@public
def concept(version: str, identifier: str) -> Response:
    return jsonify(CFConcepts=[_found(version, identifier, lambda package: package.concepts)[0]])


def _listed(name: str, found: list[Json], version: str) -> Response:
    """A part of a list, as ``limit``, ``offset``, ``sort``, ``orderBy``, ``filter`` and ``fields`` ask for it."""
    kept = _filtered(found, request.args.get("filter", ""))
    sort = request.args.get("sort", "")
    if sort and sort not in FIELDS:
        raise _Refused(400, "invalid_sort_field", f"Documents cannot be sorted by {sort}")
    if sort:
        descending = request.args.get("orderBy") == "desc"
        kept = sorted(kept, key=lambda one: str(one.get(sort, "")), reverse=descending)
    limit, offset = _number("limit", 100, 1, MOST), _number("offset", 0, 0, 10**9)
    shown = [_selected(one, request.args.get("fields", "")) for one in kept[offset : offset + limit]]
    answer = jsonify({name: shown})
    answer.headers["X-Total-Count"] = str(len(kept))
    links = _links(version, limit, offset, len(kept))
    if links:
        answer.headers["Link"] = links
    return answer


FIELDS = frozenset(
    ["identifier", "uri", "creator", "title", "lastChangeDateTime", "description", "version", "adoptionStatus",
     "language", "notes", "CFPackageURI", "statusStartDate", "statusEndDate", "caseVersion", "frameworkType"]
)  # fmt: skip
_CONDITION = re.compile(r"^\s*(\w+)\s*(!=|=|~)\s*'([^']*)'\s*$")


def _filtered(found: list[Json], asked: str) -> list[Json]:
    """Conditions like ``title~'leadership'``, joined by AND; ``~`` is contains."""
    for said in re.split(r"\s+AND\s+", asked) if asked else []:
        condition = _CONDITION.match(said)
        if condition is None or condition[1] not in FIELDS:
            raise _Refused(400, "invalid_selection_field", "The filter cannot be read")
        field, sign, value = condition.groups()
        found = [one for one in found if _holds(str(one.get(field, "")), sign, value)]
    return found


def _holds(there: str, sign: str, value: str) -> bool:
    if sign == "~":
        return value.lower() in there.lower()
    return (there == value) == (sign == "=")


def _selected(one: Json, fields: str) -> Json:
    if not fields:
        return one
    wanted = {name.strip() for name in fields.split(",")}
    if not wanted <= FIELDS:
        raise _Refused(400, "invalid_selection_field", "There is no such field")
    return {name: value for name, value in one.items() if name in wanted}


def _number(name: str, usual: int, least: int, most: int) -> int:
    asked: Any = request.args.get(name)
    if asked is None:
        return usual
    if not re.fullmatch(r"\d{1,9}", asked) or not least <= int(asked) <= most:
        raise _Refused(400, "invalid_selection_field", f"{name} has to be a number from {least} to {most}")
    return int(asked)


def _links(version: str, limit: int, offset: int, total: int) -> str:
    """RFC 8288, for first, previous, next and last."""
    at = {"first": 0, "last": max(0, (total - 1) // limit * limit)}
    if offset:
        at["prev"] = max(0, offset - limit)
    if offset + limit < total:
        at["next"] = offset + limit
    if total <= limit and not offset:
        return ""
    base = current_app.extensions["settings"].public_url.rstrip("/") + url_for("case.documents", version=version)
    more = {name: value for name, value in request.args.items() if name not in ("limit", "offset")}
    return ", ".join(
        f'<{base}?{urlencode(more | {"limit": limit, "offset": place})}>; rel="{rel}"' for rel, place in at.items()
    )
