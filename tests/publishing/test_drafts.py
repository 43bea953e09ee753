"""Drafts: nobody writes over what they have not seen, what is wrong is said at its field, and no outsider sees them."""

from collections.abc import Callable

import pytest
from flask import Flask

from catalogue.extensions import db
from catalogue.offers.models import Offer
from catalogue.publishing.models import OfferDraft
from tests.publishing.conftest import WITH_RUNS, Ask, Work, draft_whole_offer
from tests.visitor import Visitor

MARK = "zyxwmarker"


def begun(visitor: Visitor, title: str = "An offer") -> str:
    visitor.get("/publish/new")
    visitor.press("Start the draft", title=title)
    return str(visitor.response.headers["Location"])


def test_two_editors_never_write_over_each_other(work: Work) -> None:
    at = begun(work.partner)
    work.partner.get(f"{at}/about")
    work.editor.get(f"{at}/about")
    work.editor.press("Save", summary="What the editor wrote")
    work.partner.press("Save", status=409, summary="What the partner wrote")
    assert "Edgar Editor changed this offer while you were writing" in work.partner.text()
    assert work.partner.page.select_one("textarea[name=summary]").get_text().strip() == "What the partner wrote"  # type: ignore[union-attr]
    assert "editor" in " ".join(one.get_text() for one in work.partner.page.select("del"))
    work.partner.press("Save")
    work.editor.get(f"{at}/about")
    assert "What the partner wrote" in work.editor.response.text


@pytest.mark.parametrize(
    ("part", "typed", "said"),
    [
        ("about", {"title": "x" * 201}, "Write 200 characters or fewer"),
        ("about", {"url": "javascript:alert(1)"}, "Enter an address that starts with https://"),
        ("time", {"hours": "many"}, "Enter a number, like 6 or 1.5"),
        ("time", {"hours": "1e999"}, "between 0.01 and 2,000"),
        ("time", {"hours": "nan"}, "Enter a number"),
        ("time", {"price_pounds": "-1"}, "Enter a price between"),
        ("time", {"mode": "by-post"}, "Choose one of the four"),
        ("for-whom", {"conditions": "nothing-like-it"}, "Choose from the list"),
    ],
)
def test_what_is_wrong_is_said_at_its_field_and_kept(work: Work, part: str, typed: dict[str, str], said: str) -> None:
    at = begun(work.partner)
    work.partner.get(f"{at}/{part}")
    work.partner.press("Save", status=422, **typed)
    assert said in work.partner.text()
    if part != "for-whom" and "mode" not in typed:
        assert next(iter(typed.values())) in work.partner.response.text


def test_what_is_missing_is_listed_with_the_way_to_it(work: Work) -> None:
    at = begun(work.partner)
    page = work.partner.get(f"{at}/submit")
    links = {link.get_text(strip=True): link["href"] for link in page.select(".nhsuk-error-summary a")}
    assert links["Say in a sentence or two what it does"] == f"{at}/about"
    assert links["Say what it changes, in at least one dimension"] == f"{at}/mapping"
    work.partner.post(f"{at}/submit", {"csrf_token": work.partner.csrf_token()}, status=422)
    work.partner.get(f"{at}/time")
    work.partner.press("Save", mode="online")
    work.partner.get(f"{at}/steps/new")
    work.partner.press("Save", title="A step", minutes="5")
    for what in ("minutes", "title"):
        work.partner.get(f"{at}/steps/new")
        work.partner.press("Save", status=422, **{"title": "A step", "minutes": "5", what: ""})


def test_steps_are_moved_changed_and_removed(work: Work) -> None:
    at = begun(work.partner)
    for title in ("First", "Second"):
        work.partner.get(f"{at}/steps/new")
        work.partner.press("Save", title=title, minutes="5", text="Do it")
    work.partner.get(f"{at}/steps")
    work.partner.press("Move up : Second")
    page = work.partner.get(f"{at}/steps")
    assert [link.get_text() for link in page.select("main ol a")] == ["Second", "First"]
    work.partner.get(f"{at}/steps/step-1")
    work.partner.press("Save", title="The first")
    work.partner.get(f"{at}/steps")
    work.partner.press("Remove : Second")
    page = work.partner.get(f"{at}/steps")
    assert [link.get_text() for link in page.select("main ol a")] == ["The first"]
    work.partner.get(f"{at}/steps/step-7", status=404)


