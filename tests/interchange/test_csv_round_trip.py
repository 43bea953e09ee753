"""CSV out and in again: no cell is a formula, and nothing is lost that a cell can hold."""

import csv
import io

from hypothesis import HealthCheck, given, settings

from catalogue.interchange.csv_out import lines, template
from catalogue.interchange.documents import Listed
from catalogue.interchange.reading import read
from catalogue.interchange.rows import RunRow
from catalogue.offers.content import OfferContent
from tests.drills import many
from tests.interchange.offers_made_up import listed

STARTS_A_FORMULA = tuple("=+-@\t\r\n＝＋－＠")


@settings(max_examples=many(25, 500), deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(listed())
def test_what_is_written_is_no_formula_and_comes_back_as_it_was(offer: Listed) -> None:
    content = "".join(lines([(offer.key, offer.content, offer.runs)])).encode()
    cells = [cell for row in csv.reader(io.StringIO(content.decode("utf-8-sig"), newline="")) for cell in row]
    assert not any(cell.lstrip(" ").startswith(STARTS_A_FORMULA) for cell in cells)
    (row,) = read(io.BytesIO(content), "offers.csv")
    assert row.faults == ()
    assert row.key == offer.key
    assert on_lines(OfferContent.model_validate(row.offer)) == on_lines(offer.content)
    assert tuple(RunRow.model_validate(run) for run in row.runs) == offer.runs


def on_lines(content: OfferContent) -> OfferContent:
    """As cells of several things have it: each of them, and the title of a step, on one line."""
    steps = [
        step.model_copy(update={"title": one_line(step.title), "text": "\n".join(step.text.splitlines())})
        for step in content.step
    ]
    groups = [
        group.model_copy(update={"title": one_line(group.title), "text": "\n".join(group.text.splitlines())})
        for group in content.group
    ]
    outcomes = [one_line(outcome) for outcome in content.outcomes]
    return content.model_copy(update={"outcomes": outcomes, "group": groups, "step": steps})


def one_line(said: str) -> str:
    return " ".join(said.split())


def test_the_template_is_a_file_that_we_read() -> None:
    reading = read(io.BytesIO("".join(template()).encode()), "offers-template.csv")
    (row,) = reading
    assert (row.faults, reading.notes, row.columns) == ((), [], {})
    assert OfferContent.model_validate(row.offer).title == "Lead a calm handover"
    assert RunRow.model_validate(row.runs[0]).places == 20
