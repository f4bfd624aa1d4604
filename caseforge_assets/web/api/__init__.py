"""Endpoints under /api/v1, a module for those that belong together; each states its role, calls a command or a read model, and says what it answers. Pages for people are `portal`."""
