"""What we write about plans, in the transaction of what is told. No letter to a person says what a manager wrote."""

from collections.abc import Sequence

from catalogue.enrolments.letters import harmless
from catalogue.enrolments.rules import said
from catalogue.mail import link_to, write_mail
from catalogue.people.models import Person
from catalogue.plans.models import Commitment, PlanShare


def write_shared(share: PlanShare, token: str) -> None:
    """To the manager, with their link."""
    who, page = harmless(share.person.name) or "Somebody you work with", link_to("shared_plans.plan", token=token)
    write_mail(
        share.manager_email, f"{who} shares their plan with you",
        f"{who} names you as their line manager, and shows you what they mean to do to lead better.\n\n"
        f"See it, and write what you think of it. You need no account, and the link works until {said(share.until)}:\n"
        f"{page}\n\n"
        "The link is yours alone: please do not pass it on. If you are not their line manager, leave it closed.\n",
    )  # fmt: skip


def write_comment_came(share: PlanShare) -> None:
    if share.person.email:
        who = harmless(share.manager_name) or "Your manager"
        page = link_to("enrolments.index")
        write_mail(share.person.email, "There is a comment on your plan", f"{who} has written on your plan:\n{page}\n")


def write_assess_again(person: Person) -> None:
    if person.email:
        page = link_to("assessments.index")
        write_mail(
            person.email, "Today: assess yourself again",
            f"You meant to assess yourself again today, and to see what has changed. It takes 10 minutes in the short "
            f"form:\n{page}\n",
        )  # fmt: skip


def write_commitments_due(person: Person, commitments: Sequence[Commitment]) -> None:
    """One letter for all that are due within the week."""
    if person.email:
        lines = [f"{said(one.by)}: {harmless(one.words) or 'a commitment of yours'}" for one in commitments]
        page = link_to("enrolments.index")
        write_mail(
            person.email, "What you have committed to, this week",
            "\n".join(lines) + f"\n\nSay on your plan how it went:\n{page}\n",
        )  # fmt: skip
