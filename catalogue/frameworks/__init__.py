"""Conditions, frameworks with their dimensions, levels and statements, and what each seat asks for."""
