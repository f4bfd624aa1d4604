"""Layers against double submission, each alone: the others are taken away in the processes that race, or in the database.

Two processes submit the same at the same moment, and wait for each other where one would overtake the other. They may fail; what they
leave has to be brought to its end by a third.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

from benchmarks.faults import databases
from benchmarks.faults.patches import must_hold, replace
from benchmarks.faults.races import LEAD_S
from benchmarks.faults.rows import Case, Row, each, judged
from benchmarks.faults.world import World

PLANNING, CREATING = "commit plan_batches.plan_batches", "commit submit_batches._create"
HELD_UP_S = 2.0  # as long as the other one may take to come, if nothing holds it back
DROP_INDEX = "drop index caseforge.uq_attempt_live"
UNIQUE_INDEX = "unique index"
FOR_UPDATE = " for update of r"
STATES = ["planned", "written", "uploaded", "creating", "open", "final", "collected", "refused", "unknown"]
KINDS = {
    "planning": (PLANNING, ("planning lock", "row locks", UNIQUE_INDEX)),
    "creating": (CREATING, ("batch lock", "compare-and-set")),
}
ALONE = {layer: kind for kind, (_, layers) in KINDS.items() for layer in layers}
NODES = 5


def hold_alone(world: World, layer: str) -> Row:
    """Two submit at once with this layer and none of the others of its kind."""
    began = time.monotonic()
    operation, layers = KINDS[ALONE[layer]]
    others = [known for known in layers if known != layer]
    with world.project(f"pending_{NODES}", create_grace_s=1.0) as project, project.served():
        if UNIQUE_INDEX in others:
            databases.execute(project.database_url, DROP_INDEX)
        here = [known for known in others if known != UNIQUE_INDEX]
        meet = [operation, str(project.folder / "meeting"), HELD_UP_S]
        start_at = time.monotonic() + LEAD_S
        racing = [project.start("submit", start_at=start_at, meet=meet, without=here) for _ in range(2)]
        for pid in racing:
            project.wait(pid)
        last = project.run("submit", "--wait")
        # Without its lock, a batch's file may be uploaded by both; that costs nothing.
        return judged(("layer", f"{layer}, alone", f"{NODES} requests"), project, [last], began, uploads_may_double="batch lock" in others)


def _without_planning_lock() -> None:
    replace("caseforge_assets.commands.submitting.plan_batches:lock_in_transaction", lambda _: _nothing)
    replace("caseforge_assets.store.requests.requests:lock_making", lambda _: _nothing)


def _without_row_locks() -> None:
    must_hold("caseforge_assets.store.requests.pending:sendable", "_LOCKED if lock")
    replace("caseforge_assets.store.requests.pending:text", lambda text: lambda sql: text(sql.replace(FOR_UPDATE, "")))


def _without_batch_lock() -> None:
    replace("caseforge_assets.commands.submitting.submit_batches:try_lock", lambda _: _always)


def _without_compare_and_set() -> None:
    replace(
        "caseforge_assets.store.submitting.batches:move",
        lambda move: lambda connection, batch_id, _states, **values: move(connection, batch_id, STATES, **values),
    )


def _nothing(*_: Any, **__: Any) -> None:
    """In place of a lock."""


@contextmanager
def _always(*_: Any, **__: Any) -> Iterator[bool]:
    yield True


LAYERS: dict[str, Callable[[], None]] = {
    "planning lock": _without_planning_lock,
    "row locks": _without_row_locks,
    "batch lock": _without_batch_lock,
    "compare-and-set": _without_compare_and_set,
}


def layer_cases(world: World, layers: Iterable[str] = ALONE) -> list[Case]:
    """A case for each layer."""
    return [Case(("layer", f"{layer}, alone", f"{NODES} requests"), partial(hold_alone, world, layer)) for layer in layers]


def run_layers(world: World, layers: Iterable[str] = ALONE) -> Iterator[Row]:
    """A row for each layer."""
    yield from each(layer_cases(world, layers), at_once=1)
