"""The files that come with statements: each is named by one of them, and what is said of it is so.

Source: Experience API 1.0.3, part two, 2.4.11 (attachments), and part three, 1.5.1 and 1.5.2. Whether a signature is
well formed: part two, 2.6; whose it is, is for whoever relies on it.
"""

import base64
import binascii
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import jwt
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

from catalogue.records.comparing import same
from catalogue.records.multipart import File
from catalogue.records.reading import Json, Malformed, fault, parsed
from catalogue.records.statements import check, files_of

SIGNATURE = "http://adlnet.gov/expapi/attachments/signature"
_SIGNED_WITH = ["RS256", "RS384", "RS512"]


def matched(documents: list[Json], files: Mapping[str, File]) -> list[list[File]]:
    """The files that came with each of these statements, each as the statement describes it; raises ``Malformed``."""
    found = [_of(document, files) for document in documents]
    left = set(files) - {file.sha2 for some in found for file in some}
    if left:
        raise Malformed(f"No statement has a file with the hash {min(left)}.")
    return found


def _of(document: Json, files: Mapping[str, File]) -> list[File]:
    found: dict[str, File] = {}
    for said, where in files_of(document):
        file = files.get(said["sha2"].lower())
        if file is None and (said["usageType"] == SIGNATURE or "fileUrl" not in said):
            fault(f"statement.{where}", "has no fileUrl that says where it is, and does not come with the statement")
        if file is None:
            continue
        if said["length"] != len(file.content):
            fault(f"statement.{where}.length", "is not the length of the file that came")
        if file.content_type and _kind(file.content_type) != _kind(said["contentType"]):
            fault(f"statement.{where}.contentType", "is not that of the file that came")
        if said["usageType"] == SIGNATURE:
            _check_signature(document, said, file.content, f"statement.{where}")
        found[file.sha2] = replace(file, content_type=said["contentType"])
    return list(found.values())


def _kind(content_type: str) -> str:
    return content_type.partition(";")[0].strip().lower()


def _check_signature(document: Json, said: Json, content: bytes, where: str) -> None:
    """A JSON web signature of the statement as it was before: by its certificate, where it brings one."""
    if _kind(said["contentType"]) != "application/octet-stream":
        fault(f"{where}.contentType", "has to be application/octet-stream, since it is a signature")
    try:
        token = content.decode("ascii").strip()
        header = jwt.get_unverified_header(token)
        if header.get("alg") not in _SIGNED_WITH:
            fault(where, f"has to be signed with {', '.join(_SIGNED_WITH)}")
        options: Any = {"verify_signature": "x5c" in header}
        key = _certified(header["x5c"]) if "x5c" in header else ""
        payload: bytes = jwt.PyJWS().decode(token, key, algorithms=_SIGNED_WITH, options=options)
    except (jwt.PyJWTError, ValueError, TypeError) as why:
        raise Malformed(f"{where}: is no JSON web signature, or not that of its certificate.") from why
    signed = parsed(payload)
    check(signed)
    if not same(signed, document):
        fault(where, "signs another statement")


def _certified(chain: Any) -> RSAPublicKey:
    """The key of the first certificate; raises ``ValueError``."""
    if not isinstance(chain, list) or not chain or not isinstance(chain[0], str):
        raise ValueError("no chain of certificates")
    try:
        key = x509.load_der_x509_certificate(base64.b64decode(chain[0], validate=True)).public_key()
    except binascii.Error as why:
        raise ValueError("no certificate") from why
    if not isinstance(key, RSAPublicKey):
        raise ValueError("no RSA key")
    return key
