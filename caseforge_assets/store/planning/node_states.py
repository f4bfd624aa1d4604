"""The state of every target node in a stage: the rows from which coverage, plans and selections are read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, text

from caseforge_assets.store.schema.constants import PLANNED_ONCE


@dataclass(frozen=True, slots=True)
class AssetState:
    """One target node in one stage.

    `source_*` is the current content of the stage that this one reads; all None where it reads none or there is none. For a stage that is made
    from chosen items, too, version and kind are those of both (`with_choices`), and `unchosen` are nodes where nothing is chosen.
    `request_not_sent`: its request failed without being sent, so that asking once more is another question, not another try.
    """

    node_id: int
    code: str
    name: str
    partition_key: str
    level: int
    node_version: str
    context_node_version: str | None
    context_version: str | None
    source_version: str | None
    source_simulated: bool | None
    content_id: int | None
    content_question: str | None
    content_simulated: bool | None
    content_edited: bool | None
    request_id: int | None
    request_state: str | None
    request_question: str | None
    request_not_sent: bool
    unchosen: bool = False


_STATES = """
select nv.node_id, nv.code, nv.name, nv.partition_key, nv.level, nv.version, x.node_version, x.version,
       s.version, s.simulated, c.id, c.question, c.simulated, c.edited_after is not null, r.id, r.state, r.question,
       r.not_sent_because is not null
from caseforge.target_node nv
left join caseforge.context x on x.node_id = nv.node_id and x.is_current
left join caseforge.content s on s.node_id = nv.node_id and s.stage = :reads and s.is_current
left join caseforge.content c on c.node_id = nv.node_id and c.stage = :stage and c.is_current
left join caseforge.request r on r.node_id = nv.node_id and r.stage = :stage and r.is_current
where nv.framework_key = :key and {which} order by nv.position
"""
_OF_ALL = text(_STATES.format(which="true"))
_OF_SOME = text(_STATES.format(which="nv.node_id = any(:ids)")).execution_options(**PLANNED_ONCE)


def asset_states(
    connection: Connection, key: str, stage: str, reads: str | None, node_ids: Sequence[int] | None = None
) -> list[AssetState]:
    """All target nodes of a framework (or those among `node_ids`) in a stage, in the framework's order."""
    values = {"key": key, "stage": stage, "reads": reads}
    rows = connection.execute(_OF_ALL, values) if node_ids is None else connection.execute(_OF_SOME, values | {"ids": list(node_ids)})
    return [AssetState(*row) for row in rows]
