"""What we write about feedback, in the transaction of what is told. No letter says who has answered."""

from collections.abc import Iterable

from catalogue.enrolments.letters import harmless
from catalogue.enrolments.rules import said
from catalogue.feedback.models import FeedbackRater, FeedbackRound
from catalogue.mail import link_to, write_mail

ALONE = "The link is yours alone: please do not pass it on."


def _who(here: FeedbackRound) -> str:
    return harmless(here.person.name) or "Somebody you work with"


def write_invitation(here: FeedbackRound, email: str, token: str) -> None:
    who, page = _who(here), link_to("rating.index", token=token)
    write_mail(
        email, f"{who} asks for your feedback",
        f"{who} would like to know how you see them as a leader.\n\n"
        f"See first who is told what; then you can answer, or decline, until {said(here.closes_on)}. It takes about 20 "
        f"minutes, in parts if you like, and you need no account:\n{page}\n\n{ALONE}\n",
    )  # fmt: skip


def write_reminders(here: FeedbackRound, raters: Iterable[tuple[FeedbackRater, str]]) -> None:
    who = _who(here)
    for rater, token in raters:
        page = link_to("rating.index", token=token)
        write_mail(
            rater.email, f"Reminder: {who} asks for your feedback",
            f"You can answer, or decline, until {said(here.closes_on)}. What you have saved is kept:\n{page}\n\n"
            f"This link takes the place of the one before. {ALONE}\n",
        )  # fmt: skip


def write_to_facilitator(here: FeedbackRound, token: str) -> None:
    who, page = _who(here), link_to("facilitating.report", token=token)
    write_mail(
        here.facilitator_email, f"The feedback for {who} is there to talk about",
        f"{who} has named you as the facilitator of their 360 feedback. You see the report first. Talk about it with "
        f"them, then release it to them:\n{page}\n\n"
        f"If you do not, it is released to them by itself 30 days after the feedback closed. {ALONE}\n",
    )  # fmt: skip


def write_waiting(here: FeedbackRound) -> None:
    """Tell its person that a round is closed and the report with the facilitator."""
    if here.person.email:
        page = link_to("feedback.round_page", round_id=here.id)
        write_mail(
            here.person.email, "Your feedback is closed",
            f"Your facilitator, {harmless(here.facilitator_name) or 'whom you named'}, has your report, and releases "
            f"it to you once you have talked about it. Arrange a time with them:\n{page}\n",
        )  # fmt: skip


def write_released(here: FeedbackRound) -> None:
    if here.person.email:
        page = link_to("feedback.report", round_id=here.id)
        write_mail(
            here.person.email, "Your feedback report is ready", f"See what others say of how you lead:\n{page}\n"
        )
