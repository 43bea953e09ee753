"""Administrators find people, give them roles from a day to a day, end roles, and suspend."""

import threading
from collections.abc import Callable
from datetime import date, timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from catalogue.clock import today
from catalogue.errors import Refused
from catalogue.extensions import db
from catalogue.people import actions, queries
from catalogue.people.models import AuditEvent, Grant, Person, Role
from catalogue.privacy.erasing import erase_on_request
from catalogue.systems.models import Organisation, System
from catalogue.transactions import run
from tests.conftest import Ask
from tests.enrolments.at_once import post, press_all
from tests.people.door import is_signed_in
from tests.visitor import Visitor

DAY = timedelta(days=1)


@pytest.fixture
def page_of(ask: Ask) -> Callable[[int], str]:
    """The address of somebody's page."""
    return lambda person_id: f"/admin/people/{ask(lambda: db.session.get_one(Person, person_id).key)}"


@pytest.fixture
def place(ask: Ask) -> dict[str, int]:
    """The ids of an organisation and of a system."""
    return {
        "organisation": ask(lambda: db.session.scalar(select(Organisation.id).order_by(Organisation.name).limit(1))),
        "system": ask(lambda: db.session.scalar(select(System.id).order_by(System.name).limit(1))),
    }


def give(page: Visitor, path: str, role: Role, where: str, status: int = 302, **days: object) -> None:
    page.get(path)
    page.press("Give the role", status=status, role=role.value, where=where, **days)


# Finding


def test_people_are_found_by_a_part_of_their_name_or_address(
    administrator: Visitor, add_person: Callable[..., int]
) -> None:
    add_person("Bea Baker")
    add_person("Ben Carter")
    for words, found in {"bea": "Bea Baker", "CARTER be": "Ben Carter", "ben.carter@": "Ben Carter"}.items():
        administrator.get("/admin/people")
        administrator.press("Search", status=200, q=words)
        assert [link.get_text() for link in administrator.page.select("main h2 a")] == [found], words
    administrator.press("Search", status=200, q="100%_")
    assert "Nobody’s name or address holds this" in administrator.text()


def test_pages_of_people_hold_everybody_once(app: Flask, administrator: Visitor, change: Ask) -> None:
    change(lambda: db.session.add_all([Person(name=f"Twin {number % 60}") for number in range(120)]))
    seen: list[str] = []
    administrator.get("/admin/people?q=twin")
    for size in (50, 50, 20):
        links = [str(link["href"]) for link in administrator.page.select("main h2 a")]
        assert len(links) == size
        seen += links
        onward = administrator.page.find("a", string="Next page")
        if size == 50:
            assert onward is not None
            administrator.get(str(onward["href"]))
    assert onward is None
    assert len(set(seen)) == 120


@pytest.mark.parametrize("after", ["0", "-1", "x", "99999999999999999999", "2147483647"])
def test_a_page_after_nobody_is_a_page(administrator: Visitor, after: str) -> None:
    administrator.get(f"/admin/people?after={after}")


# Giving and ending


@pytest.mark.both_databases
def test_a_role_is_given_from_a_day_to_a_day_and_ended(
    administrator: Visitor, add_person: Callable[..., int], page_of: Callable[[int], str], place: dict[str, int],
    ask: Ask,
) -> None:  # fmt: skip
    person_id = add_person("Lee Lead")
    path = page_of(person_id)
    last = today() + 30 * DAY
    give(administrator, path, Role.LEAD, f"system:{place['system']}", starts_on=today() - DAY, ends_on=last)
    administrator.follow()
    assert "The role was given" in administrator.response.text
    give(administrator, path, Role.REVIEWER, "everywhere", starts_on=today() + DAY)
    administrator.follow()
    text = administrator.text()
    assert text.index("Lead of a system") < text.index("Roles to come") < text.index("Reviewer of offers")
    first_end = administrator.page.select_one("form[action$='/end']")
    assert first_end is not None
    administrator.post(str(first_end["action"]), {"csrf_token": administrator.csrf_token(path)})
    administrator.follow()
    assert "None today" in administrator.text()
    assert "1 role that ended" in administrator.text()

    def events() -> list[tuple[str, str, bool]]:
        told = select(AuditEvent).where(AuditEvent.action.in_(["role granted", "role ended"])).order_by(AuditEvent.id)
        key = db.session.get_one(Person, person_id).key
        return [
            (one.action, one.detail["role"], one.actor_key not in ("", key))
            for one in db.session.scalars(told)
            if one.subject == key
        ]

    assert ask(events) == [
        ("role granted", "lead", True),
        ("role granted", "reviewer", True),
        ("role ended", "lead", True),
    ]


