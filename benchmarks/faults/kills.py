"""Kills: a command ends itself with SIGKILL at a named moment, then the same command runs again, to the end."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Sequence
from functools import partial

from benchmarks.faults.deciding import group_at, settled
from benchmarks.faults.forks import Ended
from benchmarks.faults.hook import Moment
from benchmarks.faults.rows import Case, NotInjected, Row, each
from benchmarks.faults.world import KEY, OPENAI, World

NODES, CHUNK_LINES, GRACE_S = 5, 2, 0.3
GENERATE = ("generate", "--framework", KEY, "--yes", "--wait")
STAGES = {"process_details": f"loaded_{NODES}", "usecases": f"documents_{NODES}"}
FOLLOWED = ("process_details",)  # by a stage that reads what it makes
NEXT_REQUESTS = "commit build_next_requests.carry_on"
CHOSEN = {"usecase_specs": f"chosen_{NODES}"}  # the stage that is off by default
OPERATIONS = (
    ("identify", 1),
    ("commit provider.connect_provider", 1),
    *(("commit generation.generate", nth) for nth in (1, 2)),
    ("commit generation.finish_sending", 1),
    ("commit reconcile_batches.reconcile_batches", 1),
    ("commit plan_batches.plan_batches", 1),
    *((f"{step} {file}", 1) for file in ("input.jsonl", "manifest.jsonl") for step in ("sync", "rename")),
    ("sync folder", 1),
    ("commit submit_batches._write", 1),
    ("sync journal.jsonl", 1),
    ("rename journal.jsonl", 1),
    *(("commit write_journal.write_segment", nth) for nth in (1, 2)),
    ("commit write_journal.write_journal", 1),
    ("find file", 1),
    ("upload", 1),
    ("commit submit_batches._upload", 1),
    ("commit submit_batches._create", 1),
    ("create", 1),
    ("commit submit_batches._create", 2),
    ("look", 1),
    ("commit poll_batches.poll_batches", 1),
    ("sync batch.json", 1),
    ("rename batch.json", 1),
    ("commit fetch_results._keep_object", 1),
    ("download", 1),
    ("sync output.jsonl", 1),
    ("rename output.jsonl", 1),
    ("commit fetch_results._fetch", 1),
    *(("commit collect_batch._record_chunk", nth) for nth in (1, 2, 3)),
    (NEXT_REQUESTS, 1),
    ("commit collect_batch._collect_files", 1),
    ("commit check_alerts.check_alerts", 1),
    ("commit show_versions.repeat_under_new_versions", 1),
    ("commit note_outdated.note_outdated", 1),
    ("flush", 1),
    ("commit event_storage._insert_chunk", 1),
    ("commit flush._flush_chunk", 1),
)
MOMENTS = (*(Moment(when, name, nth) for name, nth in OPERATIONS for when in ("before", "after")), Moment("after", "receive"))
# The bench takes all of them, the tests half: before an operation is after the one that precedes it, and what only reads leaves nothing behind.
MINOR = (
    "identify",
    "commit provider.connect_provider",
    "commit generation.finish_sending",
    "commit reconcile_batches.reconcile_batches",
    "find file",
    "look",
    "rename batch.json",
    "commit write_journal.write_journal",
    "commit check_alerts.check_alerts",
)
HALF = tuple(
    moment
    for moment in MOMENTS
    if (moment.when == "after" or moment.operation in ("upload", "create", "flush"))
    and moment.operation not in MINOR
    and not moment.operation.startswith("sync ")
    and moment
    not in (
        Moment("after", "flush"),
        Moment("after", "commit generation.generate"),
        Moment("after", "commit collect_batch._record_chunk", 3),
    )
)
SHORT = (Moment("after", "commit collect_batch._record_chunk"), Moment("before", "flush"))


def kill_and_restart(world: World, stage: str, moment: Moment, like: str = OPENAI) -> Row:
    """Kills `generate` at a moment of a stage and runs it again; where only a person can say whether a batch exists, one does.

    Raises:
        NotInjected: the moment never came.
    """
    began = time.monotonic()
    with world.project((STAGES | CHOSEN)[stage], like=like, create_grace_s=GRACE_S) as project, project.served():
        killed = project.run(*GENERATE, fatal=[moment.when, moment.operation, moment.nth], chunk_lines=CHUNK_LINES)
        if not killed.killed:
            raise NotInjected(f"{stage}, {moment}: ended with {killed.status}: {killed.output}{killed.errors}")
        again = project.run(*GENERATE, chunk_lines=CHUNK_LINES)
        return settled(_name(stage, moment, like), project, again, began)


def _name(stage: str, moment: Moment, like: str) -> tuple[str, str, str]:
    return group_at("kill", like), moment.operation, f"{stage}, {moment}"


def trace(world: World, stage: str) -> tuple[Ended, list[str]]:
    """An undisturbed `generate` and the moments that it goes through."""
    with world.project((STAGES | CHOSEN)[stage]) as project, project.served():
        file = project.folder / "moments"
        ended = project.run(*GENERATE, trace=str(file), chunk_lines=CHUNK_LINES)
        return ended, file.read_text().splitlines()


def run_kills(world: World, moments: Sequence[Moment] = MOMENTS, stages: Iterable[str] = STAGES, like: str = OPENAI) -> Iterator[Row]:
    """A row for every moment in each of the stages."""
    yield from each(kill_cases(world, moments, stages, like))


def kill_cases(world: World, moments: Sequence[Moment], stages: Iterable[str], like: str = OPENAI) -> list[Case]:
    """The same, to be run."""
    return [
        Case(_name(stage, moment, like), partial(kill_and_restart, world, stage, moment, like))
        for stage in stages
        for moment in moments_of(stage, moments)
    ]


def moments_of(stage: str, moments: Sequence[Moment]) -> list[Moment]:
    """Those of the moments that come in a stage."""
    return [moment for moment in moments if moment.operation != NEXT_REQUESTS or stage in FOLLOWED]
