"""What is told of how far people moved: in batches of ten and more, in which each person counts once for good."""

from datetime import date
from enum import StrEnum

from sqlalchemy import JSON, CheckConstraint, Date, ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from catalogue.clock import today
from catalogue.extensions import Base


class Measure(StrEnum):
    """By whose ratings somebody is measured. The two are never added up."""

    SELF = "self"
    OTHERS = "others"


class EvidenceBatch(Base):
    """People who took an offer, told together for the first time. It never changes, and does not say who they are.

    A dimension is named by its key and its framework's: it is the same in every version. ``moved`` is summed over
    them, beyond people like them who did not take it; ``variance`` is of that sum; ``starts``: how many began at each
    level.
    """

    __tablename__ = "evidence_batch"
    __table_args__ = (
        UniqueConstraint("offer_id", "framework", "dimension", "measure", "number"),
        CheckConstraint("people >= 10", name="ten_people"),
    )
    id: Mapped[int] = mapped_column(primary_key=True)
    offer_id: Mapped[int] = mapped_column(ForeignKey("offer.id"))
    framework: Mapped[str] = mapped_column(String(100))
    dimension: Mapped[str] = mapped_column(String(60))
    measure: Mapped[Measure] = mapped_column(String(10))
    number: Mapped[int]
    people: Mapped[int]
    moved: Mapped[float]
    variance: Mapped[float]
    starts: Mapped[dict[str, int]] = mapped_column(JSON)
    made_on: Mapped[date] = mapped_column(Date, default=today)


class EvidenceCounted(Base):
    """That somebody counts in a batch of an offer and dimension, and so in no later one. It does not say in which."""

    __tablename__ = "evidence_counted"
    __table_args__ = (
        UniqueConstraint("person_id", "offer_id", "framework", "dimension", "measure", name="uq_evidence_counted_once"),
    )
    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    offer_id: Mapped[int] = mapped_column(ForeignKey("offer.id"), index=True)
    framework: Mapped[str] = mapped_column(String(100))
    dimension: Mapped[str] = mapped_column(String(60))
    measure: Mapped[Measure] = mapped_column(String(10))


class EvidenceEffect(Base):
    """What all batches come to, worked out anew each night, for pages and for advice. See ``rules.Effect``."""

    __tablename__ = "evidence_effect"
    __table_args__ = (UniqueConstraint("offer_id", "framework", "dimension", "measure"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    offer_id: Mapped[int] = mapped_column(ForeignKey("offer.id"))
    framework: Mapped[str] = mapped_column(String(100))
    dimension: Mapped[str] = mapped_column(String(60))
    measure: Mapped[Measure] = mapped_column(String(10))
    people: Mapped[int]
    mean: Mapped[float]
    low: Mapped[float]
    high: Mapped[float]
    factor: Mapped[float]
    made_on: Mapped[date] = mapped_column(Date, default=today)
