"""The engine: migrations that equal the tables, and locks that end with their process."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Engine, inspect, text

from caseforge_assets.store.database.engine import HEAD, MIGRATIONS, StoreUnavailable, lock_in_transaction, lock_key, open_store, try_lock
from caseforge_assets.store.schema.columns import SCHEMA, VERSION_TABLE
from caseforge_assets.store.schema.tables import metadata, node_version

NAMES = ["batch 1", "batch 2", "batch 12", "flush outbox", "plan batches", "migrate", "load-a", "load-b"]


def test_the_migrations_make_exactly_the_tables_that_the_code_knows(store: Engine) -> None:
    def ours(_object: object, name: str | None, kind: str, *_rest: object) -> bool:
        return kind != "table" or name != VERSION_TABLE

    with store.connect() as connection:
        options = {"include_schemas": True, "compare_type": True, "include_name": lambda name, kind, _: kind != "schema" or name == SCHEMA}
        context = MigrationContext.configure(connection, opts={**options, "include_object": ours})
        assert compare_metadata(context, metadata) == []


def test_the_views_of_nodes_have_all_that_a_node_has(store: Engine) -> None:
    columns = {column.name for column in node_version.columns} | {"framework_key"}
    for view in ("current_node", "target_node"):
        assert {column["name"] for column in inspect(store).get_columns(view, SCHEMA)} == columns


def test_a_database_of_the_newest_revision_is_not_migrated_again() -> None:
    assert ScriptDirectory(str(MIGRATIONS)).get_heads() == [HEAD]


def test_an_empty_database_gets_its_schema_and_keeps_it(database_url: str) -> None:
    for _ in range(2):
        engine = open_store(database_url)
        assert set(inspect(engine).get_table_names(SCHEMA)) == {*(table.name for table in metadata.tables.values()), VERSION_TABLE}
        engine.dispose()


def test_several_processes_can_meet_at_an_empty_database(database_url: str) -> None:
    barrier = threading.Barrier(3)

    def start(_number: int) -> int:
        barrier.wait()
        engine = open_store(database_url)
        with engine.connect() as connection:
            count = connection.scalar(text(f"select count(*) from {SCHEMA}.{VERSION_TABLE}"))
        engine.dispose()
        return int(count or 0)

    with ThreadPoolExecutor(3) as pool:
        assert list(pool.map(start, range(3))) == [1, 1, 1]


def test_other_tables_of_the_database_are_left_alone(database_url: str) -> None:
    engine = open_store(database_url)
    assert inspect(engine).get_table_names("public") == []
    engine.dispose()


def test_no_server_is_said_to_be_so() -> None:
    with pytest.raises(StoreUnavailable):
        open_store("postgresql+psycopg2://nobody@127.0.0.1:9/nothing")


def test_a_lock_is_held_by_one_at_a_time(store: Engine) -> None:
    with try_lock(store, "batch 1") as first, try_lock(store, "batch 1") as second, try_lock(store, "batch 2") as other:
        assert (first, second, other) == (True, False, True)
    with try_lock(store, "batch 1") as again:
        assert again


def test_a_lock_ends_with_the_block_even_when_it_fails(store: Engine) -> None:
    with pytest.raises(RuntimeError), try_lock(store, "batch 1"):
        raise RuntimeError
    with try_lock(store, "batch 1") as held:
        assert held


def test_a_lock_ends_with_its_connection(store: Engine) -> None:
    end_holders = text("select pg_terminate_backend(pid) from pg_locks where locktype = 'advisory' and granted")
    with pytest.raises(StoreUnavailable), try_lock(store, "batch 1"), store.connect() as other:
        other.execute(end_holders)
    with try_lock(store, "batch 1") as again:
        assert again


def test_a_lock_of_a_transaction_makes_the_next_one_wait(store: Engine) -> None:
    order: list[str] = []
    started = threading.Event()

    def second() -> None:
        with store.begin() as connection:
            started.set()
            lock_in_transaction(connection, "plan batches")
            order.append("second")

    with store.begin() as connection:
        lock_in_transaction(connection, "plan batches")
        thread = threading.Thread(target=second)
        thread.start()
        started.wait()
        thread.join(0.1)
        order.append("first")
    thread.join()
    assert order == ["first", "second"]


def test_lock_numbers_differ_and_keep_clear_of_small_ones() -> None:
    keys = {lock_key(name) for name in NAMES}
    assert len(keys) == len(NAMES)
    assert all(2**32 < key < 2**63 for key in keys)
