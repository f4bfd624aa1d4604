"""Dagster's cached count of an asset's partitions: which are materialized, which have failed.

Dagster brings it up to date from the events after the last one that it took in. A page that was at it while events were written may call some of them taken
in that it has not seen; they are never looked at again, and their partitions stay as they were.
"""

from __future__ import annotations

from collections.abc import Iterable

from dagster import AssetKey, DagsterInstance, DynamicPartitionsDefinition
from dagster._core.definitions.partitions.context import partition_loading_context
from dagster._core.storage.partition_status_cache import AssetStatusCacheValue, _build_status_cache, get_and_update_asset_status_cache_value

from caseforge_assets.defs.names import partitions_name


def drop_wrong_counts(instance: DagsterInstance, assets: Iterable[tuple[str, str]]) -> list[AssetKey]:
    """Let Dagster count anew what its cache says wrongly; returns the assets of which that is so.

    Each is counted from all of its events. Right of assets that nothing was written of for the time that a page takes.

    Args:
        instance: Dagster's instance, on PostgreSQL.
        assets: Framework keys and names of assets that are partitioned by node.
    """
    definitions = {AssetKey([key, name]): DynamicPartitionsDefinition(name=partitions_name(key)) for key, name in assets}
    with partition_loading_context(None, instance):
        wrong = [asset for asset, partitions in definitions.items() if _is_wrong(instance, asset, partitions)]
    instance.wipe_asset_cached_status(wrong)
    return wrong


def _is_wrong(instance: DagsterInstance, asset: AssetKey, partitions: DynamicPartitionsDefinition) -> bool:
    cached = get_and_update_asset_status_cache_value(instance, asset, partitions)
    counted = _build_status_cache(instance, asset, partitions, None, next(iter(instance.get_asset_records([asset])), None))
    return cached is not None and counted is not None and _states(counted, partitions) != _states(cached, partitions)


def _states(count: AssetStatusCacheValue, partitions: DynamicPartitionsDefinition) -> tuple[set[str], set[str]]:
    materialized = count.deserialize_materialized_partition_subsets(partitions)
    failed = count.deserialize_failed_partition_subsets(partitions)
    return set(materialized.get_partition_keys()), set(failed.get_partition_keys())
