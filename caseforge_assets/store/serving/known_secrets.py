"""The secret that the services of a database have, known by its fingerprint."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, select, text
from sqlalchemy.dialects.postgresql import insert

from caseforge_assets.store.database.clock import NOW
from caseforge_assets.store.database.revisions import behind
from caseforge_assets.store.schema.service_tables import known_secret

_COLUMNS = known_secret.c
_IS_THERE = text("select to_regclass('caseforge.known_secret') is not null")


@dataclass(frozen=True, slots=True)
class KnownSecret:
    """A fingerprint, and on which host the secret was used first."""

    fingerprint: str
    host: str
    since: datetime


def known_or_this(connection: Connection, fingerprint: str, host: str) -> KnownSecret | None:
    """The one that is known; where none is, this one from now on. None: the schema before has no place for it."""
    if not connection.scalar(_IS_THERE):
        return None
    if (known := _known(connection)) is None:
        connection.execute(insert(known_secret).values(fingerprint=fingerprint, host=host, known_since=NOW).on_conflict_do_nothing())
        known = _known(connection)
    return known


def _known(connection: Connection) -> KnownSecret | None:
    row = connection.execute(select(_COLUMNS.fingerprint, _COLUMNS.host, _COLUMNS.known_since)).first()
    return KnownSecret(*row) if row else None


def take(connection: Connection, fingerprint: str, host: str) -> None:
    """Knows this one from now on, in place of the one before.

    Raises:
        SchemaNotUsable: the database has no place for it yet.
    """
    if not connection.scalar(_IS_THERE):
        raise behind("Taking another secret")
    values = {"fingerprint": fingerprint, "host": host, "known_since": NOW}
    connection.execute(insert(known_secret).values(values).on_conflict_do_update(index_elements=["is_only"], set_=values))
