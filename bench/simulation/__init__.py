"""A population with planted truth: what an offer really does is known here, so that advice can be held against it.

``settings`` says what is varied, and was written before anything was tuned to it; ``world`` plants the offers,
``population`` the people, ``advisers`` who advises them, ``life`` lets weeks go by, and ``__main__`` prints what came
of it. docs/evidence.md and docs/recommender.md have the figures.
"""
