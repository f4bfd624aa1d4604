"""Everything current, for exports: a list to choose from, and then what was chosen, whole, with where it is from."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, TextClause, text

from caseforge_assets.store.figures.spending import CONTENT_COST, ENDED, ITEM_SHARE, UNKNOWN
from caseforge_assets.store.schema.provider_table import PAYMENT

# The current edition where the node is a target in it, else the newest one in which it was.
_EDITION = """join lateral (
    select v.label, v.is_current as in_current, nv.* from caseforge.node_version nv
    join caseforge.framework_version v on v.id = nv.framework_version_id
    where nv.node_id = {node} and nv.partition_key is not null order by v.is_current desc, v.id desc limit 1
) nv on nv.in_current <> :retired"""

# Who a content belongs to: the owner that the framework's table names, else who is named for what is made, else the framework's owner.
_OWNER = "coalesce(nullif(nv.owner, ''), nullif(c.owner, ''), f.owner) as owner"
_FRAMEWORK = "join caseforge.framework f on f.key = c.framework_key"

_QUALITY = "left join caseforge.quality q on q.content_id = c.id and q.rules = :rules"


@dataclass(frozen=True, slots=True)
class Listed:
    """A content that could be exported; `score` is None where it is not measured by the rules of today."""

    content_id: int
    node_id: int
    stage: str
    code: str
    partition_key: str
    identity: str
    name: str
    owner: str | None
    score: int | None


_LISTED = text(
    f"select c.id, c.node_id, c.stage, nv.code, nv.partition_key, n.identity, nv.name, {_OWNER}, q.score from caseforge.content c {_FRAMEWORK} "
    "join caseforge.node n on n.id = c.node_id "
    + _EDITION.format(node="c.node_id")
    + f" {_QUALITY} where c.is_current and c.framework_key = :key order by nv.position, c.stage"
)


def listed(connection: Connection, key: str, rules: str, *, retired: bool = False) -> list[Listed]:
    """The current contents of a framework in its order; with `retired`, those of nodes that the current edition does not have.

    Args:
        rules: the version of the rules by which scores count.
    """
    return [Listed(*row) for row in connection.execute(_LISTED, {"key": key, "rules": rules, "retired": retired})]


# Candidates of nodes that are gone are current no more, though their contents are.
_IS_MEANT = "(k.is_current or (:retired and c.is_current))"

_CATEGORIES = text(f"""
select c.id, k.fields ->> 'category', count(*) from caseforge.candidate k join caseforge.content c on c.id = k.content_id
where c.id = any(:ids) and {_IS_MEANT} group by 1, 2
""")


def categories(connection: Connection, content_ids: Sequence[int], *, retired: bool = False) -> list[tuple[int, str | None, int]]:
    """Counts candidates by content and category: content id, category, count; items of other kinds have None."""
    return [tuple(row) for row in connection.execute(_CATEGORIES, {"ids": list(content_ids), "retired": retired})]


# Where a content is from: what was asked, which answer in which file it was made of, and what happened to it since.
_PROVENANCE = """c.stage_version, c.question, r.fingerprint, r.generation, c.request_id, a.id as attempt_id, a.batch_id, c.remote_batch_id, c.remote_request_id,
       a.answer_sha256, a.cached_tokens, a.cache_write_tokens, b.artifacts #>> '{output,path}' as result_file, a.line_number as result_line, c.reused_from, c.edited_after is not null as edited,
       c.stored_at, c.id as content_id"""
_PROVENANCE_FROM = f"""
{_FRAMEWORK}
left join caseforge.content origin on origin.id = c.reused_from
left join caseforge.attempt a on a.id = coalesce(c.attempt_id, origin.attempt_id)
left join caseforge.batch b on b.id = a.batch_id
left join caseforge.request r on r.id = c.request_id
{_QUALITY}
"""

_CONTENTS = text(
    f"""
select nv.code, nv.partition_key, nv.name, nv.level, n.identity, c.framework_key, nv.label as edition, c.stage, c.title, c.body, c.version, c.model,
       c.temperature, c.generated_by, c.model_type, {_OWNER}, c.simulated, c.answered_at, c.input_tokens, c.output_tokens, {CONTENT_COST} as cost_usd,
       q.score as quality_score, {_PROVENANCE}
from caseforge.content c
join caseforge.node n on n.id = c.node_id
{_PROVENANCE_FROM}
"""
    + _EDITION.format(node="c.node_id")
    + " where c.id = any(:ids) and c.stage = :stage order by nv.position"
)


@dataclass(frozen=True, slots=True)
class Meant:
    """The contents and items of a stage that are to be exported.

    Attributes:
        content_ids: Contents, of this stage and others.
        stage: The stage's key.
        rules: The version of the rules by which scores count.
        categories: Only items of these; None: all. It makes no difference to contents.
        retired: Those of nodes that the current edition does not have.
    """

    content_ids: Sequence[int]
    stage: str
    rules: str
    categories: Sequence[str] | None = None
    retired: bool = False


def contents(connection: Connection, meant: Meant) -> Iterator[dict[str, Any]]:
    """The contents that are meant, in framework order, streamed."""
    return _rows(connection, _CONTENTS, meant, at_once=200)


_CANDIDATES = text(
    f"""
