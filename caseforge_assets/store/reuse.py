"""Answers that pending requests can be answered with instead of being sent."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy import Connection, text


class Rule(StrEnum):
    """Why an answer fits: it is one to the very same request, or to the same node elsewhere, or to one that a person accepted as the same."""

    exact = "exact"
    identity = "identity"
    similar = "similar"


@dataclass(frozen=True, slots=True)
class Reusable:
    """A content that answers a request, and the rule by which it does."""

    request_id: int
    content_id: int
    rule: Rule


_SAME_REQUEST = text("""
select distinct on (r.id) r.id, c.id
from caseforge.request r
join caseforge.attempt a on a.fingerprint = r.fingerprint and a.generation = r.generation and a.outcome in ('ok', 'salvaged')
join caseforge.provider p on p.id = a.provider_id and p.simulated = :simulated
join caseforge.content c on c.attempt_id = a.id and c.reused_from is null and c.stage = r.stage
where r.id = any(:ids)
order by r.id, c.id desc
""")

# The node's own content before those of others, then the newest answer.
_SAME_NODE = text("""
select distinct on (r.id) r.id, c.id, n.identity = o.identity as same
from caseforge.request r
join caseforge.node n on n.id = r.node_id
join caseforge.request q on q.identity_key = r.identity_key
join caseforge.node o on o.id = q.node_id
join caseforge.content c on c.request_id = q.id and c.stage = r.stage and c.simulated = :simulated
where r.id = any(:ids) and not r.own_answer
order by r.id, (c.node_id = r.node_id and c.is_current) desc, c.reused_from is null desc, c.id desc
""")

_KEYS = text("""
select distinct q.identity_key from caseforge.request q join caseforge.content c on c.request_id = q.id and c.simulated = :simulated
where q.identity_key = any(:keys)
""")


def reusable(connection: Connection, request_ids: Sequence[int], simulated: bool, by_identity: bool) -> dict[int, Reusable]:
    """Per request, the good answer from the same kind of provider that fits; requests without one are left out.

    Args:
        simulated: the kind of provider.
        by_identity: whether an answer fits that was made for the same node elsewhere, or for one that it was accepted to be like, with the
            same stage version and source.
    """
    values = {"ids": list(request_ids), "simulated": simulated}
    same_node = connection.execute(_SAME_NODE, values) if by_identity else ()
    found = {row[0]: Reusable(row[0], row[1], Rule.identity if row.same else Rule.similar) for row in same_node}
    return found | {row[0]: Reusable(row[0], row[1], Rule.exact) for row in connection.execute(_SAME_REQUEST, values)}


def answered_keys(connection: Connection, keys: Sequence[str], simulated: bool) -> set[str]:
    """Those of the identity keys that there is an answer to."""
    return set(connection.scalars(_KEYS, {"keys": list(keys), "simulated": simulated}))
