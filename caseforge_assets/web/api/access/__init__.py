"""Endpoints about callers: accounts, tokens, the session, the audit log. How a caller is recognized is `web.access`."""
