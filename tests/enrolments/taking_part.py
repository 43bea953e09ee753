"""What people do on the pages of an offer: join it, and do its steps."""

from tests.enrolments.conftest import SELF_PACED, WITH_RUNS
from tests.visitor import Visitor


def join(visitor: Visitor, run_id: int | None = None) -> str:
    """Enrol as people do; returns the address of the enrolment."""
    if run_id is None:
        visitor.get(f"/offers/{SELF_PACED}/enrol")
        visitor.press("Confirm")
    else:
        visitor.get(f"/offers/{WITH_RUNS}/enrol")
        visitor.press("Confirm", run=run_id)
    return str(visitor.response.headers["Location"]).split("?", maxsplit=1)[0]


def step_paths(visitor: Visitor, enrolment: str) -> list[str]:
    return [str(link["href"]) for link in visitor.get(enrolment).select(".nhsuk-task-list__link")]


def do_all_steps(visitor: Visitor, enrolment: str) -> None:
    for path in step_paths(visitor, enrolment):
        visitor.get(path)
        visitor.press("I have done this")


def number_of(enrolment: str) -> int:
    return int(enrolment.rsplit("/", 1)[1])
