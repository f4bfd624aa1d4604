"""Queries for people: one node with all that belongs to it, and everything current, for exports."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from sqlalchemy import Connection, text

_FIND = text("""
select n.id as node_id, n.framework_key, n.identity, nv.code, nv.name, nv.description, nv.level, nv.partition_key, nv.is_leaf, nv.kpis,
       nv.label as edition, not nv.in_current as retired
from caseforge.node n
join lateral (
    select v.label, v.is_current as in_current, nv.* from caseforge.node_version nv
    join caseforge.framework_version v on v.id = nv.framework_version_id where nv.node_id = n.id order by v.is_current desc, v.id desc limit 1
) nv on true
where (cast(:key as text) is null or n.framework_key = :key) and (nv.code = :name or nv.partition_key = :name or n.identity = :name
    or exists (select 1 from caseforge.candidate k where k.node_id = n.id and (k.candidate_uid = :name or :name = any(k.former_uids))))
order by retired, nv.code = :name desc, n.framework_key
""")


def find_nodes(connection: Connection, name: str, framework_key: str | None = None) -> list[Any]:
    """Nodes that are called so: by code, partition key, stable id, or the uid of a candidate, in one framework or in all.

    Nodes that are in an older edition only are `retired`; they are found where no other is called so.
    """
    rows = list(connection.execute(_FIND, {"name": name, "key": framework_key}))
    return [row for row in rows if not row.retired] or rows


_CONTENT = text("""
select c.id, c.stage, c.title, c.body, c.version, c.model, c.temperature, c.generated_by, c.owner, c.simulated, c.answered_at, c.stored_at,
       c.remote_batch_id, c.remote_request_id, c.input_tokens, c.output_tokens, c.cost_usd, c.notes, c.reused_from, c.is_current, c.edited_after is not null as edited
from caseforge.content c where c.node_id = :node order by c.stage, c.is_current desc, c.id desc
""")


def contents_of_node(connection: Connection, node_id: int) -> list[Any]:
    """Every content version of a node, the current ones first within their stage."""
    return list(connection.execute(_CONTENT, {"node": node_id}))


_CANDIDATES = text("""
select c.stage, k.candidate_uid, k.former_uids, k.title, k.fields from caseforge.candidate k
join caseforge.content c on c.id = k.content_id and c.is_current where k.node_id = :node order by k.content_id, k.position
""")


def candidates_of_node(connection: Connection, node_id: int) -> list[Any]:
    """The current items of a node in every stage that has some, such as its candidates."""
    return list(connection.execute(_CANDIDATES, {"node": node_id}))


_ATTEMPTS = text("""
select a.id, b.stage, b.remote_id, b.id as batch_id, a.outcome, a.detail, a.model, a.finish_reason, a.input_tokens, a.output_tokens, a.reasoning_tokens,
       a.cost_usd, a.created_at, a.answered_at, a.line_number, b.artifacts, b.state as batch_state
from caseforge.attempt a join caseforge.batch b on b.id = a.batch_id where a.node_id = :node order by a.id
""")


def attempts_of_node(connection: Connection, node_id: int) -> list[Any]:
    """Every attempt for a node, oldest first."""
    return list(connection.execute(_ATTEMPTS, {"node": node_id}))


# The current edition where the node is a target in it, else the newest one in which it was.
_EDITION = """join lateral (
    select v.label, v.is_current as in_current, nv.* from caseforge.node_version nv
    join caseforge.framework_version v on v.id = nv.framework_version_id
    where nv.node_id = {node} and nv.partition_key is not null order by v.is_current desc, v.id desc limit 1
) nv on nv.in_current <> :retired"""

# Where a content is from: what was asked, which answer in which file it was made of, and what happened to it since.
_PROVENANCE = """c.stage_version, c.question, r.fingerprint, r.generation, c.request_id, a.id as attempt_id, a.batch_id, c.remote_batch_id, c.remote_request_id,
       a.answer_sha256, b.artifacts #>> '{output,path}' as result_file, a.line_number as result_line, c.reused_from, c.edited_after is not null as edited,
       c.stored_at, c.id as content_id"""
_PROVENANCE_FROM = """
left join caseforge.content origin on origin.id = c.reused_from
left join caseforge.attempt a on a.id = coalesce(c.attempt_id, origin.attempt_id)
left join caseforge.batch b on b.id = a.batch_id
left join caseforge.request r on r.id = c.request_id
"""

_EXPORT_CONTENT = text(
    f"""
select nv.code, nv.partition_key, nv.name, nv.level, n.identity, c.framework_key, nv.label as edition, c.stage, c.title, c.body, c.version, c.model,
       c.temperature, c.generated_by, c.model_type, c.owner, c.simulated, c.answered_at, c.input_tokens, c.output_tokens, c.cost_usd, {_PROVENANCE}
from caseforge.content c
join caseforge.node n on n.id = c.node_id
{_PROVENANCE_FROM}
"""
    + _EDITION.format(node="c.node_id")
    + """
