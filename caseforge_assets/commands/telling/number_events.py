"""Numbering: events that were told get their positions, and what webhooks are to be told of them is laid out."""

from __future__ import annotations

from caseforge_assets.store.database.engine import Engine
from caseforge_assets.store.serving import events

MOST_AT_ONCE = 5_000


def number_events(store: Engine, *, waits: bool = False) -> int:
    """Numbers what is not numbered yet; returns how many events got a position here.

    Safe to be run by any number of processes at once: one numbers, the others leave it to that one. A kill in between leaves nothing half-numbered.

    Args:
        waits: the one who is at it is waited for: what was told before has its position afterwards.
    """
    numbered = 0
    with store.connect() as connection:
        if not events.any_unnumbered(connection):
            return 0
    while True:
        with store.begin() as connection:
            count = events.number(connection, MOST_AT_ONCE, waits=waits)
        numbered += count
        if count < MOST_AT_ONCE:
            return numbered
