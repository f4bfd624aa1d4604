"""Work that somebody asked for, to be done by whoever works next, and what came of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, insert, text

from caseforge_assets.batches.states import Wish
from caseforge_assets.store.schema.service_tables import work_wish


@dataclass(frozen=True, slots=True)
class WishRow:
    """A wish; `done_at` and `outcome` are None until somebody did it."""

    id: int
    wish: str
    batch_id: int | None
    asked_by: str
    asked_at: datetime
    done_at: datetime | None
    outcome: str | None


_COLUMNS = ", ".join(WishRow.__dataclass_fields__)


def ask(connection: Connection, wish: Wish, by: str, batch_id: int | None = None) -> int:
    """Adds a wish; returns its number.

    Args:
        batch_id: only of this batch.
    """
    values = {"wish": wish, "batch_id": batch_id, "asked_by": by}
    return int(connection.scalar(insert(work_wish).values(values).returning(work_wish.c.id)) or 0)


def find(connection: Connection, wish_id: int) -> WishRow | None:
    """A wish by its number."""
    row = connection.execute(text(f"select {_COLUMNS} from caseforge.work_wish where id = :id"), {"id": wish_id}).one_or_none()
    return None if row is None else WishRow(*row)


def open_wishes(connection: Connection, *kinds: Wish) -> list[WishRow]:
    """Lists what nobody did yet, oldest first; of these kinds, all without."""
    query = text(f"select {_COLUMNS} from caseforge.work_wish where done_at is null and (:all or wish = any(:kinds)) order by id")
    return [WishRow(*row) for row in connection.execute(query, {"all": not kinds, "kinds": list(kinds)})]


def finish(connection: Connection, wish_ids: Sequence[int], outcome: str) -> None:
    """Notes what came of wishes; those that somebody else did meanwhile stay as they are."""
    query = text("update caseforge.work_wish set done_at = clock_timestamp(), outcome = :outcome where id = any(:ids) and done_at is null")
    if wish_ids:
        connection.execute(query, {"ids": list(wish_ids), "outcome": outcome})


def page_of_wishes(connection: Connection, by: str | None, before_id: int | None, limit: int) -> list[WishRow]:
    """Wishes, newest first, from the one before a number on; `by`: only those of somebody."""
    query = text(f"""
    select {_COLUMNS} from caseforge.work_wish
    where (cast(:by as text) is null or asked_by = :by) and (cast(:before as bigint) is null or id < :before)
    order by id desc limit :limit
    """)
    return [WishRow(*row) for row in connection.execute(query, {"by": by, "before": before_id, "limit": limit})]
