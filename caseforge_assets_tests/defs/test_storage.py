"""The project's dagster.yaml: every key valid, everything in CaseForge's own database and data folder, in each process anew."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import yaml
from dagster import DagsterInstance
from dagster._core.instance.ref import InstanceRef
from sqlalchemy import Engine, create_engine, event

from caseforge_assets.defs.private.event_storage import event_storage
from caseforge_assets.defs.storage import CaseforgeStorage
from caseforge_assets_tests.defs.assets import collect

PROJECT = Path(__file__).resolve().parents[2]


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, dagster_database_url: str) -> Path:
    monkeypatch.setenv("CASEFORGE_POSTGRES_URL", dagster_database_url)
    monkeypatch.setenv("CASEFORGE_HOME", str(tmp_path / "home"))
    monkeypatch.delenv("DAGSTER_HOME", raising=False)
    return tmp_path / "home"


@pytest.fixture
def instance(home: Path, tmp_path: Path) -> Iterator[DagsterInstance]:
    """As `dagster dev` makes it without DAGSTER_HOME: the project's dagster.yaml, a temporary folder for the rest."""
    elsewhere = tmp_path / "temporary_home"
    elsewhere.mkdir()
    with DagsterInstance.from_ref(InstanceRef.from_dir(str(elsewhere), config_dir=str(PROJECT))) as instance:
        yield instance


@contextmanager
def statements() -> Iterator[list[str]]:
    """Collects the statements that are sent to PostgreSQL within the block."""
    sent: list[str] = []

    def note(connection: object, cursor: object, statement: str, *_: object) -> None:
        sent.append(statement)

    event.listen(Engine, "before_cursor_execute", note)
    yield sent
    event.remove(Engine, "before_cursor_execute", note)


def test_another_process_finds_the_same_database_from_what_it_is_handed(instance: DagsterInstance, dagster_database_url: str) -> None:
    instance.add_dynamic_partitions("nodes", ["1.1"])
    with DagsterInstance.from_ref(instance.get_ref()) as other:
        assert isinstance(other.get_ref().storage_data.rehydrate(as_type=CaseforgeStorage), CaseforgeStorage)
        assert other.get_dynamic_partitions("nodes") == ["1.1"]
    assert dagster_database_url not in str(instance.get_ref().to_dict())


def test_dagster_asks_once_whether_a_table_or_column_is_there(instance: DagsterInstance) -> None:
    events, runs, schedules = instance.event_log_storage, instance.run_storage, instance.schedule_storage
    questions: list[Callable[[], bool]] = [
        lambda: events.has_table("dynamic_partitions"),  # type: ignore[attr-defined]
        lambda: events.has_asset_key_col("cached_status_data"),  # type: ignore[attr-defined]
        runs.has_run_stats_index_cols,  # type: ignore[attr-defined]
        runs.has_backfill_id_column,  # type: ignore[attr-defined]
        schedules.has_instigators_table,  # type: ignore[attr-defined]
    ]
    with statements() as asked:
        assert all(question() for question in questions)
        assert len(asked) >= len(questions)
        asked.clear()
        assert all(question() for question in questions)
        assert asked == []


def test_what_is_not_there_may_come_later(instance: DagsterInstance, dagster_database_url: str) -> None:
    events = event_storage(instance)
    assert not events.has_table("of_the_next_version")
    assert not events.has_asset_key_col("of_the_next_version")
    with create_engine(dagster_database_url).begin() as connection:
        connection.exec_driver_sql("create table of_the_next_version (id int)")
        connection.exec_driver_sql("alter table asset_keys add column of_the_next_version int")
    assert events.has_table("of_the_next_version")
    assert events.has_asset_key_col("of_the_next_version")


def test_settings_are_those_of_the_file(instance: DagsterInstance) -> None:
    queue = instance.run_coordinator
    assert (queue.dequeue_interval_seconds, queue.dequeue_use_threads) == (1, True)
    concurrency = instance.get_concurrency_config()
    assert concurrency.run_queue_config.max_concurrent_runs == 6
    assert (concurrency.pool_config.default_pool_limit, concurrency.pool_config.pool_granularity.value) == (4, "run")
    assert instance.run_monitoring_enabled
    assert instance.run_monitoring_max_runtime_seconds == 6 * 3600
    assert not instance.run_retries_retry_on_asset_or_op_failure  # only what died is started anew
    assert (instance.run_retries_enabled, instance.run_retries_max_retries) == (True, 2)
    assert not instance.telemetry_enabled


def test_logs_and_artifacts_of_runs_lie_in_the_data_folder(instance: DagsterInstance, home: Path, tmp_path: Path) -> None:
    assert collect.execute_in_process(instance=instance).success
    assert list((home / "dagster" / "compute_logs").rglob("*.err"))
    assert Path(instance.storage_directory()).is_relative_to(home)
    assert list((tmp_path / "temporary_home").rglob("*.err")) == []


@pytest.mark.slow
def test_the_command_line_takes_the_project_as_it_is(home: Path) -> None:
    command = [Path(sys.executable).with_name("dagster"), "run", "list"]
    done = subprocess.run(command, cwd=PROJECT, env={**os.environ, "DAGSTER_HOME": str(PROJECT)}, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_the_workspace_is_the_package() -> None:
    assert yaml.safe_load((PROJECT / "workspace.yaml").read_text()) == {"load_from": [{"python_module": "caseforge_assets.definitions"}]}
