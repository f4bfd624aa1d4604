"""Asking together: what several runs of one backfill want goes to the provider as one batch, and each node is asked for once.

Dagster makes a run of each contiguous range of a backfill's partitions, so that scattered nodes come to many runs, some of them at
work at once. The first one asks for the nodes of all of them, in one transaction, and notes it; the others find theirs asked for, wait
for the answers, and confirm what came. None waits for another run: whichever dies, the next one sends what is pending and collects.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from caseforge_assets.store.database.engine import Connection
from caseforge_assets.store.planning import askings
from caseforge_assets.store.requests import requests


@dataclass(frozen=True)
class Backfill:
    """A backfill of several runs: Dagster's id of it, and all partitions that it is to materialize at the assets of the run at hand."""

    id: str
    partition_keys: Sequence[str]


def asked_before(connection: Connection, backfill: Backfill | None, stage: str) -> frozenset[int]:
    """The nodes that another run of the backfill has asked for in a stage; until the transaction ends no other run asks."""
    if backfill is None:
        return frozenset()
    requests.lock_making(connection)
    return askings.asked(connection, backfill.id, stage)


def note_asked(connection: Connection, backfill: Backfill | None, stage: str, node_ids: Collection[int]) -> None:
    """Notes for the backfill's other runs which nodes are asked for now."""
    if backfill is not None and node_ids:
        askings.note(connection, backfill.id, stage, node_ids)
