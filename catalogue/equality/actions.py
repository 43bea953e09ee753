"""Taking answers to equality questions, and working out once a day what may be told of them."""

import secrets
from collections.abc import Mapping
from uuid import uuid4

from sqlalchemy import delete, insert, select

from catalogue.equality import queries
from catalogue.equality.rules import QUESTIONS, STEP, due, told
from catalogue.extensions import db
from catalogue.privacy.models import EqualityAnswer, EqualityAsked, EqualityReport


def answer(person_id: int, offer_id: int, answers: Mapping[str, str]) -> bool:
    """Keep somebody's answers about an offer, and that they were asked; returns whether this was the first time.

    A question that was passed over leaves nothing. Nothing is written to the audit trail: it would say when.
    """
    if queries.asked(person_id, offer_id):
        return False
    db.session.add(EqualityAsked(person_id=person_id, offer_id=offer_id))
    db.session.flush()
    rows = [
        {"id": str(uuid4()), "offer_id": offer_id, "question": question, "answer": said}
        for question, said in answers.items()
        if said in QUESTIONS[question].answers
    ]
    if rows:
        db.session.execute(insert(EqualityAnswer), sorted(rows, key=lambda row: str(row["id"])))
    return True


def shuffle() -> None:
    """Give every answer a new random id, and write all of them anew, in the order of these.

    So nothing that a database notes beside its rows, such as the transaction that wrote one or the place where it lies,
    says any more which answers came together, or with whose.
    """
    columns = (EqualityAnswer.offer_id, EqualityAnswer.question, EqualityAnswer.answer)
    taken = db.session.execute(delete(EqualityAnswer).returning(*columns)).all()
    rows = [
        {"id": str(uuid4()), "offer_id": offer_id, "question": question, "answer": said}
        for offer_id, question, said in taken
    ]
    if rows:
        db.session.execute(insert(EqualityAnswer), sorted(rows, key=lambda row: str(row["id"])))


def tell() -> None:
    """Bring up to date what is told, of each offer and question for which enough people more have answered."""
    there = {(report.offer_id, report.question): report for report in db.session.scalars(select(EqualityReport))}
    for (offer_id, question), counts in queries.counted().items():
        if question not in QUESTIONS:
            continue
        report = there.get((offer_id, question))
        answered = sum(counts.values())
        if not due(answered, report.answered if report else 0):
            continue
        if report is None:
            report = EqualityReport(offer_id=offer_id, question=question, offsets=_offsets(question))
            db.session.add(report)
        every = {name: counts.get(name, 0) for name in QUESTIONS[question].answers}
        report.answered, report.told = answered, told(every, report.offsets)
    db.session.flush()


def _offsets(question: str) -> dict[str, int]:
    return {name: secrets.randbelow(STEP) for name in QUESTIONS[question].answers}
