"""What we write to people about their enrolments, in the transaction of what they are told."""

import re
from collections.abc import Iterable

from catalogue.enrolments.completing import FromElsewhere
from catalogue.enrolments.models import Approval, Enrolment, EnrolmentState
from catalogue.enrolments.rules import said
from catalogue.mail import link_to, write_mail
from catalogue.pages import format_clock, format_dates
from catalogue.people.models import Person

LINKED = re.compile(r"://|www\.|@|\w\.[^\W\d_]{2}", re.IGNORECASE)
"""What a mail program may make a link of."""


def harmless(words: str) -> str:
    """The words, unless they hold an address, a line break, or what cannot be seen.

    Names may come from elsewhere: in our mail they must not become a message of its own.
    """
    return "" if LINKED.search(words) or not words.isprintable() else words


def _name(person: Person | None, unnamed: str) -> str:
    return (harmless(person.name) if person is not None else "") or unnamed


def _when(enrolment: Enrolment) -> str:
    run = enrolment.run
    if run is None:
        return "at your own pace"
    name = f"{run.name}, " if run.name else ""
    return f"{name}{format_dates(run.starts_on, run.ends_on)}, {run.place}"


def _what(enrolment: Enrolment) -> str:
    return f"{enrolment.version.title}\n{_when(enrolment)}\n\n"


def _page(enrolment: Enrolment) -> str:
    return link_to("enrolments.enrolment", enrolment_id=enrolment.id)


def _write(enrolment: Enrolment, subject: str, text: str) -> None:
    """To whoever is enrolled, where an address of theirs is known."""
    if enrolment.person.email:
        write_mail(enrolment.person.email, f"{subject}: {enrolment.version.title}", text)


def write_confirmation(enrolment: Enrolment, by: str = "") -> None:
    """Tell somebody how they stand now: a place, the waiting list, or what is still awaited.

    ``by`` says who enrolled them, as a sentence, where it was somebody else.
    """
    if enrolment.state == EnrolmentState.NOMINATED and enrolment.accepted_at is None:
        write_nomination(enrolment, by)
        return
    told, page = f"{by}\n\n" if by else "", _page(enrolment)
    if enrolment.state == EnrolmentState.WAITLISTED:
        text = "We will write to you when a place is yours."
        _write(enrolment, "You are on the waiting list", f"{told}{_what(enrolment)}{text}\n\n{page}\n")
    elif enrolment.state in (EnrolmentState.REQUESTED, EnrolmentState.NOMINATED):
        until = f" They can answer until {said(enrolment.answer_by)}." if enrolment.answer_by else ""
        text = f"We have asked your line manager, and write to you when they have answered.{until}"
        _write(enrolment, "We have asked your manager", f"{told}{_what(enrolment)}{text}\n\n{page}\n")
    else:
        text = f"See what is next on your plan:\n{page}\n"
        _write(enrolment, "You are enrolled", f"{told}{_what(enrolment)}{text}")


def write_confirmations(promoted: Iterable[Enrolment]) -> None:
    for enrolment in promoted:
        write_confirmation(enrolment)


def write_nomination(enrolment: Enrolment, by: str = "") -> None:
    """Tell somebody that a place is held for them, and until when they can take it."""
    who = by or f"{_name(enrolment.nominated_by, 'The lead of your system')} has put you forward."
    team = "Your whole team is put forward together.\n\n" if enrolment.team_id is not None else ""
    if enrolment.state == EnrolmentState.WAITLISTED:
        text = "There is no place yet: you are on the waiting list. We write to you when there is one to accept."
    else:
        until = f" until {said(enrolment.answer_by)}" if enrolment.answer_by else ""
        text = f"A place is held for you{until}. Say whether you take it:"
    _write(enrolment, "You are nominated", f"{who}\n\n{_what(enrolment)}{team}{text}\n{_page(enrolment)}\n")


def write_nomination_ended(enrolment: Enrolment) -> None:
    """Tell a nominee that the place is not held for them any more: it was taken back, or not answered in time."""
    why = f"{enrolment.reason}." if enrolment.reason else "Whoever put you forward has taken it back."
    page = link_to("offers.offer", slug=enrolment.offer.slug)
    _write(
        enrolment, "Your nomination has ended",
        f"{_what(enrolment)}The place is not held for you any more. {why}\n\nSee the offer:\n{page}\n",
    )  # fmt: skip


