"""Showing one's plan to a line manager, by a link that is theirs alone; and what they write on it."""

from datetime import timedelta

from sqlalchemy import func, select

from catalogue.clock import now, today
from catalogue.enrolments.approving import Manager
from catalogue.errors import Refused
from catalogue.extensions import db
from catalogue.people import audit
from catalogue.people import queries as people
from catalogue.people.models import Person
from catalogue.people.rules import fold_email, hash_token, new_token
from catalogue.plans import queries, rules
from catalogue.plans.actions import held
from catalogue.plans.models import PlanComment, PlanShare


def share(person: Person, manager: Manager) -> tuple[PlanShare, str]:
    """Show one's plan to a manager, and to nobody who saw it before; returns the token of their link, kept nowhere.

    The token is empty where they have it already. Raises ``Refused`` for one's own address, and for too many in a day.
    """
    held(person)
    if fold_email(manager.email) in people.addresses_of(person):
        raise Refused("This is your own address. Enter your line manager's.")
    there = queries.open_share(person.id)
    if there is not None and there.until >= today() and fold_email(there.manager_email) == fold_email(manager.email):
        return there, ""
    lately = select(func.count()).where(
        PlanShare.person_id == person.id, PlanShare.shared_at > now() - timedelta(days=1)
    )
    if (db.session.scalar(lately) or 0) >= rules.MOST_SHARED:
        raise Refused("You have shared your plan often today. Try again tomorrow.")
    stop(person)
    token = new_token()
    made = PlanShare(
        person=person, manager_name=manager.name, manager_email=manager.email, token_hash=hash_token(token),
        until=today() + rules.LINK_FOR,
    )  # fmt: skip
    db.session.add(made)
    db.session.flush()
    audit.record("plan shared", person.key, person.key, share=made.id)
    return made, token


def again(person: Person) -> tuple[PlanShare, str]:
    """Send the link again: a new one, the old one ends. Raises ``Refused`` where it was sent less than a day ago."""
    held(person)
    there = queries.open_share(person.id)
    if there is None:
        raise Refused("You share your plan with nobody now.")
    if there.sent_at > now() - rules.SEND_AGAIN_AFTER:
        raise Refused("They were written to less than a day ago. Try again tomorrow.")
    token = new_token()
    there.token_hash, there.sent_at, there.until = hash_token(token), now(), today() + rules.LINK_FOR
    db.session.flush()
    audit.record("plan shared again", person.key, person.key, share=there.id)
    return there, token


def stop(person: Person) -> None:
    """Nobody's link opens the plan any more. What was written on it stays."""
    held(person)
    there = queries.open_share(person.id)
    if there is not None:
        there.ended_at, there.token_hash = now(), None
        db.session.flush()
        audit.record("plan sharing ended", person.key, person.key, share=there.id)


def comment(token: str, step: str, words: str) -> tuple[PlanShare, bool]:
    """Write on a plan, or on the step of this key; returns whether its person is to be told now.

    Raises ``NotThere`` where the link opens nothing any more, and ``Refused`` for more than anybody reads. Written
    twice it stands once.
    """
    there = queries.share_by_token(token)
    db.session.refresh(there, with_for_update={"of": PlanShare})
    if there.ended_at is not None:
        raise Refused("The plan is not shared with you any more, so this was not kept.")
    before = queries.comments_by(there.id)
    if any(one.step == step and one.words == words for one in before):
        return there, False
    if len(before) >= rules.MOST_COMMENTS:
        raise Refused("You have written as much on this plan as can be kept. Talk to them.")
    db.session.add(PlanComment(share_id=there.id, step=step, words=words))
    db.session.flush()
    audit.record("plan commented on", there.person.key, share=there.id)
    return there, not before or before[-1].at < now() - rules.TELL_AGAIN_AFTER


def see(comment: PlanComment) -> None:
    if comment.seen_at is None:
        comment.seen_at = now()
        db.session.flush()


def remove(comment: PlanComment) -> None:
    db.session.delete(comment)
    db.session.flush()
