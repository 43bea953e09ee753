"""Files that come with statements: Experience API 1.0.3, part three, 1.5 (content types), and part two, 2.4.11 and 2.6.

https://github.com/adlnet/xAPI-Spec
"""

import base64
import hashlib
import json
from datetime import timedelta
from email import message_from_bytes
from typing import Any

import jwt
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding
from sqlalchemy import func, select

from catalogue.clock import now
from catalogue.extensions import db
from catalogue.people.models import Person
from catalogue.privacy import erasing, retention
from catalogue.records.models import XapiAttachment, XapiMention, XapiStatement
from tests.conftest import Ask
from tests.records.conftest import Elsewhere, Json, new_id, statement

TEXT = b"here is a simple attachment"
PICTURE = bytes(range(256)) + b"\r\n--x--\r\n\r\n" + b"\n"
PART = {"Content-Type": "text/plain", "Content-Transfer-Encoding": "binary"}
SIGNATURE = "http://adlnet.gov/expapi/attachments/signature"


def sha2(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def file(content: bytes = TEXT, **changes: Any) -> Json:
    said = {
        "usageType": "https://example.org/certificate", "display": {"en": "Certificate"},
        "contentType": "text/plain; charset=ascii", "length": len(content), "sha2": sha2(content),
    } | changes  # fmt: skip
    return {name: value for name, value in said.items() if value is not ...}


def with_files(*files: Json, **changes: Any) -> Json:
    return statement(**{"verb": {"id": "a:b"}, "object": {"id": "a:c"}} | changes, attachments=list(files))


def part(content: bytes = TEXT, **changes: Any) -> bytes:
    headers = PART | {"X-Experience-API-Hash": sha2(content)} | changes
    lines = [f"{name}: {value}" for name, value in headers.items() if value is not ...]
    return "\r\n".join([*lines, "", ""]).encode() + content


def body(said: Any, *parts: bytes, kind: str = "application/json", boundary: str = "abcABC0123'()+_,-./:=?") -> bytes:
    first = f"Content-Type: {kind}\r\n\r\n{json.dumps(said)}".encode()
    opened = f"--{boundary}\r\n".encode()
    return b"".join(opened + one + b"\r\n" for one in (first, *parts)) + f"--{boundary}--".encode()


def send(store: Elsewhere, sent: bytes, status: int = 200, boundary: str = "abcABC0123'()+_,-./:=?") -> Any:
    content_type = f'multipart/mixed; boundary="{boundary}"'
    return store.ask("POST", status=status, data=sent, content_type=content_type).get_json()


def got(store: Elsewhere, **asked: str) -> tuple[Any, dict[str, tuple[str, bytes]]]:
    """What comes in the first part, and the files by their hashes; read by the library of mail."""
    answer = store.ask("GET", query_string=asked | {"attachments": "true"})
    assert answer.mimetype == "multipart/mixed"
    first, *rest = message_from_bytes(
        f"Content-Type: {answer.content_type}\r\nMIME-Version: 1.0\r\n\r\n".encode() + answer.data
    ).get_payload()
    assert first.get_content_type() == "application/json"
    boundary = answer.mimetype_params["boundary"].encode()
    raw = [one.partition(b"\r\n\r\n")[2][:-2] for one in answer.data.split(b"--" + boundary)[2:-1]]
    files = {}
    for one, content in zip(rest, raw, strict=True):
        assert one["Content-Transfer-Encoding"] == "binary"
        files[one["X-Experience-API-Hash"]] = (one["Content-Type"], content)
    return json.loads(first.get_payload()), files


@pytest.mark.both_databases
def test_1_5_2_s3_b1_files_come_back_as_they_came_where_they_are_asked_for(store: Elsewhere) -> None:
    said = [
        with_files(file()),
        with_files(file(), file(PICTURE, contentType="image/png")),
        with_files(),
    ]
    ids = send(store, body(said, part(), part(PICTURE, **{"Content-Type": "image/png"})))
    page, files = got(store)
    assert [one["id"] for one in page["statements"]] == ids[::-1]
    assert files == {sha2(TEXT): ("text/plain; charset=ascii", TEXT), sha2(PICTURE): ("image/png", PICTURE)}
    one, files = got(store, statementId=ids[0])
    assert one["attachments"] == [file()]
    assert list(files) == [sha2(TEXT)]
    plain = store.ask("GET", query_string={"attachments": "false"})
    assert plain.mimetype == "application/json"
    assert TEXT not in plain.data


def test_1_5_2_s3_b8_and_b9_parts_are_no_duty(store: Elsewhere) -> None:
    assert len(send(store, body([with_files(), with_files(file(fileUrl="https://example.org/f"))]))) == 2
    put = store.ask(
        "PUT", status=204, query_string={"statementId": new_id()}, data=body(with_files(file()), part()),
        content_type='multipart/mixed; boundary="abcABC0123\'()+_,-./:=?"',
    )  # fmt: skip
    assert put.data == b""


def test_1_5_1_s1_b2_as_json_each_file_says_where_it_is(store: Elsewhere) -> None:
    store.send(with_files(file(fileUrl="https://example.org/f")))
    store.send(with_files(file(fileUrl="https://example.org/f"), file(PICTURE)), status=400)
    within = {"objectType": "SubStatement", **with_files(file())}
    store.send(statement(verb={"id": "a:b"}, object=within), status=400)
    (one,) = send(store, body(statement(verb={"id": "a:b"}, object=within), part()))
    assert list(got(store, statementId=one)[1]) == [sha2(TEXT)]


REFUSED: dict[str, bytes] = {
    "s2.b2.b1: statements that are not JSON by their type": body(with_files(file()), part(), kind="text/plain"),
    "s2.b2.b1: statements in several parts": body(with_files(), b"Content-Type: application/json\r\n\r\n{}"),
    "s2.b2.b3: a part without its hash": body(with_files(file()), part(**{"X-Experience-API-Hash": ...})),
    "s2.b2.b3: a part with another hash": body(with_files(file()), part(**{"X-Experience-API-Hash": sha2(b"x")})),
    "s2.b2.b3: a hash that no statement names": body(with_files(), part()),
    "s2.b2.b4: a part that is encoded": body(with_files(file()), part(**{"Content-Transfer-Encoding": "base64"})),
    "s2.b2.b7: a part of another kind": body(with_files(file()), part(**{"Content-Type": "image/png"})),
    "s2.b2.b7: a part of another length": body(with_files(file()), part(**{"Content-Length": "26"})),
    "s2.b2.b7: a file of another length": body(with_files(file(length=26)), part()),
    "s3.b5: a file that did not come": body(with_files(file(), file(PICTURE)), part()),
    "RFC 2046: another boundary": body(with_files(file()), part(), boundary="another"),
    "RFC 2046: no end": body(with_files(file()), part())[:-2],
    "RFC 2046: nothing": b"",
    "RFC 2046: no empty line after the headers": body(with_files(file()), b"Content-Type: text/plain"),
    "2.4.11: a kind that is none": body(with_files(file(contentType="should fail")), part()),
    "2.4.11: a kind that breaks the line": body(with_files(file(contentType="text/plain;\r\nX: y")), part()),
    "2.4.11: a hash that is none": body(with_files(file(sha2="z" * 64)), part()),
}  # fmt: skip


@pytest.mark.parametrize("case", REFUSED)
def test_1_5_2_what_does_not_fit_together_is_400_and_nothing_is_kept(store: Elsewhere, case: str) -> None:
    send(store, REFUSED[case], status=400)
    assert store.ids() == []


def test_1_5_2_s3_b7_more_than_a_megabyte_is_413(store: Elsewhere) -> None:
    large = b"x" * 1_100_000
    send(store, body(with_files(file(large)), part(large)), status=413)


def test_2_1_3_pages_with_files_are_short(store: Elsewhere) -> None:
    send(store, body([with_files(file()) for _ in range(12)], part()))
    page, files = got(store)
    assert len(page["statements"]) == 10
    assert "attachments=true" in page["more"]
    assert len(files) == 1, "one copy of what several statements are with"


# 2.6 signed statements


def signed(said: Json, algorithm: str = "RS256", key: Any = None, header: Json | None = None) -> bytes:
    payload = json.dumps(said).encode()
    key = key or rsa.generate_private_key(public_exponent=65537, key_size=2048)
    return jwt.PyJWS().encode(payload, key, algorithm, headers=header).encode()


def certified(key: rsa.RSAPrivateKey) -> Json:
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "Somewhere else")])
    made = (
        x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key()).serial_number(1)
        .not_valid_before(now() - timedelta(days=1)).not_valid_after(now() + timedelta(days=1))
        .sign(key, hashes.SHA256())
    )  # fmt: skip
    return {"x5c": [base64.b64encode(made.public_bytes(Encoding.DER)).decode()]}


