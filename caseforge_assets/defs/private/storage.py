"""Dagster's storage in CaseForge's own PostgreSQL and data folder, as dagster.yaml names it. Events are written in `lineage`.

Webserver, daemon, code servers, runs and the command line each find both for themselves, so that nothing has to be set: neither
DAGSTER_HOME nor a path or URL in dagster.yaml.

A new run notes the assets that it is going to materialize once each, instead of once for each partition. By default Dagster writes an event for every partition of
every asset, one by one, before the run may start: two minutes for 1,545 nodes and eight assets, in which the run's start times out. If the run then fails, or never
begins, all of these partitions are failed to Dagster, also those that hold what is good. Its storages may do it by asset instead, which this one does. So a
partition's state is made by what CaseForge writes about it (`lineage`), and by nothing else: a run that dies leaves every partition as it was.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import wraps
from typing import Any, Self

from dagster import AssetKey, Field
from dagster._config.config_schema import UserConfigSchema
from dagster._core.events import AssetMaterializationPlannedData
from dagster._core.events.log import EventLogEntry
from dagster._core.storage.event_log.base import AssetRecord
from dagster._core.storage.local_compute_log_manager import LocalComputeLogManager
from dagster._core.storage.root import LocalArtifactStorage
from dagster._serdes import ConfigurableClassData
from dagster_postgres import DagsterPostgresStorage
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


class CaseforgeStorage(DagsterPostgresStorage):
    """Runs, events and schedules in the database that the settings name: CASEFORGE_POSTGRES_URL, or else the embedded one."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._event_log_storage = EventsPlannedByAsset(self.postgres_url, self.should_autocreate_tables)
        for storage, questions in (
            (self.event_log_storage, ("has_table", "has_asset_key_col", "_has_asset_key_col_on_connection")),
            (self.run_storage, ("has_run_stats_index_cols", "has_backfill_id_column")),
            (self.schedule_storage, ("has_instigators_table", "_has_instigators_table")),
        ):
            for name in questions:
                setattr(storage, name, _once_there(getattr(storage, name)))

    @classmethod
    def config_type(cls) -> UserConfigSchema:
        """Say what dagster.yaml may hold beneath `config`: whether missing tables are created."""
        return {"should_autocreate_tables": Field(bool, is_required=False, default_value=True)}

    @classmethod
    def from_config_value(cls, inst_data: ConfigurableClassData | None, config_value: Mapping[str, Any]) -> Self:
        """Connect to the database of the settings; starts the embedded one where it is used and doesn't run."""
        from caseforge_assets.store.database.engine import mask_parameters
        from caseforge_assets.store.database.location import database_url

        mask_parameters()
        return cls(
            postgres_url=database_url(),
            should_autocreate_tables=config_value.get("should_autocreate_tables", True),
            inst_data=inst_data,
        )

    # The base class would hand its own classes the configuration of this one. None: all three come from this storage.
    @property
    def event_storage_data(self) -> ConfigurableClassData | None:
        """Nothing: there is no event storage of its own."""
        return None

    @property
    def run_storage_data(self) -> ConfigurableClassData | None:
        """Nothing: there is no run storage of its own."""
        return None

    @property
    def schedule_storage_data(self) -> ConfigurableClassData | None:
        """Nothing: there is no schedule storage of its own."""
        return None


def _once_there(ask: Callable[..., bool]) -> Callable[..., bool]:
    """Does not ask PostgreSQL again for a table or column that is there; Dagster would, before nearly every read and write."""
    there: set[tuple[str, ...]] = set()

    @wraps(ask)
    def asked(*args: Any) -> bool:
        names = tuple(name for name in args if isinstance(name, str))  # what else there is, is the connection to ask on
        if names not in there and ask(*args):
            there.add(names)
        return names in there

    return asked


class CaseforgeComputeLogs(LocalComputeLogManager):
    """The output of runs, in CaseForge's data folder: without DAGSTER_HOME it would be gone with the process that served it."""

    @classmethod
    def config_type(cls) -> UserConfigSchema:
        """Say what dagster.yaml may hold beneath `config`: nothing."""
        return {}

    @classmethod
    def from_config_value(cls, inst_data: ConfigurableClassData | None, config_value: Mapping[str, Any]) -> Self:
        """Use the data folder of the settings."""
        return cls(base_dir=_dagster_folder("compute_logs"), inst_data=inst_data, **config_value)


class CaseforgeArtifacts(LocalArtifactStorage):
    """Values that steps hand to each other, in CaseForge's data folder instead of the project's."""

    @classmethod
    def config_type(cls) -> UserConfigSchema:
        """Say what dagster.yaml may hold beneath `config`: nothing."""
        return {}

    @classmethod
    def from_config_value(cls, inst_data: ConfigurableClassData | None, config_value: Mapping[str, Any]) -> Self:
        """Use the data folder of the settings."""
        return cls(base_dir=_dagster_folder("artifacts"), inst_data=inst_data, **config_value)


def _dagster_folder(name: str) -> str:
    from caseforge_assets.settings import load_places

    return str(load_places().home / "dagster" / name)
