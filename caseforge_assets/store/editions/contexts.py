"""Contexts: what the model is told about a node, one current per node."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, text

from caseforge_assets.store.database.copy import add_rows, columns_of
from caseforge_assets.store.schema.constants import PLANNED_ONCE
from caseforge_assets.store.schema.tables import context


@dataclass(frozen=True, slots=True)
class ContextRow:
    """A context to be stored."""

    node_id: int
    text: str
    version: str
    node_version: str


@dataclass(frozen=True, slots=True)
class CurrentContext:
    """A node's current context."""

    id: int
    node_id: int
    text: str
    version: str
    node_version: str


_CURRENT = text(
    "select id, node_id, text, version, node_version from caseforge.context where is_current and node_id = any(:ids)"
).execution_options(**PLANNED_ONCE)


def current_contexts(connection: Connection, node_ids: Sequence[int]) -> dict[int, CurrentContext]:
    """Current contexts by node id; nodes without one are left out."""
    return {row.node_id: CurrentContext(*row) for row in connection.execute(_CURRENT, {"ids": list(node_ids)})}


def save_contexts(connection: Connection, rows: Sequence[ContextRow]) -> dict[int, int]:
    """Makes these contexts the current ones of their nodes; returns their ids by node id."""
    if not rows:
        return {}
    ids = [row.node_id for row in rows]
    connection.execute(text("update caseforge.context set is_current = false where is_current and node_id = any(:ids)"), {"ids": ids})
    made = add_rows(connection, context, [columns_of(row) | {"is_current": True} for row in rows])
    return dict(zip(ids, made, strict=True))
