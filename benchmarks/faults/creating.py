"""Creating unclear: `POST /v1/batches` is answered with an error, by nothing, or by a dropped connection, and the list may be late."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator

from benchmarks.faults.kills import GENERATE, STAGES
from benchmarks.faults.rows import NotInjected, Row, each, judged
from benchmarks.faults.world import World

PATIENCE_S, GRACE_S = 1.5, 0.3
REPLIES = {"a time-out": "reply_timeout:seconds=30,", "a 500": "reply_error:status=500,", "a reset": "reply_reset:"}
LATE_LIST, LONGER_GRACE_S = "list_late:call=1-3,match=^GET /v1/batches$", 2.0  # longer than the list is late
FAULTS: dict[str, tuple[tuple[str, ...], float]] = {
    **{f"{name}, not accepted": ((f"{fault}when=before,call=1",), GRACE_S) for name, fault in REPLIES.items()},
    **{f"{name}, accepted": ((f"{fault}call=1",), GRACE_S) for name, fault in REPLIES.items()},
    **{f"{name}, accepted, and a late list": ((f"{fault}call=1", LATE_LIST), LONGER_GRACE_S) for name, fault in REPLIES.items()},
}
SHORT = ("a reset, accepted, and a late list",)
UNCLEAR = "whether the batch exists is being found out"


def create_unclearly(world: World, stage: str, name: str) -> Row:
    """Generates while the first creation of a batch goes wrong in this way.

    Raises:
        NotInjected: the creation was never unclear.
    """
    began = time.monotonic()
    faults, grace_s = FAULTS[name]
    with world.project(STAGES[stage], create_grace_s=grace_s) as project, project.served(faults):
        ended = project.run(*GENERATE, patience_s=PATIENCE_S)
        if UNCLEAR not in " ".join(ended.output.split()):
            raise NotInjected(f"{stage}, {name}: {ended.output}{ended.errors}")
        return judged(("create", name, stage), project, [ended], began)


def run_creating(world: World, names: Iterable[str] = FAULTS, stages: Iterable[str] = STAGES) -> Iterator[Row]:
    """A row for every way in each of the stages."""
    cases = [(stage, name) for stage in stages for name in names]
    yield from each(cases, lambda case: create_unclearly(world, *case))
