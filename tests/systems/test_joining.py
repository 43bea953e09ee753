"""Who works for an organisation says so: its own administrators ask, and see nothing of anybody before a yes."""

from collections.abc import Callable

import pytest
from flask import Flask
from sqlalchemy import func, select

from catalogue.enrolments import actions as enrolments
from catalogue.extensions import db
from catalogue.offers.models import Offer
from catalogue.outbox import Delivery
from catalogue.people.models import AuditEvent, Person
from catalogue.privacy import erasing
from catalogue.systems import actions
from catalogue.systems.models import Membership, MembershipRequest, Organisation
from tests.conftest import Ask
from tests.enrolments.at_once import post, press_all
from tests.systems.conftest import LEEDS
from tests.systems.test_importing import send
from tests.visitor import Visitor

AT = f"/organisations/{LEEDS}/people"
ANSWER = f"/organisations/{LEEDS}/answer"
NAME = "Leeds Teaching Hospitals NHS Trust"
ASKS = f"{NAME} says that you work for it"
OFFER = "ten-minute-huddle"


@pytest.fixture
def ann_id(add_person: Callable[..., int], change: Ask) -> int:
    """Ann Able, who is on an offer."""
    person_id = add_person("Ann Able")

    def enrol() -> None:
        offer = db.session.scalars(select(Offer).where(Offer.slug == OFFER)).one()
        enrolments.enrol(db.session.get_one(Person, person_id), offer, None)

    change(enrol)
    return person_id


@pytest.fixture
def ann(sign_in: Callable[[int], Visitor], ann_id: int) -> Visitor:
    return sign_in(ann_id)


@pytest.fixture
def counts(ask: Ask) -> Callable[[], tuple[int, int]]:
    """How many belong to an organisation, and how many are asked."""

    def count() -> tuple[int, int]:
        members, asked = (db.session.scalar(select(func.count(kind.id))) for kind in (Membership, MembershipRequest))
        return members or 0, asked or 0

    return lambda: ask(count)


def asks(keeper: Visitor, person: str = "ann.able@test.example", number: str = "") -> str:
    """Ask somebody; returns what the administrator is told."""
    keeper.get(AT)
    keeper.press("Ask", person=person, staff_number=number)
    keeper.follow()
    return keeper.text()


def is_tracked(visitor: Visitor) -> bool:
    visitor.get("/track?names=1")
    return "Ann Able" in visitor.text()


@pytest.mark.both_databases
def test_nothing_of_somebody_is_shown_before_they_say_yes(
    keeper: Visitor, ann: Visitor, lead_of: Callable[..., Visitor], ask: Ask, letters: Callable[[], list[str]],
    counts: Callable[[], tuple[int, int]],
) -> None:  # fmt: skip
    lead = lead_of("west-yorkshire")
    letters_before = letters()
    said = asks(keeper, number="17")
    assert "We have asked them." in said
    assert "ann.able@test.example Asked on" in said
    assert "by Kay Keeper, staff number 17" in said
    assert "Ann Able" not in said, "a name is theirs, who belong to it"
    assert letters() == [*letters_before, ASKS]
    sent = ask(lambda: db.session.scalars(select(Delivery.payload).order_by(Delivery.id.desc())).first())
    assert ANSWER in sent["text"]
    assert counts() == (0, 1)
    assert not is_tracked(keeper)
    assert not is_tracked(lead)

    for page in ("/home", "/organisations"):
        ann.get(page)
        assert ASKS in ann.text()
    ann.get(str(ann.page.select_one("main .nhsuk-inset-text a")["href"]))  # type: ignore[index]
    for words in (
        "Kay Keeper asked on", "staff number 17", f"Those who answer for {NAME} See your name and address",
        "Those who lead West Yorkshire See your name", "Nobody Sees your answers",
    ):  # fmt: skip
        assert words in ann.text()
    ann.press("Send my answer", status=422)
    assert "Choose yes or no" in ann.text()
    ann.press("Send my answer", answer="yes")
    ann.follow()
    assert f"You belong to {NAME} now." in ann.text()
    assert "your staff number there is 17" in ann.text()
    assert ASKS not in ann.get("/home").get_text()

    assert counts() == (1, 0)
    assert is_tracked(keeper)
    assert is_tracked(lead)
    keeper.get(AT)
    assert "Ann Able ann.able@test.example, staff number 17" in keeper.text()
    assert "not answered yet" not in keeper.text()
    events = ask(lambda: db.session.execute(select(AuditEvent.action, AuditEvent.actor_key, AuditEvent.subject)).all())
    found = {action: actor == subject for action, actor, subject in events if "member" in action}
    assert found == {"membership asked for": False, "member added": True}, "the one who said yes made themself a member"


@pytest.mark.both_databases
def test_who_says_no_does_not_belong_to_it_and_is_no_longer_listed(
    keeper: Visitor, ann: Visitor, counts: Callable[[], tuple[int, int]]
) -> None:
    asks(keeper)
    ann.get(ANSWER)
    ann.press("Send my answer", answer="no")
    ann.follow()
    assert f"You have said no: you do not belong to {NAME}." in ann.text()
    assert counts() == (0, 0)
    assert not is_tracked(keeper)
    assert "ann.able" not in keeper.get(AT).get_text()


