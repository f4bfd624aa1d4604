"""Shows batches on a terminal: those under way side by side, what is estimated marked with ~, and those that are through."""

from __future__ import annotations

import time
from collections.abc import Collection, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from rich.console import Group, RenderableType
from rich.text import Text

from caseforge_assets.batches.states import BatchState
from caseforge_assets.cli.shared.console import console, usd
from caseforge_assets.cli.shared.tables import FittingTable
from caseforge_assets.commands.reporting.name_batches import about_batches, say_about
from caseforge_assets.wording import counted

if TYPE_CHECKING:
    from caseforge_assets.commands.collecting.collect_batch import Collected
    from caseforge_assets.commands.reporting.view_batches import BatchView
    from caseforge_assets.store.database.engine import Engine

BAR_CELLS = 10
ESTIMATED = "~ is estimated from what the provider counts as done; exact figures come with the answers."
SIMULATED = "The answers are simulated: nothing is billed, and costs are what their tokens would cost of the model."
SOME_SIMULATED = (
    "The answers of {batches} are simulated: these are not billed, and their costs are what their tokens would cost of the model."
)


class LiveBatches:
    """The batches as they were read last, drawn anew every moment: what has elapsed and the time to the next look move on meanwhile."""

    def __init__(self) -> None:
        self._under_way: list[BatchView] = []
        self._through: list[BatchView] = []
        self._next_look = time.monotonic()
        self.note = ""  # what has to be known beside them

    def show(self, under_way: list[BatchView], through: list[BatchView], next_look_s: float) -> None:
        """Takes what was read now, and when the next look will be."""
        self._under_way, self._through, self._next_look = under_way, through, time.monotonic() + next_look_s

    def __rich__(self) -> RenderableType:
        """The tables of this moment."""
        if not self._under_way:
            return Text("")
        left_s = max(self._next_look - time.monotonic(), 0.0)
        ends = f"Next look in {left_s:,.0f} s." if left_s >= 1 else "Looking …"
        parts = [under_way_table(self._under_way, datetime.now(UTC)), *([through_table(self._through)] if self._through else [])]
        if self.note:
            parts.append(Text(self.note, style="yellow"))
        footnote = explained([*self._under_way, *self._through])
        return Group(*parts, Text(f"{ends} Ctrl-C stops watching, not the batches. {footnote}", style="dim"))


def explained(views: Sequence[BatchView]) -> str:
    """Explains the figures of these batches as far as they need it."""
    simulated = [view for view in views if view.simulated]
    said = [ESTIMATED] if any(view.estimated and view.done for view in views) else []
    if simulated and len(simulated) < len(views):
        numbers = ", ".join(str(view.id) for view in simulated)
        said.append(SOME_SIMULATED.format(batches=f"batch{'es' if len(simulated) > 1 else ''} {numbers}"))
    elif simulated:
        said.append(SIMULATED)
    return " ".join(said)


def print_collected(store: Engine, collected: Collection[Collected]) -> None:
    """Prints what batches came to that were collected, a line each."""
    about = about_batches(store, [result.batch for result in collected])
    for result in collected:
        counts = ", ".join(f"{count:,} {outcome}" for outcome, count in result.outcomes.items())
        console.print(f"Collected {about[result.batch.id]} {result.batch.name}: {counts}.")


def under_way_table(views: Sequence[BatchView], now: datetime) -> RenderableType:
    """Two lines a batch, within 120 characters; notes below."""
    table = FittingTable("Batch", "State", "Done", "Time", "Came of it", "Cost", drop=("Came of it", "Time"), title="Under way", plain=True)
    for view in views:
        about = "~" if view.estimated else ""
        items = f"{about}{counted(view.items, 'use case')}" if view.items is not None else ""
        table.add_row(
            f"{view.id} {_about(view)}\n{view.remote_id or ''}",
            f"{_state(view)}\nsince {view.created_at.astimezone():%H:%M:%S}",
            f"{_bar(view)}\n{'' if view.failed is None else f'{view.failed:,} failed'}",
            _time(view, now),
            f"{items}\n{about}{_tokens(view)} tokens" if view.done else "\n",
            f"{about}{view.cost}\nof {usd(view.expected_cost_usd)}" if view.done else f"\nof {usd(view.expected_cost_usd)}",
        )
    return Group(table, *_notes(views))


def through_table(views: Sequence[BatchView]) -> RenderableType:
    """One line a batch, newest first; notes below."""
    table = FittingTable(
        "Batch",
        "State",
        "Good",
        "Took",
        "Use cases",
        "Tokens",
        "Cost",
        "Expected",
        drop=("Tokens", "Took", "Use cases", "Expected"),
        title="Through",
        plain=True,
    )
    for view in views:
        table.add_row(
            f"{view.id} {_about(view)} {view.remote_id or ''}",
            _state(view),
            "" if view.done is None else f"{view.done - (view.failed or 0):,} of {view.request_count:,}",
            duration(view.elapsed_s),
            "" if view.items is None else f"{view.items:,}",
            _tokens(view),
            str(view.cost),
            usd(view.expected_cost_usd),
        )
    return Group(table, *_notes(views))


def _notes(views: Sequence[BatchView]) -> list[Text]:
    return [Text(f"Batch {view.id}: {view.reason}", style="dim") for view in views if view.reason]


def _about(view: BatchView) -> str:
    return say_about(view.stage, view.frameworks)


def _state(view: BatchView) -> str:
    """The provider's word for what it works on or has ended, ours before and when it was never there."""
    return view.remote_status or view.state if view.state in (BatchState.open, BatchState.collected) else view.state


def _time(view: BatchView, now: datetime) -> str:
    left = "time left unknown" if view.left_s is None else f"~{duration(view.left_s)} left"
    if view.state == BatchState.final:
        left = "to be collected"
    rate = "" if view.rate_per_min is None else f", {view.rate_per_min:,.1f}/min"
    return f"{duration((now - view.created_at).total_seconds())}{rate}\n{left}"


def duration(seconds: float) -> str:
    """Two figures at most: 45 s, 12 min, 3 h 05."""
    whole = round(seconds)
    if whole < 100:
        return f"{whole} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 100 else f"{minutes // 60:,} h {minutes % 60:02}"


def _bar(view: BatchView) -> str:
    if view.done is None:
        return f"? of {view.request_count:,}"
    filled = view.done * BAR_CELLS // view.request_count if view.request_count else 0
    return f"{'█' * filled}{'░' * (BAR_CELLS - filled)} {view.done:,} of {view.request_count:,}"


def _tokens(view: BatchView) -> str:
    if view.input_tokens is None and view.output_tokens is None:
        return "unknown" if view.done else ""
    return f"{_short(view.input_tokens)} + {_short(view.output_tokens)}"


def _short(tokens: int | None) -> str:
    if tokens is None:
        return "?"
    return f"{tokens:,}" if tokens < 10_000 else f"{tokens / 1_000:,.0f}k" if tokens < 10_000_000 else f"{tokens / 1e6:,.1f}M"
