"""Current contents of target nodes as lists: a page of those that are meant, and one of them whole."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import Connection, text

from caseforge_assets.store.editions.frameworks import Edition
from caseforge_assets.store.figures.spending import CONTENT_COST
from caseforge_assets.store.reading.branches import inside_branch
from caseforge_assets.store.schema.constants import PLANNED_ONCE


@dataclass(frozen=True, slots=True)
class ListedContent:
    """A current content as lists show it; `score` is None where it is not measured by the rules of today."""

    position: int
    stage: str
    code: str
    name: str
    title: str
    version: str
    owner: str
    model: str | None
    simulated: bool
    edited: bool
    score: int | None
    answered_at: datetime | None
    stored_at: datetime


@dataclass(frozen=True, slots=True)
class ContentFilter:
    """Conditions on contents; None: not asked. `text` is part of the title, or of the node's code, in whatever case."""

    branch: str | None = None
    owner: str | None = None
    text: str | None = None
    simulated: bool | None = None
    edited: bool | None = None
    min_score: int | None = None
    max_score: int | None = None


# Who a content belongs to is said as exports say it.
_OWNER = "coalesce(nullif(nv.owner, ''), nullif(c.owner, ''), f.owner)"
# Node by node in the framework's order, until there are enough: `offset 0` keeps it so, whatever is thought of how many fit.
_LIST = f"""
select nv.position, c.stage, nv.code, nv.name, c.title, c.version, c.shown_owner, c.model, c.simulated, c.edited, c.score, c.answered_at, c.stored_at
from caseforge.node_version nv
cross join lateral (
    select c.stage, c.title, c.version, {_OWNER} as shown_owner, c.model, c.simulated, c.edited_after is not null as edited, q.score, c.answered_at, c.stored_at
    from caseforge.content c
    join caseforge.framework f on f.key = c.framework_key
    left join caseforge.quality q on q.content_id = c.id and q.rules = :rules
    where c.node_id = nv.node_id and c.is_current and c.stage = any(:stages) {{conditions}} offset 0) c
where nv.framework_version_id = :edition and nv.partition_key is not null
  and nv.position >= :position and (nv.position, c.stage) > (:position, :stage)
"""
_CONDITIONS = {
    "owner": f"{_OWNER} = :owner",
    "text": "(strpos(lower(c.title), lower(:text)) > 0 or strpos(lower(nv.code), lower(:text)) > 0)",
    "simulated": "c.simulated = :simulated",
    "edited": "(c.edited_after is not null) = :edited",
    "min_score": "q.score >= :min_score",
    "max_score": "q.score <= :max_score",
}


def list_contents(
    connection: Connection,
    edition: Edition,
    stages: Sequence[str],
    rules: str,
    meant: ContentFilter,
    *,
    after: tuple[int, str] = (-1, ""),
    limit: int,
) -> list[ListedContent]:
    """The next current contents of a framework that are meant, in its order and then by stage.

    Args:
        rules: the version of the rules by which scores count.
        after: position and stage after which they stand.

    Raises:
        LookupError: the branch that is asked for is not there.
    """
    values: dict[str, Any] = {name: getattr(meant, name) for name in _CONDITIONS if getattr(meant, name) is not None}
    conditions = "".join(f" and {_CONDITIONS[name]}" for name in values)
    of_node = "" if meant.owner is None else " and nv.owner in (:owner, '')"
    if meant.branch is not None:
        inside, more = inside_branch(connection, edition.framework_key, meant.branch)
        of_node, values = f"{of_node} and {inside}", values | more
    values |= {"edition": edition.id, "stages": list(stages), "rules": rules, "position": after[0], "stage": after[1]}
    # The limit is part of the text, so that the one plan knows how few rows are wanted.
    query = text(f"{_LIST.format(conditions=conditions)}{of_node} order by nv.position, c.stage limit {limit:d}")
    query = query.execution_options(**PLANNED_ONCE)
    return [ListedContent(*row) for row in connection.execute(query, values)]


@dataclass(frozen=True, slots=True)
class WholeContent:
    """A node's current content in a stage, with where it is from."""

    id: int
    title: str
    body: str
    version: str
    owner: str
    model: str | None
    temperature: Decimal | None
    generated_by: str
    simulated: bool
    edited: bool
    reused: bool
    answered_at: datetime | None
    stored_at: datetime
    input_tokens: int | None
    output_tokens: int | None
    cost_usd: Decimal | None
    notes: list[str]
    batch: str | None
    score: int | None
    score_details: dict[str, Any] | None


_WHOLE = text(f"""
select c.id, c.title, c.body, c.version, coalesce(nullif(cast(:node_owner as text), ''), nullif(c.owner, ''), f.owner), c.model, c.temperature, c.generated_by, c.simulated,
       c.edited_after is not null, c.reused_from is not null, c.answered_at, c.stored_at, c.input_tokens, c.output_tokens,
       {CONTENT_COST}, c.notes, c.remote_batch_id, q.score, q.details
from caseforge.content c join caseforge.framework f on f.key = c.framework_key
left join caseforge.quality q on q.content_id = c.id and q.rules = :rules
where c.node_id = :node and c.stage = :stage and c.is_current
""").execution_options(**PLANNED_ONCE)


def whole_content(connection: Connection, node_id: int, stage: str, rules: str, node_owner: str) -> WholeContent | None:
    """The current content of a node in a stage; None where there is none."""
    row = connection.execute(_WHOLE, {"node": node_id, "stage": stage, "rules": rules, "node_owner": node_owner}).one_or_none()
    return None if row is None else WholeContent(*row)
