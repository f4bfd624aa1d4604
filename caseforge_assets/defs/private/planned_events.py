"""Dagster's event log, which notes of a new run the assets that it is going to materialize: once each instead of once for each partition.

By default it writes an event for every partition of every asset, one by one, before the run may start: two minutes for 1,545 nodes and
eight assets, in which the run's start times out. If the run then fails, or never begins, all of these partitions are failed to
Dagster, also those that hold what is good. Its storages may do it by asset instead, which this one does. So a partition's state is made
by what CaseForge writes about it (`lineage`), and by nothing else: a run that dies leaves every partition as it was.
"""

from __future__ import annotations

from dagster._core.events import AssetMaterializationPlannedData
from dagster._core.events.log import EventLogEntry
from dagster_postgres.event_log import PostgresEventLogStorage


class EventsPlannedByAsset(PostgresEventLogStorage):
    """Dagster's event log in PostgreSQL, with one planned event for each asset of a run."""

    @property
    def supports_partition_subset_in_asset_materialization_planned_events(self) -> bool:
        """Tell Dagster, before it makes them, that one event may plan many partitions."""
        return True

    def store_event(self, event: EventLogEntry) -> None:
        """Store an event; a planned one without its partitions.

        Nothing reads them (the run's own tags say which they are), and 30,000 keys would be written once for each asset.
        """
        super().store_event(_by_asset(event))


def _by_asset(event: EventLogEntry) -> EventLogEntry:
    of_dagster = event.dagster_event
    planned = of_dagster.event_specific_data if of_dagster else None
    if of_dagster is None or not isinstance(planned, AssetMaterializationPlannedData) or planned.partitions_subset is None:
        return event
    return event._replace(dagster_event=of_dagster._replace(event_specific_data=AssetMaterializationPlannedData(planned.asset_key)))
