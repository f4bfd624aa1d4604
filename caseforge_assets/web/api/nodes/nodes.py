"""Nodes of a framework's current edition: as a list and as a tree."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated

from fastapi import APIRouter, Query, Response
from pydantic import BaseModel, Field

from caseforge_assets.commands.providing.provider import accepts_simulated
from caseforge_assets.commands.surveying.find_in_state import nodes_in_state
from caseforge_assets.commands.surveying.survey import survey
from caseforge_assets.reports.coverage import NodeState
from caseforge_assets.store.database.engine import Connection
from caseforge_assets.store.reading.node_lists import ListedNode, NodeFilter, child_counts, list_nodes
from caseforge_assets.web.access.callers import Reader, ServiceNow
from caseforge_assets.web.api.editions.frameworks import loaded_edition
from caseforge_assets.web.keeping.etags import TagsNow, reads
from caseforge_assets.web.service import Service
from caseforge_assets.web.wire.pages import Cursor, Limit, Page, cursor_number, decode_cursor, encode_cursor

router = APIRouter(tags=["nodes"])
ORDER = "position"
LARGEST_TREE = 5_000

Branch = Annotated[str | None, Query(max_length=200, description="only at or below this node: its code (8 for 8.0), id or partition key")]
Words = Annotated[str | None, Query(max_length=200, description="part of the code or the name, in whatever case")]
Owner = Annotated[str | None, Query(max_length=200, description="the node's owner, else its framework's")]
StageKey = Annotated[str | None, Query(max_length=100, description="the stage whose states are meant; without it, any stage")]


class NodeRow(BaseModel):
    """A node as lists show it."""

    code: str
    name: str
    description: str
    level: int
    parent: str | None = Field(description="code of the node above it")
    children: int
    owner: str
    partition_key: str | None = Field(description="its name in Dagster; null: it gets no content")
    states: dict[str, NodeState] = Field(description="by stage, where it stands; empty for a node that gets no content")


class TreeNode(BaseModel):
    """A node with those below it."""

    code: str
    name: str
    level: int
    owner: str
    partition_key: str | None
    states: dict[str, NodeState]
    children: list[TreeNode]


class Tree(BaseModel):
    """Nodes that are meant, below their ancestors."""

    items: list[TreeNode]


@router.get("/frameworks/{key}/nodes", responses=reads(404, 422), response_model=Page[NodeRow])
def list_of_nodes(
    key: str,
    service: ServiceNow,
    _caller: Reader,
    tags: TagsNow,
    branch: Branch = None,
    level: Annotated[int | None, Query(ge=1, le=100)] = None,
    text: Words = None,
    owner: Owner = None,
    state: NodeState | None = None,
    stage: StageKey = None,
    parent: Annotated[str | None, Query(max_length=200, description="only the children of this code; empty: the nodes above all")] = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Response:
    """List the nodes of the current edition, in its order."""
    meant = NodeFilter(branch, level, text, owner, None, parent)
    after = _position(cursor)
    with service.reading.connect() as connection:
        tags.of_changes(connection)
        edition = loaded_edition(connection, key)
        among = _in_state(connection, service, key, state, stage)
        found = list_nodes(connection, edition, meant, after=after, limit=limit + 1, among=among)
        page = found[:limit]
        states = _states(connection, service, key, page)
        children = child_counts(connection, edition, [node.code for node in page])
    following = encode_cursor(ORDER, page[-1].position) if len(found) > limit else None
    rows = [
        NodeRow(
            code=node.code,
            name=node.name,
            description=node.description,
            level=node.level,
            parent=node.parent_code,
            children=children.get(node.code, 0),
            owner=node.owner,
            partition_key=node.partition_key,
            states=states.get(node.node_id, {}),
        )
        for node in page
    ]
    return tags.answer(Page(items=rows, next=following))


@router.get("/frameworks/{key}/tree", responses=reads(404, 422), response_model=Tree)
def tree_of_nodes(
    key: str,
    service: ServiceNow,
    _caller: Reader,
    tags: TagsNow,
    branch: Branch = None,
    level: Annotated[int | None, Query(ge=1, le=100, description="down to this level")] = None,
    text: Words = None,
    owner: Owner = None,
    state: NodeState | None = None,
    stage: StageKey = None,
) -> Response:
    """Read nodes as a tree: those that are meant, and the nodes above them; 5,000 at most."""
    with service.reading.connect() as connection:
        tags.of_changes(connection)
        edition = loaded_edition(connection, key)
        among = _in_state(connection, service, key, state, stage)
        all_of_branch = list_nodes(connection, edition, NodeFilter(branch), limit=1_000_000)
        shown = [node for node in all_of_branch if level is None or node.level <= level]
        if text is not None or owner is not None or among is not None:
            meant = list_nodes(connection, edition, NodeFilter(branch, None, text, owner), limit=1_000_000, among=among)
            shown = _with_ancestors(shown, {node.code for node in meant})
        if len(shown) > LARGEST_TREE:
            raise ValueError(f"that is a tree of {len(shown):,} nodes, {LARGEST_TREE:,} are the most; say a branch, or down to which level")
        states = _states(connection, service, key, shown)
    return tags.answer(Tree(items=_grown(shown, states)))


def _position(cursor: str | None) -> int:
    keys = decode_cursor(cursor, ORDER, 1)
    return -1 if keys is None else cursor_number(keys[0])


def _in_state(connection: Connection, service: Service, key: str, state: NodeState | None, stage: str | None) -> list[int] | None:
    chosen = list(service.project.stages) if stage is None else [service.project.stages[stage]]
    if state is None:
        return None
    return nodes_in_state(connection, service.project, key, chosen, state, simulated=accepts_simulated(connection, service.settings))


def _states(connection: Connection, service: Service, key: str, nodes: Sequence[ListedNode]) -> dict[int, dict[str, NodeState]]:
    ids = [node.node_id for node in nodes if node.partition_key is not None]
    simulated = accepts_simulated(connection, service.settings)
    states: dict[int, dict[str, NodeState]] = {}
    for stage in service.project.stages if ids else ():
        for row, state in survey(connection, service.project, key, stage, simulated, ids):
            states.setdefault(row.node_id, {})[stage.key] = state
    return states


def _with_ancestors(nodes: Sequence[ListedNode], codes: set[str]) -> list[ListedNode]:
    above = {node.code: node.parent_code for node in nodes}
    kept: set[str] = set()
    for start in codes & above.keys():
        code: str | None = start
        while code is not None and code in above and code not in kept:
            kept.add(code)
            code = above[code]
    return [node for node in nodes if node.code in kept]


def _grown(nodes: Sequence[ListedNode], states: Mapping[int, dict[str, NodeState]]) -> list[TreeNode]:
    """The trees of some nodes; one whose parent is not among them stands above all."""
    made = {
        node.code: TreeNode(
            code=node.code,
            name=node.name,
            level=node.level,
            owner=node.owner,
            partition_key=node.partition_key,
            states=states.get(node.node_id, {}),
            children=[],
        )
        for node in nodes
    }
    roots: list[TreeNode] = []
    for node in nodes:
        parent = made.get(node.parent_code or "")
        (roots if parent is None else parent.children).append(made[node.code])
    return roots
