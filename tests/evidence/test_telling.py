"""From what people did to what pages say of an offer: from ten people on, and in steps of ten."""

from collections.abc import Callable
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from flask import Flask
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select

from catalogue.clock import now
from catalogue.enrolments.models import Completion
from catalogue.evidence import actions, movements
from catalogue.evidence.jobs import tell_effects
from catalogue.evidence.models import EvidenceBatch, EvidenceCounted, Measure
from catalogue.evidence.rules import NOBODY, Movements, batches
from catalogue.evidence.words import CAN, CANNOT
from catalogue.extensions import db
from catalogue.offers.models import Mapping, Offer, OfferVersion
from catalogue.people.models import AuditEvent, Person, Role
from catalogue.privacy import erasing
from catalogue.resources import resource_dir
from catalogue.transactions import run
from tests.assessments.closed import closed_assessment
from tests.conftest import Ask
from tests.evidence.people import (
    BETWEEN,
    DIMENSION,
    FIRST,
    LAST,
    OFFER,
    SECOND,
    World,
    effect,
    moved,
    others,
    rated,
    somebody,
    takers,
    told,
)  # fmt: skip
from tests.visitor import Visitor

both_databases = pytest.mark.both_databases


@pytest.fixture
def tell(app: Flask) -> Callable[[], None]:
    """What is done each night."""

    def night() -> None:
        with app.app_context():
            tell_effects()

    return night


@pytest.fixture
def page(learner: Visitor) -> Callable[[], str]:
    """What the page of the offer says."""

    def of_offer() -> str:
        learner.get(f"/offers/{OFFER}")
        return learner.text().partition("Does it work?")[2].partition("How we know")[0]

    return of_offer


@both_databases
def test_nine_people_tell_nothing_ten_do_and_the_next_ten_together(
    change: Ask, ask: Ask, tell: Callable[[], None], page: Callable[[], str]
) -> None:
    change(lambda: others(12))
    change(lambda: takers(9))
    tell()
    assert ask(told) == []
    assert "Too early to say" in page()
    change(lambda: takers(1))
    tell()
    assert ask(told) == [10]
    shown = page()
    assert "10 people who took it moved 0." in shown
    assert "levels further in Leading with care than people like them who did not (95% interval" in shown
    assert "Too early to say" not in shown
    change(lambda: takers(9))
    tell()
    tell()
    assert ask(told) == [10]
    assert page() == shown, "nine more would be told by what has changed"
    change(lambda: takers(1))
    tell()
    assert ask(told) == [10, 10]
    assert "20 people who took it moved" in page()
    assert ask(
        lambda: db.session.scalars(select(AuditEvent).where(AuditEvent.action.like("evidence%"))).all()[0].detail
    )


@both_databases
def test_others_ratings_are_told_apart(
    change: Ask, ask: Ask, tell: Callable[[], None], page: Callable[[], str]
) -> None:
    def act() -> None:
        for number in range(12):
            rated(somebody(), (2.0 + number % 2 / 2, 2.0 + number % 2 / 2))
            rated(moved((0, 0), OFFER), (2.0 + number % 2 / 2, 2.5 + number % 2 / 2))

    change(act)
    change(lambda: others(12))
    tell()
    assert ask(lambda: (told(Measure.SELF), told(Measure.OTHERS))) == ([12], [12])
    found = ask(lambda: effect(Measure.OTHERS))
    assert 0.2 < found.mean <= 0.5, "half a point, drawn towards none"
    assert found.factor == 1.0
    assert "Others’ ratings of 12 people who took it rose by 0." in page()
    assert "on a scale from 0 to 4" in page()


def test_what_may_be_chance_is_said_to_be(change: Ask, tell: Callable[[], None], page: Callable[[], str]) -> None:
    change(lambda: (others(12, ends=(0, 1)), takers(10, ends=(0, 1))))
    tell()
    assert "that may be chance" in page()


def not_told(change: Ask, ask: Ask, tell: Callable[[], None], act: Callable[[], Any]) -> bool:
    """Whether nothing is told where nine people are told of already and ``act`` adds what may be a tenth."""
    change(lambda: (others(12), takers(9), act()))
    tell()
    return ask(told) == []


