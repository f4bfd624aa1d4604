"""Dagster events and the runs that are their records, as values."""
