"""Events and their deliveries are kept for a stated time, and removed then."""

from __future__ import annotations

from datetime import timedelta

from caseforge_assets.store.database.engine import Engine
from caseforge_assets.store.serving import events

AT_ONCE = 5_000


def prune_events(store: Engine, kept: timedelta) -> int:
    """Removes what is older; returns how many events that were. Safe to be run by any number of processes at once."""
    removed = 0
    while True:
        with store.begin() as connection:
            count = events.prune(connection, kept, AT_ONCE)
        removed += count
        if count < AT_ONCE:
            return removed
