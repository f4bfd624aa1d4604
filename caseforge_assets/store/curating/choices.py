"""The items of a stage that people have chosen to pursue, node by node: what requests of a stage that is given chosen items are made from.

A choice stays with the item as it was chosen, whether that is still current or its node has newer ones.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any

from sqlalchemy import Connection, text

from caseforge_assets.curation.statuses import CHOSEN
from caseforge_assets.stages.canonical import fingerprint
from caseforge_assets.stages.judgement import Item
from caseforge_assets.store.schema.constants import listed


@dataclass(frozen=True)
class Choice:
    """The chosen items of a node, in the order in which they were proposed.

    Attributes:
        candidate_ids: Their rows.
        items: They themselves.
        simulated: Whether one of them is simulated.
    """

    candidate_ids: tuple[int, ...]
    items: tuple[Item, ...]
    simulated: bool

    @cached_property
    def version(self) -> str:
        """SHA-256 of what the items say: as long as the same things are chosen it is the same, whatever rows they stand in and how far they have come."""
        return fingerprint([[item.title, dict(item.fields)] for item in self.items])

    @property
    def record(self) -> dict[str, Any]:
        """Gives what a request that is made from it keeps of it."""
        return {"version": self.version, "ids": list(self.candidate_ids), "titles": [item.title for item in self.items]}


_CHOSEN = text(f"""
select k.node_id, k.id, k.title, k.fields, c.simulated
from caseforge.use_case u
join caseforge.candidate k on k.id = u.candidate_id
join caseforge.content c on c.id = k.content_id and c.stage = :stage
where u.framework_key = :key and u.status in {listed(sorted(CHOSEN))} and (cast(:ids as bigint[]) is null or k.node_id = any(:ids))
order by k.node_id, k.position, k.id
""")


def choices(connection: Connection, key: str, stage: str, node_ids: Collection[int] | None = None) -> dict[int, Choice]:
    """By node, what is chosen of a stage's items; nodes where nothing is are left out.

    Args:
        key: the framework.
        stage: the stage whose items they are.
        node_ids: only these nodes.
    """
    rows: dict[int, list[Any]] = {}
    for row in connection.execute(_CHOSEN, {"key": key, "stage": stage, "ids": None if node_ids is None else list(node_ids)}):
        rows.setdefault(row.node_id, []).append(row)
    return {
        node_id: Choice(
            tuple(row.id for row in of_node), tuple(Item(row.title, row.fields) for row in of_node), any(row.simulated for row in of_node)
        )
        for node_id, of_node in rows.items()
    }


def items_of(connection: Connection, candidate_ids: Sequence[int]) -> Mapping[int, Item]:
    """Items by their rows' ids; those that are gone are left out."""
    query = text("select id, title, fields from caseforge.candidate where id = any(:ids)")
    return {row.id: Item(row.title, row.fields) for row in connection.execute(query, {"ids": list(candidate_ids)})}


@dataclass(frozen=True, slots=True)
class MadeFrom:
    """The choice that a node's current content was made from, as its request has it; None: it was made from none."""

    node_id: int
    choice: dict[str, Any] | None


_MADE_FROM = text("""
select c.node_id, r.choice from caseforge.content c join caseforge.request r on r.id = c.request_id
where c.is_current and c.stage = :stage and c.framework_key = :key and (cast(:ids as bigint[]) is null or c.node_id = any(:ids))
order by c.node_id
""")


def made_from(connection: Connection, key: str, stage: str, node_ids: Collection[int] | None = None) -> list[MadeFrom]:
    """Gives what the current contents of a stage were made from; those that answer no request, such as what a person wrote, are left out."""
    values = {"key": key, "stage": stage, "ids": None if node_ids is None else list(node_ids)}
    return [MadeFrom(*row) for row in connection.execute(_MADE_FROM, values)]


def last_chosen(connection: Connection, stage: str, node_ids: Sequence[int]) -> dict[int, datetime]:
    """By node, when a decision on an item of a stage was last made or taken back; nodes without any are left out."""
    query = text("""
    select k.node_id, max(u.changed_at) from caseforge.use_case u join caseforge.candidate k on k.id = u.candidate_id
    join caseforge.content c on c.id = k.content_id and c.stage = :stage where k.node_id = any(:ids) group by k.node_id
    """)
    return {row[0]: row[1] for row in connection.execute(query, {"stage": stage, "ids": list(node_ids)})}
