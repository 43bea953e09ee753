"""From the keys that a document names to what stands in the database, and back."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from sqlalchemy import select, tuple_, union_all
from sqlalchemy.orm import joinedload, selectinload
from sqlalchemy.sql.base import ExecutableOption

from catalogue.extensions import db
from catalogue.frameworks.models import Condition, Dimension, Framework, Seat
from catalogue.frameworks.queries import current_framework, newest_version
from catalogue.offers.content import MappingRow, OfferContent, is_offer_name
from catalogue.offers.models import Mapping, Offer, OfferVersion, Step, VersionState, version_prerequisite
from catalogue.offers.rules import way_back
from catalogue.systems.models import Organisation
from catalogue.systems.queries import areas

_AT_A_TIME = 1_000


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong with a field of a document, in plain words."""

    field: str
    reason: str
    unknown: str = ""
    """The name of an offer that is not in the catalogue."""


def name_of(offer: Offer) -> str:
    """As other documents name it: see ``OfferName``."""
    return f"{offer.provider.key}/{offer.key}"


class References:
    """Everything that a document on an offer can name, by key: read once, for as many documents as one likes.

    Raises ``NotThere`` where no framework has been loaded.
    """

    def __init__(self) -> None:
        self.current = current_framework()
        self._frameworks: dict[str, Framework | None] = {self.current.key: newest_version(self.current.key)}
        self.conditions = {row.key: row for row in db.session.scalars(select(Condition))}
        self.seats = {row.key: row for row in db.session.scalars(select(Seat))}
        self.systems = {row.key: row for row in areas()}
        self.organisations = {row.key: row for row in db.session.scalars(select(Organisation))}
        self._offers: dict[str, Offer | None] = {}
        self._needs: dict[int, set[int]] | None = None

    def framework(self, key: str) -> Framework | None:
        """The newest published version of a framework; the current one for an empty key."""
        key = key or self.current.key
        if key not in self._frameworks:
            self._frameworks[key] = newest_version(key)
        return self._frameworks[key]

    def levels(self, framework: Framework) -> dict[str, int]:
        return {level.key: level.value for level in framework.levels}

    def dimension(self, row: MappingRow) -> Dimension | None:
        framework = self.framework(row.framework)
        dimensions = framework.dimensions if framework else []
        return next((dimension for dimension in dimensions if dimension.key == row.dimension), None)

    def look_up(self, names: Iterable[str]) -> None:
        """Read the offers of these names that have not been read, in as many queries as for one.

        Those that are published can be named by others; the rest is known not to be.
        """
        new = [name for name in dict.fromkeys(names) if name not in self._offers]
        self._offers |= dict.fromkeys(new)
        unknown = [name for name in new if is_offer_name(name)]
        for start in range(0, len(unknown), _AT_A_TIME):
            some = unknown[start : start + _AT_A_TIME]
            parts = [(provider, key) for provider, _, key in (name.partition("/") for name in some)]
            found = db.session.scalars(
                select(Offer)
                .join(Offer.provider)
                .where(tuple_(Organisation.key, Offer.key).in_(parts))
                .options(joinedload(Offer.provider), joinedload(Offer.published))
            )
            self._offers |= {name_of(offer): offer for offer in found}

    def offer(self, name: str) -> Offer | None:
        """An offer, published or not, by how documents name it; none where there is none, or the name is no name."""
        self.look_up([name])
        return self._offers[name]

    def forget_offers(self) -> None:
        """Read them anew when they are next asked for: they may have changed."""
        self._offers, self._needs = {}, None

    def needs(self) -> dict[int, set[int]]:
        """By the id of each published offer that names others, the ids of its steps and of what comes before it."""
        if self._needs is None:
            published = OfferVersion.state == VersionState.PUBLISHED
            steps = (
                select(OfferVersion.offer_id, Step.offer_id)
                .join_from(OfferVersion, Step)
                .where(published, Step.offer_id.is_not(None))
            )
            before = (
                select(OfferVersion.offer_id, version_prerequisite.c.offer_id)
                .join(version_prerequisite, version_prerequisite.c.version_id == OfferVersion.id)
                .where(published)
            )
            needs: dict[int, set[int]] = defaultdict(set)
            for offer_id, needed in db.session.execute(union_all(steps, before)):
                needs[offer_id].add(needed)
            self._needs = dict(needs)
        return self._needs

    def will_say(self, offer: Offer, content: OfferContent) -> None:
        """Decide on other documents as if this one were published already: they are published together."""
        named = {found.id for name in content.named_offers if (found := self.offer(name))}
        self._needs = {**self.needs(), offer.id: named}

    def faults(self, content: OfferContent, own: str) -> Iterator[Fault]:
        """Every key that nothing has, every mapping that does not lead upwards, and every offer that cannot be named.

        ``own`` is what the offer of this document is called by others.
        """
        for field, keys, there in (
            ("partners", content.partners, self.organisations),
            ("seats", content.seats, self.seats),
            ("systems", content.systems, self.systems),
            ("conditions", content.conditions, self.conditions),
        ):
            yield from (Fault(field, f"there is no {key}") for key in keys if key not in there)
        for row in content.mapping:
            yield from self._mapping_faults(row)
        if content.named_offers:
            self.look_up([*content.named_offers, own])
            for field, names in (
                ("step", [step.offer for step in content.step if step.offer]),
                ("prerequisite_offers", content.prerequisite_offers),
            ):
                yield from (fault for name in names for fault in self._offer_faults(field, name, own, content))

    def can_be_named(self, name: str, own: Offer) -> bool:
        """Whether the document of an offer can have this one as a step, or ask for it first."""
        named = self.offer(name)
        if named is None or named.id == own.id or named.published is None or named.published.members_only:
            return False
        return way_back({**self.needs(), own.id: {named.id}}, own.id) is None

    def _offer_faults(self, field: str, name: str, own: str, content: OfferContent) -> Iterator[Fault]:
        named, this = self.offer(name), self.offer(own)
        if name == own:
            said = "a step of itself" if field == "step" else "what people need before it"
            yield Fault(field, f"an offer cannot be {said}")
        elif named is None or named.published is None:
            yield Fault(field, f"there is no offer {name} in the catalogue", unknown=name)
        elif named.published.members_only:
            yield Fault(field, f"“{named.published.title}” is for members of its provider only")
        elif this is not None and way_back({**self.needs(), this.id: {named.id}}, this.id) is not None:
            yield Fault(
                field, f"“{named.published.title}” has this offer as a step, or asks for it first, itself or by others"
            )  # fmt: skip

    def _mapping_faults(self, row: MappingRow) -> Iterator[Fault]:
        framework = self.framework(row.framework)
        if framework is None:
            yield Fault("mapping, framework", f"there is no {row.framework}")
            return
        if self.dimension(row) is None:
            yield Fault("mapping, dimension", f"there is no {row.dimension}")
        levels = self.levels(framework)
        unknown = [key for key in (row.start, row.to) if key not in levels]
        for key, field in ((row.start, "mapping, from"), (row.to, "mapping, to")):
            if key not in levels:
                yield Fault(field, f"there is no {key}")
        if not unknown and levels[row.start] >= levels[row.to]:
            yield Fault("mapping", f"{row.start} is not below {row.to}")


