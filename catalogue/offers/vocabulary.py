"""From what is typed to the stems that are looked for: the beginnings of words count, and slips are forgiven."""

from collections.abc import Sequence
from dataclasses import dataclass

from rapidfuzz import process
from rapidfuzz.distance import OSA
from sqlalchemy import Row, func, or_, select

from catalogue.extensions import db
from catalogue.offers.models import SearchWord
from catalogue.offers.rules import slips_forgiven, words_of

SHORTEST_BEGINNING = 3
MOST_WORDS = 12
"""Typed words beyond these are not looked for."""
MOST_ENDINGS = 200
"""Words that begin as one does which was typed."""


@dataclass(frozen=True, slots=True)
class Sought:
    """What words come to: for each of them the stems of which any will do, and which words were read as others."""

    groups: tuple[tuple[str, ...], ...] = ()
    exact: tuple[str, ...] = ()
    """The stems of the words as they were typed."""
    read_as: tuple[tuple[str, str], ...] = ()

    @property
    def nothing(self) -> bool:
        """Whether there is no word that an offer could be about."""
        return not self.groups


def sought(typed: str) -> Sought:
    """Look the words up, in one query, and in a second one where some are not there."""
    words = dict(list(words_of(typed).items())[:MOST_WORDS])
    if not words:
        return Sought()
    known = db.session.execute(
        select(SearchWord.word, SearchWord.stem)
        .where(
            or_(
                SearchWord.stem.in_(words.values()),
                *(SearchWord.word.startswith(word) for word in words if len(word) >= SHORTEST_BEGINNING),
            )
        )
        .order_by(func.length(SearchWord.word), SearchWord.word)
        .limit(MOST_ENDINGS * len(words))
    ).all()
    groups = {word: _forms(word, stem, known) for word, stem in words.items()}
    slips = [word for word in words if not groups[word]]
    read_as = _alike(slips) if slips else {}
    return Sought(
        tuple(tuple(groups[word] or _instead(stem, read_as.get(word, []))) for word, stem in words.items()),
        tuple(words.values()),
        tuple((word, read_as[word][0][0]) for word in slips if read_as.get(word)),
    )


def _forms(word: str, stem: str, known: Sequence[Row[str, str]]) -> list[str]:
    """Its own stem first, if it stands anywhere, then those of the words that it begins."""
    stems = {known_stem for _word, known_stem in known}
    begun = {s for other, s in known if len(word) >= SHORTEST_BEGINNING and other.startswith(word)} - {stem}
    return [*([stem] if stem in stems else []), *sorted(begun)]


def _instead(stem: str, alike: list[tuple[str, str]]) -> list[str]:
    """Its own stem still: what is for members only is found by whole words, though its words are not told to others."""
    return [stem, *sorted({other for _word, other in alike} - {stem})]


def _alike(slips: list[str]) -> dict[str, list[tuple[str, str]]]:
    """For each word that stands nowhere the nearest ones that do, with their stems.

    The distance is optimal string alignment: letters left out, added, changed, or swapped with their neighbour.
    """
    lengths = {len(word) + by for word in slips for by in range(-slips_forgiven(word), slips_forgiven(word) + 1)}
    rows = select(SearchWord.word, SearchWord.stem).where(func.length(SearchWord.word).in_(lengths))
    stems = {row.word: row.stem for row in db.session.execute(rows)}
    words = sorted(stems)
    found = {}
    for slip in slips:
        near = process.extract(
            slip, words, scorer=OSA.distance, score_cutoff=slips_forgiven(slip), limit=10, processor=None
        )
        nearest = min((distance for _word, distance, _index in near), default=0)
        found[slip] = [(word, stems[word]) for word, distance, _index in near if distance == nearest > 0]
    return found
