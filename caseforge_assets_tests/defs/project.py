"""A CaseForge project on disk with its Dagster instance, store and server, and short ways to run, tick, flush and look."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeVar

import dagster as dg
from dagster import AssetKey, DagsterInstance, DagsterRun, DagsterRunStatus, RunsFilter
from dagster._core.definitions.data_version import CachingStaleStatusResolver, StaleStatus
from dagster._core.definitions.job_base import InMemoryJob
from dagster._core.execution.api import execute_run
from dagster._core.loader import LoadingContextForTest
from dagster._core.storage.tags import ASSET_PARTITION_RANGE_END_TAG, ASSET_PARTITION_RANGE_START_TAG

from caseforge_assets.artifacts import ArtifactFolder
from caseforge_assets.commands.mirroring.show_versions import repeat_under_new_versions
from caseforge_assets.commands.providing.open_project import with_store
from caseforge_assets.commands.requests.remember_definitions import remember_definitions
from caseforge_assets.definitions import build_defs
from caseforge_assets.defs.graph.partitions import node_partitions
from caseforge_assets.defs.mirroring.failed_nodes import failed_nodes
from caseforge_assets.defs.mirroring.flush import flush_outbox
from caseforge_assets.defs.resources import Caseforge
from caseforge_assets.settings import load_settings
from caseforge_assets.settings.project import Project as ProjectRecord
from caseforge_assets.stages.stages import all_assets
from caseforge_assets_tests.stages.as_they_come import stages_as_they_come
from caseforge_assets_tests.workbench import KEY, PATIENCE_S, SHOP, Workbench, write_table

ASSETS = tuple(asset.name for asset in all_assets(stages_as_they_come()))
NODES, CONTEXTS, INPUTS, OUTPUTS, DOCUMENTS, USECASE_INPUTS, USECASE_OUTPUTS, CANDIDATES = ASSETS
PARTITIONS = tuple(f"{row[0]}_{row[1]}" for row in SHOP if row[0].count(".") == 2)
MATERIALIZED, FAILED, MISSING = "MATERIALIZED", "FAILED", "missing"


@dataclass(frozen=True)
class Project:
    """A project as a person has it: a folder with caseforge.toml, a workbench on its store, and Dagster beside it."""

    path: Path
    bench: Workbench
    instance: DagsterInstance

    @property
    def definitions(self) -> dg.Definitions:
        """Loaded anew, as every run does."""
        return build_defs(load_settings(self.path), {"caseforge": Caseforge(project_folder=str(self.path))})

    def flush(self, instance: DagsterInstance | None = None, project: ProjectRecord | None = None) -> int:
        """As the command line does it: events belong to no run."""
        bench = self.bench
        remember_definitions(bench.store, project or bench.project)
        repeat_under_new_versions(bench.store, project or bench.project)
        flushed = flush_outbox(instance or self.instance, with_store(project or bench.project, bench.store, bench.folder), failed_nodes)
        assert flushed is not None, "somebody else is at it"
        return flushed.events

    def load(self, rows: Sequence[Sequence[str]] = SHOP, **options: Any) -> None:
        """Loads the table and shows it."""
        self.bench.load(rows, **options)
        self.flush()

    def generate(self, *codes: str, **options: Any) -> None:
        """Generates by commands, to the end, and shows it."""
        self.bench.generate(*codes, **options)
        self.flush()

    def run(
        self,
        assets: Sequence[str],
        first: str | None = PARTITIONS[0],
        last: str | None = PARTITIONS[-1],
        *,
        wait_s: float | None = None,
    ) -> dg.ExecuteInProcessResult:
        """Materializes assets for a range of partitions (all of them by default), as the UI's dialog does."""
        return self.run_selected([AssetKey([KEY, name]) for name in assets], _range(first, last), _config(wait_s))

    def run_partition(self, assets: Sequence[str], partition: str, *, wait_s: float | None = None) -> dg.ExecuteInProcessResult:
        """Materializes assets for one partition."""
        job = self.definitions.resolve_implicit_global_asset_job_def()
        keys = [AssetKey([KEY, name]) for name in assets]
        return job.execute_in_process(
            instance=self.instance, asset_selection=keys, partition_key=partition, run_config=_config(wait_s), raise_on_error=False
        )

    def run_selected(self, keys: Sequence[AssetKey], tags: dict[str, str], config: dict[str, Any]) -> dg.ExecuteInProcessResult:
        """Materializes assets."""
        job = self.definitions.resolve_implicit_global_asset_job_def()
        return job.execute_in_process(
            instance=self.instance, asset_selection=list(keys), tags=tags, run_config=config, raise_on_error=False
        )

    def run_job(self, name: str, **config: Any) -> dg.ExecuteInProcessResult:
        """Runs a job with its form, or that of its only op, filled in."""
        job = self.definitions.resolve_job_def(name)
        ops = {node.name: {"config": config} for node in job.nodes} if config else {}
        form = config if job.config_mapping else {"ops": ops}
        return job.execute_in_process(instance=self.instance, run_config=form, raise_on_error=False)

    def reexecute(self, run_id: str) -> DagsterRun:
        """Executes a run again, as the button of its page does, and returns the new one as it ended."""
        record = self.instance.get_run_by_id(run_id)
        assert record is not None
        job = self.definitions.resolve_job_def(record.job_name)
        run = self.instance.create_run_for_job(job, parent_run_id=run_id, root_run_id=record.root_run_id or run_id, tags=record.tags)
        execute_run(InMemoryJob(job), run, self.instance, raise_on_error=False)
        ended = self.instance.get_run_by_id(run.run_id)
        assert ended is not None
        return ended

    def tick(self, name: str) -> Any:
        """One tick of a sensor."""
        sensor = self.definitions.resolve_sensor_def(name)
        resources = {"caseforge": Caseforge(project_folder=str(self.path))}
        with dg.build_sensor_context(self.instance, resources=resources) as context:
            return sensor.evaluate_tick(context)

    def states(self, asset: str, *, key: str = KEY) -> dict[str, str]:
        """Each partition's state, as Dagster counts it."""
        partitions = node_partitions(key)
        keys = partitions.get_partition_keys(dynamic_partitions_store=self.instance)
        found = self.instance.get_status_by_partition(AssetKey([key, asset]), keys, partitions) or {}
        return {name: status.name if (status := found.get(name)) else MISSING for name in keys}

    def stale(self, *assets: str) -> set[tuple[str, str]]:
        """(asset, partition) that Dagster's own rules find stale, of those that are materialized."""
        resolver = CachingStaleStatusResolver(self.instance, self.definitions.resolve_asset_graph(), LoadingContextForTest(self.instance))
        return {
            (asset, partition)
            for asset in assets or ASSETS
            for partition in self.states(asset)
            if resolver.get_status(AssetKey([KEY, asset]), partition) is StaleStatus.STALE
        }

    def latest(self, asset: str, partition: str) -> Any:
        """The newest materialization of a partition, as a record."""
        key = AssetKey([KEY, asset])
        records = self.instance.fetch_materializations(dg.AssetRecordsFilter(key, asset_partitions=[partition]), limit=1).records
        return records[0] if records else None

    def count(self, asset: str) -> int:
        """Counts the materializations of an asset that Dagster has."""
        return len(self.instance.fetch_materializations(AssetKey([KEY, asset]), limit=10_000).records)

    def notes(self, asset: str) -> dict[str, str]:
        """The newest note beside each partition."""
        records = self.instance.fetch_observations(AssetKey([KEY, asset]), limit=1_000, ascending=True).records
        return {str(record.partition_key): str(record.asset_observation.description) for record in records if record.asset_observation}

    def failure_runs(self) -> list[tuple[str, str]]:
        """(outcome, message) of the failed runs that stand for failed nodes, oldest first."""
        runs = self.instance.get_runs(RunsFilter(job_name=failed_nodes.name), ascending=True)
        assert all(run.status is DagsterRunStatus.FAILURE for run in runs)
        return [(run.tags["caseforge/outcome"], self.message_of(run.run_id)) for run in runs]

    def message_of(self, run_id: str) -> str:
        events = [entry.dagster_event for entry in self.instance.all_logs(run_id) if entry.dagster_event]
        return next(str(event.message) for event in events if event.event_type is dg.DagsterEventType.RUN_FAILURE)


