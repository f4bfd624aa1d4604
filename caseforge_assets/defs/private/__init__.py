"""Dagster's private parts: the only folder that may import them; raise Dagster's upper bound only with its contract tests green."""
