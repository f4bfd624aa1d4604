"""Plans of other runs that a materialization overtakes.

Dagster's page of a partition names the run that planned it last, and says that it failed, until another one plans it; a success that nobody
planned leaves that standing beside the green dot. A query on Dagster's own tables, for `lineage`, which plans these anew.
"""

from __future__ import annotations

from collections.abc import Iterable

from dagster import AssetKey, DagsterRunStatus
from dagster_postgres.event_log import PostgresEventLogStorage

_STANDING = """
select p.partition
from (select partition, max(id) as id from event_logs
      where asset_key = %(asset)s and dagster_event_type = 'ASSET_MATERIALIZATION_PLANNED' and partition = any(%(partitions)s)
      group by partition) newest
join event_logs p on p.id = newest.id
join runs r on r.run_id = p.run_id
where p.run_id <> %(run_id)s and r.status <> %(good)s
"""


def overtaken_plans(
    storage: PostgresEventLogStorage, made: Iterable[tuple[tuple[str, ...], str | None]], run_id: str
) -> set[tuple[tuple[str, ...], str | None]]:
    """Those of the assets' partitions that another run planned last, which did not succeed, or has not yet.

    Args:
        storage: Dagster's events; its runs must be in the same database.
        made: Asset keys and partition keys; those without a partition are left out, because Dagster itself forgets their runs.
        run_id: The run that makes them.
    """
    by_asset: dict[tuple[str, ...], list[str]] = {}
    for asset, partition in made:
        if partition is not None:
            by_asset.setdefault(asset, []).append(partition)
    found: set[tuple[tuple[str, ...], str | None]] = set()
    with storage.index_connection() as connection:
        for asset, partitions in by_asset.items():
            values = {
                "asset": AssetKey(asset).to_string(),
                "partitions": partitions,
                "run_id": run_id,
                "good": DagsterRunStatus.SUCCESS.value,
            }
            found.update((asset, partition) for partition in connection.exec_driver_sql(_STANDING, values).scalars())
    return found
