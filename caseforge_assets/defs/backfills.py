"""What a run's backfill is about: all partitions of it, of which the run has some."""

from __future__ import annotations

from dagster import AssetExecutionContext

from caseforge_assets.commands.ask_together import Backfill
from caseforge_assets.defs.event_pages import BACKFILL


def backfill_of(context: AssetExecutionContext) -> Backfill | None:
    """The backfill of a run that is not all of it; None where the run is, or belongs to none.

    Its partitions are those that are to be materialized at every station of the run.
    """
    found = context.instance.get_backfill(context.run.tags[BACKFILL]) if BACKFILL in context.run.tags else None
    data = found.asset_backfill_data if found else None
    if found is None or data is None:
        return None
    subsets = data.target_subset.partitions_subsets_by_asset_key
    of_stations = [set(subsets[key].get_partition_keys()) if key in subsets else set() for key in context.selected_asset_keys]
    partitions = set.intersection(*of_stations) if of_stations else set()
    return Backfill(found.backfill_id, sorted(partitions)) if partitions > set(context.partition_keys) else None