def write_answer_to_lead(enrolment: Enrolment) -> None:
    """Tell whoever nominated somebody that the place is free again, where we know an address."""
    lead = enrolment.nominated_by
    if lead is None or not lead.email or enrolment.run_id is None:
        return
    who = _name(enrolment.person, "Somebody whom you nominated")
    text = f"{who} does not take the place that was held for them, so it is free again.\n\n"
    page = link_to("nominations.cohort", run_id=enrolment.run_id)
    write_mail(lead.email, f"Not coming: {enrolment.version.title}", f"{_what(enrolment)}{text}{page}\n")


def write_approval_request(approval: Approval, token: str) -> None:
    """Ask a line manager, by a link of their own."""
    enrolment = approval.enrolment
    who = _name(enrolment.person, "Somebody who names you as their line manager")
    page = link_to("approvals.answer", token=token)
    write_mail(
        approval.manager_email, f"Do you agree? {enrolment.version.title}",
        f"{who} would like to take part in this, and needs your agreement as their line manager.\n\n"
        f"{_what(enrolment)}"
        f"See what it is about, and say yes or no until {said(approval.answer_by)}. You need no account:\n{page}\n\n"
        "The link is yours alone: please do not pass it on. If you are not their line manager, say no.\n",
    )  # fmt: skip


def write_decision(approval: Approval) -> None:
    """Tell somebody what their manager said."""
    enrolment = approval.enrolment
    if approval.approved:
        write_confirmation(enrolment, by="Your line manager has agreed.")
        return
    page = link_to("offers.offer", slug=enrolment.offer.slug)
    text = f"Your line manager has not agreed, so you are not enrolled.\n\nThe reason: {approval.reason}\n\n"
    _write(enrolment, "Not agreed", f"{_what(enrolment)}{text}See the offer, and other dates:\n{page}\n")


def write_cancellation(enrolment: Enrolment) -> None:
    """Tell somebody that the run they were on will not be."""
    page = link_to("offers.offer", slug=enrolment.offer.slug)
    text = "The provider has cancelled it, and you are not enrolled on it any more.\n\n"
    _write(enrolment, "Cancelled", f"{_what(enrolment)}{text}See whether there are other dates:\n{page}\n")


def write_from_elsewhere(told: FromElsewhere) -> None:
    """Tell somebody who waited that they do not any more, and those who have a place now by it."""
    if told.left is not None:
        text = "You have completed it in another system, so you do not wait for a place any more. Your plan has it:"
        page = link_to("enrolments.index")
        _write(told.left, "You are off the waiting list", f"{_what(told.left)}{text}\n{page}\n")
    write_confirmations(told.promoted)


def write_taken_off(enrolment: Enrolment) -> None:
    """Tell somebody that the provider took them off a run, and why."""
    page = link_to("offers.offer", slug=enrolment.offer.slug)
    text = f"{enrolment.offer.provider.name} has taken you off it.\n\nThe reason: {enrolment.reason}\n\n"
    _write(enrolment, "You are not enrolled any more", f"{_what(enrolment)}{text}See the offer:\n{page}\n")


def write_reminder(enrolment: Enrolment, kind: str) -> None:
    """A week or a day before it begins, or before the last day to answer."""
    run, page = enrolment.run, _page(enrolment)
    if kind == "answer" and enrolment.answer_by is not None:
        text = f"A place is held for you until {said(enrolment.answer_by)}. Say whether you take it:\n{page}\n"
        _write(enrolment, "Please answer", f"{_what(enrolment)}{text}")
    elif run is not None:
        first = min((session.starts_at for session in run.sessions), default=None)
        begins = first or run.start_time
        at = f" at {format_clock(begins)}" if begins else ""
        venue = f"{run.venue}\n\n" if run.venue else ""
        text = f"It begins on {said(run.starts_on)}{at}.\n\n{venue}Where, how, and what to do if you cannot come:\n"
        subject = "Tomorrow" if kind == "day" else "In a week"
        _write(enrolment, subject, f"{_what(enrolment)}{text}{page}\n")
