"""What is approved for a day is published on it, and retired on its last."""

from datetime import timedelta

import pytest
from flask import Flask

from catalogue.clock import now, today
from catalogue.extensions import db
from catalogue.offers.models import OfferVersion
from catalogue.offers.references import content_of
from catalogue.publishing.models import DraftState, OfferDraft
from catalogue.publishing.views.jobs import keep_dates
from tests.publishing.conftest import Ask, Work, draft_whole_offer, letters
from tests.statements import statements_sent
from tests.visitor import Visitor

TITLE = "/offers/an-offer-for-later"


def submitted(work: Work) -> int:
    at = draft_whole_offer(work.partner, "An offer for later")
    work.partner.get(f"{at}/submit")
    work.partner.press("Submit")
    return int(at.rsplit("/", 1)[1])


def days_pass(app: Flask, change: Ask, days: int) -> None:
    """As if so many days had passed for every draft and version, and the worker's hour had struck."""

    def earlier() -> None:
        for draft in db.session.query(OfferDraft).filter(OfferDraft.publish_on.is_not(None)):
            draft.publish_on -= timedelta(days=days)  # type: ignore[operator]
        for version in db.session.query(OfferVersion).filter(OfferVersion.retire_on.is_not(None)):
            version.retire_on -= timedelta(days=days)  # type: ignore[operator]

    change(earlier)
    with app.app_context():
        keep_dates()


@pytest.mark.both_databases
def test_an_offer_comes_and_goes_on_its_days(app: Flask, work: Work, visitor: Visitor, ask: Ask, change: Ask) -> None:
    offer_id = submitted(work)
    work.reviewer.get(f"/review/{offer_id}")
    first, last = today() + timedelta(days=2), today() + timedelta(days=2)
    work.reviewer.press("Approve", status=422, publish_on=first, retire_on=last)
    assert "It must be retired on a day after it is published" in work.reviewer.text()
    work.reviewer.press("Approve", publish_on=first, retire_on=last + timedelta(days=1))
    assert ask(letters)[-1][1] == "Approved: An offer for later"
    days_pass(app, change, 1)
    visitor.get(TITLE, status=404)
    days_pass(app, change, 1)
    visitor.get(TITLE)
    assert ask(letters)[-1][1] == "Published: An offer for later"
    before = len(ask(letters))
    days_pass(app, change, 0)
    assert len(ask(letters)) == before
    change(
        lambda: [setattr(v, "retire_on", today()) for v in db.session.query(OfferVersion).filter_by(offer_id=offer_id)]
    )
    days_pass(app, change, 0)
    visitor.get(TITLE, status=404)


def test_what_waits_for_its_day_can_be_taken_back_or_given_back(
    app: Flask, work: Work, visitor: Visitor, change: Ask
) -> None:
    offer_id = submitted(work)
    at = f"/publish/offers/{offer_id}"
    work.reviewer.get(f"/review/{offer_id}")
    work.reviewer.press("Approve", publish_on=today() + timedelta(days=2))
    work.partner.get(at)
    work.partner.press("Take it back")
    days_pass(app, change, 9)
    visitor.get(TITLE, status=404)
    work.partner.get(f"{at}/submit")
    work.partner.press("Submit")
    work.reviewer.get(f"/review/{offer_id}")
    work.reviewer.press("Approve", publish_on=today() + timedelta(days=2))
    work.reviewer.get(f"/review/{offer_id}")
    work.reviewer.press("Ask for changes", text="Wait")
    days_pass(app, change, 9)
    visitor.get(TITLE, status=404)


def test_what_cannot_be_published_on_its_day_goes_back_to_its_writers(
    app: Flask, work: Work, ask: Ask, change: Ask
) -> None:
    offer_id = submitted(work)
    work.reviewer.get(f"/review/{offer_id}")
    work.reviewer.press("Approve", publish_on=today() + timedelta(days=1))

    def name_what_is_gone() -> None:
        draft = db.session.query(OfferDraft).filter_by(offer_id=offer_id).one()
        draft.content = {**draft.content, "conditions": ["gone"]}

    change(name_what_is_gone)
    days_pass(app, change, 1)
    assert (
        ask(lambda: db.session.query(OfferDraft.state).filter_by(offer_id=offer_id).scalar())
        == DraftState.CHANGES_REQUESTED
    )
    assert ask(letters)[-1][1] == "Not published: An offer for later"


def test_a_reviewer_decides_on_what_they_saw_and_never_on_their_own(work: Work, administrator: Visitor) -> None:
    offer_id = submitted(work)
    at = f"/publish/offers/{offer_id}"
    work.reviewer.get(f"/review/{offer_id}")
    work.partner.get(at)
    work.partner.press("Take it back")
    work.partner.get(f"{at}/about")
    work.partner.press("Save", summary="Something else entirely")
    work.partner.get(f"{at}/submit")
    work.partner.press("Submit")
    work.reviewer.press("Approve", status=422)
    assert "has been changed since you opened it" in work.reviewer.text()
    work.reviewer.press("Approve")
    work.reviewer.get(f"/review/{offer_id}", status=404)


def test_many_with_their_mapping_unchanged_are_approved_at_once_or_not_at_all(work: Work, visitor: Visitor) -> None:
    new = submitted(work)
    partner, reviewer = work.partner, work.reviewer
    partner.get(work.at)
    partner.press("Change it")
    partner.get(f"{work.at}/about")
    partner.press("Save", title="Meetings, said better")
    partner.get(f"{work.at}/submit")
    partner.press("Submit")
    page = reviewer.get("/review")
    ticked = str(page.select_one("input[name=draft]")["value"])  # type: ignore[index]
    assert ticked.startswith(f"{work.offer_id}:")
    button = next(" ".join(b.get_text(" ").split()) for b in page.select("main button"))
    token = reviewer.csrf_token()
    reviewer.post("/review/approve", {"csrf_token": token, "draft": f"{new}:1"}, status=409)
    reviewer.post("/review/approve", {"csrf_token": token, "draft": f"{new}:99999999999"}, status=404)
    work.other.post("/review/approve", {"csrf_token": work.other.csrf_token(), "draft": ticked}, status=404)
    visitor.get("/offers/running-meetings-people-value")
    assert "said better" not in visitor.text()
    reviewer.get("/review")
    reviewer.press(button, draft=ticked)
    visitor.get("/offers/running-meetings-people-value")
    assert "Meetings, said better" in visitor.text()


def test_the_queue_asks_as_often_for_many_as_for_one(app: Flask, work: Work, change: Ask) -> None:
    def submit_copies(offers: int) -> None:
        for version in db.session.query(OfferVersion).filter_by(state="published").limit(offers):
            if db.session.query(OfferDraft).filter_by(offer_id=version.offer_id).first() is None:
                document = content_of(version).model_dump(by_alias=True)
                db.session.add(OfferDraft(offer=version.offer, content=document, state="submitted", submitted_at=now()))

    asked = []
    for offers in (2, 20):
        change(lambda offers=offers: submit_copies(offers))
        with statements_sent(app) as sent:
            page = work.reviewer.get("/review")
        assert len(page.select("input[name=draft]")) == offers
        asked.append(len(sent))
    assert asked[1] <= asked[0]
