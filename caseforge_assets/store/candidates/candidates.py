"""Candidates as lists show them, and one of them whole."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import Connection, text

from caseforge_assets.store.figures.spending import ITEM_SHARE
from caseforge_assets.store.schema.constants import PLANNED_ONCE


@dataclass(frozen=True, slots=True)
class ListedCandidate:
    """A candidate as lists show it; `values` are those of its stage's columns."""

    id: int
    framework: str
    stage: str
    uid: str
    title: str
    code: str
    name: str
    values: dict[str, str | None]
    score: int | None
    owner: str
    model: str | None
    simulated: bool
    edited: bool
    answered_at: datetime | None


_LISTED = text("""
select one.id, r.framework_key, g.stage, k.candidate_uid, k.title, nv.code, nv.name, g.values, nullif(r.score, -1), r.owner, c.model, c.simulated,
       c.edited_after is not null, c.answered_at
from unnest(cast(:ids as bigint[])) with ordinality as one(id, number)
join caseforge.candidate_row r on r.candidate_id = one.id
join caseforge.candidate_group g on g.id = r.group_id
join caseforge.candidate k on k.id = one.id
join caseforge.content c on c.id = k.content_id
join caseforge.current_node nv on nv.node_id = r.node_id
order by one.number
""").execution_options(**PLANNED_ONCE)


def listed_candidates(connection: Connection, ids: Sequence[int]) -> list[ListedCandidate]:
    """Candidates by id, in this order."""
    return [ListedCandidate(*row) for row in connection.execute(_LISTED, {"ids": list(ids)})]


@dataclass(frozen=True, slots=True)
class WholeCandidate:
    """A current candidate with all its fields and where it is from; `cost_usd` is its equal share of what its content cost."""

    framework: str
    stage: str
    uid: str
    former_uids: list[str]
    title: str
    fields: dict[str, Any]
    code: str
    name: str
    score: int | None
    owner: str
    version: str
    model: str | None
    temperature: Decimal | None
    generated_by: str
    simulated: bool
    edited: bool
    reused: bool
    answered_at: datetime | None
    batch: str | None
    cost_usd: Decimal | None


# The same conditions, owners and shares as those of exports.
_WHOLE = text(f"""
select k.framework_key, c.stage, k.candidate_uid, k.former_uids, k.title, k.fields, nv.code, nv.name, q.score,
       coalesce(nullif(nv.owner, ''), nullif(c.owner, ''), f.owner), c.version, c.model, c.temperature, c.generated_by, c.simulated,
       c.edited_after is not null, c.reused_from is not null, c.answered_at, c.remote_batch_id,
       {ITEM_SHARE}
from caseforge.candidate k
join caseforge.content c on c.id = k.content_id and c.is_current
join caseforge.target_node nv on nv.node_id = k.node_id
join caseforge.framework f on f.key = k.framework_key
left join caseforge.quality q on q.content_id = c.id and q.rules = :rules
where k.is_current and k.framework_key = :key and k.candidate_uid = :uid
""").execution_options(**PLANNED_ONCE)


def whole_candidate(connection: Connection, key: str, uid: str, rules: str) -> WholeCandidate:
    """The current candidate of a framework with this uid.

    Raises:
        LookupError: there is none.
    """
    row = connection.execute(_WHOLE, {"key": key, "uid": uid, "rules": rules}).one_or_none()
    if row is None:
        raise LookupError(f"{key} has no current candidate {uid!r}; what became of it: caseforge show {uid} --framework {key}")
    return WholeCandidate(*row)
