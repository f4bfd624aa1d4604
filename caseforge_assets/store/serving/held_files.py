"""Files between two pages, for whichever process of the service answers the second one."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection, delete, select, text
from sqlalchemy.dialects.postgresql import insert as upsert

from caseforge_assets.store.database.clock import NOW, seconds_since
from caseforge_assets.store.database.revisions import behind
from caseforge_assets.store.schema.service_tables import held_file

HELD_S = 86_400.0
HELD_OF_ONE = 5  # a caller's older ones go
_COLUMNS = held_file.c


@dataclass(frozen=True, slots=True)
class HeldFile:
    """A file as it was uploaded."""

    name: str
    content: bytes


_IS_THERE = text("select to_regclass('caseforge.held_file') is not null")
_LET_GO_OF_OLD = text(f"""
delete from caseforge.held_file f where {seconds_since("f.held_at")} >= :held_s or (f.whose = :whose and (
  select count(*) from caseforge.held_file newer where newer.whose = f.whose and newer.held_at > f.held_at) >= :most)
""")


def hold(connection: Connection, whose: str, sha256: str, file: HeldFile) -> None:
    """Holds a file for one caller; what is older than a day, and all but the caller's newest, go.

    Raises:
        SchemaNotUsable: the database has no place for it yet.
    """
    if not connection.scalar(_IS_THERE):
        raise behind("Holding a file until it is taken")
    values = {"name": file.name, "content": file.content, "held_at": NOW}
    keys = [_COLUMNS.whose, _COLUMNS.sha256]
    connection.execute(
        upsert(held_file).values(whose=whose, sha256=sha256, **values).on_conflict_do_update(index_elements=keys, set_=values)
    )
    connection.execute(_LET_GO_OF_OLD, {"held_s": HELD_S, "whose": whose, "most": HELD_OF_ONE})


def held(connection: Connection, whose: str, sha256: str) -> HeldFile | None:
    """The file that a caller has; None where it is not held any more."""
    fresh = text(f"{seconds_since('held_at')} < :held_s").bindparams(held_s=HELD_S)
    row = connection.execute(
        select(_COLUMNS.name, _COLUMNS.content).where(_COLUMNS.whose == whose, _COLUMNS.sha256 == sha256, fresh)
    ).first()
    return HeldFile(row.name, bytes(row.content)) if row else None


def let_go(connection: Connection, whose: str, sha256: str) -> None:
    """Removes a file that was taken."""
    connection.execute(delete(held_file).where(_COLUMNS.whose == whose, _COLUMNS.sha256 == sha256))
