"""Asks Dagster what its UI shows, by the GraphQL queries that the UI makes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dagster import DagsterInstance
from dagster._core.types.loadable_target_origin import LoadableTargetOrigin
from dagster._core.workspace.context import WorkspaceRequestContext

_PARTITIONS = """query ($key: AssetKeyInput!) { assetNodeOrError(assetKey: $key) { ... on AssetNode {
  partitionStats { numPartitions numMaterialized numFailed numMaterializing }
  assetPartitionStatuses { ... on DefaultPartitionStatuses { materializedPartitions failedPartitions materializingPartitions } } } } }"""
_LATEST = """query ($key: AssetKeyInput!, $partitions: [String!]) { assetNodeOrError(assetKey: $key) { ... on AssetNode {
  latestMaterializationByPartition(partitions: $partitions) { partition runId metadataEntries { label } tags { key value } } } } }"""
_NOTES = """query ($key: AssetKeyInput!) { assetOrError(assetKey: $key) { ... on Asset {
  assetObservations(limit: 10) { partition description metadataEntries { label } } } } }"""
_BANNER = """query ($key: AssetKeyInput!, $partition: String!, $partitions: [String!]) { assetNodeOrError(assetKey: $key) { ... on AssetNode {
  latestRunForPartition(partition: $partition) { id status } latestMaterializationByPartition(partitions: $partitions) { runId } } } }"""
_RUN = """query ($id: ID!) { runOrError(runId: $id) { ... on Run { status tags { key value } assets { key { path } } executionPlan { steps { key } }
  assetMaterializations { partition } eventConnection { events { __typename ... on RunFailureEvent { message } } } } } }"""


@dataclass(frozen=True)
class PartitionStates:
    """The partitions of one asset as the UI shows them; the counts are those of the graph, the keys those of the partitions tab."""

    total: int
    materialized: set[str]
    failed: set[str]
    materializing: set[str]


@dataclass(frozen=True)
class Ui:
    """A webserver's view of an instance and of a code location."""

    instance: DagsterInstance
    context: WorkspaceRequestContext

    def ask(self, query: str, **variables: Any) -> dict[str, Any]:
        from dagster_graphql.test.utils import execute_dagster_graphql

        return next(iter(execute_dagster_graphql(self.context, query, variables).data.values()))

    def partitions(self, asset_key: tuple[str, ...]) -> PartitionStates:
        found = self.ask(_PARTITIONS, key={"path": list(asset_key)})
        counts, keys = found["partitionStats"], found["assetPartitionStatuses"]
        states = PartitionStates(
            counts["numPartitions"],
            *(set(keys[f"{state}Partitions"]) for state in ("materialized", "failed", "materializing")),
        )
        shown = (len(states.materialized), len(states.failed), len(states.materializing))
        assert (counts["numMaterialized"], counts["numFailed"], counts["numMaterializing"]) == shown
        return states

    def failed_since(self, asset_key: tuple[str, ...], partition: str) -> str | None:
        """The run that the partition's page says failed and did not materialize it, by the rule of that page."""
        found = self.ask(_BANNER, key={"path": list(asset_key)}, partition=partition, partitions=[partition])
        run, made = found["latestRunForPartition"], found["latestMaterializationByPartition"][0]
        is_of_it = run is not None and made is not None and run["id"] == made["runId"]
        return run["id"] if run and not is_of_it and run["status"] in ("FAILURE", "CANCELED") else None

    def latest(self, asset_key: tuple[str, ...], partitions: Sequence[str]) -> list[dict[str, Any]]:
        return self.ask(_LATEST, key={"path": list(asset_key)}, partitions=list(partitions))["latestMaterializationByPartition"]

    def notes(self, asset_key: tuple[str, ...]) -> list[dict[str, Any]]:
        return self.ask(_NOTES, key={"path": list(asset_key)})["assetObservations"]

    def run(self, run_id: str) -> dict[str, Any]:
        return self.ask(_RUN, id=run_id)


ASSETS_FILE = Path(__file__).with_name("assets.py")


@contextmanager
def open_ui(instance: DagsterInstance, python_file: Path = ASSETS_FILE) -> Iterator[Ui]:
    from dagster._core.test_utils import in_process_test_workspace

    origin = LoadableTargetOrigin(python_file=str(python_file), attribute="defs")
    with in_process_test_workspace(instance, origin) as context:
        yield Ui(instance, context)
