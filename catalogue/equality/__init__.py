"""Equality monitoring: questions that one may skip, answers that belong to nobody, figures of ten people and more."""
