"""XCRI-CAP 1.2 out and in again: nothing is lost, and every document is valid."""

import io
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from isodate import parse_duration
from lxml import etree

from catalogue.interchange.documents import Listed, interval
from catalogue.interchange.reading import read
from catalogue.interchange.rows import OfferRow, RunRow
from catalogue.interchange.xcri.write import catalog
from catalogue.offers.content import OfferContent
from tests.drills import many
from tests.interchange.offers_made_up import listed
from tests.interchange.xcri_schema import faults

NOW = datetime(2026, 11, 25, 9, 30, tzinfo=UTC)


def written(offers: list[Listed]) -> bytes:
    return b"".join(catalog(offers, NOW, "Offers"))


def comes_back(row: OfferRow, offer: Listed) -> bool:
    assert row.faults == ()
    return (
        row.key == offer.key
        and OfferContent.model_validate(row.offer) == offer.content
        and tuple(RunRow.model_validate(run) for run in row.runs) == offer.runs
    )


@settings(max_examples=many(25, 500), deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(listed(), min_size=1, max_size=2))
def test_what_is_written_is_valid_and_comes_back_as_it_was(offers: list[Listed]) -> None:
    document = written(offers)
    assert faults(etree.fromstring(document)) == []
    found = list(read(io.BytesIO(document), "offers.xml"))
    assert len(found) == len(offers)
    for row, offer in zip(found, offers, strict=True):
        assert comes_back(row, offer)
        assert document.splitlines()[row.number - 1].startswith(b"<course")
        for number in row.run_numbers:
            assert document.splitlines()[number - 1] == b"<presentation>"


@given(st.integers(1, 200_000))
def test_hours_of_learning_are_said_in_hours_however_many_they_are(hundredths: int) -> None:
    said = interval(hundredths / 100)
    assert said.startswith("PT")
    assert "D" not in said
    assert parse_duration(said) == timedelta(minutes=max(round(hundredths * 0.6), 1))


@pytest.mark.parametrize(
    ("hours", "said"), [(0.5, "PT0H30M"), (1.5, "PT1H30M"), (24, "PT24H00M"), (40, "PT40H00M"), (2000, "PT2000H00M")]
)
def test_a_day_of_learning_is_no_day_of_the_calendar(hours: float, said: str) -> None:
    assert interval(hours) == said
