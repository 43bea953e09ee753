"""What happens here and is heard above, inside the same transaction."""

from blinker import signal

assessed = signal("assessed")
"""Sent with ``assessment=Assessment`` when somebody has finished a self-assessment and its levels are worked out."""
