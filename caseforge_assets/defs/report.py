"""Figures of a framework as Dagster metadata: numbers, so that the UI plots them over time."""

from collections.abc import Mapping
from typing import Any

from caseforge_assets.commands.make_plan import survey
from caseforge_assets.reports.coverage import NodeState
from caseforge_assets.settings import Configuration
from caseforge_assets.stages.stage import all_stages
from caseforge_assets.store import readers
from caseforge_assets.store.engine import Engine


def report_metadata(store: Engine, configuration: Configuration, key: str) -> Mapping[str, Any]:
    """Per stage: nodes in each state; per stage and kind of provider: attempts, tokens, cost. Unknown costs are counted, never shown as 0."""
    figures: dict[str, Any] = {}
    with store.connect() as connection:
        for stage in all_stages():
            states = [state for _, state in survey(connection, configuration, key, stage, True)]
            figures |= {f"{stage.key}_{state}": states.count(state) for state in NodeState}
        figures["candidates"] = readers.candidate_count(connection, key)
        for row in readers.spent(connection, key):
            prefix = f"{row.stage}_{'simulated' if row.simulated else 'imported' if row.imported else 'billed'}"
            figures |= {f"{prefix}_attempts": row.attempts, f"{prefix}_output_tokens": int(row.output_tokens or 0)}
            figures |= {f"{prefix}_unknown_costs": row.unknown_costs}
            if row.cost_usd is not None:
                figures[f"{prefix}_cost_usd"] = float(row.cost_usd)
    return figures
