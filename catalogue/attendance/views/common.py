"""What the pages of a register share: whose it is, and who may open it."""

from dataclasses import dataclass

from flask import Blueprint
from flask_login import current_user

from catalogue.attendance import queries
from catalogue.attendance.access import can_put_right, can_register
from catalogue.enrolments.models import CompletedBy, Enrolment
from catalogue.errors import NotThere
from catalogue.extensions import db
from catalogue.offers.models import Offer, Run
from catalogue.people.models import Person, Role

attendance = Blueprint("attendance", __name__)
REGISTER = "/offers/<slug>/register"
RUN = f"{REGISTER}/runs/<int(max=2147483647):run_id>"
ENROLMENT = f"{REGISTER}/<int(max=2147483647):enrolment_id>"


@dataclass(frozen=True, slots=True)
class Kept:
    """A register that the person who asks may keep. ``offer`` may be retired: its title is that of its last version."""

    offer: Offer
    title: str
    puts_right: bool


def kept(slug: str) -> Kept:
    """The register of an offer, if the person may keep it; to anybody else it is not there."""
    offer, title = queries.registered(slug)
    if not can_register(current_user.person, offer):
        raise NotThere
    return Kept(offer, title, can_put_right(current_user.person, offer))


def put_right(slug: str) -> Kept:
    """The same, for who may also void completions and withdraw people."""
    register = kept(slug)
    if not register.puts_right:
        raise NotThere
    return register


def run_of(register: Kept, run_id: int) -> Run:
    run = db.session.get(Run, run_id)
    if run is None or run.offer_id != register.offer.id:
        raise NotThere
    return run


def enrolment_of(offer_id: int, enrolment_id: int) -> Enrolment:
    found = db.session.get(Enrolment, enrolment_id)
    if found is None or found.offer_id != offer_id:
        raise NotThere
    return found


def actor(person_id: int) -> Person:
    return db.session.get_one(Person, person_id)


def by_of(person: Person) -> CompletedBy:
    """Whose word it is where this person says that somebody completed an offer."""
    return CompletedBy.ADMINISTRATOR if person.has(Role.ADMINISTRATOR) else CompletedBy.PROVIDER


def name_of(enrolment: Enrolment) -> str:
    return enrolment.person.name or "This person"