def voided() -> None:
    completion = completed_in_between()
    completion.voided_at, completion.void_reason = now(), "ticked in error"


def completed_in_between(days: float = BETWEEN) -> Completion:
    return World.now().complete(moved((0, 1)), days=days)


def only_later() -> None:
    World.now().assess(moved((0, 0)), 1, 10)


@pytest.mark.parametrize(
    "act",
    [
        pytest.param(voided, id="a completion that was taken back"),
        pytest.param(lambda: moved((0, 1), OFFER, SECOND), id="two offers at once"),
        pytest.param(lambda: moved((1, 2), OFFER), id="from a level that the offer does not begin at"),
        pytest.param(lambda: moved((0, 1), OFFER, days=(BETWEEN + 10, BETWEEN - 10)), id="too short a while"),
        pytest.param(lambda: completed_in_between(FIRST + 1), id="before the first assessment"),
        pytest.param(lambda: completed_in_between(LAST - 1), id="after the last assessment"),
        pytest.param(only_later, id="not taken at all"),
    ],
)
def test_who_does_not_count(change: Ask, ask: Ask, tell: Callable[[], None], act: Callable[[], Any]) -> None:
    assert not_told(change, ask, tell, act)


@both_databases
def test_a_completion_that_waited_for_the_assessment_belongs_before_it(
    change: Ask, ask: Ask, tell: Callable[[], None]
) -> None:
    assert not not_told(change, ask, tell, lambda: completed_in_between(LAST - 1 / 86_400))


def test_who_took_two_offers_is_nobody_to_be_compared_with_either(
    change: Ask, ask: Ask, tell: Callable[[], None]
) -> None:
    change(lambda: ([moved((0, 0), OFFER, SECOND) for _ in range(12)], takers(12)))
    tell()
    assert ask(told) == []


def test_who_takes_it_twice_counts_once(change: Ask, ask: Ask, tell: Callable[[], None]) -> None:
    def again() -> None:
        world = World.now()
        for person_id in takers(10, ends=(0,)):
            person = db.session.get_one(Person, person_id)
            world.complete(person, days=70)
            world.assess(person, 1, 40)

    change(lambda: (others(24), again()))
    tell()
    tell()
    assert ask(told) == [10]


@both_databases
def test_what_is_told_stays_when_somebody_is_erased_and_nobody_counts_in_their_place(
    change: Ask, ask: Ask, tell: Callable[[], None]
) -> None:
    first, *_ = change(lambda: (others(12), takers(10))[1])
    tell()

    def figures() -> list[tuple[Any, ...]]:
        rows = db.session.execute(select(EvidenceBatch.people, EvidenceBatch.moved, EvidenceBatch.variance)).all()
        return [tuple(row) for row in rows]

    before = ask(figures)
    change(lambda: erasing.erase(db.session.get_one(Person, first), ""))
    counted = select(func.count()).select_from(EvidenceCounted).where(EvidenceCounted.dimension == DIMENSION)
    assert ask(lambda: db.session.scalar(counted)) == 9
    change(lambda: takers(9))
    tell()
    assert ask(figures) == before


@both_databases
def test_two_workers_make_no_batch_twice_and_note_nobody_who_was_erased_meanwhile(
    app: Flask, change: Ask, ask: Ask
) -> None:
    first, *_ = change(lambda: (others(12), takers(11))[1])
    with app.app_context():
        read = [(found, batch) for found in movements.of_selves() for batch in batches(found.movements)]
        late = [(found, batch) for found in movements.of_selves() for batch in batches(found.movements)]
        assert [batch.people for _, batch in read] == [11]
        db.session.rollback()
        run(lambda: erasing.erase(db.session.get_one(Person, first), ""))
        for found, batch in (*read, *late):
            run(lambda found=found, batch=batch: actions.keep(found, batch))  # type: ignore[misc]
    assert ask(told) == [11]
    people = ask(lambda: db.session.scalars(select(EvidenceCounted.person_id)).all())
    assert len(people) == 10
    assert first not in people


