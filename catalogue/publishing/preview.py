"""A draft as the page of an offer shows it: made for one page and never kept."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from catalogue.offers.content import MappingRow
from catalogue.offers.models import Mapping, Offer, OfferVersion, Step, StepGroup
from catalogue.offers.references import References
from catalogue.publishing.document import Document
from catalogue.systems.models import Organisation

NOT_YET = "(Not written yet)"


@dataclass(frozen=True, slots=True)
class Shown:
    """An offer as its page knows it, with a version that is not published."""

    slug: str
    provider: Organisation
    partners: list[Organisation]
    example: bool
    source: str
    published: OfferVersion

    @classmethod
    def of(cls, offer: Offer, version: OfferVersion, references: References, document: Document) -> "Shown":
        partners = [references.organisations[key] for key in document.get("partners", []) if key in
                    references.organisations]  # fmt: skip
        return cls(offer.slug, offer.provider, partners, offer.example, offer.source, version)


def transient(document: Document, references: References) -> OfferVersion:
    """A version that says what a document says so far; what is not written yet is said to be so."""

    def named(field: str, rows: dict[str, Any]) -> list[Any]:
        return [rows[key] for key in document.get(field, []) if key in rows]

    price = document.get("price_pounds")
    groups = {
        row["key"]: StepGroup(**row, position=place) for place, row in enumerate(document.get("group", []))
    }  # fmt: skip
    return OfferVersion(
        **{name: document.get(name) or NOT_YET for name in ("title", "summary", "description")},
        **{name: document.get(name) or "" for name in ("mode", "place", "prerequisites", "accessibility", "url")},
        outcomes=document.get("outcomes") or [NOT_YET],
        hours=Decimal(str(document.get("hours") or 0)),
        hours_estimated=bool(document.get("hours_estimated")),
        members_only=bool(document.get("members_only")),
        price_pence=None if price is None else round(price * 100),
        conditions=named("conditions", references.conditions),
        seats=named("seats", references.seats),
        systems=named("systems", references.systems),
        **{
            name: bool(document.get(name))
            for name in ("for_plan_leads", "for_seats_only", "approval_needed", "reassessment_needed")
        },
        sessions_needed=document.get("sessions_needed"),
        prerequisite_offers=_offers(document.get("prerequisite_offers", []), references),
        is_programme=any(row.get("offer") for row in document.get("step", [])),
        step_groups=list(groups.values()),
        steps=[
            Step(
                **{name: row[name] for name in ("key", "title", "minutes", "text")},
                position=place,
                group=groups.get(row.get("group", "")),
                offer=next(iter(_offers([row["offer"]] if row.get("offer") else [], references)), None),
            )
            for place, row in enumerate(document.get("step", []))
        ],
        mappings=_mappings(document.get("mapping", []), references),
    )


def _offers(names: list[str], references: References) -> list[Offer]:
    references.look_up(names)
    return [offer for name in names if (offer := references.offer(name)) is not None]


def _mappings(rows: list[dict[str, str]], references: References) -> list[Mapping]:
    mappings = []
    for row in rows:
        framework, dimension = references.framework(row["framework"]), references.dimension(MappingRow(**row))  # type: ignore[arg-type]
        levels = references.levels(framework) if framework else {}
        if dimension is not None and row["from"] in levels and row["to"] in levels:
            mappings.append(
                Mapping(
                    dimension=dimension, from_level=levels[row["from"]], to_level=levels[row["to"]],
                    strength=row["strength"],
                )
            )  # fmt: skip
    return mappings
