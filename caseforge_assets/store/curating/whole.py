"""A use case whole: with the answer that it comes from, what stands beside it there, and the way down to its process."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from sqlalchemy import Connection, text

from caseforge_assets.store.curating.described import DESCRIBED, DESCRIBING, DescribedUseCase, described_of
from caseforge_assets.store.figures.spending import ITEM_SHARE
from caseforge_assets.store.schema.constants import PLANNED_ONCE


@dataclass(frozen=True, slots=True)
class WholeUseCase:
    """A use case, current or not, with where it is from.

    `version` is that of the content that it stands in, which an edit has to name; `cost_usd` its equal share of what that cost (None: unknown); `batch_id` the
    batch that was answered (None: no batch of ours).
    """

    described: DescribedUseCase
    framework_title: str
    former_uids: Sequence[str]
    version: str
    model: str | None
    generated_by: str
    reused: bool
    answered_at: datetime | None
    batch_id: int | None
    cost_usd: Decimal | None


_WHOLE = text(f"""
select {DESCRIBED}, f.title as framework_title, k.former_uids, c.version, c.model, c.generated_by, c.reused_from is not null as reused, c.answered_at, a.batch_id,
       {ITEM_SHARE} as cost_usd
from caseforge.candidate k left join caseforge.use_case u on u.candidate_id = k.id {DESCRIBING}
join caseforge.framework f on f.key = k.framework_key
left join caseforge.content o on o.id = c.reused_from
left join caseforge.attempt a on a.id = coalesce(c.attempt_id, o.attempt_id)
where k.id = :id
""").execution_options(**PLANNED_ONCE)


def whole_use_case(connection: Connection, candidate_id: int, rules: str) -> WholeUseCase | None:
    """The use case of a candidate; None: there is no such candidate.

    Args:
        rules: the version of the rules by which scores count.
    """
    row = connection.execute(_WHOLE, {"id": candidate_id, "rules": rules}).one_or_none()
    if row is None:
        return None
    names = [name for name in WholeUseCase.__dataclass_fields__ if name != "described"]
    return WholeUseCase(described=described_of(row), **{name: getattr(row, name) for name in names})


@dataclass(frozen=True, slots=True)
class Neighbour:
    """One of the use cases of the same answer."""

    candidate_id: int
    position: int
    uid: str
    title: str


_BESIDE = text(
    "select id, position, candidate_uid, title from caseforge.candidate where content_id = :id order by position"
).execution_options(**PLANNED_ONCE)


def neighbours(connection: Connection, content_id: int) -> list[Neighbour]:
    """The use cases of one answer, in its order."""
    return [Neighbour(*row) for row in connection.execute(_BESIDE, {"id": content_id})]


_PATH = text("""
with recursive up as (
    (select nv.framework_version_id, nv.code, nv.name, nv.parent_code, 0 as height from caseforge.node_version nv
     join caseforge.framework_version v on v.id = nv.framework_version_id where nv.node_id = :id order by v.is_current desc, v.id desc limit 1)
    union all
    select nv.framework_version_id, nv.code, nv.name, nv.parent_code, up.height + 1 from up
    join caseforge.node_version nv on nv.framework_version_id = up.framework_version_id and nv.code = up.parent_code where up.height < 50
) select code, name from up order by height desc
""").execution_options(**PLANNED_ONCE)


def path_to(connection: Connection, node_id: int) -> list[tuple[str, str]]:
    """Code and name of a node and of those above it, from the top, as the current edition has it, else the newest one that does."""
    return [(row.code, row.name) for row in connection.execute(_PATH, {"id": node_id})]
