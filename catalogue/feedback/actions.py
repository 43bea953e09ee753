"""Asking for feedback: opening a round, asking people, reminding them. Tokens are for letters, and kept nowhere."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import select

from catalogue.clock import now, today
from catalogue.errors import NotThere, Refused
from catalogue.extensions import db
from catalogue.feedback import queries, rules
from catalogue.feedback.models import FeedbackRater, FeedbackRound, RoundState
from catalogue.feedback.rules import Group
from catalogue.frameworks import queries as frameworks
from catalogue.people import audit
from catalogue.people import queries as people
from catalogue.people.models import Person
from catalogue.people.rules import fold_email, hash_token, mailbox, new_token


@dataclass(frozen=True, slots=True)
class Named:
    name: str
    email: str


def open_round(person: Person, closes_on: date, facilitator: Named | None = None) -> FeedbackRound:
    """Open a round on the present framework.

    The facilitator is named now or never: whoever is asked is told who sees what. Raises ``Refused`` without a finished
    self-assessment, while a round is open or too soon after one, and for a day or an address that cannot be.
    """
    framework = frameworks.current_framework()
    if queries.newest_self_assessment(person.id, framework.id) is None:
        raise Refused("Assess yourself first: what others say is set beside what you say.")
    rounds = queries.rounds_of(person.id)
    if any(one.state == RoundState.OPEN for one in rounds):
        raise Refused("You are asking for feedback already.")
    if queries.next_round_from(person.id) is not None:
        raise Refused("Half a year has to lie between two rounds, so that nobody can see what one more answer changes.")
    first, last = rules.closing_days(today())
    if not first <= closes_on <= last:
        raise Refused("The last day must be between 7 and 60 days from today.")
    if facilitator is not None and mailbox(facilitator.email) in _mailboxes(person):
        raise Refused("This is your own address. Enter your facilitator's.")
    made = FeedbackRound(
        person=person, framework=framework, closes_on=closes_on,
        facilitator_name=facilitator.name if facilitator else "",
        facilitator_email=facilitator.email if facilitator else "",
    )  # fmt: skip
    db.session.add(made)
    db.session.flush()
    audit.record("feedback opened", f"feedback:{made.id}", person.key)
    return made


def _mailboxes(person: Person) -> set[str]:
    return {mailbox(email) for email in people.addresses_of(person)}


def held(round_id: int) -> FeedbackRound:
    """The round, as it is now, for this transaction alone; raises ``NotThere`` where it went with its person."""
    found = db.session.scalar(
        select(FeedbackRound)
        .where(FeedbackRound.id == round_id)
        .with_for_update(of=FeedbackRound)
        .execution_options(populate_existing=True)
    )
    if found is None:
        raise NotThere
    return found


def takes_answers(here: FeedbackRound) -> bool:
    return here.state == RoundState.OPEN and here.closes_on >= today()


def ask(here: FeedbackRound, group: Group, who: Named) -> str:
    """Ask somebody; returns the token of their link. The round is held.

    Raises ``Refused`` for somebody who was asked already, a second line manager, the person and their facilitator.
    """
    if not takes_answers(here):
        raise Refused("This round is closed: nobody can be asked any more.")
    email, box = fold_email(who.email), mailbox(who.email)
    if box in _mailboxes(here.person):
        raise Refused("This is your own address. You answer in your self-assessment.")
    if box == mailbox(here.facilitator_email):
        raise Refused("This is your facilitator's address. Whoever sees the report first does not answer.")
    there = db.session.execute(
        select(FeedbackRater.email, FeedbackRater.relation).where(FeedbackRater.round_id == here.id)
    ).all()
    if box in {mailbox(row.email) for row in there}:
        raise Refused("You have asked somebody at this address already.")
    if group == Group.MANAGER and any(row.relation == Group.MANAGER for row in there):
        raise Refused("You have asked your line manager already. Anybody else you answer to is one of the others.")
    if len(there) >= rules.MOST_RATERS:
        raise Refused(f"You have asked {rules.MOST_RATERS} people, and that is as many as can be asked.")
    token = new_token()
    db.session.add(
        FeedbackRater(round_id=here.id, relation=group, name=who.name, email=email, token_hash=hash_token(token))
    )
    db.session.flush()
    audit.record("feedback asked for", f"feedback:{here.id}", here.person.key)
    return token


def remind(here: FeedbackRound) -> Sequence[tuple[FeedbackRater, str]]:
    """Remind all who have not answered: each with the token of a new link, the old one ends. The round is held.

    Raises ``Refused`` where that was less than a day ago, or nobody can answer any more.
    """
    if not takes_answers(here):
        raise Refused("This round is closed: nobody can answer any more.")
    if (here.reminded_at or here.opened_at) > now() - rules.REMIND_AFTER:
        raise Refused("They were written to less than a day ago. Try again tomorrow.")
    here.reminded_at = now()
    written = []
    for rater in here.raters:
        if rater.sent_at is None and rater.declined_at is None and rater.email:
            token = new_token()
            rater.token_hash = hash_token(token)
            written.append((rater, token))
    db.session.flush()
    audit.record("feedback reminded of", f"feedback:{here.id}", here.person.key)
    return written
