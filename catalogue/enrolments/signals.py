"""What happens here and is heard above, inside the same transaction."""

from blinker import signal

completed = signal("completed")
"""Sent with ``completion=Completion`` when somebody completed an offer; what listeners write is committed with it."""

progressed = signal("progressed")
"""Sent with ``enrolment=Enrolment``, ``done`` and ``total`` when somebody has done more, or less, of what completing an
offer takes: steps, sessions, a reassessment. With the last of it ``completed`` is sent after it."""

voided = signal("voided")
"""Sent with ``completion=Completion`` when a completion that was made in error has been voided, with its reason."""
