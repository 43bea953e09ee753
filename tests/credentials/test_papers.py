"""Transcripts and certificates: one's own, readable by everybody's software, and with names as they were typed."""

from collections.abc import Callable

import pytest
from flask import Flask
from sqlalchemy import select

from catalogue.enrolments.models import Completion
from catalogue.extensions import db
from catalogue.people.models import Person
from catalogue.transactions import run
from tests.printed import words_of
from tests.visitor import Visitor

HOSTILE = {
    "markup": "#emph[Ann] *bold* _under_ `code` $x^2$ @ref <label> // /* */ \\n ~ -- --- ... \"q\" 'a'",
    "code": '#read("/etc/passwd") #import "@preview/x:0.1.0" #panic()',
    "markdown": "[Ann](https://evil.example) # Heading ![x](y) **Ann**",
    "html": "<script>alert(1)</script> & <b>Ann</b>",
    "long": "Wolfeschlegelsteinhausenbergerdorff " * 5 + "Senior the first!!",
    "one long word": "W" * 200,
    "accents": "Zoë Þórsdóttir-Nguyễn O’Brien Łukasz Čapek",
    "greek and cyrillic": "Ελένη Παπαδοπούλου Анна Каренина",
}


def squeezed(text: str) -> str:
    return "".join(text.replace("\u200b", "").split())


def call(app: Flask, old: str, name: str) -> None:
    with app.app_context():
        run(lambda: setattr(db.session.query(Person).filter_by(name=old).one(), "name", name))


def test_a_certificate_says_who_completed_what_and_where_to_check_it(
    learner: Visitor, complete: Callable[[Visitor], str]
) -> None:
    key = complete(learner)
    learner.get("/transcript")
    assert f"/credentials/{key}" in learner.response.text
    learner.get(f"/credentials/{key}/certificate.pdf")
    content = learner.response.data
    assert learner.response.content_type == "application/pdf"
    said = words_of(content)
    assert "Certificate of completion" in said
    assert "Lena Learner" in said
    assert f"http://127.0.0.1:8000/credentials/{key}" in squeezed(said)


@pytest.mark.parametrize("path", ["/transcript.pdf", "certificate"])
def test_papers_are_tagged_and_have_a_title_and_a_language(
    learner: Visitor, complete: Callable[[Visitor], str], path: str
) -> None:
    key = complete(learner)
    learner.get(f"/credentials/{key}/certificate.pdf" if path == "certificate" else path)
    content = learner.response.data
    assert content.startswith(b"%PDF-")
    assert b"pdfuaid:part" in content  # PDF/UA-1, section 5
    assert b"/StructTreeRoot" in content
    assert b"/Lang" in content
    assert b"/DisplayDocTitle true" in content
    assert b"/Marked true" in content


@pytest.mark.parametrize("kind", HOSTILE)
def test_a_name_is_printed_as_it_was_typed(
    app: Flask, learner: Visitor, complete: Callable[[Visitor], str], kind: str
) -> None:
    key = complete(learner)
    call(app, "Lena Learner", HOSTILE[kind][:200])
    for path in (f"/credentials/{key}/certificate.pdf", "/transcript.pdf"):
        learner.get(path)
        assert squeezed(HOSTILE[kind][:200]) in squeezed(words_of(learner.response.data)), path


@pytest.mark.parametrize("name", ["דוד בן גוריון", "محمد الأمين"])
def test_a_name_that_runs_from_right_to_left_is_words_of(
    app: Flask, learner: Visitor, complete: Callable[[Visitor], str], name: str
) -> None:
    key = complete(learner)
    call(app, "Lena Learner", name)
    learner.get(f"/credentials/{key}/certificate.pdf")
    found = words_of(learner.response.data)
    assert set(name.split(maxsplit=1)[0]) - {"\u0623"} <= set(found)


@pytest.mark.parametrize("said", ["\ufeff", "\u200b\u2060", "\x07"])
def test_what_has_nothing_to_print_is_named_otherwise(
    app: Flask, learner: Visitor, complete: Callable[[Visitor], str], said: str
) -> None:
    key = complete(learner)

    def rename() -> None:
        completion = db.session.scalars(select(Completion)).one()
        completion.person.name = f"Lena{said} Learner"
        completion.enrolment.version.title = completion.offer.provider.name = said

    with app.app_context():
        run(rename)
    for path in (f"/credentials/{key}/certificate.pdf", "/transcript.pdf"):
        learner.get(path)
        there = words_of(learner.response.data).replace("\u200b", "").replace("\u2060", "")
        assert "Lena Learner" in there
        assert "An offer without a title" in there
        assert "A provider without a name" in there


def test_letters_that_no_font_has_are_refused_in_plain_words(
    app: Flask, learner: Visitor, complete: Callable[[Visitor], str]
) -> None:
    key = complete(learner)
    call(app, "Lena Learner", "\u1193\u1193")
    learner.get(f"/credentials/{key}/certificate.pdf", status=409)
    assert "no font for" in learner.text()
    learner.get(f"/credentials/{key}")


def test_a_transcript_has_what_stands_and_its_empty_page_leads_on(
    learner: Visitor, complete: Callable[[Visitor], str], void: Callable[[str], None]
) -> None:
    learner.get("/transcript")
    assert "See what would help" in learner.text()
    learner.get("/transcript.pdf")
    assert "Nothing has been completed yet" in words_of(learner.response.data)
    key = complete(learner)
    learner.get("/transcript")
    text = learner.text()
    assert "1 offer completed" in text
    assert " to " in text
    void(key)
    learner.get("/transcript")
    assert "See what would help" in learner.text()
    learner.get(f"/credentials/{key}/certificate.pdf", status=404)


def test_papers_are_for_their_person_alone(
    learner: Visitor, visitor: Visitor, administrator: Visitor, complete: Callable[[Visitor], str],
    add_person: Callable[..., int], sign_in: Callable[[int], Visitor],
) -> None:  # fmt: skip
    key = complete(learner)
    path = f"/credentials/{key}/certificate.pdf"
    visitor.get(path, status=302)
    visitor.get("/transcript", status=302)
    for stranger in (administrator, sign_in(add_person("Somebody Else"))):
        stranger.get(path, status=404)
        stranger.get("/transcript")
        assert key not in stranger.response.text
