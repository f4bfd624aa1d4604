"""Nothing is disturbed: what holds without any fault, so that what is broken in CaseForge itself is seen."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from functools import partial

from benchmarks.faults.kills import CHUNK_LINES, GENERATE, STAGES
from benchmarks.faults.rows import Case, Row, each, judged
from benchmarks.faults.world import World


def generate_calmly(world: World, stage: str) -> Row:
    """Generates from a stage on."""
    began = time.monotonic()
    with world.project(STAGES[stage]) as project, project.served():
        return judged(("calm", "no fault", stage), project, [project.run(*GENERATE, chunk_lines=CHUNK_LINES)], began)


def calm_cases(world: World, stages: Iterable[str] = STAGES) -> list[Case]:
    """A case for each stage to begin with."""
    return [Case(("calm", "no fault", stage), partial(generate_calmly, world, stage)) for stage in stages]


def run_calm(world: World, stages: Iterable[str] = STAGES) -> Iterator[Row]:
    """A row for each stage to begin with."""
    yield from each(calm_cases(world, stages))
