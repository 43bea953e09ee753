"""Platforms as administrators know them: registered by hand or by themselves, approved, checked, suspended."""
