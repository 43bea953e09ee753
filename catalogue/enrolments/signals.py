"""What happens here and is heard above, inside the same transaction."""

from blinker import signal

completed = signal("completed")
"""Sent with ``completion=Completion`` when somebody completed an offer; what listeners write is committed with it."""
