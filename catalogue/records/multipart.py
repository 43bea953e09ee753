"""Statements with their files in one body: several parts, of which the first is JSON and the others are the files.

Source: Experience API 1.0.3, part three, section 1.5.2 (multipart/mixed); RFC 2046, section 5.1.
"""

import hashlib
import re
import secrets
from collections.abc import Iterable
from dataclasses import dataclass

from catalogue.records.reading import Malformed

HASH = "x-experience-api-hash"
_HASHES = {56: hashlib.sha224, 64: hashlib.sha256, 96: hashlib.sha384, 128: hashlib.sha512}
_PADDING = re.compile(rb"[ \t]*\r\n")


@dataclass(frozen=True, slots=True)
class File:
    """A file as it comes with statements: told apart by its hash, and by nothing else."""

    sha2: str
    content_type: str
    content: bytes


def read(body: bytes, boundary: str) -> tuple[bytes, dict[str, File]]:
    """The JSON of the first part, and the files of the others by their hashes; raises ``Malformed``."""
    parts = [_part(raw) for raw in _parts(body, boundary)]
    headers, statements = parts[0]
    if _media_type(headers.get("content-type", "")) != "application/json":
        raise Malformed("The first part has to have the statements, as application/json.")
    files = [_file(headers, content) for headers, content in parts[1:]]
    return statements, {file.sha2: file for file in files}


def written(statements: bytes, files: Iterable[File]) -> tuple[bytes, str]:
    """A body of statements and files, and its content type."""
    boundary = secrets.token_hex(24)
    parts = [b"Content-Type: application/json\r\n\r\n" + statements]
    for file in files:
        head = (
            f"Content-Type: {file.content_type}\r\nContent-Transfer-Encoding: binary\r\n"
            f"X-Experience-API-Hash: {file.sha2}\r\n\r\n"
        )
        parts.append(head.encode() + file.content)
    opened = f"--{boundary}\r\n".encode()
    body = b"".join(opened + part + b"\r\n" for part in parts) + f"--{boundary}--\r\n".encode()
    return body, f'multipart/mixed; boundary="{boundary}"'


def _parts(body: bytes, boundary: str) -> list[bytes]:
    if not 0 < len(boundary) <= 70:
        raise Malformed("The content type has to say the boundary between the parts.")
    _preamble, *found = (b"\r\n" + body).split(b"\r\n--" + boundary.encode())
    if len(found) < 2 or not found[-1].startswith(b"--") or any(one.startswith(b"--") for one in found[:-1]):
        raise Malformed("The parts do not begin and end at the boundary that the content type says.")
    opened = [_PADDING.match(one) for one in found[:-1]]
    if not all(opened):
        raise Malformed("Something stands beside a boundary.")
    return [one[padding.end() :] for one, padding in zip(found, opened, strict=False) if padding]


def _part(raw: bytes) -> tuple[dict[str, str], bytes]:
    head, gap, content = (b"\r\n" + raw).partition(b"\r\n\r\n")
    if not gap:
        raise Malformed("A part has no empty line between its headers and what is in it.")
    headers = {}
    for line in head.decode("utf-8", "replace").split("\r\n")[1:]:
        name, colon, value = line.partition(":")
        if not colon:
            raise Malformed("A header of a part is no header.")
        headers[name.strip().lower()] = value.strip()
    return headers, content


def _file(headers: dict[str, str], content: bytes) -> File:
    sha2 = headers.get(HASH, "").lower()
    hashed = _HASHES.get(len(sha2))
    if hashed is None or hashed(content).hexdigest() != sha2:
        raise Malformed("A part has no X-Experience-API-Hash, or one that is not the SHA-2 sum of what is in it.")
    if headers.get("content-transfer-encoding", "binary").lower() != "binary":
        raise Malformed("A part has a Content-Transfer-Encoding that is not binary.")
    if headers.get("content-length", str(len(content))) != str(len(content)):
        raise Malformed("A part has a Content-Length that is not the length of what is in it.")
    return File(sha2, headers.get("content-type", ""), content)


def _media_type(said: str) -> str:
    return said.partition(";")[0].strip().lower()
