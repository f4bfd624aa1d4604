"""Reports, checks and alerts as Dagster metadata. What they say is decided in `reports` and `alerts`."""
