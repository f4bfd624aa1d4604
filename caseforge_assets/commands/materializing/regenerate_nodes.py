"""regenerate: a scattered set of nodes is brought to its end, a stage after the other; what is good stays as it is and costs nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from caseforge_assets.artifacts import ArtifactFolder
from caseforge_assets.commands.materializing.materialize_assets import materialize_assets
from caseforge_assets.commands.planning.select_nodes import Selection, select_nodes
from caseforge_assets.commands.providing.provider import Provider
from caseforge_assets.settings.project import Project
from caseforge_assets.stages.flow_assets import NODE_CONTEXTS
from caseforge_assets.stages.stage import Stage
from caseforge_assets.store.database.engine import Engine
from caseforge_assets.store.editions import nodes


@dataclass(frozen=True)
class Regenerated:
    """How many nodes were meant, and per asset those that are not through, with the reason; `unsent` and `batch_ids` as in `Materialized`."""

    nodes: int
    unfinished: dict[str, dict[str, str]]
    unsent: str = ""
    batch_ids: tuple[int, ...] = ()


def regenerate(
    store: Engine,
    folder: ArtifactFolder,
    project: Project,
    key: str,
    stages: Sequence[Stage],
    selection: Selection,
    *,
    provider: Provider | None,
    wait_s: float,
    no_provider: str = "no provider is configured",
    named: str | None = None,
    limit: int | None = None,
) -> Regenerated:
    """Materializes the assets of the selected nodes that are not finished, in the order in which the stages read each other.

    Args:
        stages: in that order.
        named: nodes and branches, as `choose_nodes` takes them.
        limit: only the first so many nodes.
        provider, wait_s, no_provider: as `materialize_assets` takes them.
    """
    simulated = provider is None or provider.simulated

    def partitions(of: Sequence[Stage], which: Selection, among: str | None, most: int | None = None) -> list[str]:
        with store.connect() as connection:
            ids = select_nodes(connection, project, key, of, which, simulated=simulated, named=among, limit=most)
            return [str(row.partition_key) for row in nodes.target_nodes(connection, key, ids)]

    meant = partitions(stages, selection, named, limit)
    unfinished: dict[str, dict[str, str]] = {}
    unsent: list[str] = []
    batch_ids: list[int] = []
    for stage in stages:
        left = partitions([stage], Selection.unfinished, ",".join(meant)) if meant else []
        if left:
            assets = [NODE_CONTEXTS, stage.inputs, stage.outputs, stage.content]
            done = materialize_assets(store, folder, project, key, assets, left, provider=provider, wait_s=wait_s, no_provider=no_provider)
            unfinished |= done.unfinished
            unsent += [done.unsent] if done.unsent else []
            batch_ids += done.batch_ids
    return Regenerated(len(meant), unfinished, "; ".join(dict.fromkeys(unsent)), tuple(dict.fromkeys(batch_ids)))
