"""Changing what is published."""

import hashlib
import json
import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from collections.abc import Mapping as Named
from decimal import Decimal
from itertools import count
from os.path import commonprefix

from sqlalchemy import func, select, tuple_
from sqlalchemy.orm import joinedload, selectinload

from catalogue.clock import now
from catalogue.errors import Refused
from catalogue.extensions import db
from catalogue.offers.content import OfferContent
from catalogue.offers.models import (
    Mapping,
    Mode,
    Offer,
    OfferVersion,
    SavedSearch,
    SearchWord,
    Step,
    StepGroup,
    VersionState,
)
from catalogue.offers.references import References, name_of
from catalogue.offers.rules import stems_of, words_of
from catalogue.people.models import Person
from catalogue.systems.models import Organisation

RESERVED = {"new", "search", "saved", "calendar"}
"""The last parts of addresses of other pages on offers."""


_LATER = {
    "": ("for_plan_leads", "for_seats_only", "approval_needed", "prerequisite_offers", "sessions_needed",
         "reassessment_needed", "group"),
    "step": ("offer", "group"),
}  # fmt: skip
"""What documents did not say at first: left out of their digest where they say nothing, so that it is as it was."""


def digest_of(content: OfferContent, references: References) -> str:
    """The same for two documents that say the same, whatever the order of their lists of keys.

    With a new version of a framework an offer is mapped anew: to that version's dimensions.
    """
    said = content.model_dump(by_alias=True)
    for field in ("partners", "seats", "systems", "conditions", "prerequisite_offers"):
        said[field] = sorted(said[field])
    for part, fields in _LATER.items():
        for row in said[part] if part else [said]:
            for field in fields:
                if not row[field]:
                    del row[field]
    for row in said["mapping"]:
        row["framework"] = row["framework"] or references.current.key
    said["mapping"] = sorted(said["mapping"], key=lambda row: (row["framework"], row["dimension"], row["from"]))
    frameworks = {row["framework"] for row in said["mapping"]}
    mapped_to = [framework.content_hash for key in sorted(frameworks) if (framework := references.framework(key))]
    return hashlib.sha256(json.dumps([said, mapped_to], sort_keys=True).encode()).hexdigest()


def add_offer(provider: Organisation, key: str, title: str) -> Offer:
    """An offer that is nowhere to be seen until a version of it is published; its address is made from its title."""
    return add_offers(provider, {key: title})[key]


def add_offers(provider: Organisation, titles: Named[str, str]) -> dict[str, Offer]:
    """Many such offers, by their keys, from the title of each."""
    slugs = _free_slugs(list(titles.values()))
    offers = {
        key: Offer(provider=provider, key=key, slug=slug, partners=[])
        for key, slug in zip(titles, slugs, strict=True)
    }  # fmt: skip
    db.session.add_all(offers.values())
    db.session.flush()
    return offers


def slug_of(title: str) -> str:
    """A title as the last part of an address, at most 90 characters; "offer" where nothing of it is left."""
    plain = unicodedata.normalize("NFKD", title).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:90].strip("-") or "offer"


def _free_slugs(titles: Sequence[str]) -> list[str]:
    wanted = [slug_of(title) for title in titles]
    alike = Offer.slug.startswith(commonprefix(wanted), autoescape=True)  # noqa: RUF071 words, not paths
    taken = set(db.session.scalars(select(Offer.slug).where(alike))) | RESERVED
    numbers: dict[str, Iterator[int]] = defaultdict(lambda: count(2))
    free = []
    for slug in wanted:
        tried = slug
        while tried in taken:
            tried = f"{slug}-{next(numbers[slug])}"
        taken.add(tried)
        free.append(tried)
    return free


def publish(offer: Offer, content: OfferContent, references: References) -> OfferVersion:
    """Make a document the published version of an offer; one that says what is published already changes nothing.

    Who is enrolled keeps the version that they enrolled on. Raises ``Refused`` where it names what is not there.
    """
    return publish_many([(offer, content)], references)[0]


def publish_many(documents: Sequence[tuple[Offer, OfferContent]], references: References) -> list[OfferVersion]:
    """``publish`` for many offers, each of them once, in as many queries as for one."""
    _refuse_faulty(documents, references)
    newest = _newest_versions([offer.id for offer, _content in documents])
    versions = [_next_version(offer, content, references, newest.get(offer.id)) for offer, content in documents]
    db.session.flush()  # who is retired is so before who follows
    new = [version for version in versions if version.id is None]
    db.session.add_all(new)
    add_words(new)
    db.session.flush()
    for version in new:
        db.session.expire(version.offer, ["published"])
    return versions


def _refuse_faulty(documents: Sequence[tuple[Offer, OfferContent]], references: References) -> None:
    """Raises ``Refused`` for the first fault, of all of them as they will be when they have been published."""
    naming = [(offer, content) for offer, content in documents if content.named_offers]
    if naming:
        _one_at_a_time()
        references.forget_offers()
        references.look_up(name for _offer, content in naming for name in content.named_offers)
        for offer, content in documents:
            references.will_say(offer, content)
    for offer, content in documents:
        for fault in references.faults(content, name_of(offer)):
            raise Refused(f"{fault.field}: {fault.reason}")


def _one_at_a_time() -> None:
    """Until the commit nobody else publishes what names other offers: two who do not see each other could go round.

    On SQLite actions run one after the other anyway.
    """
    if db.engine.dialect.name == "postgresql":
        db.session.execute(select(func.pg_advisory_xact_lock(_PROGRAMMES)))


