"""What happens here and is heard above, inside the same transaction."""

from blinker import signal

completed = signal("completed")
"""Sent with ``completion=Completion`` when somebody completed an offer; what listeners write is committed with it."""

step_done = signal("step_done")
"""Sent with ``enrolment=Enrolment``, ``done`` and ``total`` (counts of steps) when somebody did a step for the first
time, the last one too: after that, ``completed`` is sent."""
