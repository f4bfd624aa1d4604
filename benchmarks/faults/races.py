"""Races: several processes do the same at the same moment, on as many requests as the largest framework has."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial

from benchmarks.faults.forks import Ended
from benchmarks.faults.rows import Case, Row, each, judged
from benchmarks.faults.world import Project, World

NODES, FEW_NODES = 1_545, 6
SHORT = ("two that submit and two that collect, at once",)
LEAD_S = 0.5
PATIENCE_S = 240.0


def submit_then_collect(project: Project) -> list[Ended]:
    """Two submitters at once; two collectors at once when the provider is through; then one that brings it to the end."""
    submitters = _at_once(project, [("submit",), ("submit",)])
    while project.stats()["open_batches"]:
        time.sleep(0.05)
    collectors = _at_once(project, [("collect",), ("collect",)])
    return [*submitters, *collectors, project.wait(project.start("submit", "--wait"), PATIENCE_S)]


def all_at_once(project: Project) -> list[Ended]:
    """Two processes that submit and collect to the end, and two that watch and collect, through both stages."""
    return _at_once(project, [("submit", "--wait"), ("submit", "--wait"), ("monitor",), ("monitor",)])


RACES: dict[str, Callable[[Project], list[Ended]]] = {
    "two submitters, then two collectors": submit_then_collect,
    "two that submit and two that collect, at once": all_at_once,
}


def race(world: World, name: str, nodes: int = NODES) -> Row:
    """Runs one race on so many pending requests."""
    with world.project(f"pending_{nodes}") as project, project.served(latency_s=1.0):
        began = time.monotonic()
        return judged(_name(name, nodes), project, RACES[name](project), began)


def _name(name: str, nodes: int) -> tuple[str, str, str]:
    return "race", name, f"{nodes:,} requests"


def _at_once(project: Project, commands: Sequence[Sequence[str]]) -> list[Ended]:
    start_at = time.monotonic() + LEAD_S
    started = [project.start(*arguments, start_at=start_at) for arguments in commands]
    return [project.wait(pid, PATIENCE_S) for pid in started]


def run_races(world: World, names: Iterable[str] = RACES, nodes: int = NODES) -> Iterator[Row]:
    """A row for each race."""
    yield from each((Case(_name(name, nodes), partial(race, world, name, nodes)) for name in names), at_once=1)
