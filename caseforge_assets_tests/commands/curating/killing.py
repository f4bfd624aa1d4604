"""Processes that die in the middle of a transaction."""

from __future__ import annotations

import os
from multiprocessing.synchronize import Event

from sqlalchemy import event

from caseforge_assets.store.database.engine import Connection


def die_at(connection: Connection, statements: int, killed: Event) -> None:
    """Has this process die before its next statement but so many, and says so."""
    count = 0

    def die(*_: object) -> None:
        nonlocal count
        count += 1
        if count > statements:
            killed.set()
            os._exit(9)

    event.listen(connection, "before_cursor_execute", die)
