"""A line manager's word: asked by a link that is theirs alone, given once, and lapsed when its day is over."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import joinedload

from catalogue.clock import now, today
from catalogue.enrolments import rules
from catalogue.enrolments.actions import Joining, enrol, hold, keep_state, leave, locked, place_for
from catalogue.enrolments.models import Approval, Enrolment, EnrolmentState
from catalogue.errors import NotThere, Refused
from catalogue.extensions import db
from catalogue.offers.models import Offer, Run
from catalogue.people import audit
from catalogue.people import queries as people
from catalogue.people.models import Person
from catalogue.people.rules import fold_email, hash_token, new_token

AWAITING = (EnrolmentState.REQUESTED, EnrolmentState.NOMINATED)
MOST_ASKED = 10
"""Letters to managers that one person can cause in a day."""
REMIND_AFTER = timedelta(hours=20)


@dataclass(frozen=True, slots=True)
class Manager:
    name: str
    email: str


def join(
    person: Person, offer: Offer, run_id: int | None, joining: Joining, manager: Manager | None
) -> tuple[Enrolment, str]:
    """Enrol somebody, and ask their manager where the offer wants that; returns the token for the manager's link.

    The token is empty where nobody was asked, so also where they were on the offer already.
    """
    asked = manager is not None and offer.published.approval_needed
    before = db.session.scalar(select(func.max(Enrolment.id)).where(Enrolment.person_id == person.id)) or 0
    enrolment = enrol(person, offer, run_id, joining, manager_asked=asked)
    if not asked or manager is None or enrolment.id <= before:
        return enrolment, ""
    return enrolment, ask(enrolment, manager, person)


def ask(enrolment: Enrolment, manager: Manager, actor: Person) -> str:
    """Ask a manager, and nobody who was asked before; returns the token of their link, which is kept nowhere.

    Raises ``Refused`` where it is the person's own address, and for more letters in a day than anybody needs.
    """
    _not_themselves(enrolment.person, manager)
    _not_too_often(enrolment.person_id)
    for before in open_approvals(enrolment.id):
        before.decided_at, before.reason = now(), "Somebody else was asked."
    token = new_token()
    run = enrolment.run
    approval = Approval(
        enrolment=enrolment, token_hash=hash_token(token), manager_name=manager.name, manager_email=manager.email,
        answer_by=rules.answer_by(today(), run.starts_on if run else None),
    )  # fmt: skip
    db.session.add(approval)
    enrolment.answer_by = approval.answer_by
    db.session.flush()
    audit.record("manager asked", f"enrolment:{enrolment.id}", actor.key, approval=approval.id)
    return token


def _not_themselves(person: Person, manager: Manager) -> None:
    if fold_email(manager.email) in people.addresses_of(person):
        raise Refused("This is your own address. Enter your line manager's.")


def _not_too_often(person_id: int) -> None:
    asked = db.session.scalar(
        select(func.count())
        .select_from(Approval)
        .join(Approval.enrolment)
        .where(Enrolment.person_id == person_id, Approval.asked_at > now() - timedelta(days=1))
    )
    if (asked or 0) >= MOST_ASKED:
        raise Refused("You have asked managers often today. Try again tomorrow.")


def open_approvals(enrolment_id: int) -> Sequence[Approval]:
    """Those that are not decided yet: one at most, but for a moment while another is asked."""
    return db.session.scalars(
        select(Approval).where(Approval.enrolment_id == enrolment_id, Approval.decided_at.is_(None))
    ).all()


def asked_now(enrolment_id: int) -> Approval | None:
    """Who is asked at present, if anybody."""
    return next(iter(open_approvals(enrolment_id)), None)


def again(enrolment: Enrolment, actor: Person, manager: Manager | None = None) -> tuple[Approval, str]:
    """Remind the manager, or ask another; returns what is asked and the token of a new link (the old one ends).

    The enrolment is held. Raises ``Refused`` where nobody is asked, or they were reminded less than a day ago.
    """
    if enrolment.run_id is not None:
        locked(enrolment.run_id)
    hold(enrolment)
    approval = asked_now(enrolment.id)
    if enrolment.state not in AWAITING or approval is None:
        raise Refused("No manager is asked any more. See how your enrolment stands.")
    if manager is not None:
        token = ask(enrolment, manager, actor)
        return db.session.scalars(select(Approval).where(Approval.token_hash == hash_token(token))).one(), token
    if approval.asked_at > now() - REMIND_AFTER:
        raise Refused("They were written to less than a day ago. Try again tomorrow.")
    _not_too_often(enrolment.person_id)
    token = new_token()
    approval.token_hash, approval.asked_at = hash_token(token), now()
    audit.record("manager reminded", f"enrolment:{enrolment.id}", actor.key, approval=approval.id)
    return approval, token


def by_token(token: str) -> Approval:
    """What the link is for; raises ``NotThere`` where it is none of ours, or not the newest."""
    found = db.session.scalar(
        select(Approval)
        .where(Approval.token_hash == hash_token(token))
        .options(
            joinedload(Approval.enrolment).options(
                joinedload(Enrolment.person), joinedload(Enrolment.version), joinedload(Enrolment.run),
                joinedload(Enrolment.offer).joinedload(Offer.provider), joinedload(Enrolment.seat),
            )
        )
    )  # fmt: skip
    if found is None:
        raise NotThere("This link does not work any more. Look for a newer message, or ask whoever wants to join.")
    return found


def over(approval: Approval) -> str:
    """Why an approval cannot be answered any more, in plain words; an empty string where it can."""
    if approval.decided_at is not None:
        return "This has been answered, or somebody else was asked."
    if approval.enrolment.state not in AWAITING:
        return "There is nothing to decide any more: the place is not wanted now."
    if approval.answer_by < today():
        return f"The last day to answer was {rules.said(approval.answer_by)}."
    return ""


@dataclass(frozen=True, slots=True)
class Decided:
    approval: Approval
    promoted: Sequence[Enrolment]
    """Those who got a place that was held."""


def decide(token: str, *, approved: bool, reason: str) -> Decided:
    """The manager's word: with it a place, or the waiting list; without it the enrolment ends. Once.

    Raises ``Refused`` where it has been said already or is too late, and for a decline without a reason.
    """
    if not approved and not reason.strip():
        raise Refused("Say why, so that they know.")
    approval = by_token(token)
    enrolment = approval.enrolment
    if enrolment.run_id is not None:
        locked(enrolment.run_id)
    hold(enrolment)
    db.session.refresh(approval, with_for_update={"of": Approval})
    why = over(approval)
    if why:
        raise Refused(why)
    return _decide(approval, approved=approved, reason=reason)


def _decide(approval: Approval, *, approved: bool, reason: str) -> Decided:
    enrolment = approval.enrolment
    approval.decided_at, approval.approved, approval.reason = now(), approved, reason.strip()
    if not approved:
        audit.record("manager declined", f"enrolment:{enrolment.id}", approval=approval.id)
        return Decided(approval, leave(enrolment, EnrolmentState.DECLINED, "declined", reason=reason))
    run = db.session.get_one(Run, enrolment.run_id) if enrolment.run_id is not None else None
    if enrolment.state == EnrolmentState.NOMINATED:
        enrolment.state = EnrolmentState.BOOKED  # on the place that is held
    else:
        enrolment.state, enrolment.allocation_id = place_for(run, enrolment.person_id)
    enrolment.changed_at, enrolment.answer_by = now(), None
    db.session.flush()
    if run is not None:
        keep_state(run)
    audit.record("manager approved", f"enrolment:{enrolment.id}", approval=approval.id, state=enrolment.state)
    return Decided(approval, [])


def due() -> list[int]:
    """Approvals whose last day is over."""
    return list(
        db.session.scalars(
            select(Approval.id)
            .join(Approval.enrolment)
            .where(Approval.decided_at.is_(None), Approval.answer_by < today(), Enrolment.state.in_(AWAITING))
            .order_by(Approval.id)
        )
    )


def lapse(approval_id: int) -> Decided | None:
    """Nobody answered in time: the enrolment ends. Nothing where somebody did."""
    approval = db.session.get_one(Approval, approval_id)
    enrolment = approval.enrolment
    if enrolment.run_id is not None:
        locked(enrolment.run_id)
    hold(enrolment)
    db.session.refresh(approval, with_for_update={"of": Approval})
    if approval.decided_at is not None or approval.answer_by >= today() or enrolment.state not in AWAITING:
        return None
    return _decide(approval, approved=False, reason=f"No answer by {rules.said(approval.answer_by)}")
