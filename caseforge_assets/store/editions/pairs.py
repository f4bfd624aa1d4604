"""Accepted pairs: a node takes the answers of another one, because a person said that the two are the same.

A pair holds for the texts that the person saw: it lapses when the node is renamed or redescribed, and it means the other one as it was.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, text

from caseforge_assets.batches.states import AT_REST
from caseforge_assets.store.schema.constants import listed


@dataclass(frozen=True, slots=True)
class ComparedNode:
    """A target node of a current edition, and whether there is an answer of a stage for it."""

    node_id: int
    framework_key: str
    identity: str
    code: str
    name: str
    description: str
    position: int
    has_content: bool


@dataclass(frozen=True, slots=True)
class Likeness:
    """The node that another one stands for, as it was when that was accepted."""

    identity: str
    name: str
    description: str


@dataclass(frozen=True, slots=True)
class AcceptedPair:
    """An accepted pair with both nodes' newest codes; `holds` says whether the node still has the text that was accepted."""

    node_id: int
    framework_key: str
    code: str
    name: str
    like_node_id: int
    like_framework_key: str
    like_code: str
    like_name: str
    holds: bool
    accepted_by: str
    accepted_at: datetime


_COMPARED = text("""
select nv.node_id, nv.framework_key, n.identity, nv.code, nv.name, nv.description, nv.position,
       exists (select 1 from caseforge.content c where c.node_id = nv.node_id and c.stage = :stage and c.edited_after is null and c.simulated = :simulated)
         as has_content
from caseforge.target_node nv
join caseforge.node n on n.id = nv.node_id
order by nv.framework_key, nv.position
""")


def compared_nodes(connection: Connection, stage: str, simulated: bool) -> list[ComparedNode]:
    """Target nodes of all frameworks, in their order.

    Args:
        simulated: the kind of provider whose content counts.
    """
    return [ComparedNode(*row) for row in connection.execute(_COMPARED, {"stage": stage, "simulated": simulated})]


def accept(connection: Connection, node: ComparedNode, like: ComparedNode, accepted_by: str) -> None:
    """Remembers a pair; one that the node had before is replaced."""
    query = text("""
    insert into caseforge.similar_pair (node_id, name, description, like_node_id, like_name, like_description, accepted_by)
    values (:node_id, :name, :description, :like_node_id, :like_name, :like_description, :accepted_by)
    on conflict (node_id) do update set name = excluded.name, description = excluded.description, like_node_id = excluded.like_node_id,
      like_name = excluded.like_name, like_description = excluded.like_description, accepted_by = excluded.accepted_by, accepted_at = now(),
      forgotten_at = null
    """)
    values = {"node_id": node.node_id, "name": node.name, "description": node.description, "accepted_by": accepted_by}
    values |= {"like_node_id": like.node_id, "like_name": like.name, "like_description": like.description}
    connection.execute(query, values)


def forget(connection: Connection, node_id: int) -> bool:
    """Takes a node's pair back; false when it has none."""
    query = text("update caseforge.similar_pair set forgotten_at = now() where node_id = :node and forgotten_at is null")
    return connection.execute(query, {"node": node_id}).rowcount > 0


_ACCEPTED = text("""
select s.node_id, n.framework_key, nv.code, s.name, s.like_node_id, o.framework_key, onv.code, s.like_name,
       nv.name = s.name and nv.description = s.description as holds, s.accepted_by, s.accepted_at
from caseforge.similar_pair s
join caseforge.node n on n.id = s.node_id
join caseforge.node o on o.id = s.like_node_id
join lateral (select * from caseforge.node_version v where v.node_id = s.node_id order by v.framework_version_id desc limit 1) nv on true
join lateral (select * from caseforge.node_version v where v.node_id = s.like_node_id order by v.framework_version_id desc limit 1) onv on true
where s.forgotten_at is null
order by n.framework_key, nv.position
""")


def accepted_pairs(connection: Connection) -> list[AcceptedPair]:
    """All pairs, in the frameworks' order."""
    return [AcceptedPair(*row) for row in connection.execute(_ACCEPTED)]


_LIKENESSES = text("""
select s.node_id, s.like_node_id, n.identity, s.like_name, s.like_description
from caseforge.similar_pair s
join caseforge.node n on n.id = s.like_node_id
join caseforge.current_node nv on nv.node_id = s.node_id and nv.name = s.name and nv.description = s.description
where s.forgotten_at is null
""")


def likenesses(connection: Connection) -> dict[int, Likeness]:
    """By node id, what each node of a pair that holds stands for; where that one stands for a third, the third."""
    rows = {row.node_id: row for row in connection.execute(_LIKENESSES)}
    found = {}
    for node_id, row in rows.items():
        last = row
        while last.like_node_id in rows:  # ends: no pair is accepted that would close a ring
            last = rows[last.like_node_id]
        found[node_id] = Likeness(last.identity, last.like_name, last.like_description)
    return found


@dataclass(frozen=True, slots=True)
class OpenRequest:
    """A node's current request that is not answered and not under way, with what its identity key is made of."""

    id: int
    stage_version: str
    source_version: str | None


def open_requests(connection: Connection, node_id: int) -> list[OpenRequest]:
    """A node's open requests in all stages, locked until the transaction ends."""
    query = text(f"""
    select r.id, r.stage_version,
           nullif(concat_ws(' ', (select c.version from caseforge.content c where c.id = r.source_content_id), r.choice ->> 'version'), '')
    from caseforge.request r where r.node_id = :node and r.is_current and r.state in {listed(AT_REST)} for update of r
    """)
    return [OpenRequest(*row) for row in connection.execute(query, {"node": node_id})]


def set_identity_keys(connection: Connection, keys: Mapping[int, str]) -> None:
    """Says of requests whose answers fit them, by request id."""
    query = text("""
    update caseforge.request r set identity_key = new.key
    from unnest(cast(:ids as bigint[]), cast(:keys as text[])) as new(id, key) where r.id = new.id
    """)
    connection.execute(query, {"ids": list(keys), "keys": list(keys.values())})
