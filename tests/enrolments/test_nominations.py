"""A system's lead puts people of their system forward; a place is held until they say for themselves."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from catalogue.clock import now
from catalogue.enrolments import seating
from catalogue.enrolments.jobs import keep_days
from catalogue.enrolments.models import Enrolment, Team
from catalogue.extensions import db
from catalogue.offers.models import Offer
from catalogue.people.models import Person
from catalogue.systems.models import Membership
from tests.enrolments.conftest import Ask, audited, first_run, letters, on_day, states, today
from tests.enrolments.taking_part import join
from tests.visitor import Visitor


def person_id(name: str) -> int:
    return db.session.scalars(select(Person.id).where(Person.name == name)).one()


def nominate(lead: Visitor, ask: Ask, run_id: int, *names: str, status: int = 302, **typed: Any) -> None:
    """As the page does it, which a test cannot tick several boxes of."""
    ids = [str(ask(lambda name=name: person_id(name))) for name in names]
    lead.post(f"/seats/{run_id}", {"csrf_token": lead.csrf_token(), "people": ids, **typed}, status)


def answer_path(ask: Ask, name: str) -> str:
    number = ask(
        lambda: db.session.scalars(
            select(Enrolment.id).where(Enrolment.person_id == person_id(name)).order_by(Enrolment.id.desc())
        ).first()
    )
    return f"/enrolments/{number}/answer"


def numbers(ask: Ask) -> list[str]:
    return [state for _person, state in ask(states)]


@pytest.mark.both_databases
@pytest.mark.parametrize("number", ["-1", str(2**31), str(10**30)])
def test_somebody_of_a_number_that_there_cannot_be_is_no_choice(
    lead: Visitor, set_run: Callable[..., int], ask: Ask, number: str
) -> None:
    run_id = set_run(places=1)
    lead.post(f"/seats/{run_id}", {"csrf_token": lead.csrf_token(), "people": [number]}, 422)
    assert ask(states) == []


@pytest.mark.both_databases
def test_a_nominee_has_a_place_held_and_takes_it(
    lead: Visitor, somebody_of: Callable[[str, int], Visitor], set_run: Callable[..., int], ask: Ask
) -> None:
    run_id, ola = set_run(places=1), somebody_of("Ola One", 0)
    lead.get(f"/seats/{run_id}")
    assert "1 place free for your people now" in lead.text()
    nominate(lead, ask, run_id, "Ola One")
    assert "1 person is nominated" in lead.follow().get_text()
    assert "Asked, until" in lead.text()
    assert numbers(ask) == ["nominated"]
    assert ask(lambda: seating.standing(first_run()).free) == 0, "the place is held"
    (letter,) = ask(lambda: letters("ola.one@test.example"))
    assert "A place is held for you until" in letter
    assert "Lee Lead has put you forward" in letter
    ola.get("/enrolments")
    assert "say whether you take it" in ola.text()
    ola.get(answer_path(ask, "Ola One"))
    ola.press("Accept")
    assert numbers(ask) == ["booked"]
    assert ask(lambda: audited("accepted")) == 1
    lead.get(f"/seats/{run_id}")
    assert "Takes part" in lead.text()
    assert "Take back" not in lead.text()


@pytest.mark.both_databases
def test_a_nominee_declines_with_a_reason_and_the_place_goes_on(
    lead: Visitor, somebody_of: Callable[[str, int], Visitor], new_learner: Callable[[str], Visitor],
    set_run: Callable[..., int], ask: Ask,
) -> None:  # fmt: skip
    run_id, ola = set_run(places=1), somebody_of("Ola One", 0)
    nominate(lead, ask, run_id, "Ola One")
    join(new_learner("Wim Waits"), run_id)
    ola.get(answer_path(ask, "Ola One"))
    assert "Choose the reason" in ola.press("Decline", 422).get_text()
    ola.press("Decline", **{"no-why": "dates", "no-words": "on leave"})
    assert numbers(ask) == ["declined", "booked"]
    assert ask(lambda: db.session.scalars(select(Enrolment.reason).order_by(Enrolment.id)).first()) == (
        "The dates do not suit me: on leave"
    )
    lead.get(f"/seats/{run_id}")
    assert "The dates do not suit me: on leave" in lead.text()


def test_what_the_offer_asks_the_nominee_answers_and_their_manager_too(
    lead: Visitor, somebody_of: Callable[[str, int], Visitor], set_run: Callable[..., int], ask: Ask,
    asks: Callable[..., None], visitor: Visitor,
) -> None:  # fmt: skip
    asks(approval_needed=True, for_plan_leads=True)
    run_id, ola = set_run(places=1), somebody_of("Ola One", 0)
    nominate(lead, ask, run_id, "Ola One")
    ola.get(answer_path(ask, "Ola One"))
    boss = {"yes-manager_name": "Mo", "yes-manager_email": "mo@trust.example"}
    assert "Say which part" in ola.press("Accept and ask my manager", 422, **boss).get_text()
    ola.press("Accept and ask my manager", **boss, **{"yes-plan_part": "Stroke care"})
    assert "A place is held for you" in ola.follow().get_text()
    assert numbers(ask) == ["nominated"]
    (letter,) = ask(lambda: letters("mo@trust.example"))
    visitor.get(letter.split("https://", 1)[-1].partition("/")[2].join(["/", ""]).split()[0])
    assert "Stroke care" in visitor.text()
    visitor.press("Send my answer", decision="yes")
    assert numbers(ask) == ["booked"]


@pytest.mark.both_databases
def test_a_team_goes_together_or_not_at_all(
    lead: Visitor, somebody_of: Callable[[str, int], Visitor], new_learner: Callable[[str], Visitor],
    set_run: Callable[..., int], ask: Ask,
) -> None:  # fmt: skip
    run_id = set_run(places=2)
    names = ("Ola One", "Una One", "Ugo One")
    for name in names:
        somebody_of(name, 0)
    nominate(lead, ask, run_id, *names, team="Stroke team", status=422)
    assert "There are 2 free places and you chose 3. Nobody has been nominated." in lead.text()
    assert numbers(ask) == []
    assert ask(letters) == []
    nominate(lead, ask, run_id, *names, team="Stroke team", wait="y")
    assert numbers(ask) == ["waitlisted"] * 3
    paths = join(new_learner("Ada First"), run_id)
    assert numbers(ask)[-1] == "booked", "a team that does not fit is passed over"
    set_run(places=3)
    ada = new_learner("Bo Second")
    join(ada, run_id)
    assert numbers(ask) == ["waitlisted"] * 3 + ["booked"] * 2
    assert paths
    set_run(places=6)
    join(new_learner("Cy Third"), run_id)
    assert numbers(ask)[-1] == "booked", "four are free: three for the team, one is left"


def test_a_waiting_team_is_nominated_as_a_whole_when_it_fits(
    lead: Visitor, somebody_of: Callable[[str, int], Visitor], new_learner: Callable[[str], Visitor],
    set_run: Callable[..., int], ask: Ask,
) -> None:  # fmt: skip
    run_id = set_run(places=2)
    visitors = [new_learner(name) for name in ("Ada First", "Bo Second")]
    paths = [join(visitor, run_id) for visitor in visitors]
    for name in ("Ola One", "Una One"):
        somebody_of(name, 0)
    nominate(lead, ask, run_id, "Ola One", "Una One", team="Stroke team", wait="y")
    expected = [["withdrawn", "booked", "waitlisted", "waitlisted"], ["withdrawn"] * 2 + ["nominated"] * 2]
    for visitor, path, after in zip(visitors, paths, expected, strict=True):
        visitor.get(f"{path}/withdraw")
        visitor.press("Yes, withdraw", why="work")
        assert numbers(ask) == after
    assert ask(lambda: db.session.scalars(select(Team.name)).all()) == ["Stroke team"]
    assert "A place is held for you until" in ask(lambda: letters("una.one@test.example"))[-1]


@pytest.mark.both_databases
def test_without_an_answer_the_seat_is_free_again_after_a_reminder(
    lead: Visitor, somebody_of: Callable[[str, int], Visitor], set_run: Callable[..., int], ask: Ask, change: Ask,
    app: Flask,
) -> None:  # fmt: skip
    run_id = set_run(places=1)
    somebody_of("Ola One", 0)
    nominate(lead, ask, run_id, "Ola One")

    def in_days(days: int) -> None:
        enrolment = db.session.scalars(select(Enrolment)).one()
        enrolment.answer_by = (now() + timedelta(days=days)).date()
        enrolment.changed_at = now() - timedelta(days=12)

    for days, expected in ((1, "nominated"), (-1, "declined")):
        change(lambda days=days: in_days(days))
        for _ in range(2):
            with app.app_context():
                keep_days()
        assert numbers(ask) == [expected]
    told = [letter.partition(":")[0] for letter in ask(lambda: letters("ola.one@test.example"))]
    assert told == ["You are nominated", "Please answer", "Your nomination has ended"]
    assert ask(lambda: seating.standing(first_run()).free) == 1


def days(number: int) -> str:
    return (today() + timedelta(days=number)).isoformat()


def test_a_lead_chooses_the_last_day_to_answer(
    lead: Visitor, somebody_of: Callable[[str, int], Visitor], set_run: Callable[..., int], ask: Ask
) -> None:
    run_id, ola = set_run(places=3, **on_day(40)), somebody_of("Ola One", 0)
    box = lead.get(f"/seats/{run_id}").select_one("#answer_by")
    assert box is not None
    assert box["value"] == days(14)
    for wrong in (days(-1), days(41), "soon"):
        nominate(lead, ask, run_id, "Ola One", answer_by=wrong, team="Stroke team", status=422)
        fault = lead.page.select_one("#answer_by-error")
        assert fault is not None
        assert "The last day to answer is today" in fault.get_text() or "Enter a real date" in fault.get_text()
        assert lead.page.select_one(f"#answer_by[value='{wrong}']") is not None
        assert lead.page.select_one("#team[value='Stroke team']") is not None
    assert numbers(ask) == []
    nominate(lead, ask, run_id, "Ola One", answer_by=days(30))
    last = today() + timedelta(days=30)
    assert ask(lambda: db.session.scalars(select(Enrolment.answer_by)).one()) == last
    assert f"until {last.day} {last:%B %Y}" in ola.get(answer_path(ask, "Ola One")).get_text()


def test_without_a_day_it_is_the_usual_one(
    lead: Visitor, somebody_of: Callable[[str, int], Visitor], set_run: Callable[..., int], ask: Ask
) -> None:
    run_id = set_run(places=3, **on_day(40))
    somebody_of("Ola One", 0)
    nominate(lead, ask, run_id, "Ola One", answer_by="")
    assert ask(lambda: db.session.scalars(select(Enrolment.answer_by)).one()).isoformat() == days(14)


def test_a_lead_reaches_people_of_their_own_system_alone(
    lead: Visitor, somebody_of: Callable[[str, int], Visitor], set_run: Callable[..., int], ask: Ask, change: Ask
) -> None:
    run_id = set_run(places=3)
    somebody_of("Tom Two", 1)
    ola = somebody_of("Ola One", 0)
    page = lead.get(f"/seats/{run_id}").get_text()
    assert "Ola One" in page
    assert "Tom Two" not in page
    nominate(lead, ask, run_id, "Tom Two", status=404)
    lead.get(f"/seats/{run_id}?system=no-such-system", status=404)
    ola.get(f"/seats/{run_id}", status=404)
    ola.get("/seats", status=404)
    assert numbers(ask) == []
    for pasted in ("tom.two@test.example", "nobody@test.example"):
        lead.get(f"/seats/{run_id}")
        lead.press("Nominate", 422, pasted=pasted)
        assert f"Nobody of your system has: {pasted}." in lead.text()

    def number() -> None:
        for name in ("Ola One", "Tom Two"):
            db.session.scalars(
                select(Membership).where(Membership.person_id == person_id(name))
            ).one().staff_number = "7"

    change(number)
    lead.get(f"/seats/{run_id}")
    lead.press("Nominate", pasted="7")
    assert [person for person, _state in ask(states)] == [ask(lambda: person_id("Ola One"))]
    tom = change(_nominated_elsewhere)
    lead.post(f"/seats/{run_id}/{tom}/take-back", {"csrf_token": lead.csrf_token()}, status=404)


def _nominated_elsewhere() -> int:
    found = first_run()
    enrolment = Enrolment(
        person_id=person_id("Tom Two"), offer=found.offer, version=found.offer.published, run=found, state="nominated",
        nominated_by_id=person_id("Tom Two"),
    )  # fmt: skip
    db.session.add(enrolment)
    db.session.flush()
    return enrolment.id


def test_a_lead_takes_a_nomination_back(
    lead: Visitor, somebody_of: Callable[[str, int], Visitor], set_run: Callable[..., int], ask: Ask
) -> None:
    run_id = set_run(places=1)
    ola = somebody_of("Ola One", 0)
    nominate(lead, ask, run_id, "Ola One")
    path = answer_path(ask, "Ola One")
    lead.get(f"/seats/{run_id}")
    lead.press("Take back : Ola One")
    assert numbers(ask) == ["withdrawn"]
    ola.get(path, status=302)
    assert "has ended" in ask(lambda: letters("ola.one@test.example"))[-1]


def test_whoever_is_on_it_or_has_not_done_what_comes_before_is_named(
    lead: Visitor, somebody_of: Callable[[str, int], Visitor], set_run: Callable[..., int], ask: Ask, change: Ask
) -> None:
    run_id = set_run(places=5)
    join(somebody_of("Ola One", 0), run_id)
    somebody_of("Una One", 0)
    nominate(lead, ask, run_id, "Ola One", "Una One", status=422)
    assert "On this offer already, or waiting for it: Ola One." in lead.text()

    def before() -> str:
        version = first_run().offer.published
        other = db.session.scalars(
            select(type(version.offer)).where(type(version.offer).slug == "ten-minute-huddle")
        ).one()
        version.prerequisite_offers.append(other)
        return other.published.title

    title = change(before)
    nominate(lead, ask, run_id, "Una One", status=422)
    assert f"Before this, people complete: {title}. Not done yet by: Una One." in lead.text()


def test_one_page_shows_a_lead_the_programme_its_dates_and_what_it_should_change(lead: Visitor, ask: Ask) -> None:
    def told() -> tuple[int, list[str]]:
        offer = db.session.scalars(select(Offer).where(Offer.slug == "many-hands-one-plan")).one()
        (run, *_), version = offer.runs, offer.published
        said = [version.summary, offer.provider.name, run.sessions[0].title, *version.outcomes]
        said += [mapping.dimension.name for mapping in version.mappings]
        said += [f"{step.title}, {step.offer.provider.name}" for step in version.steps if step.offer]
        return run.id, [*said, "Your line manager has to agree", "Nobody of your system is on it yet"]

    run_id, said = ask(told)
    words = lead.get(f"/seats/{run_id}").get_text(" ", strip=True)
    assert [one for one in said if " ".join(one.split()) not in " ".join(words.split())] == []


def test_a_nominee_is_shown_what_comes_first_and_what_it_is_for(
    lead: Visitor, somebody_of: Callable[[str, int], Visitor], set_run: Callable[..., int], ask: Ask, change: Ask
) -> None:
    run_id, ola = set_run(places=1, withdraw_by=today()), somebody_of("Ola One", 0)
    nominate(lead, ask, run_id, "Ola One")
    page = ola.get(answer_path(ask, "Ola One")).get_text()
    assert ask(lambda: first_run().offer.published.outcomes[0]) in page
    assert "you can withdraw by yourself until" in page
    assert "Yes, I take it" in page

    def before() -> str:
        version = first_run().offer.published
        other = db.session.scalars(select(Offer).where(Offer.slug == "ten-minute-huddle")).one()
        version.prerequisite_offers.append(other)
        return other.published.title

    title = change(before)
    page = ola.get(answer_path(ask, "Ola One")).get_text()
    assert "Complete this first" in page
    assert title in page
    assert "Yes, I take it" not in page
    assert "No, I do not come" in page
