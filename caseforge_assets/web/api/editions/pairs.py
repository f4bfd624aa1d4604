"""Pairs: nodes that take their answers from another one, because a person said that the two are the same."""

from __future__ import annotations

from datetime import datetime

from fastapi import APIRouter, Response
from pydantic import BaseModel, ConfigDict, Field

from caseforge_assets.access.roles import Caller, Role
from caseforge_assets.commands.editions.accept_pair import accept_pair, forget_pair
from caseforge_assets.commands.surveying.choose_nodes import choose_nodes
from caseforge_assets.store.database.engine import Connection
from caseforge_assets.store.editions import pairs
from caseforge_assets.store.editions.pairs import AcceptedPair
from caseforge_assets.web.access.callers import Editor, Reader, ServiceNow, problems, see_framework
from caseforge_assets.web.keeping.etags import TagsNow, reads
from caseforge_assets.wording import counted

router = APIRouter(tags=["pairs"])


class NodeNamed(BaseModel):
    """A target node."""

    model_config = ConfigDict(extra="forbid")

    framework: str = Field(max_length=40)
    node: str = Field(min_length=1, max_length=200, description="code, id or partition key")


class PairWanted(BaseModel):
    """A node that is to take the answers of another one."""

    model_config = ConfigDict(extra="forbid")

    node: NodeNamed
    like: NodeNamed


class Pair(BaseModel):
    """A pair that a person accepted."""

    framework: str
    code: str
    name: str
    like_framework: str
    like_code: str
    like_name: str
    holds: bool = Field(description="false: the node's text has changed since")
    accepted_by: str
    accepted_at: datetime


class Pairs(BaseModel):
    """The pairs of frameworks that the caller sees."""

    items: list[Pair]


@router.get("/pairs", responses=reads())
def list_pairs(service: ServiceNow, caller: Reader, tags: TagsNow) -> Pairs:
    """List all accepted pairs, and whether they still hold."""
    seen = caller.seen_frameworks()
    with service.reading.connect() as connection:
        tags.of_changes(connection, seen and sorted(seen))
        rows = pairs.accepted_pairs(connection)
    return Pairs(items=[_shown(row) for row in rows if _is_seen(caller, row)])


@router.post("/pairs", status_code=201, responses=problems(403, 404, 409, 422))
def accept(wanted: PairWanted, service: ServiceNow, caller: Editor) -> Pair:
    """Let a node take the answers of another one, of the same or another framework, as long as its own text stays as it is."""
    key, like_key = wanted.node.framework, wanted.like.framework
    see_framework(caller, key)
    see_framework(caller, like_key)
    caller.demand(Role.editor, key)
    with service.store.begin() as connection:
        node_id, like_id = _node_id(connection, key, wanted.node.node), _node_id(connection, like_key, wanted.like.node)
        accept_pair(connection, service.project.stages, node_id, like_id, caller.name)
        row = next(pair for pair in pairs.accepted_pairs(connection) if pair.node_id == node_id)
    service.keep()
    return _shown(row)


@router.delete("/frameworks/{key}/pairs/{code:path}", status_code=204, response_class=Response, responses=problems(403, 404, 422))
def forget(key: str, code: str, service: ServiceNow, caller: Editor) -> None:
    """Take a node's pair back. What was reused by it stays until the node is asked for again."""
    with service.store.begin() as connection:
        if not forget_pair(connection, service.project.stages, _node_id(connection, key, code), by=caller.name):
            raise LookupError(f"{key} {code} has no accepted pair")
    service.keep()


def _node_id(connection: Connection, key: str, node: str) -> int:
    ids = choose_nodes(connection, key, node) or []
    if len(ids) != 1:
        raise ValueError(f"{node} means {counted(len(ids), 'node')}; name one")
    return ids[0]


def _is_seen(caller: Caller, row: AcceptedPair) -> bool:
    return caller.may(Role.reader, row.framework_key) and caller.may(Role.reader, row.like_framework_key)


def _shown(row: AcceptedPair) -> Pair:
    return Pair(
        framework=row.framework_key,
        code=row.code,
        name=row.name,
        like_framework=row.like_framework_key,
        like_code=row.like_code,
        like_name=row.like_name,
        holds=row.holds,
        accepted_by=row.accepted_by,
        accepted_at=row.accepted_at,
    )
