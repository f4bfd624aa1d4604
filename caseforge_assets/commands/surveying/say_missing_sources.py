"""Tells why a stage cannot be made at some nodes yet: what it is made from is not there, or is simulated and does not count."""

from __future__ import annotations

from collections.abc import Sequence

from caseforge_assets.stages.stage import Stage
from caseforge_assets.stages.stages import Stages
from caseforge_assets.store.database.engine import Connection
from caseforge_assets.store.planning.node_states import asset_states


def say_missing_sources(connection: Connection, stages: Stages, key: str, stage: Stage, node_ids: Sequence[int]) -> dict[int, str]:
    """By node, what it lacks and what to do, in words.

    Args:
        node_ids: those that are in the state `no_source`.
    """
    if not node_ids:
        return {}
    rows = asset_states(connection, key, stage.key, stage.reads, node_ids)
    return {row.node_id: _say(stages, stage, is_there=row.source_version is not None, simulated=bool(row.source_simulated)) for row in rows}


def _say(stages: Stages, stage: Stage, *, is_there: bool, simulated: bool) -> str:
    made_up = "is simulated: made up to try things out, so that it does not count here"
    if stage.reads and not is_there:
        return f"it is made from what stands under “{stages[stage.reads].title}”, and there is nothing yet; ask for that first"
    if stage.reads and simulated:
        return f"what stands under “{stages[stage.reads].title}”, from which it is made, {made_up}; ask for a real one first"
    title = stages[stage.chosen_from].title if stage.chosen_from else stage.title
    return f"what is chosen under “{title}” {made_up}; ask for real ones first, and choose among them"
