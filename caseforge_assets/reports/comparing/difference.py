"""Compares two editions of a framework, target node by target node. A node is the same if its identity is, whatever its code."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Protocol


class Change(StrEnum):
    """A way in which a target node differs; one node may differ in several."""

    NEW = "new"
    GONE = "gone"
    MOVED = "moved"
    RENAMED = "renamed"
    REDESCRIBED = "redescribed"
    REPARENTED = "reparented"
    KPIS_CHANGED = "kpis_changed"
    CONTEXT_ONLY = "context_only"


MEANINGS = {
    Change.NEW: "only in the new edition",
    Change.GONE: "only in the old edition; kept, but no longer a partition",
    Change.MOVED: "has another code",
    Change.RENAMED: "has another name",
    Change.REDESCRIBED: "has another description",
    Change.REPARENTED: "stands below another node",
    Change.KPIS_CHANGED: "has other official KPIs",
    Change.CONTEXT_ONLY: "is as it was; an ancestor's name or description differs",
}


class EditionNode(Protocol):
    """A node of an edition, as far as comparing needs it."""

    @property
    def node_id(self) -> int: ...  # noqa: D102
    @property
    def code(self) -> str: ...  # noqa: D102
    @property
    def name(self) -> str: ...  # noqa: D102
    @property
    def description(self) -> str: ...  # noqa: D102
    @property
    def parent_code(self) -> str | None: ...  # noqa: D102
    @property
    def kpis(self) -> list[dict[str, Any]]: ...  # noqa: D102
    @property
    def partition_key(self) -> str | None: ...  # noqa: D102
    @property
    def version(self) -> str: ...  # noqa: D102


@dataclass(frozen=True, slots=True)
class NodeChange:
    """A target node that differs: code and name before and after; None where it is not in that edition."""

    node_id: int
    code_before: str | None
    code_after: str | None
    name_before: str | None
    name_after: str | None


@dataclass(frozen=True)
class Difference:
    """The target nodes by what differs, in the order of the edition that has them; `same` counts those in both editions."""

    same: int = 0
    changes: dict[Change, tuple[NodeChange, ...]] = field(default_factory=dict)

    def count(self, change: Change) -> int:
        """Count the nodes that differ so."""
        return len(self.changes.get(change, ()))


def compare_editions(before: Sequence[EditionNode], after: Sequence[EditionNode]) -> Difference:
    """Compares all nodes of two editions.

    Names and descriptions are compared as they were read: with whitespace and Unicode normalized.
    """
    old, new = _targets(before), _targets(after)
    old_parents, new_parents = _parent_ids(before), _parent_ids(after)
    changes: dict[Change, list[NodeChange]] = {change: [] for change in Change}
    for node_id, node in new.items():
        if node_id not in old:
            changes[Change.NEW].append(_change(None, node))
            continue
        for change in _ways(old[node_id], node, same_parent=old_parents[node_id] == new_parents[node_id]):
            changes[change].append(_change(old[node_id], node))
    changes[Change.GONE] = [_change(node, None) for node_id, node in old.items() if node_id not in new]
    return Difference(len(old.keys() & new.keys()), {change: tuple(nodes) for change, nodes in changes.items() if nodes})


def _ways(old: EditionNode, new: EditionNode, *, same_parent: bool) -> list[Change]:
    found = {
        Change.MOVED: old.code != new.code,
        Change.RENAMED: old.name != new.name,
        Change.REDESCRIBED: old.description != new.description,
        Change.REPARENTED: not same_parent,
        Change.KPIS_CHANGED: old.kpis != new.kpis,
    }
    ways = [change for change, differs in found.items() if differs]
    own = any(found[change] for change in (Change.RENAMED, Change.REDESCRIBED, Change.KPIS_CHANGED))
    return ways if own or old.version == new.version else [*ways, Change.CONTEXT_ONLY]


def _change(old: EditionNode | None, new: EditionNode | None) -> NodeChange:
    node_id = new.node_id if new is not None else old.node_id if old is not None else 0
    before = (old.code, old.name) if old is not None else (None, None)
    after = (new.code, new.name) if new is not None else (None, None)
    return NodeChange(node_id, before[0], after[0], before[1], after[1])


def _targets(nodes: Sequence[EditionNode]) -> dict[int, EditionNode]:
    return {node.node_id: node for node in nodes if node.partition_key is not None}


def _parent_ids(nodes: Sequence[EditionNode]) -> Mapping[int, int | None]:
    by_code = {node.code: node.node_id for node in nodes}
    return {node.node_id: by_code[node.parent_code] if node.parent_code is not None else None for node in nodes}