def send_signed(store: Elsewhere, said: Json, token: bytes, status: int, **changes: Any) -> None:
    kind = changes.get("contentType", "application/octet-stream")
    about = file(token, **{"usageType": SIGNATURE, "contentType": kind} | changes)
    send(store, body(said | {"attachments": [about]}, part(token, **{"Content-Type": kind})), status)


def test_2_6_s5_b3_a_signature_that_is_well_formed_is_kept(store: Elsewhere) -> None:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    for algorithm, header in (("RS256", None), ("RS384", certified(key)), ("RS512", certified(key))):
        said = with_files(id=new_id())
        del said["attachments"]
        send_signed(store, said, signed(said, algorithm, key, header), 200)
    assert len(store.ids()) == 3


def test_2_6_s5_b1_a_signature_that_is_malformed_is_400(store: Elsewhere) -> None:
    said = {name: value for name, value in with_files(id=new_id()).items() if name != "attachments"}
    key, other = (rsa.generate_private_key(public_exponent=65537, key_size=2048) for _ in range(2))
    send_signed(store, said, signed(said), 400, contentType="text/plain; charset=ascii")
    send_signed(store, said, signed(said, "HS256", "a secret of thirty-two characters"), 400)
    send_signed(store, said, signed(said | {"verb": {"id": "a:another"}}), 400)
    send_signed(store, said, signed({"nothing": "of the kind"}), 400)
    send_signed(store, said, signed(said, "RS256", other, certified(key)), 400)
    send_signed(store, said, signed(said, "RS256", key, {"x5c": ["AAAA"]}), 400)
    send_signed(store, said, signed(said, "RS256", key, {"x5c": []}), 400)
    send_signed(store, said, b"no token", 400)
    send_signed(store, said, "no tokën".encode(), 400)
    token = signed(said)
    elsewhere = file(token, usageType=SIGNATURE, contentType="application/octet-stream", fileUrl="https://a.example")
    store.send(said | {"attachments": [elsewhere]}, status=400)
    assert store.ids() == []


