"""Counts come from sets that are kept in memory: they are those that the database would give, whatever has changed."""

from collections.abc import Callable
from datetime import timedelta
from random import Random

import pytest
from flask import Flask
from sqlalchemy import func, select

from catalogue.clock import today
from catalogue.extensions import db
from catalogue.offers.actions import retire
from catalogue.offers.facets import facets
from catalogue.offers.filters import FACETS, Filters
from catalogue.offers.models import Offer, OfferVersion, Run, RunState
from catalogue.offers.queries import matching
from catalogue.people.models import Person, Role
from catalogue.transactions import run
from tests.drills import dice, many
from tests.offers.conftest import Described

pytestmark = pytest.mark.both_databases
WORDS = ("", "", "team", "meetin", "lead change", "feedbcak", "xylophone")
Counts = dict[str, dict[str, int]]


def counts(filters: Filters, person: Person | None = None) -> Counts:
    return {facet.name: {choice.value: choice.count for choice in facet.choices} for facet in facets(filters, person)}


def in_sql(filters: Filters, person: Person | None) -> int:
    return db.session.scalar(select(func.count()).select_from(matching(filters, person).subquery())) or 0


def chosen_by(chance: Random, there: Counts) -> Filters:
    """Some values of some fields, among them one that nothing has."""
    chosen = {
        name: tuple(chance.sample([*there[name], "nothing has this"], chance.randint(1, 2)))
        for name in chance.sample(FACETS, chance.randint(0, 3))
        if there[name]
    }
    return Filters(q=chance.choice(WORDS), **chosen)  # type: ignore[arg-type]


def test_every_count_is_that_of_the_database(app: Flask, add_person: Callable[..., int]) -> None:
    chance, reviewer = dice(), add_person("Rita", Role.REVIEWER)

    def hide_some() -> None:
        for version in db.session.scalars(select(OfferVersion).order_by(OfferVersion.id)):
            version.members_only = chance.random() < 0.3

    with app.app_context():
        run(hide_some)
        there = counts(Filters())
        for _ in range(many(6, 60)):
            filters = chosen_by(chance, there)
            person = chance.choice([None, db.session.get_one(Person, reviewer)])
            for name, found in counts(filters, person).items():
                for value, count in found.items():
                    narrowed = {field: getattr(filters, field) for field in FACETS} | {name: (value,)}
                    asked = Filters(q=filters.q, **narrowed)
                    assert count == in_sql(asked, person), (filters, name, value)


def test_counts_follow_every_change_and_none_that_is_undone(app: Flask, nothing_else: Callable[..., None]) -> None:
    nothing_else(Described("one", "One", more={"hours": 1}), Described("two", "Two", more={"hours": 3}))

    def offer(slug: str) -> Offer:
        return db.session.scalars(select(Offer).where(Offer.slug == slug)).one()

    def with_a_run() -> None:
        day = today() + timedelta(days=9)
        db.session.add(Run(offer=offer("one"), key="1", starts_on=day, ends_on=day, place="Hull", places=1))

    def say(state: RunState) -> None:
        db.session.scalars(select(Run).where(Run.offer_id == offer("one").id)).one().state = state

    def free() -> Counts:
        found = counts(Filters())
        return {name: found[name] for name in ("free", "place", "length")}

    both = {"hour": 1, "half-day": 1}
    with app.app_context():
        assert free() == {"free": {}, "place": {}, "length": both}
        run(with_a_run)
        assert free() == {"free": {"yes": 1}, "place": {"Hull": 1}, "length": both}
        run(lambda: say(RunState.FULL))
        assert free() == {"free": {}, "place": {"Hull": 1}, "length": both}
        run(lambda: say(RunState.CANCELLED))
        assert free() == {"free": {}, "place": {}, "length": both}

        def undone() -> None:
            retire(offer("two"))
            assert free()["length"] == {"hour": 1}
            raise LookupError

        with pytest.raises(LookupError):
            run(undone)
        assert free()["length"] == both
        run(lambda: retire(offer("two")))
        assert free()["length"] == {"hour": 1}
