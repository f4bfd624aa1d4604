"""What Dagster is told and was told: the outbox, versions, runs' processes, and what may go of them."""
