"""Dagster's event log, which notes of a new run the assets that it is going to materialize: once each instead of once for each partition.

By default it writes an event for every partition of every asset, one by one, before the run may start: two minutes for 1,545 nodes and
eight assets, in which the run's start times out. If the run then fails, or never begins, all of these partitions are failed to
Dagster, also those that hold what is good. Its storages may do it by asset instead, which this one does. So a partition's state is made
by what CaseForge writes about it (`lineage`), and by nothing else: a run that dies leaves every partition as it was.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from dagster import AssetKey
from dagster._core.events import AssetMaterializationPlannedData
from dagster._core.events.log import EventLogEntry
from dagster._core.storage.event_log.base import AssetRecord
from dagster_postgres.event_log import PostgresEventLogStorage
from dagster_shared.record import replace

_NEWEST_PLANS = """
select a.asset_key, plan.id, plan.run_id from asset_keys a cross join lateral (
    select id, run_id from event_logs p where p.asset_key = a.asset_key and p.dagster_event_type = 'ASSET_MATERIALIZATION_PLANNED'
    order by id desc limit 1) plan
where %(all)s or a.asset_key = any(%(asset_keys)s)
"""


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

    @property
    def asset_records_have_last_planned_and_failed_materializations(self) -> bool:
        """Tell Dagster that a record says which event planned its asset last."""
        return True

    def get_asset_records(self, asset_keys: Sequence[AssetKey] | None = None) -> Sequence[AssetRecord]:
        """Read assets with their newest plans, and these before what was materialized.

        Dagster's cached count of partitions takes in what came up to the later of the two. By default it asks for the plan last, on a page seconds after the
        record: what was materialized in between, before another plan, was never counted.
        """
        plans = self._newest_plans(asset_keys)
        return [
            replace(record, asset_entry=replace(record.asset_entry, **plans.get(record.asset_entry.asset_key, {})))
            for record in super().get_asset_records(asset_keys)
        ]

    def _newest_plans(self, asset_keys: Sequence[AssetKey] | None) -> dict[AssetKey | None, dict[str, Any]]:
        asked = {"all": asset_keys is None, "asset_keys": [key.to_string() for key in asset_keys or ()]}
        with self.index_connection() as connection:
            rows = connection.exec_driver_sql(_NEWEST_PLANS, asked).all()
        return {
            AssetKey.from_db_string(key): {
                "last_planned_materialization_storage_id": event_id,
                "last_planned_materialization_run_id": run_id,
            }
            for key, event_id, run_id in rows
        }


def _by_asset(event: EventLogEntry) -> EventLogEntry:
    of_dagster = event.dagster_event
    planned = of_dagster.event_specific_data if of_dagster else None
    if of_dagster is None or not isinstance(planned, AssetMaterializationPlannedData) or planned.partitions_subset is None:
        return event
    return event._replace(dagster_event=of_dagster._replace(event_specific_data=AssetMaterializationPlannedData(planned.asset_key)))
