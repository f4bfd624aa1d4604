"""Queries of accounts, roles, tokens, sessions, sign-ins and the audit log."""
