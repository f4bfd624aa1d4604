"""Writes and checks a project's configuration, before money is spent. Reading it is `settings`."""
