"""Duplicates: while the creation of a batch is unclear, a second batch of the same submission comes to be at the provider."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from functools import partial

from benchmarks.faults.forks import Ended
from benchmarks.faults.hook import Moment
from benchmarks.faults.kills import CHUNK_LINES, GENERATE, GRACE_S, STAGES
from benchmarks.faults.rows import Case, NotInjected, Row, each, judged
from benchmarks.faults.world import Project, World

CREATED = Moment("after", "create")
SAID = "was created twice at the provider"
FAULTS: dict[str, tuple[tuple[str, ...], str]] = {  # and a status or outcome that shows that it came
    "both answer everything": ((), "completed"),
    "the adopted one expires half-way": (("expire:share=0.5,batch=1",), "expired"),
    "the duplicate expires half-way": (("expire:share=0.5,batch=2",), "expired"),
    "a line of the adopted one fails": (("http_500:batch=1,match=-1-1-1-r",), "server_error"),
    "a line of the adopted one is truncated": (("truncate:batch=1,match=-1-1-1-r",), "truncated_reasoning"),
}
SHORT = ("the adopted one expires half-way",)
HALF_EXPIRED = FAULTS["the adopted one expires half-way"][0]
OPERATIONS = (
    ("list", 1),
    ("commit reconcile_batches._take", 1),
    ("cancel", 1),
    ("commit reconcile_batches._cancel_duplicates", 1),
    *(("commit collect_duplicate.collect_duplicate", nth) for nth in (1, 2, 3, 4)),
    ("commit settle_unanswered.close_batch", 1),
)
MOMENTS = tuple(Moment(when, operation, nth) for operation, nth in OPERATIONS for when in ("before", "after"))
# Also on a machine that has much else to do.
TIME_TO_CANCEL_S = 8.0
SHORT_MOMENTS = (
    Moment("after", "commit reconcile_batches._take"),
    Moment("after", "commit collect_duplicate.collect_duplicate"),
    Moment("after", "commit settle_unanswered.close_batch"),
)


def create_twice(world: World, stage: str, name: str) -> Row:
    """Kills `generate` when its batch was just created, creates another one of the same submission, and runs it again.

    Raises:
        NotInjected: the moment never came, or the fault did not.
    """
    began = time.monotonic()
    faults, sign = FAULTS[name]
    with world.project(STAGES[stage], create_grace_s=GRACE_S) as project, project.served(faults):
        _kill(project, CREATED, f"{stage}, {name}")
        _create_another(project)
        again = project.run(*GENERATE)
        if sign not in (*_statuses(project), *project.look()["outcomes"]):
            raise NotInjected(f"{stage}, {name}: nothing is {sign}")
        return judged(("duplicate", name, stage), project, [again], began, sent_by_fault=project.nodes, message=SAID)


def kill_while_settling(world: World, stage: str, moment: Moment) -> Row:
    """The same, and the command that finds out is killed, too, and runs a third time.

    Half of the adopted batch expires, unless time is needed to cancel the duplicate: then that has answered nothing.

    Raises:
        NotInjected: one of the moments never came.
    """
    began = time.monotonic()
    faults, latency_s = ((), TIME_TO_CANCEL_S) if "cancel" in moment.operation else (HALF_EXPIRED, 0.0)
    with world.project(STAGES[stage], create_grace_s=GRACE_S) as project, project.served(faults, latency_s):
        _kill(project, CREATED, f"{stage}, {moment}")
        _create_another(project)
        killed = _kill(project, moment, f"{stage}, {moment}")
        again = project.run(*GENERATE, chunk_lines=CHUNK_LINES)
        message = "" if SAID in killed.errors and SAID not in again.errors else SAID  # the one or the other says it
        return judged(_name(stage, moment), project, [again], began, sent_by_fault=project.nodes, message=message)


def _name(stage: str, moment: Moment) -> tuple[str, str, str]:
    return "kill with duplicates", moment.operation, f"{stage}, {moment}"


def _kill(project: Project, moment: Moment, case: str) -> Ended:
    killed = project.run(*GENERATE, fatal=[moment.when, moment.operation, moment.nth], chunk_lines=CHUNK_LINES)
    if not killed.killed:
        raise NotInjected(f"{case}: ended with {killed.status}: {killed.output}{killed.errors}")
    return killed


def _create_another(project: Project) -> None:
    with project.sdk() as sdk:
        [first] = sdk.batches.list().data
        sdk.batches.create(input_file_id=first.input_file_id, endpoint=project.endpoint, completion_window="24h", metadata=first.metadata)


def _statuses(project: Project) -> list[str]:
    with project.sdk() as sdk:
        return [batch.status for batch in sdk.batches.list()]


def run_duplicates(world: World, names: Iterable[str] = FAULTS, stages: Iterable[str] = STAGES) -> Iterator[Row]:
    """A row for every course that the two may take, in each of the stages."""
    yield from each(duplicate_cases(world, names, stages))


def duplicate_cases(world: World, names: Iterable[str], stages: Iterable[str]) -> list[Case]:
    """The same, to be run."""
    return [Case(("duplicate", name, stage), partial(create_twice, world, stage, name)) for stage in stages for name in names]


def run_kills_while_settling(world: World, moments: Iterable[Moment] = MOMENTS, stages: Iterable[str] = STAGES) -> Iterator[Row]:
    """A row for every moment in each of the stages."""
    yield from each(
        Case(_name(stage, moment), partial(kill_while_settling, world, stage, moment)) for stage in stages for moment in moments
    )
