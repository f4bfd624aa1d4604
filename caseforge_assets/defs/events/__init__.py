"""Dagster events and the runs that are their records, as values. They are written in `private`, and chosen in `mirroring`."""
