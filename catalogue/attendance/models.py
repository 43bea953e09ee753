"""Who was there. A mark can be put right until the offer is completed; each change is an audit event."""

from datetime import datetime

from sqlalchemy import ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from catalogue.clock import now
from catalogue.enrolments.models import Enrolment
from catalogue.extensions import Base, UtcDateTime
from catalogue.offers.models import RunSession
from catalogue.people.models import Person


class Attendance(Base):
    """The mark of one person for one session; none where nobody has said."""

    __tablename__ = "attendance"
    __table_args__ = (UniqueConstraint("enrolment_id", "session_id"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    enrolment_id: Mapped[int] = mapped_column(ForeignKey("enrolment.id"))
    session_id: Mapped[int] = mapped_column(ForeignKey("run_session.id"), index=True)
    attended: Mapped[bool]
    at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)
    by_person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    enrolment: Mapped[Enrolment] = relationship()
    session: Mapped[RunSession] = relationship()
    by_person: Mapped[Person] = relationship()
