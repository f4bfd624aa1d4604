"""Dagster shows what the command line did with the bundled sample, node by node and version by version."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from dagster import AssetKey, AssetRecordsFilter, DagsterInstance, DagsterRunStatus, DynamicPartitionsDefinition, RunsFilter
from sqlalchemy import create_engine, text

from caseforge_assets.defs.names import partitions_name
from caseforge_assets.frameworks import sample_path
from caseforge_assets.stages.canonical import input_version
from caseforge_assets.stages.stages import all_assets
from caseforge_assets_tests.cli.conftest import CommandLine, OpenCommandLine
from caseforge_assets_tests.stages.as_they_come import stages_as_they_come

KEY = "sample"
IN_STORE = {
    "pcf_nodes": """
        select nv.partition_key, nv.version from caseforge.node_version nv
        join caseforge.framework_version v on v.id = nv.framework_version_id and v.is_current where nv.partition_key is not null""",
    "node_contexts": """
        select nv.partition_key, x.version from caseforge.context x join caseforge.node_version nv on nv.node_id = x.node_id where x.is_current""",
    "inputs": """
        select nv.partition_key, r.fingerprint, r.generation from caseforge.request r
        join caseforge.node_version nv on nv.node_id = r.node_id where r.is_current and r.stage = :stage""",
    "outputs": """
        select nv.partition_key, a.answer_sha256 from caseforge.attempt a join caseforge.request r on r.id = a.request_id and r.stage = :stage
        join caseforge.node_version nv on nv.node_id = a.node_id where a.outcome = 'ok'""",
    "content": """
        select nv.partition_key, c.version from caseforge.content c
        join caseforge.node_version nv on nv.node_id = c.node_id where c.is_current and c.stage = :stage""",
}


@contextmanager
def dagster_of(cli: CommandLine) -> Iterator[DagsterInstance]:
    with DagsterInstance.from_config(str(cli.folder)) as instance:
        yield instance


def query(url: str, sql: str, **values: Any) -> list[Any]:
    engine = create_engine(url)
    with engine.connect() as connection:
        rows = [tuple(row) for row in connection.execute(text(sql), values)]
    engine.dispose()
    return rows


def versions_in_store(url: str) -> dict[str, dict[str, str]]:
    """Per asset, the data version of each partition, from the tables that hold the things themselves."""
    found: dict[str, dict[str, str]] = {}
    for asset in all_assets(stages_as_they_come()):
        role = asset.name
        if asset.stage is not None:
            role = next(role for role in ("inputs", "outputs", "content") if getattr(asset.stage, role) == asset.name)
        rows = query(url, IN_STORE[role], stage=asset.stage.key if asset.stage else "")
        found[asset.name] = {row[0]: input_version(*row[1:]) if role == "inputs" else row[1] for row in rows}
    return found


def versions_in_dagster(instance: DagsterInstance) -> dict[str, dict[str, str]]:
    """Per asset, the data version of each partition's newest materialization."""
    found: dict[str, dict[str, str]] = {}
    for asset in all_assets(stages_as_they_come()):
        records = instance.fetch_materializations(AssetRecordsFilter(AssetKey([KEY, asset.name])), limit=1_000, ascending=True).records
        events = [record.asset_materialization for record in records]
        found[asset.name] = {str(event.partition): (event.tags or {})["dagster/data_version"] for event in events if event is not None}
    return found


def failed_in_dagster(instance: DagsterInstance) -> dict[str, set[str]]:
    """Per asset, the partitions that Dagster shows as failed; assets without any are left out."""
    definition = DynamicPartitionsDefinition(name=partitions_name(KEY))
    keys = instance.get_dynamic_partitions(partitions_name(KEY))
    found = {}
    for asset in all_assets(stages_as_they_come()):
        states = instance.get_status_by_partition(AssetKey([KEY, asset.name]), keys, definition) or {}
        found[asset.name] = {key for key, state in states.items() if state is not None and state.value == "FAILED"}
    return {name: partitions for name, partitions in found.items() if partitions}


