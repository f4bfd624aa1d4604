"""What was decided of the candidates that an export takes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, text

from caseforge_assets.curation.statuses import UseCaseStatus
from caseforge_assets.store.curating.use_cases import Decision


@dataclass(frozen=True, slots=True)
class Exported:
    """A candidate with its decision; `note` is a portfolio's."""

    candidate_id: int
    is_current: bool
    decision: Decision
    revision: int
    note: str


_DECIDED = text("""
select k.content_id, k.candidate_uid, k.id, k.is_current, coalesce(u.status, 'idea'), coalesce(u.reason, ''), coalesce(u.owner, ''), u.review_on,
       coalesce(u.tags, '{}'), coalesce(u.revision, 0), coalesce(e.note, '')
from caseforge.candidate k
left join caseforge.use_case u on u.candidate_id = k.id
left join caseforge.portfolio_entry e on e.use_case_id = u.id and e.portfolio_id = :portfolio
where k.content_id = any(:ids)
""")


def decided_in(connection: Connection, content_ids: Sequence[int], portfolio: int | None = None) -> dict[tuple[int, str], Exported]:
    """By content and uid, candidates with what was decided of them."""
    found = {}
    for row in connection.execute(_DECIDED, {"ids": list(content_ids), "portfolio": portfolio}):
        content_id, uid, candidate_id, is_current, status, reason, owner, review_on, tags, revision, note = row
        decision = Decision(UseCaseStatus(status), reason, owner, review_on, tuple(tags))
        found[content_id, uid] = Exported(candidate_id, is_current, decision, revision, note)
    return found
