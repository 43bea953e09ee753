"""Gaps become a set of offers, with reasons."""
