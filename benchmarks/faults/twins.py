"""Twins: while the creation of a batch is unclear, a second batch of the same submission comes to be at the provider."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator

from benchmarks.faults.hook import Moment
from benchmarks.faults.kills import GENERATE, GRACE_S, STAGES
from benchmarks.faults.rows import NotInjected, Row, each, judged
from benchmarks.faults.world import Project, World

CREATED = Moment("after", "create")
SAID = "was created twice at the provider"
FAULTS: dict[str, tuple[tuple[str, ...], str]] = {  # and a status or outcome that shows that it came
    "both answer everything": ((), "completed"),
    "the adopted one expires half-way": (("expire:share=0.5,batch=1",), "expired"),
    "the twin expires half-way": (("expire:share=0.5,batch=2",), "expired"),
    "a line of the adopted one fails": (("http_500:batch=1,match=-1-1-1-r",), "server_error"),
    "a line of the adopted one is truncated": (("truncate:batch=1,match=-1-1-1-r",), "truncated_reasoning"),
}
SHORT = ("the adopted one expires half-way",)


def create_twice(world: World, stage: str, name: str) -> Row:
    """Kills `generate` when its batch was just created, creates another one of the same submission, and runs it again.

    Raises:
        NotInjected: the moment never came, or the fault did not.
    """
    began = time.monotonic()
    faults, sign = FAULTS[name]
    with world.project(STAGES[stage], create_grace_s=GRACE_S) as project, project.served(faults):
        killed = project.run(*GENERATE, fatal=[CREATED.when, CREATED.operation, CREATED.nth])
        if not killed.killed:
            raise NotInjected(f"{stage}, {name}: ended with {killed.status}: {killed.output}{killed.errors}")
        _create_another(project)
        again = project.run(*GENERATE)
        if sign not in (*_statuses(project), *project.look()["outcomes"]):
            raise NotInjected(f"{stage}, {name}: nothing is {sign}")
        return judged(("twin", name, stage), project, [again], began, sent_by_fault=project.nodes, message=SAID)


def _create_another(project: Project) -> None:
    with project.sdk() as sdk:
        [first] = sdk.batches.list().data
        sdk.batches.create(
            input_file_id=first.input_file_id, endpoint="/v1/chat/completions", completion_window="24h", metadata=first.metadata
        )


def _statuses(project: Project) -> list[str]:
    with project.sdk() as sdk:
        return [batch.status for batch in sdk.batches.list()]


def run_twins(world: World, names: Iterable[str] = FAULTS, stages: Iterable[str] = STAGES) -> Iterator[Row]:
    """A row for every course that the two may take, in each of the stages."""
    cases = [(stage, name) for stage in stages for name in names]
    yield from each(cases, lambda case: create_twice(world, *case))
