"""The same journey without any learning platform: local sign-in, the same pages, no script needed."""

from collections.abc import Callable

import pytest
from flask import Flask
from sqlalchemy import select

from catalogue.extensions import db
from catalogue.offers.models import Offer, Run
from catalogue.outbox import Delivery
from catalogue.people.models import AuditEvent, Role
from tests.assessments.test_assessing import assess
from tests.conftest import PASSWORD
from tests.visitor import Visitor

pytestmark = [pytest.mark.catalogue_alone, pytest.mark.both_databases]


def set_password_by_mail(app: Flask, visitor: Visitor, email: str) -> None:
    """Ask for a link, and use it."""
    visitor.get("/sign-in/forgotten")
    visitor.press("Send me a link", status=200, email=email)
    with app.app_context():
        mail = db.session.scalars(select(Delivery).where(Delivery.kind == "mail")).one()
        link = next(line for line in mail.payload["text"].splitlines() if "/sign-in/reset/" in line)
    visitor.get(link.split("8000", 1)[1])
    visitor.press("Set the password", status=200, password=PASSWORD)


def test_from_the_first_password_to_a_completed_offer(
    app: Flask, visitor: Visitor, add_person: Callable[..., int]
) -> None:
    add_person("Wanda Ward")
    set_password_by_mail(app, visitor, "wanda.ward@test.example")
    visitor.get("/recommendations", status=302)
    visitor.follow()
    visitor.press("Sign in", email="wanda.ward@test.example", password=PASSWORD)
    visitor.follow()
    assert "Assess yourself first" in visitor.text() or "depends on where you stand" in visitor.text()

    assess(visitor, agreement=2)
    page = visitor.get("/recommendations?hours=4")
    assert "of your gap" in visitor.text()
    links = [str(link["href"]) for link in page.select("main a[href$='/enrol']")]
    enrol = next(link for link in links if not visitor.get(link).select("input[name=run]"))
    offer = enrol.removesuffix("/enrol")
    title = visitor.page.select_one("h1").get_text(strip=True).removeprefix("Enrol: ")  # type: ignore[union-attr]
    visitor.get(enrol)
    visitor.press("Confirm")
    enrolment = visitor.response.headers["Location"].split("?")[0]
    visitor.follow()
    assert "You are enrolled" in visitor.text()
    steps = [str(link["href"]) for link in visitor.get(enrolment).select(".nhsuk-task-list__link")]
    for step in steps:
        visitor.get(step)
        visitor.press("I have done this")
    visitor.follow()
    assert "You have completed this" in visitor.text()
    visitor.get("/enrolments")
    assert f"{title}, completed on" in " ".join(visitor.text().replace(" ,", ",").split())

    page = visitor.get("/recommendations?hours=40")
    assert not page.select(f"main a[href='{offer}']")
    with app.app_context():
        audited = set(db.session.scalars(select(AuditEvent.action)))
    assert {"signed in", "self-assessment closed", "enrolled", "completed"} <= audited


def test_the_provider_ticks_who_took_part(
    app: Flask, learner: Visitor, add_person: Callable[..., int], sign_in: Callable[[int], Visitor]
) -> None:
    with app.app_context():
        run = db.session.scalars(select(Run).join(Offer).order_by(Run.id).limit(1)).one()
        slug, provider, run_id = run.offer.slug, run.offer.provider_id, run.id
    partner = sign_in(add_person("Petra Partner", Role.PARTNER, organisation_id=provider))
    learner.get(f"/offers/{slug}/enrol")
    learner.press("Confirm", run=run_id)
    partner.get("/publish")
    partner.get(f"/offers/{slug}/register")
    assert "Lena Learner" in partner.text()
    partner.press("Mark as completed : Lena Learner")
    partner.follow()
    assert "Lena Learner has completed this offer" in partner.text()
    learner.get("/enrolments")
    assert "completed on" in learner.text()
