"""Queries that are planned once a connection: each of them can be, and gives what it gives otherwise."""

from __future__ import annotations

from importlib import import_module
from pkgutil import walk_packages

from sqlalchemy import TextClause, text

from caseforge_assets import store
from caseforge_assets.store.database import prepared
from caseforge_assets.store.database.engine import open_for_reading, open_store
from caseforge_assets.store.schema.planned_once import PLANNED_ONCE
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