def whole_content() -> list[ExecutableOption]:
    """All that ``content_of`` reads of the published version of an offer, in a fixed number of queries."""
    version = selectinload(Offer.published)
    dimension = version.selectinload(OfferVersion.mappings).joinedload(Mapping.dimension)
    step = version.selectinload(OfferVersion.steps)
    return [
        dimension.joinedload(Dimension.framework).selectinload(Framework.levels),
        version.selectinload(OfferVersion.conditions),
        version.selectinload(OfferVersion.seats),
        version.selectinload(OfferVersion.systems),
        version.selectinload(OfferVersion.step_groups),
        version.selectinload(OfferVersion.prerequisite_offers).joinedload(Offer.provider),
        step.joinedload(Step.group),
        step.joinedload(Step.offer).joinedload(Offer.provider),
        selectinload(Offer.partners),
    ]


def content_of(version: OfferVersion) -> OfferContent:
    """What a version says, as a document: publishing it again changes nothing."""
    names = {}
    for mapping in version.mappings:
        framework = mapping.dimension.framework
        names[framework.id] = {level.value: level.key for level in framework.levels}
    return OfferContent.model_validate(
        {
            "title": version.title,
            "partners": [partner.key for partner in version.offer.partners],
            "summary": version.summary,
            "outcomes": list(version.outcomes),
            "description": version.description,
            "prerequisites": version.prerequisites,
            "accessibility": version.accessibility,
            "url": version.url,
            "mode": str(version.mode),
            "hours": float(version.hours),
            "hours_estimated": version.hours_estimated,
            "price_pounds": None if version.price_pence is None else version.price_pence / 100,
            "place": version.place,
            "seats": [seat.key for seat in version.seats],
            "systems": [system.key for system in version.systems],
            "conditions": [condition.key for condition in version.conditions],
            "members_only": version.members_only,
            "for_plan_leads": version.for_plan_leads,
            "for_seats_only": version.for_seats_only,
            "approval_needed": version.approval_needed,
            "prerequisite_offers": [name_of(offer) for offer in version.prerequisite_offers],
            "sessions_needed": version.sessions_needed,
            "reassessment_needed": version.reassessment_needed,
            "mapping": [
                {
                    "framework": mapping.dimension.framework.key,
                    "dimension": mapping.dimension.key,
                    "from": names[mapping.dimension.framework_id][mapping.from_level],
                    "to": names[mapping.dimension.framework_id][mapping.to_level],
                    "strength": mapping.strength,
                }
                for mapping in version.mappings
            ],
            "group": [
                {"key": group.key, "title": group.title, "text": group.text, "choose": group.choose}
                for group in version.step_groups
            ],
            "step": [
                {
                    "key": step.key, "title": step.title, "minutes": step.minutes, "text": step.text,
                    "offer": name_of(step.offer) if step.offer else "", "group": step.group.key if step.group else "",
                }
                for step in version.steps
            ],
        }
    )  # fmt: skip
