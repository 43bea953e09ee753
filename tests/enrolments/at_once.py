"""Pressing many buttons at the same moment. ``EVERYSEAT_DRILL=1`` asks for full numbers."""

import os
import threading
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

from tests.enrolments.conftest import WITH_RUNS
from tests.visitor import Visitor

DRILL = os.environ.get("EVERYSEAT_DRILL") == "1"
PEOPLE, PLACES, LEAVING = (1_000, 20, 200) if DRILL else (30, 5, 4)
POSTERS, POSTS = (500, 10) if DRILL else (2, 10)
AT_ONCE = 30

Press = Callable[[], int]


def press_all(presses: Sequence[Press]) -> Counter[int]:
    """Do all of them, as many as can be at the same moment; returns how often each status was answered."""
    together = threading.Barrier(min(AT_ONCE, len(presses)))
    begun = iter(range(len(presses)))
    lock = threading.Lock()

    def begin(press: Press) -> int:
        with lock:
            number = next(begun)
        if number < together.parties:
            together.wait()
        return press()

    with ThreadPoolExecutor(together.parties) as pool:
        return Counter(pool.map(begin, presses))


def post(visitor: Visitor, path: str, **fields: object) -> Press:
    """A form that is open in the browser, waiting for its button to be pressed."""
    token = visitor.csrf_token()

    def press() -> int:
        answer = visitor.client.post(
            path,
            data={"csrf_token": token, **fields},
            base_url="https://127.0.0.1:8000",
            headers={"Referer": "https://127.0.0.1:8000/"},
        )
        return answer.status_code

    return press


def joining(visitor: Visitor, run_id: int) -> Press:
    return post(visitor, f"/offers/{WITH_RUNS}/enrol", run=run_id)


def leaving_of(visitor: Visitor, number: int) -> Press:
    return post(visitor, f"/enrolments/{number}/withdraw", why="work")