@pytest.mark.both_databases
def test_a_role_that_two_administrators_give_at_once_is_held_once(
    add_person: Callable[..., int], sign_in: Callable[[int], Visitor], page_of: Callable[[int], str],
    place: dict[str, int], ask: Ask,
) -> None:  # fmt: skip
    person_id = add_person("Lee Lead")
    path, where = page_of(person_id), f"system:{place['system']}"
    both = [sign_in(add_person(f"Adam {number}", Role.ADMINISTRATOR)) for number in range(2)]
    assert press_all([post(one, path, role="lead", where=where) for one in both for _ in range(5)]) == {302: 10}
    held = select(Grant).where(Grant.person_id == person_id)
    assert ask(lambda: len(db.session.scalars(held).all())) == 1


FAULTS = {
    "a lead of nothing": (Role.LEAD, "everywhere", {}, "needs an organisation or a system"),
    "a partner everywhere": (Role.PARTNER, "everywhere", {}, "needs an organisation"),
    "a partner of a system": (Role.PARTNER, "system", {}, "needs an organisation"),
    "a reviewer somewhere": (Role.REVIEWER, "organisation", {}, "is one everywhere"),
    "past": (Role.REVIEWER, "everywhere", {"ends_on": today() - DAY}, "must be today or later"),
    "backwards": (
        Role.REVIEWER, "everywhere", {"starts_on": today() + 3 * DAY, "ends_on": today() + DAY}, "be before the first",
    ),
    "no day": (Role.REVIEWER, "everywhere", {"starts_on": "2026-02-31"}, "Enter a real date"),
    "no role": ("king", "everywhere", {}, "Choose one from the list"),
    "no place": (Role.REVIEWER, "organisation:99999", {}, "Choose one from the list"),
}  # fmt: skip


@pytest.mark.parametrize("fault", FAULTS)
def test_what_does_not_make_a_grant_is_said_at_its_field(
    administrator: Visitor, add_person: Callable[..., int], page_of: Callable[[int], str], place: dict[str, int],
    ask: Ask, fault: str,
) -> None:  # fmt: skip
    role, where, days, said = FAULTS[fault]
    path = page_of(add_person("Lee Lead"))
    administrator.get(path)
    administrator.press(
        "Give the role", status=422, role=getattr(role, "value", role),
        where=f"{where}:{place[where]}" if where in place else where, **days,
    )  # fmt: skip
    message = administrator.page.select_one(".nhsuk-error-message")
    assert message is not None
    assert said in message.get_text()
    assert ask(lambda: len(db.session.scalars(select(Grant)).all())) == 1, "only the administrator holds something"


# Counting for nothing

OPENS: dict[Role, tuple[str, ...]] = {
    Role.ADMINISTRATOR: ("/admin", "/admin/people", "/map"),
    Role.REVIEWER: ("/review", "/admin/frameworks"),
    Role.PARTNER: ("/publish", "/publish/import"),
    Role.EDITOR: ("/publish", "/publish/import"),
    Role.LEAD: ("/map",),
}
"""By role, pages that are there for those who hold it and for no learner."""


