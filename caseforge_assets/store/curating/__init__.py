"""Decisions, comments and portfolios of people on use cases. What is decided of them together stands in `commands/curating`."""