where c.is_current and c.framework_key = :key and c.stage = :stage and (cast(:owner as text) is null or c.owner = :owner)
  and (cast(:ids as bigint[]) is null or c.node_id = any(:ids))
order by nv.position
"""
)


def current_of_stage(
    connection: Connection, key: str, stage: str, *, owner: str | None = None, node_ids: Sequence[int] | None = None, retired: bool = False
) -> Iterator[dict[str, Any]]:
    """The current contents of a stage in framework order, streamed; with `retired`, those of nodes that the current edition does not have."""
    values = {"key": key, "stage": stage, "owner": owner, "ids": None if node_ids is None else list(node_ids), "retired": retired}
    for row in connection.execution_options(yield_per=200).execute(_EXPORT_CONTENT, values):
        yield dict(row._mapping)


_EXPORT_CANDIDATES = text(
    f"""
select nv.code, nv.name, k.framework_key, nv.label as edition, k.candidate_uid, k.title, k.fields, c.version, c.model, c.temperature, c.generated_by,
       c.model_type, c.owner, c.simulated, c.answered_at, {_PROVENANCE}
from caseforge.candidate k
join caseforge.content c on c.id = k.content_id and c.stage = :stage
{_PROVENANCE_FROM}
"""
    + _EDITION.format(node="k.node_id")
    + """
where (k.is_current or (:retired and c.is_current)) and k.framework_key = :key and (cast(:owner as text) is null or c.owner = :owner)
  and (cast(:ids as bigint[]) is null or k.node_id = any(:ids))
  and (cast(:categories as text[]) is null or k.fields ->> 'category' = any(:categories))
order by nv.position, k.position
"""
)


def current_candidates(
    connection: Connection,
    key: str,
    stage: str,
    *,
    owner: str | None = None,
    node_ids: Sequence[int] | None = None,
    categories: Sequence[str] | None = None,
    retired: bool = False,
) -> Iterator[dict[str, Any]]:
    """The current candidates in framework order, streamed, with their fields beside the other columns."""
    values: dict[str, Any] = {"key": key, "stage": stage, "owner": owner, "retired": retired}
    values |= {"ids": None if node_ids is None else list(node_ids), "categories": None if categories is None else list(categories)}
    for row in connection.execution_options(yield_per=500).execute(_EXPORT_CANDIDATES, values):
        flat = dict(row._mapping)
        yield {**flat, **flat.pop("fields")}


_CATEGORIES = text("""
select distinct fields ->> 'category' from caseforge.candidate where framework_key = :key and is_current and fields ? 'category' order by 1
""")


def categories(connection: Connection, key: str) -> list[str]:
    """The categories that a framework's current candidates have."""
    return list(connection.scalars(_CATEGORIES, {"key": key}))


_SUMS = text("""
select b.stage, p.simulated, p.base_url = 'imported' as imported, count(*) filter (where a.outcome is not null) as attempts, sum(a.input_tokens) as input_tokens,
       sum(a.output_tokens) as output_tokens, sum(a.cost_usd) as cost_usd,
       count(*) filter (where a.outcome is not null and a.outcome <> 'not_sent' and a.cost_usd is null) as unknown_costs
from caseforge.attempt a
join caseforge.batch b on b.id = a.batch_id
join caseforge.provider p on p.id = a.provider_id
join caseforge.node n on n.id = a.node_id
where n.framework_key = :key group by 1, 2, 3 order by 1, 2, 3
""")


def spent(connection: Connection, key: str) -> list[Any]:
    """Attempts, tokens and cost per stage, simulated, imported and billed apart; NULL sums are unknown."""
    return list(connection.execute(_SUMS, {"key": key}))


_ANSWERED_COSTS = text("""
select b.stage, sum(a.cost_usd) as cost_usd, sum(a.expected_cost_usd) filter (where a.cost_usd is not null) as expected_usd,
       count(*) filter (where a.cost_usd is null) as unknown
from caseforge.attempt a
join caseforge.batch b on b.id = a.batch_id and b.origin = 'submitted'
join caseforge.node n on n.id = a.node_id
where n.framework_key = :key and a.outcome is not null and a.outcome <> 'not_sent' group by b.stage
""")


def answered_costs(connection: Connection, key: str) -> list[Any]:
    """Per stage, what the attempts that came back cost and were expected to cost, in USD, and of how many the cost is unknown."""
    return list(connection.execute(_ANSWERED_COSTS, {"key": key}))


_ITEM_COUNTS = text("""
select c.stage, count(*) as items from caseforge.candidate k join caseforge.content c on c.id = k.content_id
where k.framework_key = :key and k.is_current group by c.stage
""")


def item_counts(connection: Connection, key: str) -> dict[str, int]:
    """How many current items a framework has, such as candidates, by stage; stages without any are left out."""
    return {row.stage: row.items for row in connection.execute(_ITEM_COUNTS, {"key": key})}


def candidate_count(connection: Connection, key: str) -> int:
    """How many current use-case candidates a framework has."""
    return item_counts(connection, key).get("usecases", 0)
