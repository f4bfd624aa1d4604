"""Creating unclear: `POST /v1/batches` is answered with an error, by nothing, or by a dropped connection, and the list may be late."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from functools import partial

from benchmarks.faults.deciding import group_at, settled
from benchmarks.faults.kills import GENERATE, STAGES
from benchmarks.faults.rows import Case, NotInjected, Row, each, missed
from benchmarks.faults.world import OPENAI, World

PATIENCE_S, GRACE_S = 1.5, 0.3
REPLIES = {"a time-out": "reply_timeout:seconds=30,", "a 500": "reply_error:status=500,", "a reset": "reply_reset:"}
LATE_LIST, LONGER_GRACE_S = "list_late:call=1-3,match=^GET /v1/batches$", 6.0  # longer than the list is late, on a busy machine, too
FAULTS: dict[str, tuple[tuple[str, ...], float]] = {
    **{f"{name}, not accepted": ((f"{fault}when=before,call=1",), GRACE_S) for name, fault in REPLIES.items()},
    **{f"{name}, accepted": ((f"{fault}call=1",), GRACE_S) for name, fault in REPLIES.items()},
    **{f"{name}, accepted, and a late list": ((f"{fault}call=1", LATE_LIST), LONGER_GRACE_S) for name, fault in REPLIES.items()},
}
SHORT = ("a reset, accepted, and a late list",)


def create_unclearly(world: World, stage: str, name: str, like: str = OPENAI) -> Row:
    """Generates while the first creation of a batch goes wrong in this way; where only a person can say whether it exists, one does.

    Raises:
        NotInjected: one of the faults never came.
    """
    began = time.monotonic()
    faults, grace_s = FAULTS[name]
    with world.project(STAGES[stage], like=like, create_grace_s=grace_s) as project, project.served(faults):
        ended = project.run(*GENERATE, patience_s=PATIENCE_S)
        if missed(faults, project.stats()):
            raise NotInjected(f"{stage}, {name}: {ended.output}{ended.errors}")
        return settled((group_at("create", like), name, stage), project, ended, began)


def run_creating(world: World, names: Iterable[str] = FAULTS, stages: Iterable[str] = STAGES, like: str = OPENAI) -> Iterator[Row]:
    """A row for every way in each of the stages."""
    yield from each(creating_cases(world, names, stages, like))


def creating_cases(world: World, names: Iterable[str], stages: Iterable[str], like: str = OPENAI) -> list[Case]:
    """The same, to be run."""
    group = group_at("create", like)
    return [Case((group, name, stage), partial(create_unclearly, world, stage, name, like)) for stage in stages for name in names]
