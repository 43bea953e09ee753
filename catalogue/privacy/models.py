"""Erasures, and answers to equality questions, which belong to nobody."""

from datetime import datetime
from uuid import uuid4

from sqlalchemy import JSON, ForeignKey, Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from catalogue.clock import now
from catalogue.extensions import Base, UtcDateTime


def _random_id() -> str:
    return str(uuid4())


class Erasure(Base):
    """That a person was erased, by the opaque key they had: so that it can be done again after a restore."""

    __tablename__ = "erasure"
    id: Mapped[int] = mapped_column(primary_key=True)
    person_key: Mapped[str] = mapped_column(String(32), unique=True)
    at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)


class EqualityAnswer(Base):
    """One answer to one question, about an offer: apart from the person, undated, and apart from their other answers.

    Its id is random, so that the order in which answers were given stands nowhere.
    """

    __tablename__ = "equality_answer"
    __table_args__ = (
        Index("ix_equality_answer_offer_question", "offer_id", "question"),
        {"sqlite_with_rowid": False},  # else SQLite would number the rows as they come
    )
    id: Mapped[str] = mapped_column(String(36), primary_key=True, default=_random_id)
    offer_id: Mapped[int] = mapped_column(ForeignKey("offer.id"))
    question: Mapped[str] = mapped_column(String(40))
    answer: Mapped[str] = mapped_column(String(60))


class EqualityAsked(Base):
    """That a person has been asked about an offer, whatever they said, or nothing: nobody answers twice."""

    __tablename__ = "equality_asked"
    __table_args__ = (UniqueConstraint("person_id", "offer_id"),)
    id: Mapped[str] = mapped_column(String(36), primary_key=True, default=_random_id)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    offer_id: Mapped[int] = mapped_column(ForeignKey("offer.id"))


class EqualityReport(Base):
    """What is told of the answers to one question: about an offer, or over all where it names none."""

    __tablename__ = "equality_report"
    __table_args__ = (
        UniqueConstraint("offer_id", "question"),
        Index(
            "uq_equality_report_over_all",
            "question",
            unique=True,
            sqlite_where=text("offer_id IS NULL"),
            postgresql_where=text("offer_id IS NULL"),
        ),
    )
    id: Mapped[int] = mapped_column(primary_key=True)
    offer_id: Mapped[int | None] = mapped_column(ForeignKey("offer.id"))
    question: Mapped[str] = mapped_column(String(40))
    answered: Mapped[int]  # people, when it was last worked out; never shown
    told: Mapped[dict[str, int]] = mapped_column(JSON)
    offsets: Mapped[dict[str, int]] = mapped_column(JSON)  # drawn once, by answer; never shown
