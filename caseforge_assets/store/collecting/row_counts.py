"""How many rows each asset of a framework has now that has rows: nodes, contents, items."""

from __future__ import annotations

from sqlalchemy import Connection, text

from caseforge_assets.stages.flow_assets import FRAMEWORK, PCF_NODES
from caseforge_assets.stages.stages import Stages
from caseforge_assets.store.collecting import items

_NODES = text("select count(*), count(partition_key) from caseforge.current_node where framework_key = :key")
_CONTENTS = text("""
select c.stage, count(*) from caseforge.content c join caseforge.target_node nv on nv.node_id = c.node_id
where c.is_current and c.framework_key = :key group by c.stage
""")


def row_counts(connection: Connection, stages: Stages, key: str) -> dict[str, int]:
    """Counts rows by the name of the asset."""
    of_edition, targets = connection.execute(_NODES, {"key": key}).one()
    contents = {stage: count for stage, count in connection.execute(_CONTENTS, {"key": key})}  # noqa: C416 -- a Row is no tuple to mypy
    of_items = items.item_counts(connection, key)
    of_stages = {stage.content: (of_items if stage.is_list else contents).get(stage.key, 0) for stage in stages}
    return {FRAMEWORK: of_edition, PCF_NODES: targets, **of_stages}
