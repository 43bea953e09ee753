"""Attacks by way of learning platforms, one row of the list of threats after the other."""
