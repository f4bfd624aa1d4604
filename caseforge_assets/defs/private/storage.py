"""Dagster's storage in CaseForge's own PostgreSQL and data folder, as dagster.yaml names it. Its event log is in `event_storage`.

Webserver, daemon, code servers, runs and the command line each find both for themselves, so that nothing has to be set: neither
DAGSTER_HOME nor a path or URL in dagster.yaml.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Self

from dagster import Field
from dagster._config.config_schema import UserConfigSchema
from dagster._core.storage.local_compute_log_manager import LocalComputeLogManager
from dagster._core.storage.root import LocalArtifactStorage
from dagster._serdes import ConfigurableClassData
from dagster_postgres import DagsterPostgresStorage

from caseforge_assets.defs.private.event_storage import EventsPlannedByAsset, ask_once
from caseforge_assets.store.database.engine import mask_parameters


class CaseforgeStorage(DagsterPostgresStorage):
    """Runs, events and schedules in the database that the settings name: CASEFORGE_POSTGRES_URL, or else the embedded one."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._event_log_storage = EventsPlannedByAsset(self.postgres_url, self.should_autocreate_tables)
        ask_once(self.run_storage, "has_run_stats_index_cols", "has_backfill_id_column")
        ask_once(self.schedule_storage, "has_instigators_table", "_has_instigators_table")

    @classmethod
    def config_type(cls) -> UserConfigSchema:
        """Say what dagster.yaml may hold beneath `config`: whether missing tables are created."""
        return {"should_autocreate_tables": Field(bool, is_required=False, default_value=True)}

    @classmethod
    def from_config_value(cls, inst_data: ConfigurableClassData | None, config_value: Mapping[str, Any]) -> Self:
        """Connect to the database of the settings; starts the embedded one where it is used and doesn't run."""
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
