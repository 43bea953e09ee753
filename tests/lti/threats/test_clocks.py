"""Clocks that differ: a minute is let pass, and an hour that is lived twice stops nothing."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
import time_machine

from tests.drills import say
from tests.lti.platform import KEY, OTHER_KEY, Platform, jwk
from tests.lti.threats.begun import post
from tests.visitor import Visitor

START = "2027-01-05T10:00:00Z"


@pytest.mark.parametrize(
    ("ahead", "lives", "status"),
    [
        (0, 60, 303), (59, 60, 303), (60, 60, 303), (61, 60, 400), (3600, 60, 400), (86_400, 60, 400),
        (-59, 0, 303), (-61, 0, 400), (-119, 60, 303), (-121, 60, 400), (-3600, 60, 400), (-3601, 7200, 400),
    ],
)  # fmt: skip
def test_a_platforms_clock_may_be_a_minute_ahead_and_its_message_a_minute_past_its_end(
    visitor: Visitor, platform: Platform, ahead: int, lives: int, status: int
) -> None:
    """The platform's clock is ``ahead`` seconds of ours; its messages live for ``lives`` seconds."""
    with time_machine.travel(START, tick=False):
        asked = platform.log_in(visitor)
        issued = int(datetime.fromisoformat(START).timestamp()) + ahead
        claims = platform.claims(asked["nonce"], iat=issued, exp=issued + lives)
        assert post(visitor.client, {"id_token": platform.sign(claims), "state": asked["state"]}) == status


def test_an_hour_set_back_keeps_nobody_out_and_keeps_scores_in_order(
    visitors: Callable[[], Visitor], platform: Platform, slugs: list[str], complete: Callable[[str], int],
    deliver: Callable[[], list[tuple[str, str]]],
) -> None:  # fmt: skip
    early, waiting = visitors(), visitors()
    with time_machine.travel(START, tick=False) as clock:
        platform.launch(early)
        complete(slugs[0])
        assert [state for state, _ in deliver()] == ["delivered"]
        asked = platform.log_in(waiting)
        posted = {"id_token": platform.sign(platform.claims(asked["nonce"])), "state": asked["state"]}
        clock.shift(-timedelta(hours=1))
        early.get("/enrolments", 302)  # a session that is dated ahead is not read: whoever has it comes in again
        platform.launch(early)
        early.get("/enrolments")
        assert post(waiting.client, posted) == 400, "a message from an hour ahead is not taken"
        platform.launch(waiting)  # who begins again comes in, by the key set that is held
        clock.shift(61)
        platform.keys = [jwk(OTHER_KEY, "key-2")]
        platform.launch(visitors(), sub="5", sign=lambda p, made: p.sign(made, OTHER_KEY, {"kid": "key-2"}))
        complete(slugs[1])
        states = [state for state, _ in deliver()]
        assert states == ["delivered", "delivered"]
        clock.shift(timedelta(hours=1))
        platform.keys = [jwk(KEY, "key-1")]
        platform.launch(early)
        early.get("/enrolments")
    assert len(platform.scores) == 2
    say("clocks: 59 s passes, 61 s fails, ahead and behind; an hour set back: 0 launches or scores lost")
