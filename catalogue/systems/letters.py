"""What we write to people whom an organisation counts among its own, or asks whether it may."""

from catalogue.mail import link_to, write_mail
from catalogue.people.models import Person
from catalogue.systems.models import Organisation
from catalogue.systems.rules import ASKED_FOR


def write_added(person: Person, organisation: Organisation) -> None:
    """In the present transaction, tell somebody that they are counted there now, where we know an address."""
    if person.email:
        write_mail(
            person.email,
            f"You are listed as working for {organisation.name}",
            f"Somebody who answers for {organisation.name} added you to its people on Every Seat. Those who lead its "
            "system or keep its records can see what you enrol on and complete.\n\n"
            f"If you do not work there, tell the administrator of this service.\n\n{link_to('home.learner')}\n",
        )


def write_asked(person: Person, organisation: Organisation) -> None:
    """Likewise ask somebody whether they work there."""
    if person.email:
        write_mail(
            person.email,
            f"{organisation.name} says that you work for it",
            "Is that so? Nothing changes until you say yes on Every Seat. Who sees what of you then stands where you "
            f"answer:\n\n{link_to('systems.answer', key=organisation.key)}\n\n"
            f"If you do not answer within {ASKED_FOR.days} days, the question is deleted, and you need do nothing.\n",
        )
