"""What we write to people about their enrolments."""

from flask import current_app, url_for

from catalogue.enrolments.models import Enrolment, EnrolmentState
from catalogue.mail import write_mail
from catalogue.pages import format_dates


def write_confirmation(enrolment: Enrolment, by: str = "") -> None:
    """In the present transaction, tell somebody of their place, where an address of theirs is known.

    ``by`` says who enrolled them, as a sentence, where it was somebody else.
    """
    if not enrolment.person.email:
        return
    title = enrolment.version.title
    page = current_app.extensions["settings"].public_url.rstrip("/") + url_for(
        "enrolments.enrolment", enrolment_id=enrolment.id
    )
    when = (
        f"{format_dates(enrolment.run.starts_on, enrolment.run.ends_on)}, {enrolment.run.place}"
        if enrolment.run
        else "at your own pace"
    )
    told = f"{by}\n\n" if by else ""
    if enrolment.state == EnrolmentState.WAITLISTED:
        subject = f"You are on the waiting list: {title}"
        text = f"{told}{title}\n{when}\n\nWe will write to you when a place is yours.\n\n{page}\n"
    else:
        subject = f"You are enrolled: {title}"
        text = f"{told}{title}\n{when}\n\nSee what is next on your plan:\n{page}\n"
    write_mail(enrolment.person.email, subject, text)
