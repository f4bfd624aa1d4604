"""Collects what a service asks of the database, for tests that count it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch

from sqlalchemy import event

from caseforge_assets.store.database.plain_reads import PlainConnection
from caseforge_assets_tests.web.conftest import Served


@contextmanager
def queries(served: Served) -> Iterator[list[str]]:
    """Collects the queries that the service asks while the block runs."""
    asked: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        asked.append(statement)

    def note_and_ask(connection: Any, written: str, values: Any, *, once: bool) -> Any:
        asked.append(written)
        return ask(connection, written, values, once=once)

    engines = served.service.store, served.service.reading
    for engine in engines:
        event.listen(engine, "before_cursor_execute", note)
    ask = PlainConnection.ask
    try:
        with patch.object(PlainConnection, "ask", note_and_ask):
            yield asked
    finally:
        for engine in engines:
            event.remove(engine, "before_cursor_execute", note)
