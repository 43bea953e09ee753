"""Adding and retiring versions of frameworks. A version that has been published is never changed."""

from typing import Any

from pydantic import ValidationError
from sqlalchemy import select

from catalogue.clock import now
from catalogue.errors import Refused
from catalogue.extensions import db
from catalogue.frameworks.content import FrameworkContent, digest_of, identified, identifiers, next_version
from catalogue.frameworks.models import (
    Dimension,
    DraftState,
    Framework,
    FrameworkDraft,
    FrameworkState,
    Level,
    LevelHeading,
    RoleTarget,
    Statement,
)
from catalogue.frameworks.queries import content_of, newest_version
from catalogue.people import audit
from catalogue.people.models import Person


def add_framework(content: FrameworkContent) -> Framework:
    """A version, published at once. One that is there and says the same is given back as it is.

    Raises ``Refused`` where it is there with other content, or an identifier belongs to something else already.
    """
    there = db.session.scalar(
        select(Framework).where(Framework.key == content.key, Framework.version == content.version)
    )
    digest = digest_of(content)
    if there is not None:
        if there.content_hash != digest:
            raise Refused(f"{content.version} has been loaded with other content: number it anew")
        if not there.licence:  # whose words they are and who may have them is no part of what it says
            there.licence, there.open = content.licence, content.open
        return there
    whole = identified(content)
    _unused(whole)
    framework = Framework(
        **whole.model_dump(exclude={"level", "dimension"}),
        content_hash=digest,
        published_at=now(),
        levels=[Level(**level.model_dump()) for level in whole.level],
    )
    value_of = {level.key: level.value for level in whole.level}
    for position, row in enumerate(whole.dimension):
        dimension = Dimension(**row.model_dump(exclude={"level"}), position=position)
        for described in row.level:
            value = value_of[described.level]
            heading = LevelHeading(level=value, heading=described.heading, identifier=described.identifier)
            dimension.headings.append(heading)
            for statement in described.statement:
                dimension.statements.append(
                    Statement(
                        key=statement.key, level=value, position=len(dimension.statements),
                        self_form=statement.self, others_form=statement.others, identifier=statement.identifier,
                    )
                )  # fmt: skip
        framework.dimensions.append(dimension)
    db.session.add(framework)
    db.session.flush()
    return framework


def _unused(whole: FrameworkContent) -> None:
    wanted = identifiers(whole)
    for model in (Framework, Level, Dimension, LevelHeading, Statement):
        taken = db.session.scalar(select(model.identifier).where(model.identifier.in_(wanted)).limit(1))
        if taken is not None:
            raise Refused(f"the identifier {taken} in it belongs to another framework here, or to another version")


def carry_targets_over(before: Framework, after: Framework) -> None:
    """Give each seat the targets in the new version that it has in the old one, by keys."""
    dimensions = {dimension.key: dimension for dimension in after.dimensions}
    old_levels = {level.value: level.key for level in before.levels}
    new_levels = {level.key: level.value for level in after.levels}
    targets = db.session.scalars(
        select(RoleTarget).where(RoleTarget.dimension_id.in_([dimension.id for dimension in before.dimensions]))
    ).all()
    keys = {dimension.id: dimension.key for dimension in before.dimensions}
    carried = [
        RoleTarget(
            seat_id=target.seat_id, dimension_id=dimensions[keys[target.dimension_id]].id,
            level=new_levels[old_levels[target.level]], importance=target.importance,
        )
        for target in targets
        if keys[target.dimension_id] in dimensions and old_levels[target.level] in new_levels
    ]  # fmt: skip
    db.session.add_all(carried)
    db.session.flush()


def start_draft(framework: Framework, person: Person) -> FrameworkDraft:
    """A copy under the next number, to be edited."""
    draft = FrameworkDraft(
        content=next_version(content_of(framework)).model_dump(by_alias=True), changed_by_id=person.id
    )
    db.session.add(draft)
    db.session.flush()
    audit.record("framework draft begun", f"framework-draft:{draft.id}", person.key, key=framework.key)
    return draft


def change_draft(draft: FrameworkDraft, revision: int, changes: dict[str, Any], person: Person) -> None:
    """Put parts of the document in place of what stood there.

    Raises ``Refused`` where somebody else has changed it since ``revision``, or it is being reviewed.
    """
    db.session.refresh(draft, with_for_update=True)
    if draft.state == DraftState.IN_REVIEW:
        raise Refused("This draft is being reviewed. It can be changed again when the reviewer has answered.")
    if draft.revision != revision:
        raise Refused("Somebody else has changed this draft meanwhile. Look at what they wrote, then save again.")
    draft.content = draft.content | changes
    _touched(draft, person)


