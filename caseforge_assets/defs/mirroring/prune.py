"""Takes out of Dagster's history, and out of the outbox, what is old and what nothing that Dagster shows depends on."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime

from dagster import DagsterInstance

from caseforge_assets.defs.mirroring.flush import FLUSH_LOCK, OTHERS_PATIENCE_S, OTHERS_PAUSE_S
from caseforge_assets.defs.private.old_history import find_old
from caseforge_assets.defs.private.removal import Removed, count_old, remove_old, table_sizes, vacuum
from caseforge_assets.store.database.engine import Engine, try_lock
from caseforge_assets.store.mirroring.upkeep import TableSize


class HistoryInUse(ValueError):
    """Somebody else writes or removes events, and goes on for longer than is waited."""


@dataclass(frozen=True)
class Pruned:
    """Counts of what was removed, or would be, and the room that the tables took up before and after; after a dry run as before."""

    removed: Removed
    before: list[TableSize]
    after: list[TableSize]


def prune_history(instance: DagsterInstance, store: Engine, limit: datetime, *, dry_run: bool) -> Pruned:
    """Removes what is older than the limit and not needed for what Dagster shows now. Safe beside everything else that runs.

    Args:
        instance: Dagster's instance, on PostgreSQL.
        store: CaseForge's store.
        limit: what is younger stays, whatever it is.
        dry_run: count only.

    Raises:
        HistoryInUse: a flush, or somebody else's pruning, takes longer than is waited for it.
    """
    before = table_sizes(instance, store)
    if dry_run:
        return Pruned(count_old(instance, find_old(instance, store, limit)), before, before)
    with _no_flush(store):  # which would resolve pointers to events that are being removed
        removed = remove_old(instance, store, find_old(instance, store, limit))
    vacuum(instance, store)
    return Pruned(removed, before, table_sizes(instance, store))


@contextmanager
def _no_flush(store: Engine) -> Iterator[None]:
    give_up_at = time.monotonic() + OTHERS_PATIENCE_S
    while time.monotonic() < give_up_at:
        with try_lock(store, FLUSH_LOCK) as held:
            if held:
                yield
                return
        time.sleep(OTHERS_PAUSE_S)
    raise HistoryInUse("events are being written just now; nothing was removed. Try again in a minute.")
