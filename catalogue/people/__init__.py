"""Accounts, roles and grants, sign-in, and the audit trail."""