def loaded(command_line: OpenCommandLine, **options: Any) -> CommandLine:
    cli = command_line(**options)
    cli.run("load", str(sample_path()), "--framework", KEY)
    return cli


@pytest.mark.slow
def test_every_partition_is_materialized_with_the_stores_own_version(command_line: OpenCommandLine, dagster_database_url: str) -> None:
    cli = loaded(command_line)
    cli.run("generate", "--wait")
    in_store = versions_in_store(dagster_database_url)
    assert {name: len(versions) for name, versions in in_store.items()} == {asset.name: 60 for asset in all_assets(stages_as_they_come())}
    with dagster_of(cli) as instance:
        assert versions_in_dagster(instance) == in_store
        assert failed_in_dagster(instance) == {}
        order = [
            row[0]
            for row in query(
                dagster_database_url, "select partition_key from caseforge.node_version where partition_key is not null order by position"
            )
        ]
        assert list(instance.get_dynamic_partitions(partitions_name(KEY))) == order


@pytest.mark.slow
def test_with_faults_the_failed_partitions_are_where_they_belong(command_line: OpenCommandLine, dagster_database_url: str) -> None:
    cli = loaded(command_line, faults=["http_500:rate=0.05", "truncate:rate=0.05"])
    cli.run("generate", "--wait", expected=3)
    failures = {(row["stage"], row["code"]): row["outcome"] for row in cli.json("failed", expected=3)}
    assert set(failures.values()) == {"server_error", "truncated_reasoning"}
    partitions = dict(query(dagster_database_url, "select code, partition_key from caseforge.node_version where partition_key is not null"))
    assets = {asset.stage.key: asset.stage for asset in all_assets(stages_as_they_come()) if asset.stage is not None}
    expected: dict[str, set[str]] = {}
    for (stage, code), outcome in failures.items():
        asset = assets[stage].outputs if outcome == "server_error" else assets[stage].content
        expected.setdefault(asset, set()).add(partitions[code])
    with dagster_of(cli) as instance:
        assert failed_in_dagster(instance) == expected
        assert versions_in_dagster(instance)["process_documents"] == versions_in_store(dagster_database_url)["process_documents"]
        runs = instance.get_runs(RunsFilter(statuses=[DagsterRunStatus.FAILURE]))
        assert {run.tags["caseforge/outcome"] for run in runs} == set(failures.values())


@pytest.mark.slow
def test_a_retry_turns_failed_partitions_green(command_line: OpenCommandLine) -> None:
    cli = loaded(command_line, faults=["truncate:batch=1,match=-1-1-1-1-r"])
    cli.run("generate", "--wait", "--nodes", "1.*", expected=3)
    with dagster_of(cli) as instance:
        assert failed_in_dagster(instance)["process_documents"]
        cli.run("retry", "--wait")
        assert failed_in_dagster(instance) == {}


@pytest.mark.slow
def test_flushing_again_tells_dagster_nothing_twice(command_line: OpenCommandLine) -> None:
    cli = loaded(command_line)
    cli.run("generate", "--wait", "--nodes", "1.1.*")
    assert "0 events written" in cli.run("flush")


@pytest.mark.slow
def test_what_a_crash_left_unflushed_is_flushed_by_the_next_command(command_line: OpenCommandLine, dagster_database_url: str) -> None:
    cli = loaded(command_line)
    cli.run("generate", "--wait", "--nodes", "1.1.*", "--stage", "process_details")
    engine = create_engine(dagster_database_url)
    with engine.begin() as connection:
        crash = "update caseforge.outbox set flushed_at = null, event_id = null where asset = 'process_documents'"
        count = connection.execute(text(crash)).rowcount
    engine.dispose()
    assert count
    assert f"{count} events written" in cli.run("flush")
    with dagster_of(cli) as instance:
        assert versions_in_dagster(instance)["process_documents"] == versions_in_store(dagster_database_url)["process_documents"]
