"""Registers: who was at which session, and what has to be done to complete an offer."""