@given(st.lists(st.integers(1, 14), min_size=1, max_size=12))
@settings(max_examples=30, deadline=None)
def test_any_two_releases_are_ten_people_or_more_apart(nights: list[int]) -> None:
    """However many have come by each night: what is told then never differs by one to nine people."""
    releases, new = [0], 0
    for come in nights:
        new += come
        offer = np.array([1] * new + [NOBODY] * 10)
        start = np.zeros(len(offer))
        taken = np.zeros((0, 2), dtype=np.intp)
        found = batches(Movements(offer * 0, offer, start, start, offer * 0, offer == 1, taken))
        told_now = sum(batch.people for batch in found)
        new -= told_now
        releases.append(releases[-1] + told_now)
    assert all(later == earlier or later - earlier >= 10 for earlier, later in pairwise(releases))


def test_advice_believes_an_offer_as_far_as_people_moved(
    app: Flask, add_person: Callable[..., int], sign_in: Callable[[int], Visitor], change: Ask, ask: Ask,
    tell: Callable[[], None],
) -> None:  # fmt: skip
    person_id = add_person("Lena")
    change(lambda: closed_assessment(person_id, 0))
    lena = sign_in(person_id)
    lena.get(f"/offers/{OFFER}")
    believed = lena.text()
    assert "It works on nothing" not in believed
    change(lambda: (others(40, ends=(1, 0)), takers(40, ends=(0, 1))))  # it changes nothing
    tell()
    found = ask(effect)
    assert found.factor < 0.4
    lena.get(f"/offers/{OFFER}")
    assert lena.text() != believed
    lena.get("/recommendations?hours=60")
    assert "Does it work?" in lena.text()


def test_a_claim_is_judged_by_the_same_movement_when_it_is_changed(
    change: Ask, ask: Ask, tell: Callable[[], None]
) -> None:
    change(lambda: (others(20), takers(20)))
    tell()
    before = ask(effect)

    def claim_more() -> None:
        version = db.session.scalars(
            select(OfferVersion).join(Offer, Offer.id == OfferVersion.offer_id).where(Offer.slug == OFFER)
        ).one()
        db.session.scalars(select(Mapping).where(Mapping.version_id == version.id)).one().strength = "masters"

    change(claim_more)
    tell()
    after = ask(effect)
    assert after.factor < before.factor
    assert after.people == before.people


def test_a_partner_reads_the_same_where_they_publish(
    add_person: Callable[..., int], sign_in: Callable[[int], Visitor], change: Ask, ask: Ask, tell: Callable[[], None]
) -> None:
    change(lambda: (others(12), takers(10)))
    tell()
    offer_id, provider_id = ask(
        lambda: tuple(db.session.execute(select(Offer.id, Offer.provider_id).where(Offer.slug == OFFER)).one())
    )
    partner = sign_in(add_person("Pat", Role.PARTNER, organisation_id=provider_id))
    partner.get(f"/publish/offers/{offer_id}")
    assert "10 people who took it moved" in partner.text()


def test_whoever_counts_finds_that_in_what_is_held_about_them(
    add_person: Callable[..., int], sign_in: Callable[[int], Visitor], change: Ask, tell: Callable[[], None]
) -> None:
    person_id = add_person("Lena")

    def act() -> None:
        person, world = db.session.get_one(Person, person_id), World.now()
        world.assess(person, 0, FIRST)
        world.complete(person)
        world.assess(person, 1, LAST)
        others(12)
        takers(9)

    change(act)
    tell()
    lena = sign_in(person_id)
    lena.get("/about-you")
    assert "Offers in whose figures on effect you count" in lena.text()


def test_page_and_document_say_the_same_of_what_figures_can_show(visitor: Visitor) -> None:
    visitor.get("/evidence")
    shown, told_there = visitor.text(), (resource_dir("seed").parent / "docs" / "evidence.md").read_text("utf-8")
    for line in (*CAN, *(part for row in CANNOT for part in row)):
        assert line in shown
        assert line in " ".join(told_there.split()), line


def test_before_people_answer_they_read_that_they_may_count(learner: Visitor) -> None:
    learner.get("/assessments/before-you-start")
    assert "Averages of 10 people and more" in learner.text()
