"""Writing drafts from programs: whole documents, by the provider's own keys."""

from collections.abc import Callable
from typing import TypeVar

from pydantic import ValidationError

from catalogue.api.problems import nested
from catalogue.enrolments import runs
from catalogue.enrolments.actions import locked
from catalogue.enrolments.letters import write_confirmation
from catalogue.enrolments.sessions import SessionValues
from catalogue.errors import Changed, Faulty, NotThere
from catalogue.interchange.rows import RunRow
from catalogue.offers.access import can_answer_for, can_write_for
from catalogue.offers.content import OfferContent
from catalogue.offers.models import Run
from catalogue.offers.references import References
from catalogue.people.models import Person
from catalogue.publishing import actions, queries
from catalogue.publishing.models import OfferDraft
from catalogue.systems.models import Organisation

Written = TypeVar("Written", OfferContent, RunRow)
Seen = Callable[[str | None], bool]
"""Whether the revision that there is, or none, is one that the program has seen: ``If-Match``."""


def shaped(shape: type[Written], document: bytes) -> Written:
    """A document of JSON as what it is to be; raises ``Faulty``."""
    try:
        return shape.model_validate_json(document)
    except ValidationError as found:
        raise _faulty(found) from found


def _faulty(found: ValidationError) -> Faulty:
    return Faulty(nested((error["loc"], error["msg"].removeprefix("Value error, ")) for error in found.errors()))


def _hold_to(content: OfferContent, references: References, own: str) -> None:
    """Raises ``Faulty`` where a document names what is not there."""
    faults = [((fault.field.split(",")[0],), fault.reason) for fault in references.faults(content, own)]
    if faults:
        raise Faulty(nested(faults))


def provider_of(person: Person, key: str) -> Organisation:
    """A provider that somebody writes for; to anybody else it is not there."""
    provider = queries.publishing_organisation(key)
    if not can_write_for(person, provider.id):
        raise NotThere
    return provider


def draft_at(person: Person, provider_key: str, key: str) -> OfferDraft:
    """The draft of an offer that somebody writes; raises ``NotThere``."""
    offer = queries.offer_by_key(provider_of(person, provider_key).id, key)
    draft = queries.draft_of(offer.id) if offer else None
    if draft is None:
        raise NotThere("There is no draft under this key.")
    return draft


def put_draft(
    person: Person, provider_key: str, key: str, content: OfferContent, seen: Seen
) -> tuple[OfferDraft, bool]:
    """Let the draft of an offer say this; returns it, and whether it is new. What says the same changes nothing.

    Raises ``Changed`` where it is not one that was seen, ``Refused`` while it is in review, ``Faulty``, ``NotThere``.
    """
    provider = provider_of(person, provider_key)
    _hold_to(content, References(), f"{provider.key}/{key}")
    document = content.model_dump(by_alias=True)
    offer = queries.offer_by_key(provider.id, key)
    there = queries.draft_of(offer.id) if offer else None
    if there is None:
        _as_seen(seen, None)
        return actions.begin_whole(provider, key, offer, document, person), True
    draft = actions.locked(there.offer_id)
    _as_seen(seen, draft)
    actions.write(draft, document, draft.revision, person)
    return draft, False


def submit_draft(person: Person, provider_key: str, key: str, seen: Seen) -> OfferDraft:
    """Send a draft to review, for somebody who answers for it; raises what ``put_draft`` raises."""
    draft = actions.locked(draft_at(person, provider_key, key).offer_id)
    if not can_answer_for(person, draft.offer.provider_id):
        raise NotThere
    _as_seen(seen, draft)
    references = References()
    try:
        _hold_to(OfferContent.model_validate(draft.content), references, f"{provider_key}/{key}")
    except ValidationError as found:
        raise _faulty(found) from found
    actions.submit(draft, references, person)
    return draft


def _as_seen(seen: Seen, draft: OfferDraft | None) -> None:
    if not seen(str(draft.revision) if draft else None):
        raise Changed("Somebody has changed it since you read it. Read it again, then send what it is to say.")


def run_from(document: bytes, key: str) -> RunRow:
    """A document on the run of this key; raises ``Faulty``."""
    row = shaped(RunRow, document)
    faults: list[tuple[tuple[str | int, ...], str]] = []
    if row.key != key:
        faults.append((("key",), "is not the key in the address"))
    if row.ends_on < row.starts_on:
        faults.append((("ends_on",), "is before the first day"))
    for field in ("start_time", "end_time"):
        moment = getattr(row, field)
        if moment is not None and moment.tzinfo is not None:
            faults.append(((field,), "is London's: write it without an offset"))
    for place, session in enumerate(row.session):
        for field in ("starts", "ends"):
            if getattr(session, field).tzinfo is not None:
                faults.append((("session", place, field), "is London's: write it without an offset"))
        if not row.starts_on <= session.day <= row.ends_on:
            faults.append((("session", place, "day"), "is not one of the days of the run"))
    if faults:
        raise Faulty(nested(faults))
    return row


_LATER = {"name": "name", "apply_by": "apply_by", "withdraw_by": "withdraw_by", "session": "sessions"}
"""What documents on runs did not say at first, and the columns for it: where they do not, it stays as it is."""


def put_run(person: Person, provider_key: str, offer_key: str, row: RunRow) -> tuple[Run, bool]:
    """Let a run be so; returns it, and whether it is new. Who waits gets a place that comes free, with a letter.

    Raises ``NotThere``, and ``Refused`` for fewer places than are taken and for a run that has been cancelled.
    """
    offer = queries.offer_by_key(provider_of(person, provider_key).id, offer_key)
    if offer is None:
        raise NotThere("There is no offer under this key.")
    values = row.columns
    for field, column in _LATER.items():
        if field not in row.model_fields_set:
            del values[column]
    there = next((run for run in offer.runs if run.key == row.key), None)
    if there is None:
        return runs.add_run(offer, values, person), True
    run = locked(there.id)
    sessions = sorted(values.pop("sessions", ()), key=lambda one: one.key)
    if "session" in row.model_fields_set and sessions != sorted(
        (SessionValues.of(one) for one in run.sessions), key=lambda one: one.key
    ):
        values["sessions"] = sessions
    if "sessions" in values or any(getattr(run, column) != value for column, value in values.items()):
        for promoted in runs.change_run(run, values, person):
            write_confirmation(promoted)
    return run, False
