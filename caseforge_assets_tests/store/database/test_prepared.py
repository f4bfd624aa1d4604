"""Queries that are planned once a connection: each of them can be, and gives what it gives otherwise."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from importlib import import_module
from pkgutil import walk_packages

import pytest
from sqlalchemy import TextClause, text

from caseforge_assets import store
from caseforge_assets.store.database import prepared
from caseforge_assets.store.database.engine import StoreUnavailable, ValueRefused, open_for_reading, open_store
from caseforge_assets.store.schema.constants import PLANNED_ONCE
from caseforge_assets_tests.workbench import OpenBench


def test_every_query_that_says_so_can_be_planned_once(bench: OpenBench) -> None:
    opened = bench()
    modules = [
        import_module(package.name) for package in walk_packages(store.__path__, f"{store.__name__}.") if ".migrations" not in package.name
    ]
    queries = {
        f"{module.__name__}.{name}": value
        for module in modules
        for name, value in vars(module).items()
        if isinstance(value, TextClause) and value.get_execution_options().get("planned_once")
    }
    assert len(queries) > 30
    with opened.store.connect() as connection:
        for number, query in enumerate(queries.values()):
            numbered, _ = prepared._numbered(str(query.compile(dialect=opened.store.dialect)))
            connection.connection.cursor().execute(f"prepare tried_{number} as {numbered}")


def test_what_is_planned_once_is_answered_each_time(bench: OpenBench) -> None:
    url = bench().store.url.render_as_string(hide_password=False)
    engine = open_for_reading(url)
    query = text("select cast(:one as int) + cast(:other as int), '%', 'a' like :like || '%' where :one = any(:ids)").execution_options(
        **PLANNED_ONCE
    )
    with engine.connect() as connection:
        for number in range(1, 9):
            found = connection.execute(query, {"one": number, "other": 10, "ids": [number], "like": "%("}).all()
            assert found == [(number + 10, "%", False)]
            assert connection.execute(query, {"one": number, "other": 10, "ids": [], "like": ""}).all() == []
        assert connection.exec_driver_sql("select count(*) from pg_prepared_statements").scalar() == 1
        assert connection.execute(text("select 1")).scalar() == 1
    with engine.connect() as connection:
        assert connection.execute(query, {"one": 1, "other": 1, "ids": [1], "like": "a"}).all() == [(2, "%", True)]
    engine.dispose()


def test_what_is_streamed_is_not_planned_once(bench: OpenBench) -> None:
    engine = open_store(bench().store.url.render_as_string(hide_password=False), for_many_calls=True)
    query = text("select generate_series(1, :last)").execution_options(**PLANNED_ONCE)
    with engine.connect() as connection:
        streaming = connection.execution_options(yield_per=2)
        assert [row[0] for row in streaming.execute(query, {"last": 5})] == [1, 2, 3, 4, 5]
        assert streaming.execute(query, {"last": 1}).scalar() == 1
    engine.dispose()


def test_plain_reads_are_answered_like_others_and_fail_like_others(bench: OpenBench) -> None:
    store = bench().store
    engine = open_for_reading(store.url.render_as_string(hide_password=False))
    said = (
        "select 1 as one, cast(:text as text) as values, '%' as percent, cast('{\"a\": [1.5]}' as jsonb), now() > :at, 1.50::numeric as one"
    )
    values = {"text": "ab:c %(text)s", "at": datetime(2020, 1, 1, tzinfo=UTC)}
    with engine.connect() as connection, store.connect() as usual:
        for query in (text(said), text(said).execution_options(**PLANNED_ONCE)):
            plain, other = connection.execute(query, values), usual.execute(query, values)
            assert list(plain.keys()) == list(other.keys())
            (row,), (as_ever,) = plain.all(), other.all()
            assert tuple(row) == tuple(as_ever) == (1, "ab:c %(text)s", "%", {"a": [1.5]}, True, Decimal("1.50"))
            assert row.percent == as_ever.percent
            assert row._mapping["values"] == as_ever._mapping["values"]
        assert connection.execute(text("with a as (select 1 where false) select * from a")).one_or_none() is None
        assert connection.scalar(text("select count(*) from generate_series(1, :last)"), {"last": 3}) == 3
        assert list(connection.scalars(text("select * from generate_series(1, 3)"))) == [1, 2, 3]
        assert connection.execute(text("create temporary table kept (a int)")) is not None
        assert connection.execute(text("insert into kept values (1), (2)")).rowcount == 2
        with pytest.raises(ValueRefused):
            connection.execute(text("select cast(:a as timestamptz)"), {"a": "2026-01-01 00:00+99"})
        assert connection.scalar(text("select sum(a) from kept")) == 3
        usual.execute(text("select pg_terminate_backend(:pid)"), {"pid": connection.scalar(text("select pg_backend_pid()"))})
        with pytest.raises(StoreUnavailable):
            connection.execute(text("select 1"))
    with engine.connect() as connection:
        assert connection.scalar(text("select 1")) == 1
    engine.dispose()
