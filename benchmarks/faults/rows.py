"""Result rows: what a fault came to, and how it is judged."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Any, TypeVar

from benchmarks.faults.forks import Ended
from benchmarks.faults.world import Project

BY_ITSELF = "by itself"
CASES_AT_ONCE = 2
Case = TypeVar("Case")


@dataclass(frozen=True)
class Row:
    """What one fault, injected some times, came to.

    Attributes:
        group, fault: what was done.
        injected: how often.
        paid_twice: requests that the server accepted more than once, by its own count, beyond those that the fault itself sent.
        lost: nodes without a stored answer at the end.
        silent: what is wrong at the end although every last command said that all is well.
        recovered: by itself, or with which message.
        seconds: wall time.
        details: all that is wrong, for whoever looks into it; empty when all is well.
    """

    group: str
    fault: str
    injected: int
    paid_twice: int
    lost: int
    silent: int
    recovered: str
    seconds: float
    details: tuple[str, ...] = ()

    @property
    def good(self) -> bool:
        """Whether nothing was paid twice or lost, and nothing is wrong."""
        return self.injected > 0 and not (self.paid_twice or self.lost or self.silent or self.details)


def judged(
    group: str, fault: str, project: Project, last: Sequence[Ended], seconds: float, *, sent_by_fault: int = 0, message: str | None = None
) -> Row:
    """The row of a fault that has to be over: what server, store and Dagster say after the last commands.

    Args:
        last: the commands that ended last; they have to succeed and to print no error.
        sent_by_fault: requests that the fault itself sent once more.
        message: what they may print on standard error all the same.
    """
    found, stats = project.look(), project.stats()
    said = [ended.errors.strip() for ended in last if ended.errors.strip()]
    failed = [f"exit code {ended.status}: {ended.output[-500:]}{ended.errors[-500:]}" for ended in last if ended.status]
    unexpected = [text for text in said if message is None or message not in text]
    wrong = [*found["open"], *found["wrong"], *_not_stored_once(found, project), *_not_accounted_for(found, stats, project)]
    return Row(
        group,
        fault,
        injected=1,
        paid_twice=stats["accepted"]["requests"] - stats["accepted"]["distinct_bodies"] - sent_by_fault,
        lost=sum(max(0, project.nodes - once - twice) for _, once, twice in found["stored"].values()),
        silent=0 if failed else len(wrong),
        recovered=(message if said and not unexpected else None) or "; ".join([*failed, *unexpected]) or BY_ITSELF,
        seconds=seconds,
        details=(*wrong, *failed, *unexpected),
    )


def _not_stored_once(found: dict[str, Any], project: Project) -> list[str]:
    return [
        f"{stage}: {once} of {project.nodes} nodes have one content, {twice} more than one"
        for stage, (_, once, twice) in found["stored"].items()
        if once != project.nodes
    ]


def _not_accounted_for(found: dict[str, Any], stats: dict[str, Any], project: Project) -> list[str]:
    """Every answer that the server gave is an attempt with its cost."""
    paid, known = stats["answered"]["requests"], found["answered"] - project.answered_before
    return [f"the server answered {paid} requests, the store knows of {known}"] if paid != known else []


def summed(rows: Sequence[Row], fault: str) -> Row:
    """Rows of one kind as one."""
    return replace(
        rows[0],
        fault=fault,
        injected=sum(row.injected for row in rows),
        paid_twice=sum(row.paid_twice for row in rows),
        lost=sum(row.lost for row in rows),
        silent=sum(row.silent for row in rows),
        recovered="; ".join(sorted({row.recovered for row in rows})),
        seconds=sum(row.seconds for row in rows),
        details=tuple(f"{row.fault}: {detail}" for row in rows for detail in row.details),
    )


def each(cases: Iterable[Case], run: Callable[[Case], Row]) -> Iterator[Row]:
    """The rows of independent cases, a few at once, in their order."""
    with ThreadPoolExecutor(CASES_AT_ONCE) as pool:
        yield from pool.map(run, cases)
