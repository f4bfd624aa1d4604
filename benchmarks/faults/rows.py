"""Result rows: what a fault came to, and how it is judged."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
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
        case: where, of the cases in which it was done.
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
    case: str
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


class NotInjected(AssertionError):
    """The fault never came; nothing was tested."""


def judged(
    name: tuple[str, str, str], project: Project, last: Sequence[Ended], began: float, *, sent_by_fault: int = 0, message: str = ""
) -> Row:
    """The row of a fault that has to be over: what server, store and Dagster say after the last commands.

    Args:
        name: group, fault and case.
        last: the commands that ended last; they have to succeed and to print no error.
        began: when it began, by `time.monotonic()`.
        sent_by_fault: requests that the fault itself sent once more.
        message: what they have to say on standard error, and nothing else; empty where nothing may stand there.
    """
    seconds = time.monotonic() - began
    found, stats = project.look(), project.stats()
    failed = [f"exit code {ended.status}: {ended.output[-500:]}{ended.errors[-500:]}" for ended in last if ended.status]
    said = [line for ended in last for line in ended.errors.splitlines() if line.strip()]
    unexpected = [line for line in said if not message or message not in line] or (
        [f"nobody said: {message}"] if message and not said else []
    )
    wrong = [
        *found["open"],
        *found["wrong"],
        *_not_stored_once(found, project),
        *_not_accounted_for(found, stats, project),
        *_uploaded_twice(project),
    ]
    return Row(
        *name,
        injected=1,
        paid_twice=stats["accepted"]["requests"] - stats["accepted"]["distinct_bodies"] - sent_by_fault,
        lost=sum(max(0, project.nodes - once - twice) for _, once, twice in found["stored"].values()),
        silent=0 if failed else len(wrong),
        recovered="; ".join([*failed, *unexpected]) or (f"{BY_ITSELF}, saying: {message}" if message else BY_ITSELF),
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


def _uploaded_twice(project: Project) -> list[str]:
    names = Counter(project.uploaded_names())
    return [f"{name} was uploaded {count} times" for name, count in names.items() if count > 1]


def summed(rows: Iterable[Row]) -> list[Row]:
    """One row for each fault, its cases added up."""
    cases: dict[tuple[str, str], list[Row]] = {}
    for row in rows:
        cases.setdefault((row.group, row.fault), []).append(row)
    return [_sum(group) for group in cases.values()]


def _sum(rows: Sequence[Row]) -> Row:
    return Row(
        rows[0].group,
        rows[0].fault,
        "; ".join(row.case for row in rows),
        injected=sum(row.injected for row in rows),
        paid_twice=sum(row.paid_twice for row in rows),
        lost=sum(row.lost for row in rows),
        silent=sum(row.silent for row in rows),
        recovered="; ".join(sorted({row.recovered for row in rows})),
        seconds=sum(row.seconds for row in rows),
        details=tuple(f"{row.case}: {detail}" for row in rows for detail in row.details),
    )


def each(cases: Iterable[Case], run: Callable[[Case], Row]) -> Iterator[Row]:
    """The rows of independent cases, a few at once, in their order."""
    with ThreadPoolExecutor(CASES_AT_ONCE) as pool:
        yield from pool.map(run, cases)
