"""Recognizes callers, and holds them to their roles: tokens, sessions, sign-in, protection of browsers. What roles allow is in `access`."""