@pytest.mark.parametrize("role", [role for role in Role if role != Role.LEARNER])
def test_a_role_counts_only_while_it_is_in_force(
    add_person: Callable[..., int], sign_in: Callable[[int], Visitor], place: dict[str, int], change: Ask, role: Role
) -> None:
    add_person("Another One", Role.ADMINISTRATOR)
    person_id = add_person("Ray Role")
    visitor = sign_in(person_id)
    where = place["organisation"] if role in (Role.PARTNER, Role.EDITOR, Role.LEAD) else None

    def dated(first: date | None, last: date | None) -> None:
        for one in db.session.scalars(select(Grant).where(Grant.person_id == person_id)):
            db.session.delete(one)
        db.session.flush()
        db.session.add(Grant(person_id=person_id, role=role, organisation_id=where, starts_on=first, ends_on=last))

    def holds() -> bool:
        held: bool = change(lambda: any(grant.role == role for grant in db.session.get_one(Person, person_id).grants))
        for path in OPENS.get(role, ()):
            visitor.get(path, status=200 if held else 404)
        return held

    for first, last, counts in (
        (None, None, True), (None, today() - DAY, False), (today() + DAY, None, False), (today(), today(), True),
        (today() - DAY, today() - DAY, False), (today() + DAY, today() + DAY, False),
    ):  # fmt: skip
        change(lambda first=first, last=last: dated(first, last))
        assert holds() is counts, (first, last)
    change(lambda: dated(None, None))
    change(lambda: actions.end_grant(db.session.scalars(select(Grant).where(Grant.person_id == person_id)).one()))
    assert holds() is False
    assert is_signed_in(visitor)


# The last administrator, and suspending


@pytest.mark.both_databases
def test_the_last_administrator_cannot_take_the_role_from_themselves(
    add_person: Callable[..., int], sign_in: Callable[[int], Visitor], page_of: Callable[[int], str], change: Ask
) -> None:
    one = add_person("Adam Administrator", Role.ADMINISTRATOR)
    add_person("Abe Elsewhere", Role.ADMINISTRATOR, organisation_id=1)  # of one organisation: no other one
    suspended = add_person("Sue Spended", Role.ADMINISTRATOR)
    change(lambda: actions.suspend(db.session.get_one(Person, suspended)))
    visitor = sign_in(one)
    visitor.get(page_of(one))
    assert visitor.page.select_one("form[action$='/suspend']") is None
    visitor.press("End : Administrator, Everywhere", status=409)
    assert "the last administrator" in visitor.text()
    other = add_person("Bea Baker", Role.ADMINISTRATOR)
    visitor.get(page_of(one))
    visitor.press("End : Administrator, Everywhere")
    visitor.get("/admin", status=404)
    with pytest.raises(Refused):
        change(lambda: actions.suspend(db.session.get_one(Person, other)))


def test_somebody_is_suspended_and_let_in_again(
    administrator: Visitor, add_person: Callable[..., int], sign_in: Callable[[int], Visitor],
    page_of: Callable[[int], str],
) -> None:  # fmt: skip
    person_id = add_person("Sue Spended")
    open_browser = sign_in(person_id)
    administrator.get(page_of(person_id))
    administrator.press("Suspend : Sue Spended")
    administrator.follow()
    assert "Suspended" in administrator.text()
    assert not is_signed_in(open_browser)
    administrator.press("Let them in again : Sue Spended")
    assert is_signed_in(sign_in(person_id))
    assert not is_signed_in(open_browser), "what was open stays ended"


def test_nobody_suspends_themselves(
    add_person: Callable[..., int], sign_in: Callable[[int], Visitor], page_of: Callable[[int], str]
) -> None:
    person_id = add_person("Adam Administrator", Role.ADMINISTRATOR)
    visitor = sign_in(person_id)
    visitor.post(f"{page_of(person_id)}/suspend", {"csrf_token": visitor.csrf_token()}, status=409)
    assert is_signed_in(visitor)


def end_role(person: Person) -> None:
    actions.end_grant(person.all_grants[0])


def erase(person: Person) -> None:
    erase_on_request(person.key, "")


@pytest.mark.both_databases
@pytest.mark.parametrize("end", [end_role, actions.suspend, erase])
def test_two_administrators_who_end_each_other_at_once_leave_one(
    app: Flask, add_person: Callable[..., int], ask: Ask, end: Callable[[Person], None]
) -> None:
    people = [add_person("Adam Administrator", Role.ADMINISTRATOR), add_person("Bea Baker", Role.ADMINISTRATOR)]
    refused, ready = [], threading.Barrier(2)

    def end_it(person_id: int) -> None:
        with app.app_context():
            ready.wait()
            try:
                run(lambda: end(db.session.get_one(Person, person_id)))
            except Refused:
                refused.append(person_id)

    threads = [threading.Thread(target=end_it, args=[person_id]) for person_id in people]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(refused) == 1
    assert ask(lambda: [person.id for person in queries.administrators()]) == refused
