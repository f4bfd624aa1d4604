"""Entries of portfolios: which use cases, in which order, with which notes."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, text

from caseforge_assets.store.curating.described import DESCRIBED, DESCRIBING, DescribedUseCase, described_of


@dataclass(frozen=True, slots=True)
class EntryRow:
    """An entry with its use case; `id` and `place` are its own number and place, `note` is what was written to it."""

    id: int
    place: int
    note: str
    added_by: str
    added_at: datetime
    described: DescribedUseCase


_ENTRIES = text(f"""
select e.id as entry_id, e.position as place, e.note, e.added_by, e.added_at, {DESCRIBED}
from caseforge.portfolio_entry e join caseforge.use_case u on u.id = e.use_case_id join caseforge.candidate k on k.id = u.candidate_id {DESCRIBING}
where e.portfolio_id = :id order by e.position, e.id
""")


def entries_of(connection: Connection, portfolio_id: int, rules: str) -> list[EntryRow]:
    """All entries of a portfolio, in their order.

    Args:
        rules: the version of the rules by which scores count.
    """
    rows = connection.execute(_ENTRIES, {"id": portfolio_id, "rules": rules})
    return [EntryRow(row.entry_id, row.place, row.note, row.added_by, row.added_at, described_of(row)) for row in rows]


@dataclass(frozen=True, slots=True)
class EntryPlace:
    """An entry without what it says of its use case."""

    id: int
    use_case_id: int
    framework_key: str
    uid: str
    title: str
    note: str


_PLACES = text("""
select e.id, e.use_case_id, k.framework_key, k.candidate_uid, k.title, e.note from caseforge.portfolio_entry e
join caseforge.use_case u on u.id = e.use_case_id join caseforge.candidate k on k.id = u.candidate_id
where e.portfolio_id = :id order by e.position, e.id
""")


def entry_places(connection: Connection, portfolio_id: int) -> list[EntryPlace]:
    """All entries of a portfolio, in their order."""
    return [EntryPlace(*row) for row in connection.execute(_PLACES, {"id": portfolio_id})]


_ADD = text("""
insert into caseforge.portfolio_entry (portfolio_id, use_case_id, position, note, added_by)
select :id, one.use_case_id, (select coalesce(max(position), 0) from caseforge.portfolio_entry where portfolio_id = :id) + one.number, :note, :added_by
from unnest(cast(:use_case_ids as bigint[])) with ordinality as one(use_case_id, number)
on conflict (portfolio_id, use_case_id) do nothing returning use_case_id
""")


def add(connection: Connection, portfolio_id: int, use_case_ids: Sequence[int], note: str, added_by: str) -> set[int]:
    """Adds use cases at the end, in this order; returns those that were not there yet."""
    values = {"id": portfolio_id, "use_case_ids": list(use_case_ids), "note": note, "added_by": added_by}
    return set(connection.scalars(_ADD, values))


def remove(connection: Connection, portfolio_id: int, entry_ids: Collection[int]) -> None:
    """Removes entries; those that are there no more are left out."""
    query = text("delete from caseforge.portfolio_entry where portfolio_id = :id and id = any(:ids)")
    connection.execute(query, {"id": portfolio_id, "ids": list(entry_ids)})


def put_in_order(connection: Connection, entry_ids: Sequence[int]) -> None:
    """Gives all entries of a portfolio the places that they have in this order."""
    query = text("""
    update caseforge.portfolio_entry e set position = one.number
    from unnest(cast(:ids as bigint[])) with ordinality as one(id, number) where e.id = one.id and e.position <> one.number
    """)
    connection.execute(query, {"ids": list(entry_ids)})


def write_note(connection: Connection, entry_id: int, note: str) -> None:
    """Replaces an entry's note."""
    connection.execute(text("update caseforge.portfolio_entry set note = :note where id = :id"), {"id": entry_id, "note": note})


def replace_use_case(connection: Connection, entry_id: int, use_case_id: int) -> None:
    """Has an entry, where it stands and with its note, hold another use case."""
    query = text("update caseforge.portfolio_entry set use_case_id = :use_case where id = :id")
    connection.execute(query, {"id": entry_id, "use_case": use_case_id})


def portfolios_with(connection: Connection, use_case_id: int) -> list[int]:
    """Numbers of the portfolios that hold a use case, whoever's they are."""
    query = text("""
    select p.id from caseforge.portfolio_entry e join caseforge.portfolio p on p.id = e.portfolio_id and p.removed_at is null
    where e.use_case_id = :id order by p.name, p.id
    """)
    return list(connection.scalars(query, {"id": use_case_id}))
