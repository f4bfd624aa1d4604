"""Every table of the schema: its rows are journaled, restored and verified, or it is named here with the reason why not. Whoever adds one says which."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from sqlalchemy import ARRAY, JSON, Column, Table, func, insert, select, text

from caseforge_assets.artifacts import ArtifactFolder
from caseforge_assets.commands.journaling.verify_journal import check_journal
from caseforge_assets.commands.journaling.write_journal import write_journal
from caseforge_assets.commands.keeping.restore import restore
from caseforge_assets.store.database.engine import Connection, Engine
from caseforge_assets.store.schema.columns import SCHEMA
from caseforge_assets.store.schema.journal_marks import NOT_JOURNALED, journaled_tables
from caseforge_assets.store.searching import meanings
from caseforge_assets_tests.commands.worlds import everything

MADE_AGAIN = "made again from other tables"
MOMENTARY = "true of this moment only"
KEPT_NOWHERE_ELSE = {
    "journal_mark": "the journal's own",
    "journal_segment": "the journal's own",
    "schema_version": "the schema's own",
    "asking": MOMENTARY,
    "failed_sign_in": MOMENTARY,
    "held_file": MOMENTARY,
    "known_secret": MOMENTARY,
    "run_process": MOMENTARY,
    "web_session": MOMENTARY,
    "candidate_count": MADE_AGAIN,
    "candidate_group": MADE_AGAIN,
    "candidate_row": MADE_AGAIN,
    "found_text": MADE_AGAIN,
    "meaning": MADE_AGAIN,
    "reading_branch": MADE_AGAIN,
    "reading_due": MADE_AGAIN,
    "reading_framework": MADE_AGAIN,
    "reading_word": MADE_AGAIN,
    "similar_candidate": MADE_AGAIN,
    "similar_due": MADE_AGAIN,
    "similar_group": MADE_AGAIN,
    "similar_weighing": MADE_AGAIN,
}
# Values of columns that take some only; those that a restore would go on with are none of them.
TAKEN = {"severity": "warning", "role": "reader", "change": "approved", "wish": "submit", "alert_message.event": "raised"}
TAKEN |= {
    "batch.state": "collected",
    "plan.state": "approved",
    "request.state": "answered",
    "webhook_delivery.state": "dead",
    "outbox.kind": "made",
}
BY_TYPE: dict[type, Any] = {bool: False, datetime: datetime(2026, 1, 1, tzinfo=UTC)}


def test_every_table_is_journaled_or_named_with_the_reason(store: Engine) -> None:
    with store.begin() as connection:
        meanings.prepare(connection, 16)  # which no migration makes
        there = set(connection.scalars(text(f"select tablename from pg_tables where schemaname = '{SCHEMA}'")))
        triggers = {(row[0], row[1]) for row in connection.execute(_TRIGGERS)}
    journaled = {table.name for table in journaled_tables()}
    assert there == journaled | KEPT_NOWHERE_ELSE.keys()
    assert not journaled & KEPT_NOWHERE_ELSE.keys()
    watched = {
        (table.name, f"journal_{event}")
        for table in journaled_tables()
        for event in (("insert",) if table in NOT_JOURNALED else ("insert", "update", "delete"))
    }
    assert {(table, trigger) for table, trigger in triggers if trigger.startswith("journal_")} == watched


_TRIGGERS = text(f"""
select c.relname, t.tgname from pg_trigger t join pg_class c on c.oid = t.tgrelid join pg_namespace n on n.oid = c.relnamespace
where n.nspname = '{SCHEMA}' and t.tgenabled <> 'D'
""")


def test_rows_of_every_table_are_marked_journaled_verified_and_come_back(store: Engine, empty_store: Engine, tmp_path: Path) -> None:
    folder = ArtifactFolder(str(tmp_path))
    write_journal(store, folder)
    tables = journaled_tables()
    with store.begin() as connection:
        for table in tables:
            for number in (1, 2):
                connection.execute(insert(table).values(row_of(connection, table, number)))
        assert set(connection.scalars(text(f"select table_name from {SCHEMA}.journal_mark"))) == {table.name for table in tables}
    with store.connect() as connection:
        assert {finding[0] for finding in check_journal(connection, folder)[1]} == {"not journaled"}
    write_journal(store, folder)
    with store.connect() as connection:
        assert check_journal(connection, folder) == (sum(count(connection, table) for table in tables), [])
        for table in tables:
            if table not in NOT_JOURNALED:
                assert [(kind, where) for kind, where, *_ in findings_without(connection, table, folder)] == [
                    ("missing row", f"table {table.name}")
                ]
    restored = restore(empty_store, folder)
    assert restored.rows.keys() == {table.name for table in tables}
    assert everything(empty_store) == everything(store)


def findings_without(connection: Connection, table: Table, folder: ArtifactFolder) -> list[tuple[str, ...]]:
    """Gives the findings where a row of a table is lost, and nothing has marked it."""
    with connection.begin_nested() as lost:
        connection.execute(text("set local session_replication_role = replica"))  # no trigger marks it, nothing holds it back
        connection.execute(text(f"delete from {table.fullname} where ctid in (select ctid from {table.fullname} limit 1)"))
        found = check_journal(connection, folder)[1]
        lost.rollback()
    return list(found)


def row_of(connection: Connection, table: Table, number: int) -> dict[str, Any]:
    """A row of a table with as little as it takes, another one for each number."""
    needed = [column for column in table.columns if column.name != "id" and not column.nullable and column.server_default is None]
    return {column.name: value_of(connection, table, column, number) for column in needed}


def value_of(connection: Connection, table: Table, column: Column[Any], number: int) -> Any:
    """A value that a column takes."""
    for key in column.foreign_keys:
        found = [row[0] for row in connection.execute(select(key.column).order_by(key.column))]
        place = min(number, len(found))
        return found[-place] if column.name.startswith("like_") else found[place - 1]
    if (taken := TAKEN.get(f"{table.name}.{column.name}", TAKEN.get(column.name))) is not None:
        return taken
    if isinstance(column.type, JSON | ARRAY):
        return [] if isinstance(column.type, ARRAY) else {}
    kind = column.type.python_type
    if kind in BY_TYPE:
        return BY_TYPE[kind]
    return {str: f"{table.name} {column.name} {number}", int: number, Decimal: Decimal(number)}[kind]


def count(connection: Connection, table: Table) -> int:
    """Rows of a table."""
    return connection.execute(select(func.count()).select_from(table)).scalar_one()
