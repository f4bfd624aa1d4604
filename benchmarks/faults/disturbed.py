"""Nodes are generated at a server with these faults: to the end by itself, or with what a person does when the command does not end well."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

from benchmarks.faults.deciding import group_at
from benchmarks.faults.forks import Ended
from benchmarks.faults.hook import Moment
from benchmarks.faults.kills import CHUNK_LINES, GENERATE, GRACE_S, STAGES
from benchmarks.faults.rows import ANYTHING, Case, NotInjected, Row, each, judged, missed
from benchmarks.faults.world import KEY, OPENAI, Project, World

Act = Callable[[Project], Sequence[str]]
Check = Callable[[Project, Sequence[Ended]], list[str]]
BY_PERSON = "a person asked"


def ask_again(_project: Project) -> Sequence[str]:
    """A person gives the same command again."""
    return GENERATE


def retry(_project: Project) -> Sequence[str]:
    """A person has what failed sent again."""
    return "retry", "--framework", KEY, "--yes", "--wait"


@dataclass(frozen=True)
class Disturbed:
    """Faults, and what has to happen under them.

    Attributes:
        group, fault: what the row is called.
        specs: the server's faults.
        stage: where it begins; the first stage goes on to the second one.
        configuration: settings of the project.
        before: what is done at the server at first.
        fatal: the moment at which the first command is killed besides; then it is given again.
        meanwhile: commands that run by themselves when the first one ended, as a service does; whatever they end with.
        act: the command that a person gives when the first one ended; that one has to end with another code than 0. Without it the first
            command has to succeed.
        may_end_well: whether the first command may succeed all the same; then nobody has to act.
        healed: whether the server has no faults any more when the person acts.
        check: what else has to be right, in texts on what is wrong.
        most_hits: how often the faults may hit, where a call must not be repeated.
        by_fault: requests that are rightly sent again.
        like: the provider that the server imitates.
    """

    group: str
    fault: str
    specs: tuple[str, ...]
    stage: str = "usecases"
    configuration: Mapping[str, Any] = field(default_factory=dict)
    before: Callable[[Project], None] | None = None
    fatal: Moment | None = None
    meanwhile: Sequence[tuple[str, ...]] = ()
    act: Act | None = None
    may_end_well: bool = False
    healed: bool = False
    check: Check | None = None
    most_hits: int | None = None
    by_fault: int = 0
    like: str = OPENAI

    @property
    def name(self) -> tuple[str, str, str]:
        """Of its row."""
        return group_at(self.group, self.like), self.fault, self.stage


def disturb(world: World, one: Disturbed) -> Row:
    """Generates under these faults.

    Raises:
        NotInjected: one of them never came.
    """
    began = time.monotonic()
    with world.project(STAGES[one.stage], like=one.like, **{"create_grace_s": GRACE_S, **one.configuration}) as project:
        with project.served(one.specs):
            if one.before:
                one.before(project)
            first = _first(project, one)
            for arguments in one.meanwhile:
                project.run(*arguments)
            wrong = _wrong_so_far(project, one, first)
            if not one.healed:
                return _row(project, one, [first, *_second(project, one, first)], wrong, began)
        with project.served():
            return _row(project, one, [first, *_second(project, one, first)], wrong, began)


def _first(project: Project, one: Disturbed) -> Ended:
    fatal = [one.fatal.when, one.fatal.operation, one.fatal.nth] if one.fatal else None
    ended = project.run(*GENERATE, chunk_lines=CHUNK_LINES, fatal=fatal)
    if one.fatal and not ended.killed:
        raise NotInjected(f"{one.fault}: ended with {ended.status}: {ended.output}{ended.errors}")
    return ended


def _second(project: Project, one: Disturbed, first: Ended) -> list[Ended]:
    act = one.act or (ask_again if one.fatal else None)
    if not first.status and one.may_end_well:
        return []
    return [project.run(*act(project), chunk_lines=CHUNK_LINES)] if act else []


def _wrong_so_far(project: Project, one: Disturbed, first: Ended) -> list[str]:
    wrong = []
    if one.act and not first.status and not one.may_end_well:
        wrong.append(f"exit code 0 while nodes wait: {first.output[-300:]}")
    hits = sum(project.stats()["faults"].values())
    if one.most_hits is not None and hits > one.most_hits:
        wrong.append(f"what was refused was asked {hits} times")
    if one.healed and (absent := missed(one.specs, project.stats())):
        raise NotInjected(f"{one.fault}: {absent} did not come: {first.output}{first.errors}")
    return wrong


def _row(project: Project, one: Disturbed, ended: Sequence[Ended], wrong: Sequence[str], began: float) -> Row:
    if not one.healed and (absent := missed(one.specs, project.stats())):
        raise NotInjected(f"{one.fault}: {absent} did not come: {ended[0].output}{ended[0].errors}")
    also = [*wrong, *(one.check(project, ended) if one.check else [])]
    row = judged(one.name, project, ended[-1:], began, message=ANYTHING, also=also, sent_by_fault=one.by_fault)
    return replace(row, recovered=row.recovered.replace("by itself", BY_PERSON)) if len(ended) > 1 and one.act else row


def disturbed_cases(world: World, chosen: Iterable[Disturbed]) -> list[Case]:
    """A case for each."""
    return [Case(disturbed.name, partial(disturb, world, disturbed)) for disturbed in chosen]


def run_disturbed(world: World, chosen: Iterable[Disturbed]) -> Iterator[Row]:
    """A row for each."""
    yield from each(disturbed_cases(world, chosen))
