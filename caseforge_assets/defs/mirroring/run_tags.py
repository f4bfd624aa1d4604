"""Tags of a run that are known only when it has done its work: which batches and plans it was about, and of which frameworks."""

from __future__ import annotations

from collections.abc import Sequence

from dagster import AssetExecutionContext, OpExecutionContext

from caseforge_assets.store.database.engine import Engine
from caseforge_assets.store.figures.batch_sums import frameworks_of_batches, plans_of_batches


def tag_batches(
    context: OpExecutionContext | AssetExecutionContext, store: Engine, batch_ids: Sequence[int], *, of_any_framework: bool = False
) -> None:
    """Names in the run's tags the batches that it sent or collected, and their plans, so that the list of runs can be searched for them.

    Several stand in one tag, with commas between them.

    Args:
        of_any_framework: the frameworks are named, too: the run was not made for a certain one.
    """
    if not batch_ids:
        return
    with store.connect() as connection:
        of_batches = frameworks_of_batches(connection, batch_ids) if of_any_framework else {}
        plans = plans_of_batches(connection, batch_ids)
    keys = sorted({key for of_batch in of_batches.values() for key in of_batch})
    named: dict[str, Sequence[object]] = {"batch": sorted(batch_ids), "plan": plans, "framework": keys}
    tags = {f"caseforge/{name}": ", ".join(map(str, values)) for name, values in named.items() if values}
    context.instance.add_run_tags(context.run.run_id, tags)
