"""The backfill that a run belongs to: all partitions of it, of which the run has some."""

from __future__ import annotations

from dagster import AssetExecutionContext

from caseforge_assets.commands.materializing.ask_together import Backfill
from caseforge_assets.defs.events.event_pages import BACKFILL


def backfill_of(context: AssetExecutionContext) -> Backfill | None:
    """The backfill of a run that is not all of it; None where the run is, or belongs to none.

    Its partitions are those that are to be materialized at every asset of the run.
    """
    found = context.instance.get_backfill(context.run.tags[BACKFILL]) if BACKFILL in context.run.tags else None
    data = found.asset_backfill_data if found else None
    if found is None or data is None:
        return None
    subsets = data.target_subset.partitions_subsets_by_asset_key
    of_assets = [set(subsets[key].get_partition_keys()) if key in subsets else set() for key in context.selected_asset_keys]
    partitions = set.intersection(*of_assets) if of_assets else set()
    return Backfill(found.backfill_id, sorted(partitions)) if partitions > set(context.partition_keys) else None
