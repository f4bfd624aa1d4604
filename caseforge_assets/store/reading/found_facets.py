"""Some hundred candidates, counted by everything that lists are filtered by, in one query: those that a search has found."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection, text

from caseforge_assets.curation.statuses import UseCaseStatus
from caseforge_assets.store.reading.candidate_facets import Facets
from caseforge_assets.store.reading.candidate_filters import IDEA, TENS
from caseforge_assets.store.reading.decision_counts import DecisionCounts
from caseforge_assets.store.schema.planned_once import PLANNED_ONCE

_COUNTS = text(f"""
with found as materialized (
    select r.group_id, r.root_id, r.owner, {TENS} as tens, coalesce(u.status, '{IDEA}') as status, nullif(u.owner, '') as brought_by, u.tags
    from unnest(cast(:ids as bigint[])) as one(id) join caseforge.candidate_row r on r.candidate_id = one.id
    left join caseforge.use_case u on u.candidate_id = r.candidate_id),
groups as materialized (
    select g.framework_key, g.stage, g.simulated, g.values, c.n
    from (select group_id, count(*) as n from found group by 1) c join caseforge.candidate_group g on g.id = c.group_id)
select what, name, value, more, place, cast(n as int) from (
    select 'value' as what, v.key as name, v.value, null as more, 0 as place, sum(g.n) as n
    from groups g cross join lateral jsonb_each_text(g.values) v group by 2, 3
    union all select 'framework', framework_key, null, null, 0, sum(n) from groups group by 2
    union all select 'stage', stage, null, null, 0, sum(n) from groups group by 2
    union all select 'made up', cast(simulated as text), null, null, 0, sum(n) from groups group by 2
    union all select 'owner', owner, null, null, 0, count(*) from found group by 2
    union all select 'tens', cast(tens as text), null, null, 0, count(*) from found group by 2
    union all select 'status', status, null, null, 0, count(*) from found group by 2
    union all select 'brought by', brought_by, null, null, 0, count(*) from found where brought_by is not null group by 2
    union all select 'tag', one.tag, null, null, 0, count(*) from found cross join lateral unnest(found.tags) one(tag) group by 2
    union all select 'branch', nv.framework_key, nv.code, nv.name, nv.position, c.n
    from (select root_id, count(*) as n from found group by 1) c join caseforge.current_node nv on nv.node_id = c.root_id) counted
order by n desc, name
""").execution_options(**PLANNED_ONCE)


def facets_of_found(connection: Connection, ids: Sequence[int]) -> Facets:
    """Counts candidates as `facets` does, by their ids."""
    counted: dict[str, list[tuple[str, str | None, str | None, int, int]]] = {}
    for what, *row in connection.execute(_COUNTS, {"ids": list(ids)}) if ids else ():
        counted.setdefault(what, []).append((row[0], row[1], row[2], row[3], row[4]))
    plain = {what: {name: n for name, _, _, _, n in rows} for what, rows in counted.items() if what not in ("value", "branch")}
    total = sum(plain.get("framework", {}).values())
    statuses, tens = plain.get("status", {}), {int(ten): n for ten, n in plain.get("tens", {}).items()}
    branches = sorted(counted.get("branch", ()), key=lambda row: (row[0], row[3]))
    return Facets(
        total=total,
        values=_values(counted.get("value", ()), total),
        frameworks=plain.get("framework", {}),
        stages=plain.get("stage", {}),
        simulated={simulated == "true": n for simulated, n in plain.get("made up", {}).items()},
        owners=plain.get("owner", {}),
        branches={(key, str(code), str(name)): n for key, code, name, _, n in branches},
        tens={None if ten < 0 else ten: n for ten, n in sorted(tens.items())},
        decisions=DecisionCounts(
            {status: statuses[status] for status in UseCaseStatus if status in statuses}, plain.get("brought by", {}), plain.get("tag", {})
        ),
    )


def _values(rows: Sequence[tuple[str, str | None, str | None, int, int]], total: int) -> dict[str, dict[str | None, int]]:
    """By column, candidates by value; those of stages that do not have the column are without one."""
    found: dict[str, dict[str | None, int]] = {}
    for column, value, _, _, n in rows:
        found.setdefault(column, {})[value] = n
    for counts in found.values():
        if without := total - sum(counts.values()):
            counts[None] = counts.get(None, 0) + without
    return found