OpenProject = Callable[..., Project]
T = TypeVar("T")


def eventually(look: Callable[[], T]) -> T:
    """The first answer that is one; for what a server does in its own time."""
    end = time.monotonic() + PATIENCE_S
    while not (found := look()):
        assert time.monotonic() < end, "this takes too long"
        time.sleep(0.02)
    return found


def write_project(path: Path, **configuration: Any) -> Path:
    """A project folder: caseforge.toml with one framework, and its table."""
    values = {"poll_interval_s": 0.02, "quiet_period_s": 0, **configuration}
    lines = [f"{name} = {json.dumps(value)}" for name, value in values.items()]
    lines += ["", f"[frameworks.{KEY}]", 'title = "A bicycle shop"', f'source = "{KEY}.csv"', 'owner = "team:shop"']
    (path / "caseforge.toml").write_text("\n".join(lines) + "\n", encoding="utf-8")
    write_table(path / f"{KEY}.csv")
    return path


def at_home(bench: Workbench, path: Path) -> Workbench:
    """A workbench that uses a project's own configuration and artifacts, as a command line in its folder does."""
    settings = load_settings(path)
    return replace(bench, configuration=settings.configuration, folder=ArtifactFolder(settings.artifacts), path=path)


def _range(first: str | None, last: str | None) -> dict[str, str]:
    return {ASSET_PARTITION_RANGE_START_TAG: first, ASSET_PARTITION_RANGE_END_TAG: last} if first and last else {}


def _config(wait_s: float | None) -> dict[str, Any]:
    return {} if wait_s is None else {"ops": {f"{KEY}_flow": {"config": {"wait_s": wait_s}}}}


def older(project: Project, table: str, column: str, seconds: float) -> None:
    """Lets what is in a table be so much older."""
    project.bench.change(f"update caseforge.{table} set {column} = {column} - make_interval(secs => :seconds)", seconds=seconds)
