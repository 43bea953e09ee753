"""Attendance as a table: one row for each person of a run, one column for each of its sessions.

A run without sessions has one column for who completed it.

What is sent out has harmless cells, and what comes back is read as strictly as a person would: by the number of the
enrolment, with the name beside it, so that a file whose columns were sorted apart is noticed.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import BinaryIO

from catalogue.attendance.marking import Entry
from catalogue.attendance.models import Attendance
from catalogue.clock import in_london
from catalogue.enrolments.models import Enrolment, EnrolmentState
from catalogue.interchange.csv_files import rows
from catalogue.interchange.limits import Unreadable
from catalogue.offers.models import RunSession
from catalogue.spreadsheets import Cell, RowFault, csv_lines

NUMBER, NAME, COMPLETED = "enrolment", "name", "completed"
YES = {"yes", "y", "true", "1", "x", "there", "attended", "present"}
NO = {"no", "n", "false", "0", "not there", "absent", "did not attend"}
MOST_ROWS = 5_000
Marks = Mapping[tuple[int, int], Attendance]
Answer = Callable[[str, Enrolment], Entry | tuple[str, str] | None]
"""What a cell says of somebody: what it changes; what is wrong with it and what to do; nothing where it stands so."""


@dataclass(slots=True)
class Sheet:
    """What a file would change, with the name of each person and the title of the session (none: they completed it);
    what is wrong in it; how many answers stand already."""

    changes: list[tuple[str, str, Entry]] = field(default_factory=list)
    faults: list[RowFault] = field(default_factory=list)
    same: int = 0


def heading_of(number: int, session: RunSession) -> str:
    return f"{number}. {session.title}, {in_london(session.starts_at).date().isoformat()}"


def headings(sessions: Sequence[RunSession]) -> dict[str, RunSession]:
    return {heading_of(number, session): session for number, session in enumerate(sessions, 1)}


def written(people: Iterable[Enrolment], sessions: Sequence[RunSession], marks: Marks) -> Iterator[str]:
    """The lines of the file: who is on the run, with the marks that there are."""

    def row(enrolment: Enrolment) -> list[Cell]:
        if not sessions:
            return [enrolment.id, enrolment.person.name, "yes" if enrolment.state == EnrolmentState.COMPLETED else ""]
        held = (marks.get((enrolment.id, session.id)) for session in sessions)
        return [enrolment.id, enrolment.person.name, *("" if one is None else _word(one.attended) for one in held)]

    return csv_lines([NUMBER, NAME, *(headings(sessions) or [COMPLETED])], map(row, people), bom=True)


def read(
    stream: BinaryIO, people: Sequence[Enrolment], sessions: Sequence[RunSession], marks: Marks, today: date
) -> Sheet:  # fmt: skip
    """What a file says about a run. An empty cell leaves what there is. Raises ``Unreadable``."""
    numbered = rows(stream, [])
    _line, first = next(numbered, (1, []))
    answers = _answers(sessions, marks, today)
    columns = _columns([str(cell) for cell in first], list(answers))
    by_number = {str(enrolment.id): enrolment for enrolment in people}
    sheet, seen = Sheet(), set[int]()
    for line, cells in numbered:
        if line > MOST_ROWS:
            raise Unreadable(f"The file has more than {MOST_ROWS:,} rows.", "Send the rows of one run only.")
        said = {name: str(cells[at]).strip() if at < len(cells) else "" for name, at in columns.items()}
        if not any(said.values()):
            continue
        enrolment = by_number.get(said[NUMBER])
        fault = _wrong_person(line, said, enrolment, seen)
        if fault or enrolment is None:
            sheet.faults += [fault] if fault else []
            continue
        seen.add(enrolment.id)
        for heading, (title, answer_of) in answers.items():
            if not said.get(heading):
                continue
            answer = answer_of(said[heading], enrolment)
            if isinstance(answer, Entry):
                sheet.changes.append((enrolment.person.name, title, answer))
            elif answer is None:
                sheet.same += 1
            else:
                sheet.faults.append(RowFault(line, heading, *answer))
    return sheet


def _answers(sessions: Sequence[RunSession], marks: Marks, today: date) -> dict[str, tuple[str, Answer]]:
    """What a cell of each column says, by its heading, with the title of what it is about."""

    def of(session: RunSession) -> Answer:
        return lambda word, enrolment: _answer(word, enrolment, session, marks.get((enrolment.id, session.id)), today)

    found = {heading: (session.title, of(session)) for heading, session in headings(sessions).items()}
    return found or {COMPLETED: ("", lambda word, enrolment: _completed(word, enrolment, today))}


def _columns(first: list[str], known: Sequence[str]) -> dict[str, int]:
    remedy = "Download the list of this run, fill it in, and send that."
    columns = {name.strip().casefold(): at for at, name in enumerate(first) if name.strip()}
    folded = {name.casefold(): name for name in (NUMBER, NAME, *known)}
    for name in columns.keys() - folded.keys():
        raise Unreadable(f"There is nothing here for the column “{first[columns[name]].strip()[:100]}”.", remedy)
    if NUMBER not in columns or NAME not in columns:
        raise Unreadable(f"The file needs the columns “{NUMBER}” and “{NAME}”.", remedy)
    return {folded[name]: at for name, at in columns.items()}


def _wrong_person(line: int, said: Mapping[str, str], enrolment: Enrolment | None, seen: set[int]) -> RowFault | None:
    if enrolment is None:
        number = said[NUMBER][:20]
        return RowFault(
            line, NUMBER, f"“{number}” is nobody on this run" if number else "There is no number of an enrolment",
            "Download the list again: people may have left, or joined, since.",
        )  # fmt: skip
    if " ".join(said[NAME].split()).casefold() != " ".join(enrolment.person.name.split()).casefold():
        return RowFault(
            line, NAME, f"Enrolment {enrolment.id} is not “{said[NAME][:100]}”",
            "Check that the rows were not sorted column by column.",
        )  # fmt: skip
    if enrolment.id in seen:
        return RowFault(line, NUMBER, "This person stands in the file twice", "Keep one of the rows.")
    return None


def _completed(word: str, enrolment: Enrolment, today: date) -> Entry | tuple[str, str] | None:
    """The same of the one column of a run without sessions: only yes changes something."""
    if word.casefold() not in YES | NO:
        return _neither(word)
    stands = enrolment.state == EnrolmentState.COMPLETED
    waits = enrolment.state == EnrolmentState.ATTENDED and enrolment.version.reassessment_needed
    if word.casefold() in NO:
        return ("They have completed it already", "Take the completion back on the register.") if stands else None
    if stands or waits:
        return None
    if enrolment.run is not None and enrolment.run.starts_on > today:
        return "These dates have not begun", "Leave the cell empty until they have."
    if enrolment.state == EnrolmentState.NO_SHOW:
        return "It is noted that they did not come", "Say on the register that they came after all."
    return Entry(enrolment.id, None, shown=None, chosen=True)


def _neither(word: str) -> tuple[str, str]:
    return f"“{word[:50]}” is neither yes nor no", "Write yes, no, or nothing."


def _answer(
    word: str, enrolment: Enrolment, session: RunSession, there: Attendance | None, today: date
) -> Entry | tuple[str, str] | None:
    """What a cell changes; what is wrong with it and what to do; nothing where it stands so already."""
    held, chosen = there.attended if there else None, word.casefold() in YES
    if word.casefold() not in YES | NO:
        return _neither(word)
    if held == chosen:
        return None
    if in_london(session.starts_at).date() > today:
        return "This session has not begun", "Leave the cell empty until its day."
    if there is not None and enrolment.state == EnrolmentState.COMPLETED:
        return "They have completed the offer, so this mark stays", f"Write {_word(held)}."
    return Entry(enrolment.id, session.id, shown=held, chosen=chosen)


def _word(attended: bool | None) -> str:
    return "" if attended is None else "yes" if attended else "no"
