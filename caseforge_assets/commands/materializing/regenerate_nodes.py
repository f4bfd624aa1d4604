"""regenerate: a scattered set of nodes is brought to its end, a stage after the other; what is good stays as it is and costs nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from caseforge_assets.commands.materializing.await_answers import Waiting
from caseforge_assets.commands.materializing.materialize_assets import materialize_assets
from caseforge_assets.commands.providing.open_project import StoredProject
from caseforge_assets.commands.surveying.choose_nodes import choose_nodes
from caseforge_assets.commands.surveying.select_nodes import Selection, select_nodes
from caseforge_assets.commands.surveying.survey import Scope
from caseforge_assets.stages.stage import Stage
from caseforge_assets.stages.stages import NODE_CONTEXTS
from caseforge_assets.store.editions import nodes


@dataclass(frozen=True)
class Regenerated:
    """The number of nodes meant, and per asset those not through, with the reason; `unsent` and `batch_ids` as in `Materialized`."""

    nodes: int
    unfinished: dict[str, dict[str, str]]
    unsent: str = ""
    batch_ids: tuple[int, ...] = ()


def regenerate(
    project: StoredProject,
    key: str,
    stages: Sequence[Stage],
    selection: Selection,
    waiting: Waiting,
    *,
    named: str | None = None,
    limit: int | None = None,
) -> Regenerated:
    """Materializes the assets of the selected nodes that are not finished, in the order in which the stages read each other.

    Args:
        stages: in that order.
        named: nodes and branches, as `choose_nodes` takes them.
        limit: only the first so many nodes.
    """

    def partitions(of: Sequence[Stage], which: Selection, among: str | None, most: int | None = None) -> list[str]:
        with project.store.connect() as connection:
            scope = Scope(key, of, waiting.simulated, choose_nodes(connection, key, among))
            ids = select_nodes(connection, project, scope, which, most)
            return [str(row.partition_key) for row in nodes.target_nodes(connection, key, ids)]

    meant = partitions(stages, selection, named, limit)
    unfinished: dict[str, dict[str, str]] = {}
    unsent: list[str] = []
    batch_ids: list[int] = []
    for stage in stages:
        left = partitions([stage], Selection.unfinished, ",".join(meant)) if meant else []
        if left:
            assets = [NODE_CONTEXTS, stage.inputs, stage.outputs, stage.content]
            done = materialize_assets(project, key, assets, left, waiting)
            unfinished |= done.unfinished
            unsent += [done.unsent] if done.unsent else []
            batch_ids += done.batch_ids
    return Regenerated(len(meant), unfinished, "; ".join(dict.fromkeys(unsent)), tuple(dict.fromkeys(batch_ids)))
