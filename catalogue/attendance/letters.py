"""What we write about completions."""

from sqlalchemy import select

from catalogue.enrolments.models import Enrolment
from catalogue.extensions import db
from catalogue.mail import link_to, write_mail
from catalogue.people.models import Grant, Person, Role


def write_step_was_voided(programme: Enrolment, step: str) -> None:
    """In the present transaction, tell administrators of a completed programme that has lost one of its steps.

    Of the person it says nothing but the number of their enrolment, which the register of the programme shows.
    """
    administrators = db.session.scalars(
        select(Person)
        .join(Grant, Grant.person_id == Person.id)
        .where(
            Grant.role == Role.ADMINISTRATOR,
            Grant.organisation_id.is_(None),
            Grant.system_id.is_(None),
            Person.suspended_at.is_(None),
            Person.email != "",
        )
        .order_by(Person.id)
    )
    title = programme.version.title
    text = (
        f"The completion of a step was voided: {step}\n\nSomebody has completed the programme that it is a step of: "
        f"{title}.\nThat completion stands. Look at enrolment {programme.id} in its register, and void it too if it "
        f"should not stand:\n{link_to('attendance.register', slug=programme.offer.slug)}\n"
    )
    for person in administrators.unique():
        if person.has(Role.ADMINISTRATOR):
            write_mail(person.email, f"A step of a completed programme was voided: {title}", text)
