"""Keeping what is told of how far people moved."""

from collections.abc import Mapping

from sqlalchemy import delete, exists, func, insert, select

from catalogue.assessments.models import Assessment
from catalogue.evidence import queries
from catalogue.evidence.models import EvidenceBatch, EvidenceCounted, EvidenceEffect
from catalogue.evidence.movements import Found
from catalogue.evidence.rules import Batch
from catalogue.evidence.together import Equations
from catalogue.extensions import db
from catalogue.people import audit


def keep(found: Found, batch: Batch) -> None:
    """Add a batch, and note who counts in it. Where somebody else has made one since all was read, it is left.

    Of who was erased since then there is nothing to note; the figures do not say who they were.
    """
    place = found.place.names | {"offer_id": batch.offer}
    of_offer = EvidenceBatch.offer_id == batch.offer
    newest = (
        db.session.scalar(select(func.max(EvidenceBatch.number)).where(found.place.of(EvidenceBatch), of_offer)) or 0
    )
    if newest != found.batches.get(batch.offer, 0):
        return
    starts = {str(level): people for level, people in batch.starts.items()}
    db.session.add(
        EvidenceBatch(
            **place, number=newest + 1, people=batch.people, moved=batch.moved, variance=batch.variance, starts=starts
        )
    )
    db.session.flush()
    people = found.people[batch.rows].tolist()
    db.session.execute(insert(EvidenceCounted), [place | {"person_id": person_id} for person_id in people])
    there = exists().where(Assessment.person_id == EvidenceCounted.person_id)  # for as long as the person is
    db.session.execute(
        delete(EvidenceCounted)
        .where(found.place.of(EvidenceCounted), EvidenceCounted.offer_id == batch.offer, ~there)
        .execution_options(synchronize_session=False)
    )
    audit.record(
        "evidence of an offer told", f"offer:{batch.offer}", **found.place.names, number=newest + 1, people=batch.people
    )


def replace_effects(claims: queries.Claims, learned: Mapping[queries.Key, Equations]) -> None:
    """Work out from all batches what they come to, and what advice goes by from what was learned tonight."""
    found = queries.worked_out(claims, learned)
    db.session.execute(delete(EvidenceEffect).execution_options(synchronize_session=False))
    if found:
        db.session.execute(insert(EvidenceEffect), found)
