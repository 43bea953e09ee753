"""Scores for completions and progress, in the line items of a course."""
