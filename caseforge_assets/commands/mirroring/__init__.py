"""Prepares what a shell such as Dagster shows: statuses, what is out of date, versions, dead runs; keeps lists and groups up to date. Showing is the shell's."""
