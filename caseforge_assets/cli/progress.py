"""What a person sees while batches are under way: a line for each thing that happens, bars where there is a terminal."""

from __future__ import annotations

import time
from types import TracebackType
from typing import TYPE_CHECKING, Self

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

from caseforge_assets.cli.console import console

if TYPE_CHECKING:
    from caseforge_assets.cli.session import Session
    from caseforge_assets.commands.work import Round
    from caseforge_assets.store.batches import BatchRow

MIRROR_EVERY_S = 5.0
LOOK_FOR_ALERTS_EVERY_S = 60.0


def submit_once(session: Session, *, quiet: bool = False) -> Round:
    """One round: what may be sent is sent."""
    from caseforge_assets.commands.work import work_round

    done = work_round(session.store, session.provider, session.folder, session.settings.configuration)
    if not quiet:
        Narrator().tell(done)
        if done.submitted:
            console.print("Watch and collect with: caseforge monitor")
    return done


def follow(session: Session, *, quiet: bool = False, submit: bool = True) -> Round:
    """Rounds until nothing is under way, told to the person; Dagster is kept up to date meanwhile."""
    from caseforge_assets.commands.work import work_until_idle

    last_mirror = last_look = time.monotonic()
    sent: list[int] = []

    def after_round(done: Round) -> None:
        nonlocal last_mirror, last_look
        narrator.tell(done)
        sent.extend(done.submitted)
        if done.collected or done.submitted or done.refused or time.monotonic() - last_look > LOOK_FOR_ALERTS_EVERY_S:
            session.look_for_alerts()
            last_look = time.monotonic()
        if done.collected and time.monotonic() - last_mirror > MIRROR_EVERY_S:
            session.mirror()
            last_mirror = time.monotonic()

    with Narrator(quiet=quiet) as narrator:
        from dataclasses import replace

        done = work_until_idle(
            session.store, session.provider, session.folder, session.settings.configuration, after_round=after_round, submit=submit
        )
        return replace(done, submitted=tuple(sent))


class Narrator:
    """Tells rounds: what was submitted and collected, and how far each open batch is."""

    def __init__(self, *, quiet: bool = False) -> None:
        self._quiet = quiet
        columns = (
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("{task.fields[status]}"),
            TimeElapsedColumn(),
        )
        self._progress = Progress(*columns, console=console, transient=True, disable=quiet or not console.is_terminal)
        self._tasks: dict[int, TaskID] = {}
        self._said: set[tuple[int, str]] = set()

    def __enter__(self) -> Self:
        self._progress.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._progress.stop()

    def tell(self, done: Round) -> None:
        """One round."""
        if self._quiet:
            return
        for batch in done.unfinished:
            self._show(batch)
            self._say_once(batch)
        for result in done.collected:
            self._drop(result.batch.id)
            counts = ", ".join(f"{count:,} {outcome}" for outcome, count in result.outcomes.items())
            console.print(f"Collected {result.batch.stage} {result.batch.name}: {counts}.")
            for stray in result.stray_lines[:3]:
                console.print(f"  {stray}", style="yellow")
        for batch in done.refused:
            console.print(f"{batch.stage} {batch.name} was refused: {batch.reason}. Its requests are pending again.", style="red")
        if done.reused:
            console.print(f"{done.reused:,} requests were answered from the store at no cost.")

    def _say_once(self, batch: BatchRow) -> None:
        status = batch.remote_status or batch.state
        news = status if batch.state in ("open", "final") else batch.state
        if (batch.id, news) in self._said:
            return
        self._said.add((batch.id, news))
        reason = f" ({batch.reason})" if batch.reason else ""
        console.print(f"{batch.stage} {batch.name}: {news}, {batch.request_count:,} requests{reason}")

    def _show(self, batch: BatchRow) -> None:
        counts = (batch.remote or {}).get("request_counts") or {}
        done = int(counts.get("completed") or 0) + int(counts.get("failed") or 0)
        if batch.id not in self._tasks:
            self._tasks[batch.id] = self._progress.add_task(f"{batch.stage} {batch.name}", total=batch.request_count, status="")
        self._progress.update(self._tasks[batch.id], completed=done, status=batch.remote_status or batch.state)

    def _drop(self, batch_id: int) -> None:
        if batch_id in self._tasks:
            self._progress.remove_task(self._tasks.pop(batch_id))


def watch(session: Session, *, once: bool, quiet: bool = False) -> None:
    """Polls and tells, and leaves collecting and submitting to others; until nothing is under way."""
    from caseforge_assets.commands.poll_batches import poll_batches
    from caseforge_assets.commands.work import UNFINISHED, Round
    from caseforge_assets.store import batches

    with Narrator(quiet=quiet) as narrator:
        while True:
            poll_batches(session.store, session.provider)
            with session.store.connect() as connection:
                unfinished = batches.in_states(connection, UNFINISHED, session.provider.id)
            narrator.tell(Round((), (), 0, tuple(unfinished), ""))
            if once or not unfinished:
                return
            time.sleep(session.settings.configuration.poll_interval_s if not session.provider.simulated else 1.0)
