"""Counts decisions on use cases: few have one, and all others are ideas."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from sqlalchemy import Connection, text

from caseforge_assets.curation.statuses import UseCaseStatus
from caseforge_assets.store.candidates.candidate_counts import groups
from caseforge_assets.store.candidates.candidate_filters import IDEA, CandidateFilter, Conditions, conditions


@dataclass(frozen=True)
class DecisionCounts:
    """Use cases that are meant, by what was decided of them; each as if it were not filtered by.

    Attributes:
        statuses: In the order of the way that use cases go.
        owners: By who brings them forward.
    """

    statuses: Mapping[UseCaseStatus, int]
    owners: Mapping[str, int]
    tags: Mapping[str, int]


_DECIDED = """
select {what}, cast(count(*) as int) as n from caseforge.use_case u join caseforge.candidate_row r on r.candidate_id = u.candidate_id
join caseforge.candidate_group g on g.id = r.group_id {more} where {group} and {row} and {condition} group by 1 order by n desc, 1
"""


def count_decisions(connection: Connection, meant: CandidateFilter, total: int, matches: str = "") -> DecisionCounts:
    """Counts decisions on what is meant.

    Args:
        total: how many are meant.
        matches: as for `conditions`.
    """
    by_status = conditions(connection, replace(meant, statuses=None), matches)
    by_owner = conditions(connection, replace(meant, use_case_owners=None), matches)
    by_tag = conditions(connection, replace(meant, tags=None), matches)
    decided = _count(connection, by_status, "u.status", f"u.status <> '{IDEA}'")
    ideas = (total if meant.statuses is None else _total(connection, by_status)) - sum(decided.values())
    found = {IDEA: ideas} | {UseCaseStatus(status): count for status, count in decided.items()}
    return DecisionCounts(
        statuses={status: found[status] for status in UseCaseStatus if found.get(status)},
        owners=_count(connection, by_owner, "u.owner", "u.owner <> ''"),
        tags=_count(connection, by_tag, "one.tag", "true", "cross join lateral unnest(u.tags) one(tag)"),
    )


def _count(connection: Connection, asked: Conditions, what: str, condition: str, more: str = "") -> dict[str, int]:
    query = text(_DECIDED.format(what=what, group=asked.group, row=asked.row, condition=condition, more=more))
    return {row[0]: row.n for row in connection.execute(query, asked.values)}


def _total(connection: Connection, asked: Conditions) -> int:
    return sum(group.count for group in groups(connection, asked))
