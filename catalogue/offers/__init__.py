"""Offers, what they take people from and to, and their runs."""
