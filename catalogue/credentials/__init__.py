"""Proof for the person: a transcript, certificates, and badges that anybody can verify."""
