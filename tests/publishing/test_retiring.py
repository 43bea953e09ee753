"""An offer that others need is retired: whoever does it is shown which, and those who answer for them are told."""

from collections.abc import Callable

import pytest
from flask import Flask

from catalogue.clock import today
from catalogue.people.models import Role
from catalogue.publishing.views.jobs import keep_dates
from tests.conftest import Ask
from tests.publishing.conftest import SELF_PACED, Work, letters, offer_at
from tests.visitor import Visitor

STEP, PROGRAMME = "courage-to-challenge", "many-hands-one-plan"
SUBJECT = "Retired: The courage to challenge"


@pytest.fixture
def provider(ask: Ask, add_person: Callable[..., int], sign_in: Callable[[int], Visitor]) -> Visitor:
    """Who answers for the step; of the programme that is somebody else, and an editor who does not answer for it."""
    step, programme = ask(lambda: [offer_at(slug).provider_id for slug in (STEP, PROGRAMME)])
    assert step != programme
    add_person("Paula Programme", Role.PARTNER, organisation_id=programme)
    add_person("Edgar Editor", Role.EDITOR, organisation_id=programme)
    return sign_in(add_person("Stella Step", Role.PARTNER, organisation_id=step))


@pytest.mark.both_databases
def test_who_retires_a_step_is_shown_the_programmes_and_their_providers_are_told(
    provider: Visitor, visitor: Visitor, ask: Ask
) -> None:
    at = f"/publish/offers/{ask(lambda: offer_at(STEP).id)}/retire"
    page = provider.get(at)
    link = page.select_one(f"main a[href='/offers/{PROGRAMME}']")
    assert link is not None
    assert link.get_text() == ask(lambda: offer_at(PROGRAMME).published.title)
    assert ask(letters) == []
    provider.press("Yes, retire it")
    visitor.get(f"/offers/{STEP}", status=404)
    ((to, subject, text),) = ask(letters)
    assert (to, subject) == ("paula.programme@test.example", SUBJECT)
    assert ask(lambda: offer_at(PROGRAMME).published.title) in text
    assert f"/publish/offers/{ask(lambda: offer_at(PROGRAMME).id)}" in text
    provider.get(at, status=404)
    assert len(ask(letters)) == 1


def test_on_its_last_day_they_are_told_too(provider: Visitor, app: Flask, ask: Ask, change: Ask) -> None:
    change(lambda: setattr(offer_at(STEP).published, "retire_on", today()))
    for _ in range(2):
        with app.app_context():
            keep_dates()
    assert [(to, subject) for to, subject, _text in ask(letters)] == [("paula.programme@test.example", SUBJECT)]


def test_an_offer_that_is_asked_for_first_is_named_too(work: Work, ask: Ask, change: Ask) -> None:
    at = f"/publish/offers/{work.self_paced_id}/retire"
    assert work.other.get(at).select_one(f"main a[href='/offers/{PROGRAMME}']") is None

    def come_first() -> None:
        programme = offer_at(PROGRAMME).published
        programme.prerequisite_offers.append(offer_at(SELF_PACED))

    change(come_first)
    assert work.other.get(at).select_one(f"main a[href='/offers/{PROGRAMME}']") is not None


def test_what_is_for_a_providers_own_people_is_not_named_to_others(provider: Visitor, ask: Ask, change: Ask) -> None:
    change(lambda: setattr(offer_at(PROGRAMME).published, "members_only", True))
    title = ask(lambda: offer_at(PROGRAMME).published.title)
    provider.get(f"/publish/offers/{ask(lambda: offer_at(STEP).id)}/retire")
    assert "for its own people" in provider.text()
    assert title not in provider.text()


def test_nobody_is_told_where_nothing_needs_it(work: Work, ask: Ask) -> None:
    def needs() -> bool:
        return any(step.offer_id == work.offer_id for step in offer_at(PROGRAMME).published.steps)

    assert not ask(needs)
    page = work.partner.get(f"{work.at}/retire")
    assert page.select_one("main .nhsuk-inset-text") is None
    work.partner.press("Yes, retire it")
    assert ask(letters) == []
