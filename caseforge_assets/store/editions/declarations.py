"""Frameworks that are declared in the database."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, create_engine, delete, select, text
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.pool import NullPool

from caseforge_assets.settings.declarations import Declaration
from caseforge_assets.store.database.clock import NOW
from caseforge_assets.store.database.revisions import behind
from caseforge_assets.store.schema.tables import framework_declaration

_COLUMNS = framework_declaration.c
CONNECT_TIMEOUT_S = 10
_IS_THERE = text("select to_regclass('caseforge.framework_declaration') is not null")
_STATE = text("""
select coalesce(string_agg(key || ' ' || extract(epoch from declared_at), ',' order by key), '') from caseforge.framework_declaration
""")


def refuse_unless_there(connection: Connection) -> None:
    """Looks before anything is loaded.

    Raises:
        SchemaNotUsable: the database has no place for declarations yet.
    """
    if not _is_there(connection):
        raise behind("Declaring frameworks in the database")


def _is_there(connection: Connection) -> bool:
    return bool(connection.scalar(_IS_THERE))


def all_declarations(connection: Connection) -> dict[str, Declaration]:
    """Lists what is declared, by framework."""
    if not _is_there(connection):
        return {}
    columns = (_COLUMNS.key, _COLUMNS.entry, _COLUMNS.instead_of, _COLUMNS.declared_by, _COLUMNS.declared_at)
    return {row.key: Declaration(*row[1:]) for row in connection.execute(select(*columns).order_by(_COLUMNS.key))}


def read_declarations(url: str) -> dict[str, Declaration]:
    """The same from the database at a URL, over a connection that is closed afterwards; nothing where the schema has no such table yet.

    Raises:
        StoreUnavailable: no server answers at the URL.
    """
    engine = create_engine(url, poolclass=NullPool, connect_args={"application_name": "caseforge", "connect_timeout": CONNECT_TIMEOUT_S})
    with engine.connect() as connection:
        return all_declarations(connection)


def declare(connection: Connection, key: str, entry: Mapping[str, Any] | None, instead_of: Mapping[str, Any] | None, by: str) -> None:
    """Declares a framework, or that it was taken out (None), instead of what caseforge.toml says of it."""
    values = {"entry": entry, "instead_of": instead_of, "declared_by": by, "declared_at": NOW}
    connection.execute(upsert(framework_declaration).values(key=key, **values).on_conflict_do_update(index_elements=["key"], set_=values))


def forget(connection: Connection, key: str) -> bool:
    """Takes a declaration back; returns whether there was one."""
    return _is_there(connection) and connection.execute(delete(framework_declaration).where(_COLUMNS.key == key)).rowcount > 0


def forget_all(connection: Connection) -> None:
    """Takes all declarations back."""
    connection.execute(delete(framework_declaration))


def state(connection: Connection) -> str:
    """A text that is another one after each declaration."""
    return str(connection.scalar(_STATE)) if _is_there(connection) else ""
