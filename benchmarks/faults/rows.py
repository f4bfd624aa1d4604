"""Result rows: what a fault came to, and how it is judged."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from benchmarks.faults.billing import wrong_costs
from benchmarks.faults.contents import misplaced
from benchmarks.faults.forks import Ended
from benchmarks.faults.world import Project

BY_ITSELF = "by itself"
CASES_AT_ONCE = 2
ANYTHING = "anything"


@dataclass(frozen=True)
class Row:
    """The result of one fault, injected some times.

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
        """Tells whether it was injected, nothing was paid twice or lost, and nothing is wrong."""
        return self.injected > 0 and not (self.paid_twice or self.lost or self.silent or self.details)


class NotInjected(AssertionError):
    """The fault never came; nothing was tested."""


def missed(faults: Iterable[str], stats: dict[str, Any]) -> list[str]:
    """Those of the server's faults that hit nothing."""
    return [fault for fault in faults if not stats["faults"].get(fault.partition(":")[0])]


@dataclass(frozen=True)
class Case:
    """Something to be done, and what it is called: group, fault and case of the row that it returns."""

    name: tuple[str, str, str]
    run: Callable[[], Row]


def judged(
    name: tuple[str, str, str],
    project: Project,
    last: Sequence[Ended],
    began: float,
    *,
    sent_by_fault: int = 0,
    message: str = "",
    also: Sequence[str] = (),
    uploads_may_double: bool = False,
    unknown_costs: int = 0,
) -> Row:
    """The row of a fault that has to be over: what server, store and Dagster say after the last commands.

    Args:
        name: group, fault and case.
        last: the commands that ended last; they have to succeed and to print no error.
        began: when it began, by `time.monotonic()`.
        sent_by_fault: requests that the fault itself sent once more.
        message: what they have to say on standard error, and nothing else; empty where nothing may stand there, ANYTHING where all may.
        also: what is wrong besides.
        uploads_may_double: whether the fault makes it right that a file is uploaded twice.
        unknown_costs: of how many attempts the cost can't be known, because a person gave them up.
    """
    seconds = time.monotonic() - began
    found, stats = project.look(), project.stats()
    failed = [f"exit code {ended.status}: {ended.output[-500:]}{ended.errors[-500:]}" for ended in last if ended.status]
    unexpected = [] if message == ANYTHING else _unexpected(last, message)
    wrong = [
        *also,
        *found["open"],
        *found["wrong"],
        *_not_stored_once(found, project),
        *wrong_costs(found, stats, project, unknown_costs),
        *misplaced(project),
        *([] if uploads_may_double else _uploaded_twice(stats)),
    ]
    return Row(
        *name,
        injected=1,
        paid_twice=stats["accepted"]["requests"] - stats["accepted"]["distinct_bodies"] - sent_by_fault,
        lost=sum(max(0, project.nodes - once - twice) for _, once, twice in found["stored"].values()),
        silent=0 if failed else len(wrong),
        recovered="; ".join([*failed, *unexpected]) or _recovered(last, message),
        seconds=seconds,
        details=(*wrong, *failed, *unexpected),
    )


def _unexpected(last: Sequence[Ended], message: str) -> list[str]:
    said = [line for ended in last for line in ended.errors.splitlines() if line.strip()]
    return [line for line in said if not message or message not in line] or ([f"nobody said: {message}"] if message and not said else [])


def _recovered(last: Sequence[Ended], message: str) -> str:
    if message == ANYTHING:
        return f"{BY_ITSELF}, with a warning" if any(ended.errors.strip() for ended in last) else BY_ITSELF
    return f"{BY_ITSELF}, saying: {message}" if message else BY_ITSELF


def _not_stored_once(found: dict[str, Any], project: Project) -> list[str]:
    return [
        f"{stage}: {once} of {project.nodes} nodes have one content, {twice} more than one"
        for stage, (_, once, twice) in found["stored"].items()
        if once != project.nodes
    ]


def _uploaded_twice(stats: dict[str, Any]) -> list[str]:
    files, names = stats["inputs"]["files"], stats["inputs"]["distinct_names"]
    return [f"{files - names} files were uploaded again under the same name"] if files != names else []


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


def each(cases: Iterable[Case], at_once: int = CASES_AT_ONCE) -> Iterator[Row]:
    """The rows of independent cases, a few at once, in their order. A case that breaks off is a bad row."""
    with ThreadPoolExecutor(at_once) as pool:
        yield from pool.map(_row_of, cases)


def _row_of(case: Case) -> Row:
    began = time.monotonic()
    try:
        return case.run()
    except Exception as error:  # noqa: BLE001 whatever it is, the other cases go on and this one is bad
        broke_off = f"broke off: {type(error).__name__}: {error}"
        return Row(*case.name, 0, 0, 0, 0, broke_off.splitlines()[0], time.monotonic() - began, (broke_off[-3_000:],))