_PROGRAMMES = 0x5EA7
"""The number of that lock (PostgreSQL documentation, section 13.3.5)."""


def _newest_versions(offer_ids: Sequence[int]) -> dict[int, OfferVersion]:
    """The newest version of each of the offers that has one; of the offers themselves, all that publishing needs."""
    db.session.scalars(
        select(Offer).where(Offer.id.in_(offer_ids)).options(selectinload(Offer.partners), joinedload(Offer.provider))
    ).all()
    numbers = (
        select(OfferVersion.offer_id, func.max(OfferVersion.number))
        .where(OfferVersion.offer_id.in_(offer_ids))
        .group_by(OfferVersion.offer_id)
    )
    found = db.session.scalars(
        select(OfferVersion).where(tuple_(OfferVersion.offer_id, OfferVersion.number).in_(numbers))
    )
    return {version.offer_id: version for version in found}


def _next_version(
    offer: Offer, content: OfferContent, references: References, before: OfferVersion | None
) -> OfferVersion:
    """The version to follow ``before``, which is retired; or ``before``, where it is published and says the same."""
    digest = digest_of(content, references)
    if before is not None and before.state == VersionState.PUBLISHED:
        if before.content_hash == digest:
            return before
        before.state = VersionState.RETIRED
    offer.partners = [references.organisations[key] for key in content.partners]
    version = _version(offer, content, references)
    version.number = before.number + 1 if before is not None else 1
    version.content_hash = digest
    return version


def _version(offer: Offer, content: OfferContent, references: References) -> OfferVersion:
    groups = {
        group.key: StepGroup(**group.model_dump(), position=index) for index, group in enumerate(content.group)
    }  # fmt: skip
    return OfferVersion(
        offer=offer,
        **content.model_dump(
            include={
                "title", "summary", "outcomes", "description", "prerequisites", "accessibility", "url",
                "hours_estimated", "place", "members_only", "for_plan_leads", "for_seats_only", "approval_needed",
                "sessions_needed", "reassessment_needed",
            }
        ),
        mode=Mode(content.mode),
        hours=Decimal(str(content.hours)),
        price_pence=None if content.price_pounds is None else round(content.price_pounds * 100),
        title_stems=stems_of(content.title),
        stems=stems_of(*_texts(content, offer.provider.name)),
        conditions=[references.conditions[key] for key in content.conditions],
        seats=[references.seats[key] for key in content.seats],
        systems=[references.systems[key] for key in content.systems],
        prerequisite_offers=[_there(name, references) for name in content.prerequisite_offers],
        is_programme=content.is_programme,
        step_groups=list(groups.values()),
        steps=_steps(content, groups, references),
        mappings=_mappings(content, references),
    )  # fmt: skip


def _steps(content: OfferContent, groups: dict[str, StepGroup], references: References) -> list[Step]:
    return [
        Step(
            key=step.key, position=index, title=step.title, minutes=step.minutes, text=step.text,
            group=groups.get(step.group), offer=_there(step.offer, references) if step.offer else None,
        )
        for index, step in enumerate(content.step)
    ]  # fmt: skip


def _there(name: str, references: References) -> Offer:
    offer = references.offer(name)
    assert offer is not None, "its faults were looked for before"  # noqa: S101
    return offer


def _mappings(content: OfferContent, references: References) -> list[Mapping]:
    mappings = []
    for row in content.mapping:
        framework, dimension = references.framework(row.framework), references.dimension(row)
        assert framework is not None and dimension is not None, "its faults were looked for before"  # noqa: S101, PT018
        levels = references.levels(framework)
        mappings.append(
            Mapping(
                dimension=dimension, from_level=levels[row.start], to_level=levels[row.to], strength=row.strength
            )
        )  # fmt: skip
    return mappings


def _texts(said: OfferContent | OfferVersion, provider: str) -> list[str]:
    """All that an offer can be found by."""
    return [said.title, said.summary, *said.outcomes, said.description, said.place, provider]


def add_words(versions: Iterable[OfferVersion]) -> None:
    """Let what is said to everybody be found by the beginning of a word, and in spite of a slip.

    For a slip the search names the word that it looked for, so none may come from what is for members only.
    """
    words: dict[str, str] = {}
    for version in (one for one in versions if not one.members_only):
        words |= words_of(*_texts(version, version.offer.provider.name))
    there = set(db.session.scalars(select(SearchWord.word).where(SearchWord.word.in_(words))))
    db.session.add_all(SearchWord(word=word, stem=stem) for word, stem in words.items() if word not in there)


def retire(offer: Offer) -> None:
    """Take an offer out of the catalogue; who is enrolled stays so. Doing it again changes nothing."""
    published = db.session.scalar(
        select(OfferVersion).where(OfferVersion.offer_id == offer.id, OfferVersion.state == VersionState.PUBLISHED)
    )
    if published is not None:
        published.state = VersionState.RETIRED
        db.session.flush()
        db.session.expire(offer, ["published"])


def save_search(person: Person, name: str, query: str) -> SavedSearch:
    """Keep what a person looks for under a name; a second one of the same name takes the place of the first."""
    saved = db.session.scalar(select(SavedSearch).where(SavedSearch.person_id == person.id, SavedSearch.name == name))
    if saved is None:
        saved = SavedSearch(person_id=person.id, name=name)
        db.session.add(saved)
    saved.query, saved.created_at = query, now()
    db.session.flush()
    return saved


def forget_search(saved: SavedSearch) -> None:
    db.session.delete(saved)
    db.session.flush()
