"""An offer is drafted, reviewed and published, and who is enrolled keeps what they enrolled on."""

import pytest
from sqlalchemy import select

from catalogue.extensions import db
from catalogue.people.models import AuditEvent
from catalogue.publishing.models import OfferDraft
from tests.publishing.conftest import SELF_PACED, Ask, Work, draft_whole_offer, letters
from tests.visitor import Visitor


@pytest.mark.both_databases
def test_an_offer_goes_from_a_draft_through_review_into_the_catalogue(work: Work, visitor: Visitor, ask: Ask) -> None:
    partner, reviewer = work.partner, work.reviewer
    at = draft_whole_offer(work.editor)
    offer_id = at.rsplit("/", 1)[1]
    work.editor.get(f"{at}/submit", status=404)
    assert "A new offer on huddles" in partner.get("/publish").get_text()
    visitor.get("/offers?q=huddles")
    assert "A new offer on huddles" not in visitor.text()
    reviewer.get(f"/review/{offer_id}", status=404)

    partner.get(f"{at}/submit")
    assert "This is its first version" in partner.text()
    partner.press("Submit")
    partner.get(f"{at}/about", status=302)
    page = reviewer.get("/review")
    assert "A new offer on huddles" in page.get_text()
    reviewer.get(f"/review/{offer_id}")
    assert "It is new: nothing of it is published" in reviewer.text()
    reviewer.get(f"/review/{offer_id}/preview")
    assert "This is a preview" in reviewer.text()
    reviewer.get(f"/review/{offer_id}")
    reviewer.press("Ask for changes", status=422)
    assert "Say what has to change" in reviewer.text()
    reviewer.press("Ask for changes", text="Say more about the huddle")
    assert ask(letters)[-1][:2] == ("pia.partner@test.example", "Changes wanted: A new offer on huddles")
    reviewer.get(f"/review/{offer_id}", status=404)

    partner.get("/publish")
    assert "This waits for you: 1 offer sent back with changes to make." in partner.text()
    partner.get(at)
    assert "Say more about the huddle" in partner.text()
    partner.press("Add comment", comment="Done, thank you")
    partner.get(f"{at}/about")
    partner.press("Save", description="A huddle is ten minutes.")
    partner.get(f"{at}/submit")
    partner.press("Submit")
    reviewer.get(f"/review/{offer_id}")
    assert "Done, thank you" in reviewer.text()
    reviewer.press("Approve")
    assert ask(letters)[-1][1] == "Published: A new offer on huddles"
    visitor.get("/offers/a-new-offer-on-huddles")
    assert "A huddle is ten minutes." in visitor.text()
    assert ask(lambda: db.session.scalars(select(OfferDraft)).all()) == []
    partner.get(f"{at}/activity")
    for name, did in (
        ("Edgar Editor", "Began a draft"),
        ("Pia Partner", "Submitted it"),
        ("Rita Reviewer", "Approved it"),
    ):
        assert name in partner.text()
        assert did in partner.text()
    audited = ask(
        lambda: set(db.session.scalars(select(AuditEvent.action).where(AuditEvent.subject == f"offer:{offer_id}")))
    )
    assert {"draft begun", "draft changed", "submit", "ask for changes", "approve", "publish", "commented"} <= audited


def test_an_edit_shows_what_it_changes_and_leaves_who_is_enrolled_alone(
    work: Work, learner: Visitor, visitor: Visitor
) -> None:
    learner.get(f"/offers/{SELF_PACED}/enrol")
    learner.press("Confirm")
    mine = str(learner.response.headers["Location"]).split("?")[0]
    at = f"/publish/offers/{work.self_paced_id}"
    partner, reviewer = work.other, work.reviewer
    partner.get(at)
    partner.press("Change it")
    partner.get(f"{at}/about")
    partner.press("Save", title="A huddle, all new")
    visitor.get(f"/offers/{SELF_PACED}")
    assert "all new" not in visitor.text()
    partner.get(f"{at}/submit")
    assert "What changes" in partner.text()
    partner.press("Submit")
    page = reviewer.get(f"/review/{work.self_paced_id}")
    removed, added = page.select("dl del"), page.select("dl ins")
    assert "Removed:" in removed[0].get_text()
    assert "Added:" in added[0].get_text()
    assert any("all new" in one.get_text() for one in added)
    reviewer.press("Approve")
    visitor.get(f"/offers/{SELF_PACED}")
    assert "A huddle, all new" in visitor.text()
    assert "Run a huddle worth 10 minutes" in learner.get(mine).get_text()

    partner.get(f"{at}/retire")
    partner.press("Yes, retire it")
    visitor.get(f"/offers/{SELF_PACED}", status=404)
    assert "Run a huddle worth 10 minutes" in learner.get(mine).get_text()
    partner.get(at)
    partner.press("Bring it back")
    partner.get(f"{at}/submit")
    partner.press("Submit")
    reviewer.get(f"/review/{work.self_paced_id}")
    reviewer.press("Approve")
    visitor.get(f"/offers/{SELF_PACED}")
