"""What a platform holds for a learner in a line item.

Assignment and Grade Services 2.0, section 3.3: https://www.imsglobal.org/spec/lti-ags/v2p0#result-service
Platforms scale a score to their line item's maximum, and round it: grades are compared as shares of it.
"""

from dataclasses import dataclass
from typing import Any

from catalogue.outbox import TryAgain
from lti.addresses import below, with_query
from lti.services import Service, ServiceRefused, json_of, next_page

RESULT_READ = "https://purl.imsglobal.org/spec/lti-ags/scope/result.readonly"
RESULTS_TYPE = "application/vnd.ims.lis.v2.resultcontainer+json"
TOLERANCE = 0.005
"""By how much of the maximum a grade may differ and still be the same: what rounding to whole points makes."""
MOST_PAGES = 5


@dataclass(frozen=True, slots=True)
class Held:
    """A grade as the platform gives it, of its maximum (1 where it says none)."""

    score: Any
    maximum: Any

    def is_share(self, share: float) -> bool:
        """Whether it is this much of the maximum, from 0 to 1; what is no number never is."""
        if not _is_number(self.score) or not _is_number(self.maximum):
            return False
        try:
            return abs(float(self.score) / float(self.maximum) - share) <= TOLERANCE
        except (OverflowError, ZeroDivisionError):
            return False

    def __str__(self) -> str:
        return f"{self.score} of {self.maximum}"[:50]


def held(service: Service, line_item_url: str, sub: str) -> Held | None:
    """The learner's grade; none where there is none, or no such line item. Some platforms leave 0 out."""
    url = with_query(below(line_item_url, "results"), user_id=sub)
    for _ in range(MOST_PAGES):
        try:
            response = service.call("GET", url, media=RESULTS_TYPE)
        except ServiceRefused as refusal:
            if refusal.status == 404:
                return None
            raise
        listed = json_of(response)
        for result in listed if isinstance(listed, list) else []:
            if isinstance(result, dict) and result.get("userId") == sub:
                score = result.get("resultScore")
                return None if score is None else Held(score, result.get("resultMaximum", 1))
        url = next_page(response, url)
        if not url:
            return None
    raise TryAgain(f"the platform's list of results is longer than {MOST_PAGES} pages")


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
