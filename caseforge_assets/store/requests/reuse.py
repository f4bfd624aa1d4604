"""Answers that pending requests can be answered with instead of being sent."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy import Connection, text

from caseforge_assets.stages.judgement import GOOD
from caseforge_assets.store.schema.constants import listed


class Rule(StrEnum):
    """Kinds of answers that fit: to the very same request, to the same node elsewhere, or to one that a person accepted as the same."""

    exact = "exact"
    identity = "identity"
    similar = "similar"


@dataclass(frozen=True, slots=True)
class Reusable:
    """A content that answers a request, and the rule by which it does."""

    request_id: int
    content_id: int
    rule: Rule


_SAME_REQUEST = text(f"""
select distinct on (r.id) r.id, c.id
from caseforge.request r
join caseforge.attempt a on a.fingerprint = r.fingerprint and a.generation = r.generation and a.outcome in {listed(GOOD)}
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
join unnest(cast(:key_of as bigint[]), cast(:keys as text[])) as wanted(id, key) on wanted.id = r.id
join caseforge.request q on q.identity_key = wanted.key
join caseforge.node o on o.id = q.node_id
join caseforge.content c on c.request_id = q.id and c.stage = r.stage and c.simulated = :simulated
where r.id = any(:ids) and not r.own_answer
order by r.id, (c.node_id = r.node_id and c.is_current) desc, c.reused_from is null desc, c.id desc
""")

_KEYS = text("""
select distinct q.identity_key from caseforge.request q join caseforge.content c on c.request_id = q.id and c.simulated = :simulated
where q.identity_key = any(:keys)
""")


@dataclass(frozen=True, slots=True)
class Identity:
    """A request's node, and the version of what it was made from: a content, what people chose, or both."""

    request_id: int
    framework_key: str
    node_id: int
    stage: str
    source_version: str | None


_IDENTITIES = text("""
select r.id, r.framework_key, r.node_id, r.stage, nullif(concat_ws(' ', s.version, r.choice ->> 'version'), '')
from caseforge.request r left join caseforge.content s on s.id = r.source_content_id where r.id = any(:ids) order by r.id
""")


def identities(connection: Connection, request_ids: Sequence[int]) -> list[Identity]:
    """The values that identity keys of requests are made from."""
    return [Identity(*row) for row in connection.execute(_IDENTITIES, {"ids": list(request_ids)})]


def reusable(
    connection: Connection, request_ids: Sequence[int], simulated: bool, identity_keys: Mapping[int, Sequence[str]]
) -> dict[int, Reusable]:
    """Per request, the good answer from the same kind of provider that fits; requests without one are left out.

    Args:
        simulated: the kind of provider.
        identity_keys: per request, the keys of answers that were made for the same node elsewhere, or for one that it was accepted to be
            like, and that count as fresh; requests without any are answered by the very same request alone.
    """
    pairs = [(request_id, key) for request_id, keys in identity_keys.items() for key in keys]
    values = {"ids": list(request_ids), "simulated": simulated}
    keys = {"key_of": [request_id for request_id, _ in pairs], "keys": [key for _, key in pairs]}
    same_node = connection.execute(_SAME_NODE, values | keys) if pairs else ()
    found = {row[0]: Reusable(row[0], row[1], Rule.identity if row.same else Rule.similar) for row in same_node}
    return found | {row[0]: Reusable(row[0], row[1], Rule.exact) for row in connection.execute(_SAME_REQUEST, values)}


def answered_keys(connection: Connection, keys: Sequence[str], simulated: bool) -> set[str]:
    """Those of the identity keys that there is an answer to."""
    return set(connection.scalars(_KEYS, {"keys": list(keys), "simulated": simulated}))