def faults_of(content: dict[str, Any]) -> list[tuple[str, str]]:
    """Where the document is not whole, and why: the path of the field, and words."""
    try:
        identified(FrameworkContent.model_validate(content))
    except ValidationError as faults:
        return [
            (_place(content, fault["loc"]), fault["msg"].removeprefix("Value error, ")) for fault in faults.errors()
        ]
    except ValueError as fault:
        return [("", str(fault))]
    return []


def _place(content: Any, where: tuple[int | str, ...]) -> str:
    """Where a fault is, for people: "Leading with care, Caring for the team, heading"."""
    words: list[str] = []
    for step in where:
        try:
            content = content[step]
        except (KeyError, IndexError, TypeError):
            content = None
        if isinstance(step, int):
            named = content if isinstance(content, dict) else {}
            words[-1] = next((named[name] for name in ("name", "heading", "level") if named.get(name)),
                             f"{words[-1]} {step + 1}")  # fmt: skip
        else:
            words.append(step)
    return ", ".join(words)


def submit_draft(draft: FrameworkDraft, person: Person) -> None:
    """Send it to be reviewed. Raises ``Refused`` where it is not whole."""
    db.session.refresh(draft, with_for_update=True)
    for where, reason in faults_of(draft.content):
        raise Refused(f"{where}: {reason}" if where else reason)
    draft.state, draft.submitted_by_id, draft.comment = DraftState.IN_REVIEW, person.id, ""
    _touched(draft, person)
    audit.record("framework draft submitted", f"framework-draft:{draft.id}", person.key)


def ask_for_changes(draft: FrameworkDraft, comment: str, reviewer: Person) -> None:
    _reviewed_by(draft, reviewer)
    draft.state, draft.comment = DraftState.CHANGES_REQUESTED, comment
    _touched(draft, reviewer)
    audit.record("framework changes requested", f"framework-draft:{draft.id}", reviewer.key)


def publish_draft(draft: FrameworkDraft, reviewer: Person) -> Framework:
    """Make it a version that never changes; the seats' targets go with it.

    Raises ``Refused`` where it is not in review, is the reviewer's own, or its number is taken.
    """
    _reviewed_by(draft, reviewer)
    content = FrameworkContent.model_validate(draft.content)
    before = newest_version(content.key)
    framework = add_framework(content)
    if before is not None and before.id != framework.id:
        carry_targets_over(before, framework)
    audit.record("framework published", f"framework:{framework.id}", reviewer.key, version=framework.version)
    db.session.delete(draft)
    db.session.flush()
    return framework


def discard_draft(draft: FrameworkDraft, person: Person) -> None:
    audit.record("framework draft discarded", f"framework-draft:{draft.id}", person.key)
    db.session.delete(draft)
    db.session.flush()


def _reviewed_by(draft: FrameworkDraft, reviewer: Person) -> None:
    db.session.refresh(draft, with_for_update=True)
    if draft.state != DraftState.IN_REVIEW:
        raise Refused("This draft is not in review any more.")
    if draft.submitted_by_id == reviewer.id:
        raise Refused("You sent this draft to review yourself: somebody else has to decide on it.")


def _touched(draft: FrameworkDraft, person: Person) -> None:
    draft.revision += 1
    draft.changed_at, draft.changed_by_id = now(), person.id
    db.session.flush()


def retire(framework: Framework, person: Person) -> None:
    """No new assessment uses it; what was assessed with it stays.

    Raises ``Refused`` for the last version in which seats have targets: nobody could assess themselves any more.
    """
    others = db.session.scalar(
        select(RoleTarget.id)
        .join(Dimension, Dimension.id == RoleTarget.dimension_id)
        .join(Framework, Framework.id == Dimension.framework_id)
        .where(Framework.id != framework.id, Framework.state == FrameworkState.PUBLISHED)
        .limit(1)
    )
    targeted = db.session.scalar(
        select(RoleTarget.id).join(Dimension, Dimension.id == RoleTarget.dimension_id)
        .where(Dimension.framework_id == framework.id).limit(1)
    )  # fmt: skip
    if targeted is not None and others is None:
        raise Refused(
            "Assessments use this framework, and there is no other one for them. Publish its successor first."
        )
    if framework.state == FrameworkState.PUBLISHED:
        framework.state, framework.retired_at, framework.changed_at = FrameworkState.RETIRED, now(), now()
        audit.record("framework retired", f"framework:{framework.id}", person.key)
        db.session.flush()


def set_open(framework: Framework, *, is_open: bool, person: Person) -> None:
    """Say whether anybody may have all its words as data. That is no part of what the version says."""
    framework.open = is_open
    audit.record("framework opened" if is_open else "framework closed", f"framework:{framework.id}", person.key)
    db.session.flush()
