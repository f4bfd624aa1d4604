"""Reads decisions and origins of the candidates that an export takes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, text

from caseforge_assets.curation.statuses import UseCaseStatus
from caseforge_assets.store.curating.use_cases import Decision
from caseforge_assets.store.figures.spending import ITEM_SHARE


@dataclass(frozen=True, slots=True)
class Exported:
    """A candidate with its decision; `note` is a portfolio's."""

    candidate_id: int
    is_current: bool
    decision: Decision


_DECIDED = text("""
select k.content_id, k.candidate_uid, k.id, k.is_current, coalesce(u.status, 'idea'), coalesce(u.reason, ''), coalesce(u.owner, ''), u.review_on,
       coalesce(u.tags, '{}')
from caseforge.candidate k
left join caseforge.use_case u on u.candidate_id = k.id
where k.content_id = any(:ids)
""")


def decided_in(connection: Connection, content_ids: Sequence[int]) -> dict[tuple[int, str], Exported]:
    """By content and uid, candidates with what was decided of them."""
    found = {}
    for row in connection.execute(_DECIDED, {"ids": list(content_ids)}):
        content_id, uid, candidate_id, is_current, status, reason, owner, review_on, tags = row
        decision = Decision(UseCaseStatus(status), reason, owner, review_on, tuple(tags))
        found[content_id, uid] = Exported(candidate_id, is_current, decision)
    return found


_SOURCES = text(f"""
select k.id, coalesce(v.label, '') as edition, c.generated_by, c.model, c.answered_at, c.simulated, c.remote_batch_id, q.score as quality_score,
       c.edited_after is not null as edited, {ITEM_SHARE} as cost_usd
from caseforge.candidate k
join caseforge.content c on c.id = k.content_id
left join caseforge.quality q on q.content_id = c.id and q.rules = :rules
left join lateral (
    select v.label from caseforge.node_version nv join caseforge.framework_version v on v.id = nv.framework_version_id
    where nv.node_id = k.node_id order by v.is_current desc, v.id desc limit 1) v on true
where k.id = any(:ids)
""")


def sources_of(connection: Connection, candidate_ids: Sequence[int], rules: str) -> dict[int, dict[str, Any]]:
    """By candidate, where it is from.

    Args:
        rules: the version of the rules by which scores count.
    """
    rows = connection.execute(_SOURCES, {"ids": list(candidate_ids), "rules": rules})
    return {row.id: dict(row._mapping) for row in rows}


# A person who edits one use case of a process makes a content of all of them: those that say the same go on, and so does the one that was edited while its title stayed.
_SAME = text("""
select old.id, new.id from caseforge.candidate old
join caseforge.candidate new on new.node_id = old.node_id and new.candidate_uid = old.candidate_uid and new.is_current and new.title = old.title
join caseforge.content c on c.id = new.content_id
where old.id = any(:ids) and not old.is_current and (new.fields = old.fields or c.edited_after is not null)
""")


def same_use_cases(connection: Connection, candidate_ids: Sequence[int]) -> dict[int, int]:
    """Of candidates that are current no more, the current ones that go on with them, by the ids of those before."""
    return {row[0]: row[1] for row in connection.execute(_SAME, {"ids": list(candidate_ids)})}
