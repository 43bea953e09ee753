"""Many people from a list: what would come of it is said first; then all of it, or nothing."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import select

from catalogue.enrolments.bulk import Line, read
from catalogue.enrolments.models import Enrolment
from catalogue.errors import Refused
from catalogue.extensions import db
from catalogue.offers.models import Run
from catalogue.people.models import Person, Role
from catalogue.systems.models import Membership
from tests.enrolments.conftest import WITH_RUNS, Ask, audited, letters, on_day, states, today, written
from tests.enrolments.taking_part import join
from tests.visitor import Visitor


def look(visitor: Visitor, run_id: int, people: str, status: int = 200) -> str:
    visitor.get(f"/seats/{run_id}/list")
    visitor.press("See what would come of it", status, people=people)
    return visitor.text()


@pytest.mark.both_databases
def test_a_list_is_looked_at_first_and_then_written(
    partner: Visitor, new_learner: Callable[[str], Visitor], set_run: Callable[..., int], ask: Ask
) -> None:
    run_id = set_run(places=2)
    for name in ("Ada First", "Bo Second", "Cy Third"):
        new_learner(name)
    join(new_learner("Di There"), run_id)
    before = ask(written)
    people = "email\n" + "\n".join(
        f"{name}@test.example" for name in ("di.there", "ada.first", "bo.second", "nobody", "ADA.first")
    )
    said = look(partner, run_id, people)
    assert "1 person gets a place, 1 waits, 1 is on it already, 2 cannot" in said
    assert "We know nobody by this whom you can enrol." in said
    assert "This person stands in the list twice." in said
    assert "Ada First" not in said, "a provider learns no names by it"
    assert ask(written) == before
    partner.press("Enrol them")
    partner.follow()
    assert "2 people are enrolled or waiting now" in partner.page.get_text()
    assert [state for _person, state in ask(states)] == ["booked", "booked", "waitlisted"]
    assert ask(lambda: audited("enrolled from a list")) == 2
    assert "has enrolled you." in ask(lambda: letters("ada.first@test.example"))[0]


def test_a_list_says_until_when_people_can_answer(
    lead: Visitor, partner: Visitor, somebody_of: Callable[[str, int], Visitor], set_run: Callable[..., int], ask: Ask
) -> None:
    run_id = set_run(places=5, **on_day(40))
    somebody_of("Ola One", 0)
    last, late = today() + timedelta(days=30), today() + timedelta(days=41)
    lead.get(f"/seats/{run_id}/list")
    people = {"people": "ola.one@test.example"}
    lead.press("See what would come of it", 422, **people, answer_by=late.isoformat())
    fault, box = lead.page.select_one("#answer_by-error"), lead.page.select_one("#people")
    assert fault is not None
    assert "The last day to answer is today" in fault.get_text()
    assert box is not None
    assert box.get_text() == "ola.one@test.example"
    lead.press("See what would come of it", 200, **people, answer_by=last.isoformat())
    assert f"can answer until {last.day} {last:%B %Y}" in lead.text()
    lead.press("Nominate them")
    assert ask(lambda: db.session.scalars(select(Enrolment.answer_by)).one()) == last
    assert partner.get(f"/seats/{run_id}/list").select_one("#answer_by") is None, "nobody is asked"


def test_who_keeps_the_register_finds_the_list(
    partner: Visitor, new_learner: Callable[[str], Visitor], set_run: Callable[..., int], ask: Ask
) -> None:
    run_id = set_run(places=3)
    join(new_learner("Ada First"), run_id)
    offer_id = ask(lambda: db.session.get_one(Run, run_id).offer_id)
    for page in (f"/offers/{WITH_RUNS}/register", f"/publish/offers/{offer_id}/runs"):
        partner.get(page)
        assert partner.page.select_one(f"main a[href='/seats/{run_id}/list']"), page


def test_what_was_typed_is_kept_to_be_put_right(
    partner: Visitor, new_learner: Callable[[str], Visitor], set_run: Callable[..., int]
) -> None:
    run_id = set_run(places=1)
    for name in ("Ada First", "Bo Second"):
        new_learner(name)
    people = "ada.first@test.example\nbo.second@test.exampel"

    def kept() -> str:
        box = partner.page.select_one("#people")
        assert box is not None
        return box.get_text().removeprefix("\n")

    assert "1 cannot" in look(partner, run_id, people)
    assert kept() == people, "the line that is wrong can be put right"
    partner.press("Enrol them", 422, all_or_none="y")
    assert kept() == people
    assert "1 cannot" in partner.text(), "and it is said still which line that is"
    ticked = partner.page.select_one("#all_or_none")
    assert ticked is not None
    assert ticked.has_attr("checked")


def test_all_or_nobody(
    partner: Visitor, new_learner: Callable[[str], Visitor], set_run: Callable[..., int], ask: Ask
) -> None:
    run_id = set_run(places=1)
    for name in ("Ada First", "Bo Second"):
        new_learner(name)
    look(partner, run_id, "ada.first@test.example\nbo.second@test.example")
    partner.press("Enrol them", 422, all_or_none="y")
    assert "Without a place would be 1 of 2, so nobody has been enrolled." in partner.text()
    assert ask(states) == []


@pytest.mark.both_databases
def test_a_leads_list_nominates_people_of_their_system_alone(
    lead: Visitor, somebody_of: Callable[[str, int], Visitor], set_run: Callable[..., int], ask: Ask, change: Ask
) -> None:
    run_id = set_run(places=5)
    for name, number in (("Ola One", 0), ("Una One", 0), ("Tom Two", 1)):
        somebody_of(name, number)

    def number() -> str:
        for place, membership in enumerate(db.session.scalars(select(Membership).order_by(Membership.id))):
            membership.staff_number = ("7", "8", "7")[place]
        return db.session.scalars(select(Person.key).where(Person.name == "Tom Two")).one()

    key = change(number)
    said = look(lead, run_id, f"7\nuna.one@test.example\ntom.two@test.example\n{key}")
    assert "2 people get a place, 2 cannot" in said
    assert "Ola One" in said
    assert "Tom Two" not in said
    assert ask(lambda: audited("people of a list read")) == 1
    lead.press("Nominate them")
    assert [state for _person, state in ask(states)] == ["nominated", "nominated"]
    assert "Lee Lead has put you forward" in ask(lambda: letters("una.one@test.example"))[0]


def test_an_administrator_has_to_say_whose_number_it_is_where_several_have_it(
    administrator: Visitor, somebody_of: Callable[[str, int], Visitor], systems: list[int],
    set_run: Callable[..., int], change: Ask,
) -> None:  # fmt: skip
    run_id = set_run(places=5)
    for name, number in (("Ola One", 0), ("Tom Two", 1)):
        somebody_of(name, number)

    def number_all() -> None:
        for membership in db.session.scalars(select(Membership)):
            membership.staff_number = "7"

    change(number_all)
    assert "Several people have this staff number" in look(administrator, run_id, "7")
    assert "1 person gets a place" in look(administrator, run_id, "staff_number,organisation\n7,trust-1")


def test_where_the_offer_asks_something_people_are_asked(
    partner: Visitor, new_learner: Callable[[str], Visitor], set_run: Callable[..., int], ask: Ask,
    asks: Callable[..., None],
) -> None:  # fmt: skip
    asks(for_plan_leads=True)
    run_id = set_run(places=5)
    new_learner("Ada First")
    look(partner, run_id, "ada.first@test.example")
    partner.press("Enrol them")
    assert [state for _person, state in ask(states)] == ["nominated"]


def test_who_keeps_no_register_and_leads_nothing_has_no_list(
    learner: Visitor, add_person: Callable[..., int], sign_in: Callable[[int], Visitor], set_run: Callable[..., int]
) -> None:
    run_id = set_run(places=5)
    for visitor in (learner, sign_in(add_person("Rae", Role.REVIEWER)), sign_in(add_person("Lo", Role.LEAD))):
        visitor.get(f"/seats/{run_id}/list", status=404)


def test_a_list_is_read_with_headings_or_without() -> None:
    assert read("E-mail,Email\n a,b@c.example \n\n") == [Line(2, email="b@c.example")]
    assert read("\ufeffStaff number,Organisation\n7,R1A") == [Line(2, staff_number="7", organisation="R1A")]
    assert read(f"b@c.example\n{'a' * 32}\n77") == [
        Line(1, email="b@c.example"), Line(2, person="a" * 32), Line(3, staff_number="77"),
    ]  # fmt: skip
    for text, words in (("", "at least one"), ("email\n", "at least one"), ("organisation\nR1A", "needs a column")):
        with pytest.raises(Refused, match=words):
            read(text)
    with pytest.raises(Refused, match="far too long"):
        read("a" * 150_000)
    with pytest.raises(Refused, match="at most 1,000"):
        read("\n".join(map(str, range(1001))))