select nv.code, nv.name, k.framework_key, nv.label as edition, k.candidate_uid, k.title, k.fields, c.version, c.model, c.temperature, c.generated_by,
       c.model_type, {_OWNER}, c.simulated, c.answered_at, {ITEM_SHARE} as cost_usd, q.score as quality_score, {_PROVENANCE}
from caseforge.candidate k
join caseforge.content c on c.id = k.content_id
{_PROVENANCE_FROM}
"""
    + _EDITION.format(node="k.node_id")
    + f"""
where c.id = any(:ids) and c.stage = :stage and {_IS_MEANT}
  and (cast(:categories as text[]) is null or k.fields ->> 'category' = any(:categories))
order by nv.position, k.position
"""
)


_SURPLUS = text(
    f"""
select nv.code, nv.name, c.framework_key, nv.label as edition, s.place, s.item, c.version, c.model, c.temperature, c.generated_by,
       c.model_type, {_OWNER}, c.simulated, c.answered_at, 0 * {CONTENT_COST} as cost_usd, q.score as quality_score, {_PROVENANCE},
       (select count(*) from caseforge.candidate k where k.content_id = c.id) as candidates
from caseforge.content c
cross join lateral jsonb_array_elements(c.surplus) with ordinality as s(item, place)
{_PROVENANCE_FROM}
"""
    + _EDITION.format(node="c.node_id")
    + """
where c.id = any(:ids) and c.stage = :stage
  and (cast(:categories as text[]) is null or s.item #>> '{fields,category}' = any(:categories))
order by nv.position, s.place
"""
)


def surplus(connection: Connection, meant: Meant) -> Iterator[dict[str, Any]]:
    """Items beyond as many as were asked for, in framework order, with the columns of candidates but for the uid.

    `position` goes on where the content's own items end. `cost_usd` is 0 where it is known: the content's cost is shared by its own items.
    """
    for flat in _rows(connection, _SURPLUS, meant):
        item, position = flat.pop("item"), flat.pop("place") + flat.pop("candidates")
        yield {**flat, "position": position, "title": item["title"], **item["fields"]}


def candidates(connection: Connection, meant: Meant) -> Iterator[dict[str, Any]]:
    """The items that are meant, in framework order, streamed, with their fields beside the other columns.

    `cost_usd` is an item's equal share of what its content cost.
    """
    for flat in items(connection, meant):
        fields = flat.pop("fields")
        yield {**flat, **fields}


def items(connection: Connection, meant: Meant) -> Iterator[dict[str, Any]]:
    """The same with an item's fields together in `fields`."""
    return _rows(connection, _CANDIDATES, meant)


def _rows(connection: Connection, query: TextClause, meant: Meant, at_once: int = 500) -> Iterator[dict[str, Any]]:
    categories = None if meant.categories is None else list(meant.categories)
    values = {
        "ids": list(meant.content_ids),
        "stage": meant.stage,
        "rules": meant.rules,
        "categories": categories,
        "retired": meant.retired,
    }
    for row in connection.execution_options(yield_per=at_once).execute(query, values):
        yield dict(row._mapping)


_COSTS = text(f"""
select b.stage, {PAYMENT} as kind,
       case when c.id = any(:ids) then 'in this file' when c.is_current then 'not in this file'
            when c.id is not null then 'replaced by a newer one' else 'came to nothing' end as answers,
       count(*) as attempts, sum(a.cost_usd) as cost_usd, count(*) filter (where {UNKNOWN}) as unknown_costs
from caseforge.attempt a
join caseforge.batch b on b.id = a.batch_id
join caseforge.provider p on p.id = a.provider_id
join caseforge.node n on n.id = a.node_id
left join lateral (
    select c.id, c.is_current from caseforge.content c where c.attempt_id = a.id and c.reused_from is null order by c.is_current desc, c.id desc limit 1
) c on true
where n.framework_key = :key and {ENDED} group by 1, 2, 3 order by 1, 2, min(c.id), 3
""")


def costs(connection: Connection, key: str, content_ids: Sequence[int]) -> list[dict[str, Any]]:
    """Costs of all attempts of a framework, by what became of their answers: together the sums that `costs` shows.

    Per stage, kind of provider (billed, simulated, imported) and fate: attempts, their cost in USD (None: unknown), of how many it is unknown.
    """
    return [dict(row._mapping) for row in connection.execute(_COSTS, {"key": key, "ids": list(content_ids)})]
