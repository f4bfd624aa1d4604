"""Reports, checks and alerts as Dagster metadata."""
