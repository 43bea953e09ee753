"""Offers that Hypothesis makes up: whatever a document may say."""

from collections import Counter
from datetime import date
from typing import Any

from hypothesis import strategies as st

from catalogue.interchange.documents import Listed, Publisher
from catalogue.interchange.rows import RunRow, SessionRow
from catalogue.offers.content import OfferContent, is_offer_name
from catalogue.shapes import FIRST_DAY, LAST_DAY

LETTERS = st.characters(codec="utf-8", exclude_categories=("Cc", "Cs", "Cn", "Co")) | st.sampled_from(
    list("\n\r\t<>&\"'|;#\\")
)
KEYS = st.from_regex(r"[a-z0-9]{1,8}(-[a-z0-9]{1,5})?", fullmatch=True)
LISTS = st.lists(KEYS, max_size=3, unique=True)


def words(least: int = 0, most: int = 60) -> st.SearchStrategy[str]:
    return st.text(LETTERS, min_size=least, max_size=most).filter(lambda said: len(said.strip()) >= least)


NAMED = st.tuples(st.sampled_from(["condition", "partner", "seat"]), KEYS)
TIMES = st.times().map(lambda at: at.replace(microsecond=0))
PRICES = st.none() | st.integers(0, 100_000_000).map(lambda pence: pence / 100)
PAGES = st.just("") | KEYS.map(lambda key: f"https://provider.example/{key}?a=1&b=2")
MAPPINGS = st.fixed_dictionaries(
    {
        "framework": st.just("") | KEYS,
        "dimension": KEYS,
        "from": KEYS,
        "to": KEYS,
        "strength": st.sampled_from(["touches", "builds", "masters"]),
    }
)
STEPS = st.fixed_dictionaries(
    {"key": KEYS, "title": words(1, 60), "minutes": st.integers(1, 100_000), "text": words()},
)

OTHERS = st.tuples(KEYS, words(1, 30).map(str.strip)).map("/".join).filter(is_offer_name)
GROUPS = st.fixed_dictionaries({"key": KEYS, "title": words(1, 60), "text": words()})


@st.composite
def programmes(draw: st.DrawFn) -> dict[str, Any]:
    """Steps in groups, of which at least one is another offer."""
    steps = draw(st.lists(STEPS, min_size=1, max_size=4, unique_by=lambda row: row["key"]))
    others = draw(st.lists(OTHERS, min_size=1, max_size=len(steps), unique=True))
    for row, other in zip(steps, others, strict=False):
        row["offer"] = other
    groups = draw(st.lists(GROUPS, max_size=2, unique_by=lambda row: row["key"]))
    for row in steps:
        row["group"] = draw(st.sampled_from(["", *(group["key"] for group in groups)]))
    sizes = Counter(row["group"] for row in steps)
    kept = [group for group in groups if sizes[group["key"]]]
    chosen = [draw(st.none() | st.integers(1, sizes[group["key"]])) for group in kept]
    return {
        "step": steps,
        "group": [group | {"choose": choose} for group, choose in zip(kept, chosen, strict=True)],
    }


@st.composite
def contents(draw: st.DrawFn) -> OfferContent:
    mode = draw(st.sampled_from(["in-person", "online", "blended", "self-paced"]))
    document: dict[str, Any] = {
        "title": draw(words(1, 100)),
        "partners": draw(LISTS),
        "summary": draw(words(1, 160)),
        "outcomes": draw(st.lists(words(1), min_size=1, max_size=3)),
        "description": draw(words(1, 100)),
        "prerequisites": draw(words()),
        "accessibility": draw(words()),
        "url": draw(PAGES),
        "mode": mode,
        "hours": draw(st.integers(1, 200_000)) / 100,
        "hours_estimated": draw(st.booleans()),
        "price_pounds": draw(PRICES),
        "place": draw(words(0, 100)),
        "seats": draw(LISTS),
        "systems": draw(LISTS),
        "conditions": draw(st.lists(KEYS, min_size=1, max_size=3, unique=True)),
        "members_only": draw(st.booleans()),
        "mapping": draw(
            st.lists(MAPPINGS, min_size=1, max_size=3, unique_by=lambda row: (row["dimension"], row["from"]))
        ),
        "step": draw(st.lists(STEPS, max_size=3, unique_by=lambda row: row["key"])) if mode == "self-paced" else [],
    }
    if draw(st.booleans()):
        document |= draw(programmes())
    document |= {
        "for_plan_leads": draw(st.booleans()),
        "for_seats_only": bool(document["seats"]) and draw(st.booleans()),
        "approval_needed": draw(st.booleans()),
        "prerequisite_offers": draw(st.lists(OTHERS, max_size=3, unique=True)),
        "sessions_needed": draw(st.none() | st.integers(1, 1000)) if mode != "self-paced" else None,
        "reassessment_needed": draw(st.booleans()),
    }
    return OfferContent.model_validate(document)


DAYS = st.dates(FIRST_DAY, LAST_DAY)


@st.composite
def runs(draw: st.DrawFn) -> RunRow:
    first, last = sorted(draw(st.tuples(DAYS, DAYS)))
    return RunRow(
        key=draw(words(1, 100)), starts_on=first, ends_on=last,
        start_time=draw(st.none() | TIMES), end_time=draw(st.none() | TIMES),
        place=draw(words(1, 100)), venue=draw(words()), join_link=draw(PAGES), accessibility=draw(words()),
        price_pounds=draw(PRICES), places=draw(st.integers(0, 1_000_000)),
        name=draw(words(0, 100)), apply_by=draw(st.none() | DAYS),
        withdraw_by=draw(st.none() | DAYS),
        session=draw(st.lists(sessions(first, last), max_size=2, unique_by=lambda one: one.key)),
    )  # fmt: skip


@st.composite
def sessions(draw: st.DrawFn, first: date, last: date) -> SessionRow:
    starts, ends = sorted(draw(st.lists(TIMES, min_size=2, max_size=2, unique=True)))
    return SessionRow(
        key=draw(KEYS), title=one_line(draw(words(1, 60))), day=draw(st.dates(first, last)), starts=starts, ends=ends,
        place=one_line(draw(words(0, 60))),
    )  # fmt: skip


def one_line(said: str) -> str:
    return " ".join(said.split())


@st.composite
def listed(draw: st.DrawFn) -> Listed:
    return Listed(
        key=draw(words(1, 100)).strip(), address="https://everyseat.example/offers/a",
        provider=Publisher("acme", draw(words(1, 50)), "https://everyseat.example/offers?provider=acme"),
        content=draw(contents()), runs=tuple(draw(st.lists(runs(), max_size=2))),
        names=draw(st.dictionaries(NAMED, words(1, 30), max_size=2)),
    )  # fmt: skip
