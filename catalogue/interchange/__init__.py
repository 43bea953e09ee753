"""Offers from and to others: files and feeds in, with a dry run, and feeds out."""
