"""Showing in Dagster what commands wrote: the flush of the outbox, failures, foreign partitions. Dagster's tables are reached through `private`."""
