"""A programme is written on pages, read by a reviewer, and stands in the catalogue with the offers in it."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from catalogue.extensions import db
from catalogue.offers.models import Offer
from catalogue.offers.references import name_of
from catalogue.publishing.programme import group_earlier, in_order, sections_of, step_earlier
from tests.conftest import Ask
from tests.publishing.conftest import Work, draft_whole_offer, offer_at
from tests.publishing.test_drafts import begun

ELECTIVES = ("courage-to-challenge", "host-a-reflective-round", "negotiating-across-professions")


def add_step(work: Work, at: str, words: str, title: str, group: str = "") -> None:
    page = work.partner.get(f"{at}/step-offers?q={words}&group={group}")
    assert title in page.get_text()
    work.partner.press(f"Add : {title}")


def programme(work: Work) -> str:
    """A draft of one, with two of three to choose."""
    at = draft_whole_offer(work.partner, "Many steps")
    work.partner.get(f"{at}/time")
    work.partner.press("Save", mode="blended")
    work.partner.get(f"{at}/step-groups/new")
    work.partner.press("Save", title="What you need", choose="2", text="Ask somebody.")
    add_step(work, at, "fresh eyes", "Fresh eyes on old problems")
    for words, title in (
        ("courage", "The courage to challenge"), ("reflective", "Host a reflective round"),
        ("negotiating", "Negotiating across professions"),
    ):  # fmt: skip
        add_step(work, at, words, title, "group-1")
    return at


def test_a_programme_of_several_providers_goes_from_a_draft_into_the_catalogue(work: Work, ask: Ask) -> None:
    at = programme(work)
    page = work.partner.get(f"{at}/steps")
    assert "What you need: choose 2 of 3" in page.get_text(" ", strip=True)
    work.partner.press("Move up : Host a reflective round")
    work.partner.get(f"{at}/joining")
    work.partner.press("Save", for_plan_leads="y", approval_needed="y", sessions_needed="2", reassessment_needed="y")
    work.partner.get(f"{at}/prerequisites?q=politics")
    work.partner.press("Add : Politics with a small p")
    page = work.partner.get(f"{at}/preview")
    assert "choose 2 of 3" in page.get_text(" ", strip=True)
    assert "whatever their job is called" in page.get_text(" ", strip=True)
    work.partner.get(f"{at}/submit")
    work.partner.press("Submit")
    offer_id = int(at.rpartition("/")[2])
    said = work.reviewer.get(f"/review/{offer_id}").get_text(" ", strip=True)
    assert "What you need (choose 2 of 3)" in said
    assert "Done by completing Host a reflective round (Example: Saltbeck Inclusion Network)" in said
    assert "Politics with a small p" in said
    work.reviewer.press("Approve")

    def published() -> Any:
        version = db.session.get_one(Offer, offer_id).published
        return (
            version.is_programme, version.for_plan_leads, version.sessions_needed,
            [step.offer.slug for step in version.steps if step.offer],
            [(group.title, group.choose) for group in version.step_groups],
            [offer.slug for offer in version.prerequisite_offers],
        )  # fmt: skip

    assert ask(published) == (
        True, True, 2, ["fresh-eyes-on-old-problems", ELECTIVES[1], ELECTIVES[0], ELECTIVES[2]],
        [("What you need", 2)], ["politics-with-a-small-p"],
    )  # fmt: skip


def test_what_is_wrong_with_a_programme_is_said_with_the_way_to_it(work: Work) -> None:
    at = programme(work)
    work.partner.get(f"{at}/step-groups/group-1")
    work.partner.press("Save", choose="4")
    page = work.partner.get(f"{at}/submit")
    links = {link.get_text(strip=True): link["href"] for link in page.select(".nhsuk-error-summary a")}
    assert links == {"nobody can choose 4 in the group “What you need”: it has 3": f"{at}/steps"}
    work.partner.get(f"{at}/joining")
    work.partner.press("Save", for_seats_only="y")
    work.partner.get(f"{at}/step-groups/group-1")
    work.partner.press("Save", choose="2")
    page = work.partner.get(f"{at}/submit")
    links = {link.get_text(strip=True): link["href"] for link in page.select(".nhsuk-error-summary a")}
    assert links == {"say which seats it is for, if only people in them may join": f"{at}/joining"}


def test_what_leads_back_is_in_the_catalogue_for_some_or_is_there_already_cannot_be_added(work: Work, ask: Ask) -> None:
    at = programme(work)
    page = work.partner.get(f"{at}/step-offers?q=courage+to+challenge")
    assert "The courage to challenge" not in page.get_text()
    page = work.partner.get(f"{at}/step-offers?q=Zzyzx")
    assert "Nothing is found that can be added" in page.get_text()
    token, taken = work.partner.csrf_token(), ask(lambda: name_of(offer_at(ELECTIVES[0])))
    for name in (taken, "nobody/nothing", "", "no-name"):
        work.partner.post(f"{at}/step-offers", {"csrf_token": token, "offer": name}, status=409)
        work.partner.post(f"{at}/prerequisites/remove", {"csrf_token": token, "offer": "a/b"}, status=404)


def test_a_group_ends_and_its_steps_stay(work: Work) -> None:
    at = programme(work)
    work.partner.get(f"{at}/steps")
    work.partner.press("Move up : What you need")
    work.partner.get(f"{at}/steps")
    work.partner.press("End this group : What you need")
    page = work.partner.get(f"{at}/steps")
    assert "What you need" not in page.get_text()
    titles = [link.get_text() for link in page.select("main ol a")]
    assert titles[:2] == ["Read this", "The courage to challenge"]
    assert len(titles) == 5


def test_a_step_of_ones_own_is_put_into_a_group(work: Work) -> None:
    at = begun(work.partner)
    work.partner.get(f"{at}/step-groups/new")
    work.partner.press("Save", title="To begin with")
    work.partner.get(f"{at}/steps/new?group=group-1")
    work.partner.press("Save", title="Look around", minutes="5", text="")
    assert "To begin with: all of them" in work.partner.get(f"{at}/steps").get_text(" ", strip=True)


ROWS = st.lists(
    st.tuples(st.uuids().map(str), st.sampled_from(["", "g", "h"])),
    min_size=1,
    max_size=8,
    unique_by=lambda row: row[0],
).map(lambda rows: [{"key": key, "group": group} for key, group in rows])


@given(ROWS, st.data())
def test_moving_up_keeps_every_step_and_every_group_together(rows: list[dict[str, str]], data: st.DataObject) -> None:
    key = data.draw(st.sampled_from(rows))["key"]
    moved = step_earlier(rows, key)
    assert sorted(row["key"] for row in moved) == sorted(row["key"] for row in rows)
    assert [row for _group, some in sections_of(moved) for row in some] == moved
    place = {row["key"]: at for at, row in enumerate(moved)}
    before = [row["key"] for _group, some in sections_of(rows) for row in some]
    assert place[key] <= before.index(key)
    groups = [{"key": group} for group in "gh"]
    swapped = group_earlier(rows, "g")
    assert sorted(row["key"] for row in swapped) == sorted(row["key"] for row in rows)
    order = [group["key"] for group in in_order(groups, swapped)]
    shown = [group for group, _some in sections_of(swapped) if group]
    assert order[: len(shown)] == shown
