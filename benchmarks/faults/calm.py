"""Nothing is disturbed: what holds without any fault, so that what is broken in CaseForge itself is seen."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from functools import partial

from benchmarks.faults.deciding import group_at
from benchmarks.faults.kills import CHUNK_LINES, GENERATE, STAGES
from benchmarks.faults.rows import Case, Row, each, judged
from benchmarks.faults.world import OPENAI, World


def generate_calmly(world: World, stage: str, like: str = OPENAI) -> Row:
    """Generates from a stage on."""
    began = time.monotonic()
    with world.project(STAGES[stage], like=like) as project, project.served():
        return judged((group_at("calm", like), "no fault", stage), project, [project.run(*GENERATE, chunk_lines=CHUNK_LINES)], began)


def calm_cases(world: World, stages: Iterable[str] = STAGES, like: str = OPENAI) -> list[Case]:
    """A case for each stage to begin with."""
    return [Case((group_at("calm", like), "no fault", stage), partial(generate_calmly, world, stage, like)) for stage in stages]


def run_calm(world: World, stages: Iterable[str] = STAGES, like: str = OPENAI) -> Iterator[Row]:
    """A row for each stage to begin with."""
    yield from each(calm_cases(world, stages, like))
