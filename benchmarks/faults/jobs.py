"""Dagster's jobs, killed: `collect` ends itself with SIGKILL at a named moment, then runs again as its sensor would have it."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from functools import partial

from benchmarks.faults.forks import Ended
from benchmarks.faults.hook import Moment
from benchmarks.faults.kills import CHUNK_LINES, NEXT_REQUESTS, STAGES, moments_of
from benchmarks.faults.rows import Case, NotInjected, Row, each, judged
from benchmarks.faults.world import KEY, Project, World

OPERATIONS = (
    ("download", 1),
    ("rename output.jsonl", 1),
    ("commit fetch_results._fetch", 1),
    *(("commit collect_batch._record_chunk", nth) for nth in (1, 2)),
    (NEXT_REQUESTS, 1),
    ("commit collect_batch._collect_files", 1),
    *(("commit event_storage._insert_chunk", nth) for nth in (1, 2)),
    ("commit flush._flush_chunk", 1),
)
MOMENTS = tuple(Moment("after", operation, nth) for operation, nth in OPERATIONS)
SHORT = (Moment("after", "commit collect_batch._record_chunk"), Moment("after", "commit event_storage._insert_chunk"))
REST = ("generate", "--framework", KEY, "--yes", "--wait")


def kill_job(world: World, stage: str, moment: Moment) -> Row:
    """Kills the job `collect` at a moment and runs it again; what is left of the stages is generated afterwards.

    Raises:
        NotInjected: the moment never came.
    """
    began = time.monotonic()
    with world.project(STAGES[stage]) as project, project.served():
        project.must(*REST[:-1])
        _done(project.run_job("poll"))
        killed = project.run_job("collect", fatal=[moment.when, moment.operation, moment.nth], chunk_lines=CHUNK_LINES)
        if not killed.killed:
            raise NotInjected(f"{stage}, {moment}: ended with {killed.status}: {killed.output}{killed.errors}")
        _done(project.run_job("collect", chunk_lines=CHUNK_LINES))
        _done(project.run_job("flush"))
        wrong = _not_right(project, stage)
        row = judged(_name(stage, moment), project, [project.run(*REST)], began)
        return replace(row, silent=row.silent + len(wrong), details=(*row.details, *wrong))


def _name(stage: str, moment: Moment) -> tuple[str, str, str]:
    return "job", f"collect, {moment.operation}", f"{stage}, {moment}"


def _done(ended: Ended) -> None:
    if ended.status:
        raise RuntimeError(f"a job ended with {ended.status}: {ended.errors[-2_000:]}")


def _not_right(project: Project, stage: str) -> Sequence[str]:
    """Lists what is wrong after the jobs alone: every node of the stage has to be there, and Dagster has to show it."""
    found = project.look()
    _, once, _ = found["stored"][stage]
    return [*found["wrong"], *([f"after the jobs, {once} of {project.nodes} nodes are there"] if once != project.nodes else [])]


def run_jobs(world: World, moments: Sequence[Moment] = MOMENTS, stages: Iterable[str] = STAGES) -> Iterator[Row]:
    """A row for every moment in each of the stages."""
    yield from each(
        Case(_name(stage, moment), partial(kill_job, world, stage, moment)) for stage in stages for moment in moments_of(stage, moments)
    )
