"""What the tests change in the shipped data, and a framework that is not shipped."""

from pathlib import Path

HUDDLE, INITIAL = "ten-minute-huddle", "stp-leaders-initial-training"
MODEL = "frameworks/healthcare-leadership-model.toml"


def edit(file: Path, old: str, new: str) -> None:
    """Change the first place where the text stands."""
    text = file.read_text(encoding="utf-8")
    assert old in text, f"{file.name} has no {old!r}"
    file.write_text(text.replace(old, new, 1), encoding="utf-8")


def edit_row(file: Path, key: str, old: str, new: str) -> None:
    """Change the first place after the line of this key."""
    head, line, tail = file.read_text(encoding="utf-8").partition(f'key = "{key}"\n')
    assert line, f"{file.name} has no {key}"
    assert old in tail, f"{key} has no {old!r}"
    file.write_text(head + line + tail.replace(old, new, 1), encoding="utf-8")


SECOND = """
key = "three-by-two"
version = "1"
name = "Three by two"
label = "A framework with three dimensions"
notice = "Made up."
owner = "The tests"
source = "The tests"
level = [
  { value = 0, key = "not-yet", name = "Not yet", meaning = "It is missing." },
  { value = 1, key = "there", name = "There", meaning = "It is there." },
  { value = 2, key = "shining", name = "Shining", meaning = "Others copy it." },
]
""" + "".join(
    f"""
[[dimension]]
key = "{key}"
name = "{key.title()} and more"
what = "What {key} is."
why = "Why it matters."
what_it_is_not = []
[[dimension.level]]
level = "there"
heading = "{key} is there"
statement = [{{ key = "{key}-1", self = "I {key}.", others = "They {key}." }}]
[[dimension.level]]
level = "shining"
heading = "{key} shines"
statement = [
  {{ key = "{key}-2", self = "I {key} well.", others = "They {key} well." }},
  {{ key = "{key}-3", self = "I {key} best.", others = "They {key} best." }},
]
"""
    for key in ("listen", "decide", "thank")
)
