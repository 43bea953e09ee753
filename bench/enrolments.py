"""Very many enrolments of people of several systems, on offers and runs, as time has left them."""

import random
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from sqlalchemy import select

from bench.rows import after, put
from catalogue.clock import now, today
from catalogue.enrolments.models import CompletedBy, Completion, Enrolment, EnrolmentState
from catalogue.extensions import db
from catalogue.frameworks.models import Seat
from catalogue.offers.models import OfferVersion, Run, VersionState
from catalogue.people.models import Person
from catalogue.systems.models import Membership, Organisation, System

STATES = (
    *[EnrolmentState.COMPLETED] * 10, *[EnrolmentState.BOOKED] * 4, EnrolmentState.ATTENDED, EnrolmentState.WAITLISTED,
    EnrolmentState.NO_SHOW, *[EnrolmentState.WITHDRAWN] * 2, EnrolmentState.DECLINED,
)  # fmt: skip


def enrolments(count: int, seed: int = 0) -> None:
    """So many enrolments in three years, of a third as many people, each of whom is on an offer once."""
    chance, moment = random.Random(seed), now()  # noqa: S311 nothing is kept secret with it
    systems = list(db.session.scalars(select(System.id).order_by(System.id)))
    seats = list(db.session.scalars(select(Seat.id).order_by(Seat.id)))
    offers = list(
        db.session.execute(
            select(OfferVersion.offer_id, OfferVersion.id, OfferVersion.mode)
            .where(OfferVersion.state == VersionState.PUBLISHED)
            .order_by(OfferVersion.id)
        )
    )
    people = max(count // 3, 1)
    trust, first, enrolment, run = after(Organisation), after(Person), after(Enrolment), after(Run)
    put(
        Organisation,
        (
            {"id": trust + n, "key": f"many-{trust + n}", "name": f"Trust {n}", "kind": "trust",
             "system_id": systems[n % len(systems)]}
            for n in range(2 * len(systems))
        ),
    )  # fmt: skip
    put(Person, ({"id": first + n, "name": f"=Person {n}", "email": f"p{n}@test.example"} for n in range(people)))
    put(
        Membership,
        ({"person_id": first + n, "organisation_id": trust + n % (2 * len(systems))} for n in range(people)),
    )
    runs: dict[int, int] = {}
    for offer_id, _version, mode in offers:
        if mode != "self-paced":
            runs[offer_id] = run + len(runs)
    put(
        Run,
        (
            {"id": key, "offer_id": offer_id, "key": f"many-{key}", "place": "Leeds", "places": count,
             "starts_on": today() + timedelta(days=key % 400 - 300),
             "ends_on": today() + timedelta(days=key % 400 - 298)}
            for offer_id, key in runs.items()
        ),
    )  # fmt: skip

    def rows() -> Iterator[dict[str, Any]]:
        for n in range(count):
            offer_id, version_id, _mode = offers[(n + n // people) % len(offers)]
            joined = moment - timedelta(days=1100 * (count - n) / count, seconds=chance.randrange(86_400))
            yield {
                "id": enrolment + n, "person_id": first + n % people, "offer_id": offer_id, "version_id": version_id,
                "run_id": runs.get(offer_id), "state": chance.choice(STATES), "seat_id": chance.choice(seats),
                "via": f"platform:{1 + n % 3}" if n % 4 == 0 else "password", "created_at": joined,
                "changed_at": joined,
            }  # fmt: skip

    put(Enrolment, rows())
    done = select(Enrolment.id, Enrolment.person_id, Enrolment.offer_id, Enrolment.created_at).where(
        Enrolment.state == EnrolmentState.COMPLETED, Enrolment.id >= enrolment
    )
    put(
        Completion,
        (
            {"enrolment_id": key, "person_id": person_id, "offer_id": offer_id, "by": CompletedBy.PROVIDER,
             "by_person_id": person_id, "at": joined + timedelta(days=chance.expovariate(1 / 40))}
            for key, person_id, offer_id, joined in db.session.execute(done).all()
        ),
    )  # fmt: skip
