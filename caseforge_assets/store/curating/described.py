"""Use cases with what people weigh them by: their process, their fields, the quality of the set that they stand in."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Connection, Row, text

from caseforge_assets.store.curating.use_cases import COLUMNS, UseCaseRow, use_case_of
from caseforge_assets.store.schema.constants import PLANNED_ONCE


@dataclass(frozen=True, slots=True)
class DescribedUseCase:
    """A use case with its process, as the current edition has it, else the newest one that does.

    `score` is that of its node's set (None: not measured); `is_retired`: the current edition does not have the process.
    """

    use_case: UseCaseRow
    position: int
    fields: dict[str, Any]
    code: str
    name: str
    is_retired: bool
    content_id: int
    score: int | None
    simulated: bool
    edited: bool


DESCRIBED = f"""{COLUMNS}, k.position, k.fields, coalesce(p.code, '') as code, coalesce(p.name, '') as name, not coalesce(p.is_target, false) as is_retired,
       c.id as content_id, q.score, c.simulated, c.edited_after is not null as edited"""
# Joined to candidates k and decisions u.
DESCRIBING = """
join caseforge.content c on c.id = k.content_id
left join caseforge.quality q on q.content_id = c.id and q.rules = :rules
left join lateral (
    select nv.code, nv.name, v.is_current and nv.partition_key is not null as is_target
    from caseforge.node_version nv join caseforge.framework_version v on v.id = nv.framework_version_id
    where nv.node_id = k.node_id order by v.is_current desc, v.id desc limit 1) p on true
"""


def described_of(row: Row[Any]) -> DescribedUseCase:
    """The use case of a row that has DESCRIBED, among others."""
    of = row._mapping
    taken = {name: of[name] for name in DescribedUseCase.__dataclass_fields__ if name != "use_case"}
    return DescribedUseCase(use_case=use_case_of(row), **taken)


_BY_ID = text(f"""
select {DESCRIBED} from caseforge.candidate k left join caseforge.use_case u on u.candidate_id = k.id {DESCRIBING} where k.id = any(:ids)
""").execution_options(**PLANNED_ONCE)


def described_use_cases(connection: Connection, candidate_ids: Collection[int], rules: str) -> dict[int, DescribedUseCase]:
    """Use cases by their candidates' ids; those that there are not are left out.

    Args:
        rules: the version of the rules by which scores count.
    """
    rows = connection.execute(_BY_ID, {"ids": list(candidate_ids), "rules": rules})
    return {row.candidate_id: described_of(row) for row in rows}


_NOW_OF_NODE = text(f"""
select {DESCRIBED} from caseforge.candidate k left join caseforge.use_case u on u.candidate_id = k.id {DESCRIBING}
where k.is_current and (k.node_id, c.stage) in (select * from unnest(cast(:nodes as bigint[]), cast(:stages as text[]))) order by k.node_id, k.position
""").execution_options(**PLANNED_ONCE)


def current_of_nodes(connection: Connection, places: Collection[tuple[int, str]], rules: str) -> list[DescribedUseCase]:
    """Current use cases of nodes in stages, in the order of their answers: what stands beside those that were superseded.

    Args:
        places: nodes' ids, each with a stage.
        rules: the version of the rules by which scores count.
    """
    if not places:
        return []
    nodes, stages = [node for node, _ in places], [stage for _, stage in places]
    return [described_of(row) for row in connection.execute(_NOW_OF_NODE, {"nodes": nodes, "stages": stages, "rules": rules})]


_DUE = """u.review_on <= :day and (cast(:keys as text[]) is null or k.framework_key = any(:keys))
  and (cast(:owner as text) is null or lower(u.owner) = lower(:owner))"""
_REVIEWS = text(f"""
select {DESCRIBED} from caseforge.use_case u join caseforge.candidate k on k.id = u.candidate_id {DESCRIBING}
where {_DUE}
  and (cast(:after_day as date) is null or (u.review_on, u.id) > (:after_day, :after_id))
order by u.review_on, u.id limit :limit
""")


def reviews_due(
    connection: Connection,
    day: date,
    frameworks: Sequence[str] | None,
    rules: str,
    *,
    owner: str | None = None,
    after: tuple[date, int] | None = None,
    limit: int | None = None,
) -> list[DescribedUseCase]:
    """Use cases whose review date has come on a day, those that wait for longest first.

    Args:
        frameworks: of these only; None: of all.
        rules: the version of the rules by which scores count.
        owner: only this one's.
        after: review date and the use case's id of the last one that is known already.
    """
    after_day, after_id = after or (None, 0)
    values = {"day": day, "keys": None if frameworks is None else list(frameworks), "rules": rules, "owner": owner}
    rows = connection.execute(_REVIEWS, values | {"after_day": after_day, "after_id": after_id, "limit": limit})
    return [described_of(row) for row in rows]


def count_reviews_due(connection: Connection, day: date, frameworks: Sequence[str] | None, *, owner: str | None = None) -> int:
    """Counts how many use cases have a review date that has come, of all owners or of one."""
    query = text(f"select count(*) from caseforge.use_case u join caseforge.candidate k on k.id = u.candidate_id where {_DUE}")
    return int(connection.scalar(query, {"day": day, "keys": None if frameworks is None else list(frameworks), "owner": owner}) or 0)