def test_nobody_answers_for_somebody_else(
    keeper: Visitor, ann: Visitor, learner: Visitor, administrator: Visitor, counts: Callable[[], tuple[int, int]]
) -> None:
    asks(keeper)
    for other in (learner, keeper, administrator):
        other.get(ANSWER, status=404)
        other.post(ANSWER, {"csrf_token": other.csrf_token(), "answer": "yes"}, status=404)
        assert "No organisation asks you here whether you belong to it" in other.text()
        assert ASKS not in other.get("/organisations").get_text()
    assert counts() == (0, 1)
    assert ASKS in ann.get("/organisations").get_text()


@pytest.mark.both_databases
def test_a_second_answer_and_one_after_it_was_taken_back_change_nothing_and_say_so(
    keeper: Visitor, ann: Visitor, counts: Callable[[], tuple[int, int]]
) -> None:
    asks(keeper)
    ann.get(ANSWER)
    form = ann.page
    keeper.press("Take it back ann.able@test.example")
    listed = keeper.page
    keeper.follow()
    assert "It was taken back: they are not asked any more." in keeper.text()
    assert "not answered yet" not in keeper.text()
    assert ASKS not in ann.get("/home").get_text()
    ann.get(ANSWER, status=404)
    ann.page = form
    ann.press("Send my answer", status=404, answer="yes")
    assert "You are not asked this No organisation asks you here" in ann.text()
    assert "you have answered, or it was taken back. Nothing was changed." in ann.text()
    assert counts() == (0, 0)

    asks(keeper)
    listed = keeper.page
    ann.get(ANSWER)
    form = ann.page
    for _ in range(2):
        ann.page = form
        ann.press("Send my answer", answer="yes")
        ann.follow()
    assert "You belong to it already. Nothing was changed." in ann.text()
    ann.page = form
    ann.press("Send my answer", answer="no")
    assert counts() == (1, 0)
    keeper.page = listed
    keeper.press("Take it back ann.able@test.example", status=409)
    assert "They are not asked any more: they have answered, or it was taken back." in keeper.text()
    assert counts() == (1, 0)


@pytest.mark.both_databases
def test_at_the_same_moment_it_is_asked_once_and_answered_or_taken_back_once(
    keeper: Visitor, ann_id: int, sign_in: Callable[[int], Visitor], ask: Ask, letters: Callable[[], list[str]],
    counts: Callable[[], tuple[int, int]],
) -> None:  # fmt: skip
    keeper_id = ask(lambda: db.session.scalars(select(Person.id).where(Person.name == "Kay Keeper")).one())
    keepers, anns = ([sign_in(person_id) for _ in range(4)] for person_id in (keeper_id, ann_id))
    assert press_all([post(one, AT, person="ann.able@test.example") for one in keepers]) == {302: 4}
    assert letters().count(ASKS) == 1
    assert counts() == (0, 1)
    keeper.get(AT)
    back = str(keeper.page.select_one(f'form[action^="{AT}/asked/"]')["action"])  # type: ignore[index]
    answers = press_all([
        *(post(one, ANSWER, answer="yes") for one in anns), *(post(one, back) for one in keepers)
    ])  # fmt: skip
    assert set(answers) <= {302, 404, 409}
    ends = select(AuditEvent.action).where(AuditEvent.action.in_(["member added", "membership request taken back"]))
    (end,) = ask(lambda: db.session.scalars(ends).all())
    assert counts() == ((1, 0) if end == "member added" else (0, 0))


def test_asking_again_by_whatever_name_changes_nothing_and_writes_no_second_letter(
    keeper: Visitor, ann_id: int, ask: Ask, letters: Callable[[], list[str]], counts: Callable[[], tuple[int, int]]
) -> None:
    asks(keeper, number="17")
    key = ask(lambda: db.session.get_one(Person, ann_id).key)
    said = asks(keeper, key, "18")
    assert "They were asked before and have not answered yet." in said
    assert "staff number 17" in said
    assert letters().count(ASKS) == 1
    assert counts() == (0, 1)


def test_a_staff_number_is_kept_for_who_is_asked_with_it(
    keeper: Visitor, ann: Visitor, add_person: Callable[..., int], counts: Callable[[], tuple[int, int]]
) -> None:
    add_person("Ben Best")
    asks(keeper, number="17")
    keeper.press("Ask", status=422, person="ben.best@test.example", staff_number="17")
    assert "has the staff number 17, or was asked with it." in keeper.text()
    assert counts() == (0, 1)
    ann.get(ANSWER)
    ann.press("Send my answer", answer="yes")
    said = asks(keeper, number="20")
    assert "They belong to this organisation already." in said
    assert "Ann Able ann.able@test.example, staff number 20" in said


