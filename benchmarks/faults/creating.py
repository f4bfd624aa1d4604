"""Creating unclear: `POST /v1/batches` is answered with an error, by nothing, or by a dropped connection, and the list may be late."""

from __future__ import annotations

import time
from collections.abc import Iterator

from benchmarks.faults.kills import GENERATE, NODES, STAGES
from benchmarks.faults.rows import Row, each, judged
from benchmarks.faults.world import World

PATIENCE_S, GRACE_S = 1.5, 0.3
LATE = "list_late:call=1-3,match=^GET /v1/batches$"
LONGER_GRACE_S = 2.0  # than the list is late
REPLIES = {"time-out": "reply_timeout:seconds=30", "500": "reply_error:status=500", "reset": "reply_reset:"}
FAULTS = {
    **{f"{name}, {when} it was accepted": ((f"{fault}{'' if fault.endswith(':') else ','}when={when},call=1",), GRACE_S)
       for name, fault in REPLIES.items() for when in ("before", "after")},
    **{f"{name} after it was accepted, and a late list": ((f"{fault}{'' if fault.endswith(':') else ','}call=1", LATE), LONGER_GRACE_S)
       for name, fault in REPLIES.items()},
    "a late list alone": ((LATE,), GRACE_S),
}  # fmt: skip
SHORT = ("500, before it was accepted", "reset after it was accepted, and a late list")


def create_unclearly(world: World, stage: str, name: str) -> Row:
    """Generates while the first creation of a batch goes wrong in this way."""
    began = time.monotonic()
    faults, grace_s = FAULTS[name]
    with world.project(STAGES[stage], create_grace_s=grace_s) as project, project.served(faults):
        ended = project.run(*GENERATE, patience_s=PATIENCE_S)
        return judged("create", f"{stage}: {name}", project, [ended], time.monotonic() - began)


def run_creating(world: World, *, short: bool = False) -> Iterator[Row]:
    """A row for every way in each stage."""
    cases = [(stage, name) for stage in STAGES for name in (SHORT if short else FAULTS)]
    yield from each(cases, lambda case: create_unclearly(world, *case))


__all__ = ["FAULTS", "NODES", "SHORT", "create_unclearly", "run_creating"]
