"""A message is good for one sign-in, however often and from how many sides at once it is posted."""

import time
from collections import Counter
from collections.abc import Callable
from functools import partial

import pytest
from flask import Flask

from tests.drills import at_once, dice, many, say
from tests.lti.platform import Platform
from tests.lti.threats.begun import begun, browser_with, cookies_of, post
from tests.visitor import Visitor

TOKENS, TIMES = many(5, 200), many(8, 20)


@pytest.mark.both_databases
def test_each_token_is_accepted_once(
    app: Flask, database: str, visitors: Callable[[], Visitor], platform: Platform, counts: Callable[[], dict[str, int]]
) -> None:
    before, chance, began = counts(), dice(), time.monotonic()
    answers: Counter[int] = Counter()
    accepted: Counter[int] = Counter()
    for start in range(0, TOKENS, 10):  # few enough to be posted while they hold
        jobs = []
        for number in range(start, min(start + 10, TOKENS)):
            browser = visitors()
            posted, cookies = begun(platform, browser, sub=f"learner-{number}"), cookies_of(browser)
            jobs += [(number, partial(post, browser_with(app, cookies), posted)) for _ in range(TIMES)]
        chance.shuffle(jobs)
        statuses = at_once([job for _, job in jobs], workers=20)
        answers.update(statuses)
        accepted.update(number for (number, _), status in zip(jobs, statuses, strict=True) if status == 303)
    others = {status: count for status, count in answers.items() if status not in (303, 400)}
    say(
        f"replay, {database}: {TOKENS} tokens x {TIMES} in parallel: {answers[303]} accepted, {answers[400]} refused, "
        f"{sum(others.values())} other; {time.monotonic() - began:.0f} s"
    )
    assert accepted == dict.fromkeys(range(TOKENS), 1)
    assert answers == {303: TOKENS, 400: TOKENS * (TIMES - 1)}
    for model in ("SignIn", "Person", "Identity"):
        assert counts()[model] == before[model] + TOKENS, model
