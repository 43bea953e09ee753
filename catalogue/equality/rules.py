"""Pure decisions on equality monitoring: what is asked, and what may be told of the answers.

What is told of an answer depends on how many gave it and on nothing else that is published, so that there is no sum to
take it from: see ``told``. And it is told anew only when ten more people have answered: see ``due``.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from catalogue.people.rules import FEWEST_TOLD_OF

NOT_SAID = "not-said"
STEP = FEWEST_TOLD_OF
"""Counts are told in steps of so many."""


@dataclass(frozen=True, slots=True)
class Question:
    words: str
    answers: Mapping[str, str]
    """By the name under which it is kept, in our own short form of what national statistics and the NHS ask for."""


def _question(words: str, **answers: str) -> Question:
    kept = {name.replace("_", "-"): said for name, said in answers.items()}
    return Question(words, kept | {NOT_SAID: "I prefer not to say"})


QUESTIONS: Mapping[str, Question] = {
    "ethnic-group": _question(
        "What is your ethnic group?",
        asian="Asian or Asian British", black="Black, Black British, Caribbean or African",
        mixed="Mixed or multiple ethnic groups", white="White", another="Another ethnic group",
    ),
    "sex": _question("What is your sex?", female="Female", male="Male"),
    "disability": _question(
        "Does a disability or a long-term condition limit what you do from day to day?",
        a_lot="Yes, a lot", a_little="Yes, a little", no="No",
    ),
    "age": _question(
        "How old are you?",
        to_24="Under 25", to_34="25 to 34", to_44="35 to 44", to_54="45 to 54", to_64="55 to 64", from_65="65 or over",
    ),
    "religion": _question(
        "What is your religion or belief?",
        none="No religion", buddhist="Buddhist", christian="Christian", hindu="Hindu", jewish="Jewish",
        muslim="Muslim", sikh="Sikh", another="Another religion or belief",
    ),
    "orientation": _question(
        "What is your sexual orientation?",
        straight="Heterosexual or straight", gay="Gay or lesbian", bisexual="Bisexual", another="Another orientation",
    ),
}  # fmt: skip


def told(counts: Mapping[str, int], offsets: Mapping[str, int]) -> dict[str, int]:
    """By answer, what many people gave it at least; an answer that is not told is left out.

    A count is lessened by an offset from 0 to 9 that nobody knows and that stays the same, then rounded down to a
    whole ten. It is told from ten on, and only where ten or more answered otherwise: where all of a group say the
    same, telling it would tell of each of them. No total is told.
    """
    everyone = sum(counts.values())
    found = {answer: (count - offsets[answer]) // STEP * STEP for answer, count in counts.items()}
    return {
        answer: at_least
        for answer, at_least in found.items()
        if at_least >= FEWEST_TOLD_OF and everyone - counts[answer] >= FEWEST_TOLD_OF
    }


def due(answered: int, answered_then: int) -> bool:
    """Whether so many people more have answered since it was last told that what changes is of none of them alone."""
    return answered - answered_then >= FEWEST_TOLD_OF
