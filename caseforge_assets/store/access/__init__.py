"""Queries of accounts, roles, tokens, sessions, sign-ins and the audit log. What may be done with them is decided in `commands/access`."""
