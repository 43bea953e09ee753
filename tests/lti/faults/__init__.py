"""Platforms, networks and machines that fail: what was completed is graded, once and in order."""
