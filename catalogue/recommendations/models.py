"""What people have said of advice."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from catalogue.clock import now
from catalogue.extensions import Base, UtcDateTime


class Because(StrEnum):
    """Why somebody does not want an offer."""

    KNOWN = "known"
    LEVEL = "level"
    TIME = "time"
    PLACE = "place"
    KIND = "kind"
    OTHER = "other"


class SetAside(Base):
    """An offer that somebody does not want to be advised to take. It changes what they are told, and nobody else."""

    __tablename__ = "set_aside"
    __table_args__ = (UniqueConstraint("person_id", "offer_id"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    offer_id: Mapped[int] = mapped_column(ForeignKey("offer.id"), index=True)
    because: Mapped[Because] = mapped_column(String(20))
    at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)
