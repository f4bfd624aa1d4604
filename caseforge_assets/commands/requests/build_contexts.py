"""Contexts: every node asked for gets a current one; those that did not change are confirmed."""

from __future__ import annotations

from collections.abc import Sequence

from caseforge_assets.contexts import build_context, context_version
from caseforge_assets.frameworks import Node, node_path
from caseforge_assets.stages.stages import NODE_CONTEXTS, PCF_NODES
from caseforge_assets.store.database.engine import Connection
from caseforge_assets.store.editions import contexts, nodes
from caseforge_assets.store.editions.contexts import ContextRow
from caseforge_assets.store.editions.nodes import NodeRow
from caseforge_assets.store.mirroring import outbox
from caseforge_assets.store.mirroring.outbox import OutboxRow
from caseforge_assets.store.requests import requests


def build_contexts(connection: Connection, key: str, node_ids: Sequence[int] | None = None) -> None:
    """Builds the contexts of target nodes (all, or those given) and writes an event for each."""
    requests.lock_making(connection)
    rows = nodes.all_nodes(connection, key)
    by_code = {row.code: as_node(row) for row in rows}
    chosen = None if node_ids is None else set(node_ids)
    targets = [row for row in rows if row.partition_key is not None and (chosen is None or row.node_id in chosen)]
    ids = [row.node_id for row in targets]
    current = contexts.current_contexts(connection, ids)
    wanted = [_context(row, by_code) for row in targets]
    changed = [row for row in wanted if row.node_id not in current or _differs(row, current[row.node_id])]
    context_ids = {node_id: row.id for node_id, row in current.items()} | contexts.save_contexts(connection, changed)
    read = outbox.latest(connection, key, PCF_NODES, ids)
    partitions = {row.node_id: row.partition_key for row in targets}
    outbox.add(
        connection,
        [
            OutboxRow(
                key,
                NODE_CONTEXTS,
                row.node_id,
                partitions[row.node_id],
                data_version=row.version,
                upstream={PCF_NODES: read[row.node_id].id} if row.node_id in read else {},
                context_id=context_ids[row.node_id],
            )
            for row in wanted
        ],
    )


def as_node(row: NodeRow) -> Node:
    """A stored node as contexts are built of it; these hold no KPIs."""
    return Node(row.code, row.name, row.description, None, str(row.node_id), row.level, row.parent_code, row.position, row.is_leaf)


def _context(row: NodeRow, by_code: dict[str, Node]) -> ContextRow:
    node = by_code[row.code]
    text = build_context(node, node_path(node, by_code))
    return ContextRow(row.node_id, text, context_version("\n".join((text, *kpi_lines(row)))), row.version)


def context_of(connection: Connection, key: str, target: NodeRow) -> str:
    """The text of a node's context as it would be built now."""
    by_code = {row.code: as_node(row) for row in nodes.path_of(connection, key, target.code)}
    return _context(target, by_code).text


def kpi_lines(row: NodeRow) -> tuple[str, ...]:
    """A node's official KPIs as prompts list them: name, and the unit where the framework gives one."""
    return tuple(f"{kpi['name']} ({kpi['units']})" if kpi.get("units") else str(kpi["name"]) for kpi in row.kpis)


def _differs(row: ContextRow, current: contexts.CurrentContext) -> bool:
    return (row.version, row.node_version) != (current.version, current.node_version)
