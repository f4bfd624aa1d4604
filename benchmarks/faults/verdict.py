"""Checks what must hold after any fault: paid once, stored once, and Dagster says of every node what the store says."""

from __future__ import annotations

from typing import Any

STORED = """
select r.stage, count(*) as requests, count(*) filter (where held.contents = 1) as once, count(*) filter (where held.contents > 1) as twice
from caseforge.request r
join lateral (select count(*) as contents from caseforge.content c where c.request_id = r.id) held on true
where r.framework_key = :key and r.is_current group by r.stage
"""
OPEN = """
select 'batch ' || id || ' is ' || state as what from caseforge.batch where state not in ('collected', 'refused')
union all select 'attempt ' || id || ' has no outcome' from caseforge.attempt where outcome is null
union all select 'request ' || id || ' is ' || state from caseforge.request where is_current and state not in ('answered', 'failed', 'parked')
union all select 'changes of ' || table_name || ' are not journaled' from caseforge.journal_mark
union all select 'event ' || id || ' is not flushed' from caseforge.outbox where flushed_at is null
union all select 'attempt ' || attempt_id || ' made ' || asset || ' ' || count(*) || ' times' from caseforge.outbox
where kind = 'made' and attempt_id is not null group by attempt_id, asset, partition_key having count(*) > 1
"""
COSTS = """
select count(*) filter (where status_code is not null) as answered, coalesce(sum(cost_usd), 0) as cost_usd,
       coalesce(sum(input_tokens), 0) + coalesce(sum(output_tokens), 0) as tokens,
       count(*) filter (where cost_usd is null and outcome is distinct from 'not_sent') as unknown
from caseforge.attempt
"""
OUTCOMES = "select distinct outcome from caseforge.attempt where outcome is not null order by 1"
SHOWN = """
select distinct on (asset, partition_key) asset, partition_key, kind, data_version from caseforge.outbox
where framework_key = :key and partition_key is not null and kind <> 'waiting' order by asset, partition_key, id desc
"""
HELD = """
select c.stage, nv.partition_key, c.version from caseforge.content c
join caseforge.node_version nv on nv.node_id = c.node_id and nv.partition_key is not null
join caseforge.framework_version v on v.id = nv.framework_version_id and v.is_current
where c.is_current and c.framework_key = :key
"""


def look_around(key: str) -> dict[str, Any]:
    """Reads store and Dagster in a project's own environment.

    Returns:
        stored: per stage, [current requests, those with one content, those with more].
        outcomes: of all attempts.
        answered, cost_usd, tokens, unknown_costs: the attempts that the provider answered, what all cost and took, and of how many that is not known.
        shown_cost_usd: what `costs` adds up.
        open: texts, one for each thing that is not finished, or that artifacts, rows and journal do not agree on.
        wrong: texts, one for each partition that Dagster shows otherwise than the outbox or the contents have it.
    """
    from sqlalchemy import text

    from caseforge_assets.artifacts import ArtifactFolder
    from caseforge_assets.commands.keeping.verify import verify
    from caseforge_assets.commands.money.sum_costs import sum_costs
    from caseforge_assets.settings import load_settings
    from caseforge_assets.store.database.engine import open_store
    from caseforge_assets.store.database.location import database_url

    settings = load_settings()
    stages = settings.stages
    store = open_store(database_url(settings))
    with store.connect() as connection:
        stored = {row.stage: list(row[1:]) for row in connection.execute(text(STORED), {"key": key})}
        unfinished = list(connection.scalars(text(OPEN)))
        outcomes = list(connection.scalars(text(OUTCOMES)))
        answered, cost_usd, tokens, unknown = connection.execute(text(COSTS)).one()
        shown_cost_usd = sum(row.cost_usd or 0 for row in sum_costs(connection, "stage", None, None))
        held = {
            (stages[row.stage].content, row.partition_key): ("made", row.version) for row in connection.execute(text(HELD), {"key": key})
        }
        shown = {(row.asset, row.partition_key): (row.kind, row.data_version) for row in connection.execute(text(SHOWN), {"key": key})}
    found = verify(store, stages, ArtifactFolder(settings.artifacts)).problems
    unfinished += [f"{problem.kind}: {problem.where}: {problem.what}" for problem in found]
    store.dispose()
    wrong = _differences(str(settings.project_folder), stages, key, shown | held)
    return {
        "stored": stored,
        "outcomes": outcomes,
        "open": unfinished,
        "wrong": wrong,
        "answered": answered,
        "cost_usd": str(cost_usd),
        "tokens": int(tokens),
        "unknown_costs": unknown,
        "shown_cost_usd": str(shown_cost_usd),
    }


def _differences(project: str, stages: Any, key: str, expected: dict[tuple[str, str], tuple[str, str]]) -> list[str]:
    from dagster import DagsterInstance

    from caseforge_assets.stages.stages import all_assets

    wrong = []
    with DagsterInstance.from_config(project) as instance:
        instance.optimize_for_webserver(statement_timeout=60_000, pool_recycle=3_600, max_overflow=20)  # or each query connects anew
        for asset in (known.name for known in all_assets(stages)):
            in_dagster = _partitions(instance, key, asset)
            in_store = {partition: value for (name, partition), value in expected.items() if name == asset}
            wrong += [
                f"{asset} {partition}: {in_dagster.get(partition)}, not {in_store.get(partition)}"
                for partition in sorted(in_dagster.keys() | in_store.keys())
                if in_dagster.get(partition) != in_store.get(partition)
            ]
    return wrong


def _partitions(instance: Any, key: str, asset: str) -> dict[str, tuple[str, str]]:
    """Per partition that Dagster shows as more than missing: made or failed, and the data version (empty where it failed)."""
    from dagster import AssetKey, DagsterEventType
    from dagster._core.definitions.data_version import DATA_VERSION_TAG

    from caseforge_assets.defs.graph.partitions import node_partitions

    partitions, asset_in_dagster = node_partitions(key), AssetKey([key, asset])
    keys = partitions.get_partition_keys(dynamic_partitions_store=instance)
    states = instance.get_status_by_partition(asset_in_dagster, keys, partitions) or {}
    versions = instance.event_log_storage.get_latest_tags_by_partition(
        asset_in_dagster, DagsterEventType.ASSET_MATERIALIZATION, [DATA_VERSION_TAG]
    )
    found = {}
    for partition, status in states.items():
        if status is not None:
            made = status.name == "MATERIALIZED"
            name = "made" if made else "failed" if status.name == "FAILED" else status.name
            found[partition] = (name, versions.get(partition, {}).get(DATA_VERSION_TAG, "") if made else "")
    return found
