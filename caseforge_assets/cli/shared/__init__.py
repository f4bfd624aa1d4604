"""Shared by the commands: the session, options, consoles, tables, the ways to Dagster. No command of its own."""
