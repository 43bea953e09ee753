"""Partners say who works on their offers, and nobody learns from it who has an account."""

from collections.abc import Callable

import pytest
from flask import Flask

from tests.publishing.conftest import Ask, Work, letters
from tests.visitor import Visitor


def test_a_colleague_is_added_and_removed_and_no_page_tells_who_had_an_account(
    work: Work, ask: Ask, add_person: Callable[..., int], sign_in: Callable[[int], Visitor]
) -> None:
    known = add_person("Known Already")
    answers = []
    for email in ("known.already@test.example", "nobody.yet@test.example"):
        work.partner.get("/publish/people")
        work.partner.press("Add", email=email, role="editor")
        page = work.partner.follow()
        answers.append(page.select_one("main").get_text(" ").replace(email, ""))  # type: ignore[union-attr]
        assert email in work.partner.text()
    assert "Known Already" not in work.partner.text()
    assert answers[0].split("Editors write")[0] == answers[1].split("Editors write")[0]
    told = [(to, subject) for to, subject, _text in ask(letters)]
    assert ("nobody.yet@test.example", "Set your Every Seat password") in told
    assert sum(1 for to, subject in told if subject.startswith("You can work on")) == 2

    colleague = sign_in(known)
    colleague.get("/publish")
    colleague.get(work.at)
    colleague.get("/publish/people", status=404)
    work.partner.get("/publish/people")
    work.partner.press("Remove : known.already@test.example, editor")
    colleague.get("/publish", status=404)
    colleague.get(work.at, status=404)


def test_nobody_removes_themselves_or_people_of_others(work: Work, app: Flask) -> None:
    work.partner.get("/publish/people")
    token = work.partner.csrf_token()
    for person in (99999, "x", ""):
        work.partner.post(
            "/publish/people/remove", {"csrf_token": token, "person": person, "role": "partner"}, status=404
        )
    page = work.partner.get("/publish/people")
    assert "Pia" not in " ".join(button.get_text() for button in page.select("main button"))
    work.partner.press("Add", status=422, email="not an address", role="editor")
    assert "Enter an email address in the correct format" in work.partner.text()


@pytest.mark.limited
def test_nobody_has_us_write_to_the_whole_world(work: Work, ask: Ask) -> None:
    for page in ("/publish/people", f"{work.at}/collaborators"):
        work.partner.get(page)
        form = {"csrf_token": work.partner.csrf_token(), "role": "editor", "email": "no address"}
        for _ in range(60):
            work.partner.post(page, form, status=422)
        work.partner.post(page, form | {"email": "anybody@test.example"}, status=429)
    assert "anybody@test.example" not in {to for to, _subject, _text in ask(letters)}


def test_a_collaborator_writes_one_offer_and_nothing_else(
    work: Work, ask: Ask, add_person: Callable[..., int], sign_in: Callable[[int], Visitor]
) -> None:
    helper = sign_in(add_person("Hana Helper"))
    work.partner.get(work.at)
    work.partner.press("Change it")
    work.partner.get(f"{work.at}/collaborators")
    work.partner.press("Add", email="hana.helper@test.example")
    helper.get("/publish")
    assert "Offers that you help with" in helper.text()
    helper.get(f"{work.at}/about")
    helper.press("Save", summary="Hana wrote this")
    for path in ("/submit", "/collaborators", "/runs", "/runs/new", "/discard", "/retire"):
        helper.get(f"{work.at}{path}", status=404)
    helper.get("/publish/new", status=404)
    helper.get(f"/publish?provider={work.provider_key}", status=404)
    work.editor.get(f"{work.at}/collaborators", status=404)
    work.partner.get(f"{work.at}/collaborators")
    work.partner.press("Remove : hana.helper@test.example")
    helper.get(work.at, status=404)
    work.partner.get(f"{work.at}/activity")
    assert "Hana Helper" in work.partner.text()


def test_a_reviewer_who_helps_with_an_offer_does_not_decide_on_it(work: Work) -> None:
    work.partner.get(work.at)
    work.partner.press("Change it")
    work.partner.get(f"{work.at}/collaborators")
    work.partner.press("Add", email="rita.reviewer@test.example")
    work.partner.get(f"{work.at}/submit")
    work.partner.press("Submit")
    work.reviewer.get(f"/review/{work.offer_id}", status=404)
    work.reviewer.get("/review")
    assert "Nothing waits for you" in work.reviewer.text()
