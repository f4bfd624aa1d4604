"""Some hundred candidates, counted by everything that lists are filtered by, in one query: those that a search has found."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, text

from caseforge_assets.curation.statuses import UseCaseStatus
from caseforge_assets.store.candidates.candidate_facets import Facets, sum_up
from caseforge_assets.store.candidates.candidate_filters import IDEA, TENS
from caseforge_assets.store.candidates.decision_counts import DecisionCounts
from caseforge_assets.store.schema.constants import PLANNED_ONCE

# What groups have in common is known here: to take their values apart takes the database longer than everything else.
_COUNTS = text(f"""
with found as materialized (
    select r.group_id, r.root_id, r.owner, {TENS} as tens from caseforge.candidate_row r where r.candidate_id = any(:ids)),
decided as materialized (
    select u.status, nullif(u.owner, '') as brought_by, u.tags
    from caseforge.use_case u join caseforge.candidate_row r on r.candidate_id = u.candidate_id where u.candidate_id = any(:ids))
select what, name, value, more, place, cast(n as int) from (
    select 'groups' as what, string_agg(cast(group_id as text), ',') as name, string_agg(cast(n as text), ',') as value, null as more, 0 as place, 0 as n
    from (select group_id, count(*) as n from found group by 1) c
    union all select 'owner', owner, null, null, 0, count(*) from found group by 2
    union all select 'tens', cast(tens as text), null, null, 0, count(*) from found group by tens
    union all select 'status', status, null, null, 0, count(*) from decided group by 2
    union all select 'brought by', brought_by, null, null, 0, count(*) from decided where brought_by is not null group by 2
    union all select 'tag', one.tag, null, null, 0, count(*) from decided cross join lateral unnest(decided.tags) one(tag) group by 2
    union all select 'branch', nv.framework_key, nv.code, nv.name, nv.position, c.n
    from (select root_id, count(*) as n from found group by 1) c join caseforge.current_node nv on nv.node_id = c.root_id) counted
order by n desc, name
""").execution_options(**PLANNED_ONCE)


_GROUPS = text("select id, framework_key, stage, simulated, values from caseforge.candidate_group where id = any(:ids)").execution_options(
    **PLANNED_ONCE
)


@dataclass(frozen=True, slots=True)
class _Group:
    """The framework, stage, origin and columns that the candidates of a group have in common."""

    framework_key: str
    stage: str
    simulated: bool
    values: tuple[tuple[str, str | None], ...]


MOST_KNOWN = 20_000
_known: dict[int, _Group] = {}  # a group's id is a hash of all that it is, so that it never is another one


def facets_of_found(connection: Connection, ids: Sequence[int]) -> Facets:
    """Counts candidates as `facets` does, by their ids."""
    counted: dict[str, list[tuple[str, str | None, str | None, int, int]]] = {}
    for what, *row in connection.execute(_COUNTS, {"ids": list(ids)}) if ids else ():
        counted.setdefault(what, []).append((row[0], row[1], row[2], row[3], row[4]))
    plain = {what: {name: n for name, _, _, _, n in rows} for what, rows in counted.items() if what not in ("groups", "branch")}
    groups = _groups(connection, counted["groups"][0]) if "groups" in counted else []
    total = sum(count for _, count in groups)
    tens = {int(ten): n for ten, n in plain.get("tens", {}).items()}
    branches = sorted(counted.get("branch", ()), key=lambda row: (row[0], row[3]))
    return Facets(
        total=total,
        values=_values(groups, total),
        frameworks=sum_up((group.framework_key, count) for group, count in groups),
        stages=sum_up((group.stage, count) for group, count in groups),
        simulated=sum_up((group.simulated, count) for group, count in groups),
        owners=plain.get("owner", {}),
        branches={(key, str(code), str(name)): n for key, code, name, _, n in branches},
        tens={None if ten < 0 else ten: n for ten, n in sorted(tens.items())},
        decisions=DecisionCounts(_statuses(plain.get("status", {}), total), plain.get("brought by", {}), plain.get("tag", {})),
    )


def _groups(connection: Connection, counted: tuple[str, str | None, str | None, int, int]) -> list[tuple[_Group, int]]:
    """Groups with how many of the candidates are of each; those that are not known yet are read."""
    ids = [int(group_id) for group_id in (counted[0] or "").split(",") if group_id]
    if len(_known) > MOST_KNOWN:
        _known.clear()
    if missing := [group_id for group_id in ids if group_id not in _known]:
        rows = connection.execute(_GROUPS, {"ids": missing})
        _known.update({row[0]: _Group(row[1], row[2], row[3], tuple(row[4].items())) for row in rows})
    counts = map(int, (counted[1] or "").split(","))
    return [(_known[group_id], count) for group_id, count in zip(ids, counts, strict=False)]


def _statuses(decided: dict[str, int], total: int) -> dict[UseCaseStatus, int]:
    """Counts use cases by status: those on which nothing was decided are ideas, too."""
    counts = {**decided, IDEA: total - sum(count for status, count in decided.items() if status != IDEA)}
    return {status: counts[status] for status in UseCaseStatus if counts.get(status)}


def _values(groups: Sequence[tuple[_Group, int]], total: int) -> dict[str, dict[str | None, int]]:
    """By column, candidates by value, the most first; those of stages that do not have the column are without one."""
    summed: dict[tuple[str, str | None], int] = {}
    for group, count in groups:
        for value in group.values:
            summed[value] = summed.get(value, 0) + count
    found: dict[str, dict[str | None, int]] = {}
    for (column, said), count in summed.items():
        found.setdefault(column, {})[said] = count
    for counts in found.values():
        if without := total - sum(counts.values()):
            counts[None] = counts.get(None, 0) + without
    return {
        column: dict(sorted(counts.items(), key=lambda value: (-value[1], value[0] is None, value[0] or "")))
        for column, counts in found.items()
    }
