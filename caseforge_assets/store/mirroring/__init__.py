"""Keeps what Dagster is told and was told: the outbox, versions, runs' processes, what may go of them. Dagster's own tables are not touched here."""