@pytest.mark.both_databases
def test_a_file_asks_too_and_its_dry_run_says_so(
    keeper: Visitor, ann: Visitor, add_person: Callable[..., int], letters: Callable[[], list[str]],
    counts: Callable[[], tuple[int, int]],
) -> None:  # fmt: skip
    add_person("Ben Best")
    staff = "person,staff number\nann.able@test.example,100\nben.best@test.example,\nnobody@test.example,8\n"
    before = len(letters())
    keeper.get(f"{AT}/import")
    assert "Whoever does not belong to it yet is asked first" in keeper.text()
    send(keeper, f"{AT}/import", staff)
    for words in (
        "Nothing has been changed yet", "Asked 2 rows", "Wrong 1 row",
        "Row 2: ann.able@test.example Asked belongs to it once they say yes",
    ):  # fmt: skip
        assert words in keeper.text()
    assert counts() == (0, 0)
    assert len(letters()) == before
    keeper.press("Import 2 good rows", status=200)
    assert counts() == (0, 2)
    assert letters()[before:] == [ASKS, ASKS]
    assert not is_tracked(keeper)

    send(keeper, f"{AT}/import", staff)
    assert "There is nothing to import" in keeper.text()
    ann.get(ANSWER)
    ann.press("Send my answer", answer="yes")
    assert is_tracked(keeper)
    send(keeper, f"{AT}/import", "person,staff number\nann.able@test.example,200\nben.best@test.example,\n")
    assert "staff number: 100 becomes 200" in keeper.text()
    keeper.press("Import 1 good row")
    keeper.follow()
    assert "Imported: 0 new, 1 changed, 1 the same." in keeper.text()
    assert len(letters()) == before + 2


def test_who_is_added_or_vouched_for_meanwhile_is_not_asked_any_more(
    keeper: Visitor, ann: Visitor, ann_id: int, administrator: Visitor, add_person: Callable[..., int], change: Ask,
    counts: Callable[[], tuple[int, int]],
) -> None:  # fmt: skip
    ben_id = add_person("Ben Best")
    asks(keeper)
    asks(keeper, "ben.best@test.example")
    administrator.get(AT)
    assert "Asked, and not answered yet" in administrator.text()
    administrator.press("Add", person="ann.able@test.example")

    def vouch() -> None:
        there = db.session.scalars(select(Organisation.id).where(Organisation.key == LEEDS)).one()
        actions.vouched_for([db.session.get_one(Person, ben_id), db.session.get_one(Person, ann_id)], there)

    change(vouch)
    assert counts() == (2, 0)
    assert ASKS not in ann.get("/organisations").get_text()


def test_nobody_is_asked_for_what_has_ended_and_a_yes_to_it_makes_nobody_a_member(
    keeper: Visitor, ann: Visitor, administrator: Visitor, counts: Callable[[], tuple[int, int]]
) -> None:
    asks(keeper)
    administrator.get(f"/organisations/{LEEDS}/change")
    administrator.press("Save", ended_on="2024-01-01", successor="Another")
    ann.get(ANSWER)
    ann.press("Send my answer", status=409, answer="yes")
    assert "has ended: nobody can be added to it" in ann.text()
    keeper.get(AT)
    assert not keeper.page.select("input[name=person]")
    keeper.post(AT, {"csrf_token": keeper.csrf_token(), "person": "lena.learner@test.example"}, status=422)
    assert counts() == (0, 1)


def test_long_lists_of_who_was_asked_come_in_pages_and_are_searched(app: Flask, keeper: Visitor, change: Ask) -> None:
    def more() -> None:
        there = db.session.scalars(select(Organisation).where(Organisation.key == LEEDS)).one()
        for number in range(120):
            person = Person(name=f"Secret {number}")
            db.session.add(
                MembershipRequest(
                    person=person, organisation=there, asked_as=f"{number:03}@test.example", staff_number=""
                )
            )

    change(more)
    seen, at = [], AT
    while at:
        page = keeper.get(at)
        assert "Secret" not in page.get_text()
        seen += [strong.get_text() for strong in page.select(".app-work-list strong")]
        at = next((str(link["href"]) for link in page.select(".app-pages a") if link.get_text() == "Next page"), "")
    assert len(seen) == len(set(seen)) == 120
    keeper.get(f"{AT}?q=017@")
    assert [strong.get_text() for strong in keeper.page.select(".app-work-list strong")] == ["017@test.example"]


def test_the_question_outlives_who_asked_it_without_their_name(
    keeper: Visitor, ann: Visitor, change: Ask, counts: Callable[[], tuple[int, int]]
) -> None:
    asks(keeper)

    def erase() -> None:
        erasing.erase(db.session.scalars(select(Person).where(Person.name == "Kay Keeper")).one(), "")

    change(erase)
    ann.get(ANSWER)
    assert "Somebody who answers for its people asked on" in ann.text()
    assert "Kay Keeper" not in ann.text()
    ann.get("/about-you")
    assert "Organisations that ask whether you belong to them: 1 entry" in ann.text()
    ann.get(ANSWER)
    ann.press("Send my answer", answer="yes")
    assert counts() == (1, 0)
