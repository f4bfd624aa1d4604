"""Measures of how good contents are, written beside them, and what reports, checks and retries read of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, text

from caseforge_assets.stages.quality import RULES, Quality
from caseforge_assets.store.database.copy import add_rows
from caseforge_assets.store.schema.quality_table import quality


@dataclass(frozen=True, slots=True)
class Unmeasured:
    """A current content without a measure by the rules of today, with its items as (title, fields)."""

    content_id: int
    node_id: int
    stage: str
    body: str
    items: tuple[tuple[str, dict[str, Any]], ...]


@dataclass(frozen=True, slots=True)
class Scored:
    """A current content of a target node with its measure; score, details and signature are None where it is not measured.

    `edited`: a person wrote it.
    """

    content_id: int
    node_id: int
    stage: str
    code: str
    name: str
    partition_key: str
    simulated: bool
    edited: bool
    score: int | None
    details: dict[str, Any] | None
    signature: str | None

    @property
    def parts(self) -> dict[str, int | None]:
        """Points from 0 to 100 by part, None where a part does not apply; empty where nothing is measured."""
        return self.details["parts"] if self.details else {}

    @property
    def limits(self) -> list[str]:
        """The faults that hold the score down, in words."""
        return self.details["limits"] if self.details else []

    @property
    def figures(self) -> dict[str, Any]:
        """The counts that the score is made from."""
        return self.details["figures"] if self.details else {}


def save(connection: Connection, measures: Mapping[int, Quality]) -> None:
    """Stores measures by the rules of today, by content id, in place of older ones."""
    if not measures:
        return
    connection.execute(text("delete from caseforge.quality where content_id = any(:ids)"), {"ids": list(measures)})
    add_rows(connection, quality, [_row(content_id, found) for content_id, found in measures.items()])


def _row(content_id: int, found: Quality) -> dict[str, Any]:
    details = {"parts": found.parts, "limits": found.limits, "figures": found.figures}
    return {"content_id": content_id, "rules": RULES, "score": found.score, "details": details, "signature": found.signature}


def carry(connection: Connection, sources: Mapping[int, int]) -> None:
    """Gives copies of contents the measures of what they are copies of.

    Args:
        sources: content id of the original by content id of the copy; an original that is not measured gives nothing.
    """
    query = text("""
    insert into caseforge.quality (content_id, rules, score, details, signature)
    select pair.copy, q.rules, q.score, q.details, q.signature
    from unnest(cast(:copies as bigint[]), cast(:sources as bigint[])) as pair(copy, source)
    join caseforge.quality q on q.content_id = pair.source
    """)
    connection.execute(query, {"copies": list(sources), "sources": list(sources.values())})


_FACTS = text("""
select nv.node_id, nv.framework_key, nv.name, nv.description, nv.kpis from caseforge.current_node nv where nv.node_id = any(:ids)
""")


def facts(connection: Connection, node_ids: Sequence[int]) -> dict[int, tuple[str, tuple[str, str, tuple[str, ...]]]]:
    """Framework, and name, description and names of the official KPIs, by node id; nodes that the current edition does not have are left out."""
    rows = connection.execute(_FACTS, {"ids": list(node_ids)})
    return {row.node_id: (row.framework_key, (row.name, row.description, tuple(str(kpi["name"]) for kpi in row.kpis))) for row in rows}


def words_of(connection: Connection, key: str) -> list[str]:
    """Names and descriptions of the first nodes of a framework's current edition."""
    query = text("""
    select nv.name || ' ' || nv.description from caseforge.current_node nv
    where nv.framework_key = :key order by nv.position limit 300
    """)
    return list(connection.scalars(query, {"key": key}))


_UNMEASURED = text("""
select c.id, c.node_id, c.stage, c.body,
       (select jsonb_agg(jsonb_build_array(k.title, k.fields) order by k.position) from caseforge.candidate k where k.content_id = c.id)
from caseforge.content c
join caseforge.target_node nv on nv.node_id = c.node_id
where c.is_current and c.framework_key = :key and c.stage = any(:stages) and c.id > :after
  and not exists (select 1 from caseforge.quality q where q.content_id = c.id and q.rules = :rules)
order by c.id limit :limit
""")


def unmeasured(connection: Connection, key: str, stages: Sequence[str], rules: str, after: int, limit: int) -> list[Unmeasured]:
    """The next current contents of target nodes that have no measure by these rules, in the order of their ids.

    Args:
        stages: keys of the stages that measure.
        after: the highest content id that was looked at.
        limit: so many at most.
    """
    values = {"key": key, "stages": list(stages), "rules": rules, "after": after, "limit": limit}
    return [Unmeasured(row[0], row[1], row[2], row[3], tuple(map(tuple, row[4] or ()))) for row in connection.execute(_UNMEASURED, values)]


_SCORED = text("""
select c.id, c.node_id, c.stage, nv.code, nv.name, nv.partition_key, c.simulated, c.edited_after is not null,
       q.score, q.details, q.signature
from caseforge.content c
join caseforge.target_node nv on nv.node_id = c.node_id
left join caseforge.quality q on q.content_id = c.id and q.rules = :rules
where c.is_current and c.framework_key = :key and c.stage = any(:stages) and (cast(:ids as bigint[]) is null or c.node_id = any(:ids))
order by nv.position, c.stage
""")


def scored(connection: Connection, key: str, stages: Sequence[str], rules: str, node_ids: Sequence[int] | None = None) -> list[Scored]:
    """The current contents of a framework's target nodes with their measures, in the framework's order."""
    values = {"key": key, "stages": list(stages), "rules": rules, "ids": None if node_ids is None else list(node_ids)}
    return [Scored(*row) for row in connection.execute(_SCORED, values)]


@dataclass(frozen=True, slots=True)
class Titled:
    """A current candidate by its title, with its node's code now."""

    candidate_uid: str
    title: str
    code: str
    partition_key: str


_TITLES = text("""
select k.candidate_uid, k.title, nv.code, nv.partition_key from caseforge.candidate k
join caseforge.content c on c.id = k.content_id and not c.simulated
join caseforge.target_node nv on nv.node_id = k.node_id
where k.is_current and k.framework_key = :key and c.stage = :stage and (cast(:ids as bigint[]) is null or k.node_id = any(:ids)) order by nv.position, k.position
""")


def titles(connection: Connection, key: str, stage: str, node_ids: Sequence[int] | None = None) -> list[Titled]:
    """The titles of a stage's current items that are not simulated, in the framework's order."""
    values = {"key": key, "stage": stage, "ids": None if node_ids is None else list(node_ids)}
    return [Titled(*row) for row in connection.execute(_TITLES, values)]


def mean_scores(connection: Connection, key: str, rules: str) -> dict[str, float]:
    """By stage, the mean score of the current contents of a framework's target nodes, of those that are measured; stages without any are left out."""
    query = text("""
    select c.stage, avg(q.score)::float8 as mean from caseforge.content c join caseforge.quality q on q.content_id = c.id and q.rules = :rules
    join caseforge.target_node nv on nv.node_id = c.node_id
    where c.is_current and c.framework_key = :key group by 1
    """)
    return {row.stage: row.mean for row in connection.execute(query, {"key": key, "rules": rules})}
