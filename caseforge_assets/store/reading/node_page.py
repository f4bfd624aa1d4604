"""Reads the parts of a page about one node: its items with what was decided on them, its versions, its attempts, and one version whole."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import Connection, text

from caseforge_assets.store.figures.spending import CONTENT_COST
from caseforge_assets.store.schema.constants import PLANNED_ONCE


@dataclass(frozen=True, slots=True)
class NodeItem:
    """A current item of a node; `values` are those of the fields that are asked for, `status` is where it stands with those who choose."""

    candidate_id: int
    stage: str
    uid: str
    title: str
    values: dict[str, Any]
    status: str


_ITEMS = text("""
select k.id, c.stage, k.candidate_uid, k.title,
       coalesce((select jsonb_object_agg(f.name, case when length(k.fields ->> f.name) <= 80 then k.fields -> f.name end) from unnest(cast(:fields as text[])) f(name)), '{}'),
       coalesce(u.status, 'idea')
from caseforge.candidate k join caseforge.content c on c.id = k.content_id and c.is_current
left join caseforge.use_case u on u.candidate_id = k.id
where k.node_id = :node and k.is_current order by k.content_id, k.position
""").execution_options(**PLANNED_ONCE)


def items_of_node(connection: Connection, node_id: int, fields: Sequence[str]) -> list[NodeItem]:
    """The current items of a node in every stage that has some, in the order of their answers.

    Args:
        fields: names of those that are wanted; what is longer than a word or two is no value, and left out.
    """
    return [NodeItem(*row) for row in connection.execute(_ITEMS, {"node": node_id, "fields": sorted(set(fields))})]


@dataclass(frozen=True, slots=True)
class Version:
    """A content of a node in a stage, the current one or one before it, without its text."""

    id: int
    title: str
    version: str
    is_current: bool
    simulated: bool
    edited: bool
    generated_by: str
    model: str | None
    stored_at: datetime
    cost_usd: Decimal | None
    score: int | None


_VERSIONS = text(f"""
select c.id, c.title, c.version, c.is_current, c.simulated, c.edited_after is not null, c.generated_by, c.model, c.stored_at,
       {CONTENT_COST}, q.score
from caseforge.content c left join caseforge.quality q on q.content_id = c.id and q.rules = :rules
where c.node_id = :node and c.stage = :stage and c.id < :before order by c.id desc limit :limit
""").execution_options(**PLANNED_ONCE)


def versions_of_node(connection: Connection, node_id: int, stage: str, rules: str, *, limit: int, before: int = 2**63 - 1) -> list[Version]:
    """Contents of a node in a stage, the newest first.

    Args:
        rules: the version of the rules by which scores count.
        before: only those that came before this one.
    """
    values = {"node": node_id, "stage": stage, "rules": rules, "before": before, "limit": limit}
    return [Version(*row) for row in connection.execute(_VERSIONS, values)]


@dataclass(frozen=True, slots=True)
class VersionText:
    """A content with its text, and its items as [title, fields]."""

    id: int
    title: str
    body: str
    version: str
    generated_by: str
    stored_at: datetime
    items: list[list[Any]]


_TEXTS = text("""
select c.id, c.title, c.body, c.version, c.generated_by, c.stored_at,
       coalesce((select jsonb_agg(jsonb_build_array(k.title, k.fields) order by k.position) from caseforge.candidate k where k.content_id = c.id), '[]')
from caseforge.content c where c.node_id = :node and c.stage = :stage and c.id = any(:ids)
""")


def version_texts(connection: Connection, node_id: int, stage: str, ids: Sequence[int]) -> dict[int, VersionText]:
    """Contents of a node in a stage by id; those of others are left out."""
    rows = connection.execute(_TEXTS, {"node": node_id, "stage": stage, "ids": list(ids)})
    return {row.id: VersionText(*row) for row in rows}


_STAGES = text("select distinct stage from caseforge.content where node_id = :node and is_current").execution_options(**PLANNED_ONCE)


def stages_with_content(connection: Connection, node_id: int) -> set[str]:
    """Keys of the stages in which a node has a current content, those that the project has no more among them."""
    return set(connection.scalars(_STAGES, {"node": node_id}))


_BATCHES = text("""
select a.id, b.stage, b.id as batch_id, coalesce(b.remote_id, 'batch ' || b.id) as batch, a.outcome, a.detail, a.model, a.output_tokens, a.cost_usd, p.simulated,
       a.created_at, a.answered_at
from caseforge.attempt a join caseforge.batch b on b.id = a.batch_id join caseforge.provider p on p.id = a.provider_id
where a.node_id = :node order by a.id desc limit :limit
""").execution_options(**PLANNED_ONCE)


@dataclass(frozen=True, slots=True)
class Attempted:
    """An attempt for a node: in which batch, and what came of it; `outcome` is None while it is under way."""

    id: int
    stage: str
    batch_id: int
    batch: str
    outcome: str | None
    detail: str
    model: str | None
    output_tokens: int | None
    cost_usd: Decimal | None
    simulated: bool
    created_at: datetime
    answered_at: datetime | None


def newest_attempts(connection: Connection, node_id: int, limit: int) -> list[Attempted]:
    """The attempts for a node in all stages, the newest first."""
    return [Attempted(*row) for row in connection.execute(_BATCHES, {"node": node_id, "limit": limit})]
