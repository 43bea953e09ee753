"""People are asked once, answer what they like, and what they answered belongs to nobody."""

from collections.abc import Callable

import pytest
from sqlalchemy import func, select, text

from catalogue.enrolments import actions as enrolments
from catalogue.equality import actions
from catalogue.extensions import db
from catalogue.offers.models import Offer
from catalogue.people.models import AuditEvent, Person
from catalogue.privacy.models import EqualityAnswer, EqualityAsked, EqualityReport
from tests.conftest import Ask
from tests.visitor import Visitor

OFFER = "ten-minute-huddle"
Join = Callable[[str], tuple[Visitor, int]]


@pytest.fixture
def join(change: Ask, add_person: Callable[..., int], sign_in: Callable[[int], Visitor]) -> Join:
    """Somebody who has joined an offer, with the number of their enrolment."""

    def make(name: str) -> tuple[Visitor, int]:
        person_id = add_person(name)

        def enrol() -> int:
            offer = db.session.scalars(select(Offer).where(Offer.slug == OFFER)).one()
            return enrolments.enrol(db.session.get_one(Person, person_id), offer, None).id

        return sign_in(person_id), change(enrol)

    return make


def answers(ask: Ask) -> list[tuple[str, str]]:
    rows = select(EqualityAnswer.question, EqualityAnswer.answer).order_by(
        EqualityAnswer.question, EqualityAnswer.answer
    )
    return [(question, said) for question, said in ask(lambda: db.session.execute(rows).all())]


def test_somebody_answers_what_they_like_once(join: Join, ask: Ask) -> None:
    person, number = join("Ann Able")
    person.get(f"/enrolments/{number}?new=1")
    (link,) = [link for link in person.page.select("main a") if "six questions" in link.get_text()]
    person.get(str(link["href"]))
    assert len(person.page.select("fieldset")) == 6
    assert not person.page.select("input[checked]"), "nothing is chosen for anybody"
    person.press("Send", **{"sex": "female", "age": "not-said", "religion": ""})
    assert answers(ask) == [("age", "not-said"), ("sex", "female")]
    person.get(f"/enrolments/{number}/about-you", status=302)
    person.follow()
    assert "nobody is asked twice" in person.text()
    person.post(f"/enrolments/{number}/about-you", {"csrf_token": person.csrf_token(), "sex": "male"})
    assert answers(ask) == [("age", "not-said"), ("sex", "female")]


def test_the_questions_are_found_on_the_page_of_the_offer_until_they_are_answered_or_skipped(join: Join) -> None:
    person, number = join("Ann Able")

    def found() -> list[str]:
        person.get(f"/enrolments/{number}")
        return [str(link["href"]) for link in person.page.select("main a") if "Questions about you" in link.get_text()]

    (link,) = found()
    person.get(link)
    person.press("Skip these questions")
    assert found() == []


def test_skipping_keeps_nothing_and_asks_no_more(join: Join, ask: Ask) -> None:
    person, number = join("Ann Able")
    person.get(f"/enrolments/{number}/about-you")
    person.press("Skip these questions", sex="female")
    person.follow()
    assert "You will not be asked again." in person.text()
    assert answers(ask) == []
    person.get(f"/enrolments/{number}/about-you", status=302)


def test_an_answer_that_is_none_is_refused_and_nobody_answers_for_another(
    join: Join, ask: Ask, learner: Visitor
) -> None:
    person, number = join("Ann Able")
    at = f"/enrolments/{number}/about-you"
    person.post(at, {"csrf_token": person.csrf_token(), "sex": "a made-up answer"}, status=422)
    learner.get(at, status=404)
    learner.post(at, {"csrf_token": learner.csrf_token(), "sex": "female"}, status=404)
    assert answers(ask) == []
    assert ask(lambda: db.session.scalar(select(func.count()).select_from(EqualityAsked))) == 0


@pytest.mark.both_databases
def test_nothing_beside_an_answer_says_whose_it_is_or_when_it_came(
    join: Join, ask: Ask, change: Ask, database: str
) -> None:
    people = [join(f"Person number {number}") for number in range(5)]
    for (person, number), said in zip(people, ("female", "male", "female", "male", "male"), strict=True):
        person.get(f"/enrolments/{number}/about-you")
        person.press("Send", **{"sex": said, "age": "to-34"})
    before = answers(ask)
    ids = set(ask(lambda: db.session.scalars(select(EqualityAnswer.id)).all()))
    change(actions.shuffle)
    assert answers(ask) == before
    rows = ask(lambda: db.session.scalars(text("SELECT id FROM equality_answer")).all())
    assert not ids & set(rows)
    assert set(EqualityAnswer.__table__.columns.keys()) == {"id", "offer_id", "question", "answer"}
    if database == "sqlite":
        with pytest.raises(Exception, match="no such column: rowid"):
            ask(lambda: db.session.execute(text("SELECT rowid FROM equality_answer")))
    else:
        written = ask(lambda: db.session.scalars(text("SELECT DISTINCT xmin::text FROM equality_answer")).all())
        assert len(written) == 1, "which transaction wrote a row says nothing"
        assert rows == sorted(rows), "nor does where it lies"
    events = ask(lambda: db.session.scalars(select(AuditEvent.action)).all())
    assert not [event for event in events if "equality" in event or "answer" in event]


@pytest.mark.both_databases
def test_figures_are_told_from_ten_on_and_anew_after_ten_more(
    administrator: Visitor, change: Ask, ask: Ask, add_person: Callable[..., int]
) -> None:
    offer_id = ask(lambda: db.session.scalars(select(Offer.id).where(Offer.slug == OFFER)).one())

    def answer(count: int, said: str) -> None:
        def give() -> None:
            for _ in range(count):
                person = Person(name="")
                db.session.add(person)
                db.session.flush()
                assert actions.answer(person.id, offer_id, {"sex": said})

        change(give)
        change(actions.tell)

    administrator.get("/admin/equality")
    assert "Nothing can be told yet" in administrator.text()
    answer(9, "female")
    assert ask(lambda: db.session.scalars(select(EqualityReport.id)).all()) == []
    answer(30, "female")
    administrator.get(f"/admin/equality/{OFFER}")
    assert "Too few people gave different answers" in administrator.text(), "all of them say the same"
    answer(19, "male")
    administrator.get(f"/admin/equality/{OFFER}")
    assert "Female 30 or more Male 10 or more I prefer not to say Not told" in administrator.text()
    answer(9, "male")
    administrator.get(f"/admin/equality/{OFFER}")
    assert "Male 10 or more" in administrator.text()
    answer(1, "male")
    administrator.get("/admin/equality")
    assert "Male 20 or more" in administrator.text()
    assert "How old are you?" not in administrator.text()
    (link,) = [link for link in administrator.page.select("main ul a") if "/admin/equality/" in str(link["href"])]
    administrator.get(str(link["href"]))
    administrator.get("/admin/equality/no-such-offer", status=404)