# How long they are kept


def kept() -> list[int]:
    counted = (XapiStatement, XapiAttachment, XapiMention)
    return [db.session.scalar(select(func.count()).select_from(one)) or 0 for one in counted]


@pytest.mark.both_databases
def test_files_go_with_their_statements(store: Elsewhere, add_person: Any, ask: Ask, change: Ask) -> None:
    lena = add_person("Lena Learner")
    known = with_files(file(), verb={"id": "http://adlnet.gov/expapi/verbs/completed"})
    key = ask(lambda: db.session.get_one(Person, lena).key)
    known |= {
        "actor": {"account": {"homePage": "http://127.0.0.1:8000", "name": key}},
        "object": {"id": "http://127.0.0.1:8000/offers/ten-minute-huddle"},
    }
    unknown = with_files(file(PICTURE), actor={"mbox": "mailto:somebody@else.example"})
    send(store, body([known, unknown], part(), part(PICTURE, **{"Content-Type": "text/plain"})))
    assert ask(kept)[:2] == [2, 2]
    change(lambda: erasing.erase(db.session.get_one(Person, lena), ""))
    assert ask(kept)[:2] == [1, 1]
    change(lambda: setattr(db.session.scalars(select(XapiStatement)).one(), "stored_at", now() - timedelta(days=400)))
    ask(retention.keep_to_periods)
    assert ask(kept) == [0, 0, 0]
