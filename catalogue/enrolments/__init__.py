"""Enrolment, places, waiting lists and completions."""
