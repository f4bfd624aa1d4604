"""Finds contents by what they say, by framework and stage, and the nodes that they belong to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, text


@dataclass(frozen=True, slots=True)
class ItemPlace:
    """The place of an item such as a candidate: its content, node and stage."""

    content_id: int
    node_id: int
    stage: str
    code: str


def of_item(connection: Connection, key: str, uid: str) -> ItemPlace | None:
    """The place of a current item of a framework; None where there is none of this uid now."""
    query = text("""
    select c.id, c.node_id, c.stage, nv.code from caseforge.candidate k join caseforge.content c on c.id = k.content_id
    join caseforge.current_node nv on nv.node_id = c.node_id
    where k.is_current and c.is_current and k.framework_key = :key and k.candidate_uid = :uid
    """)
    row = connection.execute(query, {"key": key, "uid": uid}).one_or_none()
    return None if row is None else ItemPlace(*row)


def id_of_version(connection: Connection, stage: str, node_id: int, version: str) -> int | None:
    """The newest content of a node in a stage that says just this; None where it never said that."""
    query = text("select max(id) from caseforge.content where stage = :stage and node_id = :node and version = :version")
    found: int | None = connection.scalar(query, {"stage": stage, "node": node_id, "version": version})
    return found


def stage_of_version(connection: Connection, node_id: int, version: str) -> str | None:
    """The stage in which a content of a node says just this; None where none does."""
    query = text("select stage from caseforge.content where node_id = :node and version = :version order by id desc limit 1")
    found: str | None = connection.scalar(query, {"node": node_id, "version": version})
    return found


def current_ids(connection: Connection, key: str, stage: str) -> list[int]:
    """Ids of a framework's current contents in a stage."""
    query = text("select id from caseforge.content where is_current and framework_key = :key and stage = :stage order by id")
    return list(connection.scalars(query, {"key": key, "stage": stage}))


def places(connection: Connection, content_ids: Sequence[int]) -> tuple[dict[int, str], dict[int, int]]:
    """By content: its node's code in the current edition (its identity where it is gone), and the node's id."""
    query = text("""
    select c.id, c.node_id, coalesce(nv.code, n.identity) as code from caseforge.content c join caseforge.node n on n.id = c.node_id
    left join caseforge.current_node nv on nv.node_id = c.node_id where c.id = any(:ids)
    """)
    rows = list(connection.execute(query, {"ids": list(content_ids)}))
    return {row.id: row.code for row in rows}, {row.id: row.node_id for row in rows}
