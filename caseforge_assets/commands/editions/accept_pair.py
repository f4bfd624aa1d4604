"""pairs: a person says that a node takes the answers of another one, or takes that back."""

from __future__ import annotations

from shlex import quote

from caseforge_assets.batches.states import WrongState
from caseforge_assets.stages.canonical import identity_key
from caseforge_assets.stages.stages import Stages
from caseforge_assets.store.access import audit
from caseforge_assets.store.database.engine import Connection, lock_in_transaction
from caseforge_assets.store.editions import pairs
from caseforge_assets.store.editions.pairs import ComparedNode


def accept_pair(connection: Connection, stages: Stages, node_id: int, like_id: int, accepted_by: str) -> None:
    """Remembers that a target node takes the answers of another one, of the same or another framework, as long as its own text stays as it is.

    Requests that are not sent yet are answered accordingly. Content that the node has already stays.

    Raises:
        ValueError: the two are one.
        WrongState: the other takes its answers from this one, directly or by way of others.
    """
    lock_in_transaction(connection, "accept pairs")
    compared = _nodes(connection, stages)
    node, like = compared[node_id], compared[like_id]
    taken_from = {pair.node_id: pair.like_node_id for pair in pairs.accepted_pairs(connection)} | {node_id: like_id}
    last: int | None = like_id
    while last is not None and last != node_id:
        last = taken_from.get(last)
    if last == node_id:
        raise _refusal(node, like)
    pairs.accept(connection, node, like, accepted_by)
    about = {"node_id": node_id, "like": f"{like.framework_key}:{like.code}"}
    audit.note(connection, accepted_by, "pair.accepted", f"node {node.code}", node.framework_key, about)
    _mark_open_requests(connection, node_id, node)


def forget_pair(connection: Connection, stages: Stages, node_id: int, *, by: str) -> bool:
    """Takes an accepted pair back; false when the node has none. What was reused by it stays until it is asked for again."""
    lock_in_transaction(connection, "accept pairs")
    if not pairs.forget(connection, node_id):
        return False
    node = _nodes(connection, stages).get(node_id)
    _mark_open_requests(connection, node_id, node)
    called, key = (f"node {node.code}", node.framework_key) if node else ("a node that is no target any more", None)
    audit.note(connection, by, "pair.forgotten", called, key, {"node_id": node_id})
    return True


def _refusal(node: ComparedNode, like: ComparedNode) -> ValueError:
    what = f"{node.framework_key} {node.code} cannot take its answers from {like.framework_key} {like.code}"
    if node.node_id == like.node_id:
        return ValueError(f"{what}, which is the same node.")
    return WrongState(
        f"{what}, which takes its own from it. Forget that pair first: caseforge pairs forget {quote(like.code)} --framework {like.framework_key}"
    )


def _nodes(connection: Connection, stages: Stages) -> dict[int, ComparedNode]:
    return {node.node_id: node for node in pairs.compared_nodes(connection, stages.shared[0].key, simulated=False)}


def _mark_open_requests(connection: Connection, node_id: int, node: ComparedNode | None) -> None:
    meant = pairs.likenesses(connection).get(node_id) or node
    if meant is None:
        return  # no target node of a current edition any more: nothing of it is sent
    open_requests = pairs.open_requests(connection, node_id)
    keys = {
        row.id: identity_key(row.stage_version, meant.identity, meant.name, meant.description, row.source_version) for row in open_requests
    }
    pairs.set_identity_keys(connection, keys)