def test_a_mapping_leads_upwards_and_can_be_removed(work: Work) -> None:
    at = begun(work.partner)
    link = str(work.partner.get(f"{at}/mapping").select_one("main a[href*='/mapping/']")["href"])  # type: ignore[index]
    page = work.partner.get(link)
    assert page.select(".nhsuk-radios__hint li"), "the levels are not said in statements"
    levels = [str(field["value"]) for field in page.select("input[name=to]")]
    work.partner.press("Save", status=422, start=levels[-2], to=levels[0], strength="builds")
    assert "Choose something that people cannot do before" in work.partner.text()
    work.partner.press("Save", start=levels[0], to=levels[1], strength="builds")
    work.partner.get(f"{at}/mapping")
    assert "builds it" in work.partner.text()
    button = next(b for b in work.partner.page.select("main button") if "Remove" in b.get_text())
    work.partner.press(" ".join(button.get_text(" ").split()))
    work.partner.get(f"{at}/mapping")
    assert "Nothing yet" in work.partner.text()
    work.partner.get(f"{at}/mapping/nothing/like-it", status=404)


def test_a_draft_is_thrown_away_with_its_offer_where_nothing_else_is_known_of_it(work: Work, ask: Ask) -> None:
    at = begun(work.partner)
    work.editor.get(f"{at}/discard", status=404)
    work.partner.get(f"{at}/discard")
    work.partner.press("Yes, throw it away")
    work.partner.get(at, status=404)
    work.partner.get(work.at)
    work.partner.press("Change it")
    work.partner.get(f"{work.at}/discard")
    work.partner.press("Yes, throw it away")
    work.partner.get(work.at)
    assert "Change it" in work.partner.text()


def test_no_public_page_shows_what_is_not_published(app: Flask, work: Work, visitor: Visitor, learner: Visitor) -> None:
    at = draft_whole_offer(work.partner, f"{MARK} new")
    work.partner.get(work.at)
    work.partner.press("Change it")
    for base in (at, work.at):
        work.partner.get(f"{base}/about")
        work.partner.press("Save", title=f"{MARK} t", summary=f"{MARK} s", outcomes=f"{MARK} o",
                           description=f"{MARK} d", url=f"https://{MARK}.example")  # fmt: skip
        work.partner.get(f"{base}/for-whom")
        work.partner.press("Save", prerequisites=f"{MARK} p", accessibility=f"{MARK} a")
        work.partner.get(f"{base}/time")
        work.partner.press("Save", place=f"{MARK} pl")
    work.partner.get(at)
    work.partner.press("Add comment", comment=f"{MARK} comment")
    for path in ("/", "/offers", f"/offers?q={MARK}", "/offers?view=calendar", f"/offers/{WITH_RUNS}",
                 f"/offers/{WITH_RUNS}/enrol", "/recommendations", "/enrolments"):  # fmt: skip
        for who in (visitor, learner, work.other):
            answer = who.client.get(path, base_url="https://127.0.0.1:8000").get_data(as_text=True)
            assert MARK not in answer.replace(f"q={MARK}", "").replace(f'value="{MARK}"', "").replace(
                f"“{MARK}”", ""
            ), path
    with app.app_context():
        slug = db.session.query(Offer.slug).filter(Offer.id == int(at.rsplit("/", 1)[1])).scalar()
    for path in (f"/offers/{slug}", f"/offers/{slug}/enrol", f"/offers/{slug}/register"):
        learner.get(path, status=404)


def test_the_preview_shows_what_is_typed_and_keeps_nothing(work: Work, ask: Ask) -> None:
    at = begun(work.partner)
    work.partner.get(f"{at}/preview")
    assert "Not written yet" in work.partner.text()
    work.partner.get(f"{at}/about")
    work.partner.press("Save", status=200, look="1", title="Only looked at")
    assert "This is a preview" in work.partner.text()
    assert "Only looked at" in work.partner.text()
    assert ask(lambda: [draft.content for draft in db.session.query(OfferDraft)]) == [{"title": "An offer"}]
    work.partner.get(f"{at}/about")
    work.partner.press("Save and preview", title="Kept")
    assert work.partner.response.headers["Location"] == f"{at}/preview"


def test_a_provider_is_chosen_by_who_works_for_several(
    app: Flask, work: Work, add_person: Callable[..., int], visitor: Visitor
) -> None:
    visitor.get("/publish", status=302)
    work.partner.get("/publish?provider=nothing-like-it", status=404)
    work.partner.get(f"/publish?provider={work.provider_key}")
    work.other.get(f"/publish?provider={work.provider_key}", status=404)
    work.other.get(f"/publish/new?provider={work.provider_key}", status=404)
    work.other.get(f"/publish/people?provider={work.provider_key}", status=404)
