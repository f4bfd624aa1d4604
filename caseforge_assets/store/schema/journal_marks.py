"""Marks of what is not journaled yet: made by triggers in the very transaction that changes a row, so that none can be forgotten."""

from __future__ import annotations

from sqlalchemy import Connection, Table, text

from caseforge_assets.store.schema.access_tables import failed_sign_in, web_session
from caseforge_assets.store.schema.columns import SCHEMA
from caseforge_assets.store.schema.dagster_tables import asking, run_process
from caseforge_assets.store.schema.journal_tables import journal_mark, journal_segment
from caseforge_assets.store.schema.reading_tables import READ
from caseforge_assets.store.schema.service_tables import held_file, known_secret
from caseforge_assets.store.schema.similar_tables import SIMILAR
from caseforge_assets.store.schema.tables import content, context, metadata, outbox, request

# What Dagster was told is Dagster's matter: a row of the outbox is journaled once, without these, and told anew after a restore. That
# rows of it are pruned is not journaled, either.
NOT_JOURNALED = {outbox: ("flushed_at", "event_id")}

# Most of what there is, and never changed (a trigger sees to it): journaled with the first state of a row only.
WRITTEN_ONCE = {request: "body", content: "body", context: "text"}

_MARK = f"""
create or replace function {SCHEMA}.mark_changed() returns trigger language plpgsql as $$
begin
    if tg_argv[0] = 'compared' then
        insert into {SCHEMA}.journal_mark (table_name, row_ids, added)
        select tg_table_name, array_agg(id), false from changed join before using (id) where changed *<> before having count(*) > 0;
    elsif tg_argv[0] = 'rows' then
        insert into {SCHEMA}.journal_mark (table_name, row_ids, added)
        select tg_table_name, array_agg(id), tg_op = 'INSERT' from changed having count(*) > 0;
    else
        insert into {SCHEMA}.journal_mark (table_name) select tg_table_name from changed limit 1;
    end if;
    return null;
end $$
"""
_REFUSE = f"""
create or replace function {SCHEMA}.refuse_change() returns trigger language plpgsql as $$
begin
    raise exception '% of % is written once and never changed', tg_argv[0], tg_table_name;
end $$
"""


def journaled_tables() -> list[Table]:
    """The tables that are journaled, each after those that it refers to: all but the journal's own, what is true at this moment only, and what is made from others."""
    momentary = (journal_mark, journal_segment, asking, run_process, web_session, failed_sign_in, held_file, known_secret)
    return [table for table in metadata.sorted_tables if table not in (*momentary, *READ, *SIMILAR)]


def is_numbered(table: Table) -> bool:
    """Tells tables whose rows are known by a number; of other tables, which are small, all rows are journaled when one has changed."""
    return list(table.primary_key.columns.keys()) == ["id"]


def attach(connection: Connection) -> None:
    """Attaches the triggers to the tables that lack them; everything is marked, because a migration may have changed how rows look."""
    connection.execute(text(_MARK))
    connection.execute(text(_REFUSE))
    known = {(row[0], row[1]) for row in connection.execute(_ATTACHED, {"schema": SCHEMA})}
    for table in journaled_tables():
        for event in ("insert",) if table in NOT_JOURNALED else ("insert", "update", "delete"):
            if (table.name, f"journal_{event}") not in known:
                _attach(connection, table, event)
    for table, column in WRITTEN_ONCE.items():
        connection.execute(
            text(f"""
            create or replace trigger written_once before update of {column} on {table.fullname}
            for each row execute function {SCHEMA}.refuse_change('{column}')
            """)
        )
    mark_everything(connection)


_ATTACHED = text("""
select c.relname, t.tgname from pg_trigger t join pg_class c on c.oid = t.tgrelid join pg_namespace n on n.oid = c.relnamespace
where n.nspname = :schema
""")


def _attach(connection: Connection, table: Table, event: str) -> None:
    """An update that changes nothing marks nothing; rows with large texts are not compared, which would take longer than writing them."""
    compared = event == "update" and is_numbered(table) and table not in WRITTEN_ONCE
    kind = "compared" if compared else "rows" if is_numbered(table) else "table"
    both = "old table as before " if compared else ""
    connection.execute(
        text(f"""
        create trigger journal_{event} after {event} on {table.fullname}
        referencing {both}{"old" if event == "delete" else "new"} table as changed
        for each statement execute function {SCHEMA}.mark_changed('{kind}')
        """)
    )


def mark_everything(connection: Connection) -> None:
    """Has the next segment hold everything."""
    for table in journaled_tables():
        mark_all(connection, table)


def mark_all(connection: Connection, table: Table) -> None:
    """Has all rows of a table journaled with the next segment."""
    query = f"insert into {SCHEMA}.journal_mark (table_name) select :name where exists (select 1 from {table.fullname})"
    connection.execute(text(query), {"name": table.name})
