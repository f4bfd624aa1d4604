"""Tells a person how batches go on: a line for each thing that happens, and a table that moves where there is a terminal."""

from __future__ import annotations

from datetime import UTC, datetime
from types import TracebackType
from typing import TYPE_CHECKING, Self

from rich.live import Live

from caseforge_assets.batches.states import AWAITED, BatchState
from caseforge_assets.cli.shared.console import console, errors, usd
from caseforge_assets.cli.views.batch_views import LiveBatches, duration
from caseforge_assets.cli.views.plan_views import print_too_long
from caseforge_assets.commands.reporting.name_batches import about_batches
from caseforge_assets.wording import counted

if TYPE_CHECKING:
    from collections.abc import Sequence

    from caseforge_assets.cli.shared.session import Session
    from caseforge_assets.commands.rounds.work import Round
    from caseforge_assets.store.submitting.batches import BatchRow

DRAWN_PER_SECOND = 2
FINISHED_SHOWN = 5


class Narrator:
    """Tells rounds: what was submitted, collected and refused, a line each; on a terminal, how far each open batch is, in a table that moves."""

    def __init__(self, session: Session, *, quiet: bool = False, simulated: bool = False, moving: bool = True) -> None:
        self._session, self._quiet, self._simulated = session, quiet, simulated
        self._announced: set[int] = set()
        self._about: dict[int, str] = {}
        self._moves = moving and console.is_terminal and not quiet
        self._live_batches = LiveBatches()
        self._live = Live(self._live_batches, console=console, transient=True, refresh_per_second=DRAWN_PER_SECOND)
        self._said: set[tuple[int, str]] = set()
        self._away_since: datetime | None = None

    def __enter__(self) -> Self:
        if self._moves:
            self._live.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._live.stop()

    def announce(self, unsent: Sequence[BatchRow]) -> None:
        """Batches that are about to be sent, each once; on standard error where nothing else may stand on standard output."""
        for batch in unsent:
            if batch.id not in self._announced:
                self._announced.add(batch.id)
                cost = "free (simulated)" if self._simulated else f"expected cost {usd(batch.expected_cost_usd)}"
                told = errors if self._quiet else console
                told.print(f"Sending batch {batch.id}: {counted(batch.request_count, 'request')} for {self._say(batch)}, {cost}.")

    def tell(self, done: Round) -> None:
        """One round."""
        if self._quiet:
            return
        for batch in done.unfinished:
            self._say_once(batch)
        for result in done.collected:
            counts = ", ".join(f"{count:,} {outcome}" for outcome, count in result.outcomes.items())
            console.print(f"Collected {self._say(result.batch)} {result.batch.name}: {counts}.")
            for stray in result.stray_lines[:3]:
                console.print(f"  {stray}", style="yellow")
        for batch in done.refused:
            if batch.state == BatchState.refused:
                console.print(f"{self._say(batch)} {batch.name} was refused: {batch.reason}. Its requests are pending again.", style="red")
        if done.reused:
            console.print(f"{counted(done.reused, 'request was', 'requests were')} answered from the store at no cost.")
        if done.shortened:
            console.print(
                f"{counted(done.shortened, 'request was too long and is', 'requests were too long and are')} sent with half of what belongs in them."
            )
        if done.too_long:
            console.print(f"{counted(len(done.too_long), 'node')} failed without being sent:", style="red")
            print_too_long(done.too_long)
        self._draw(done)

    def provider_is_away(self, since: datetime, why: str) -> None:
        """The provider did not answer a look that began then; said once, until it is back."""
        if self._away_since is None:
            self._away_since = since
            self._print(
                f"The provider cannot be reached since {since.astimezone():%H:%M:%S}: {why}. What follows is from the store.", "yellow"
            )
        self._live_batches.note = (
            f"The provider cannot be reached since {self._away_since.astimezone():%H:%M:%S}; this is what was known then."
        )

    def provider_is_there(self) -> None:
        """The provider answered."""
        if self._away_since is not None:
            away_s = (datetime.now(UTC) - self._away_since).total_seconds()
            self._print(f"The provider is reached again, after {duration(away_s)}.", "green")
        self._away_since, self._live_batches.note = None, ""

    def _print(self, text: str, style: str) -> None:
        if not self._quiet:
            console.print(text, style=style)

    def _say_once(self, batch: BatchRow) -> None:
        status = batch.remote_status or batch.state
        shown = news = status if batch.state in AWAITED else batch.state
        if batch.lost_since or batch.short_fetches:
            news += ", held" if batch.is_held else ", looked for"
        said = (
            batch.id,
            f"{news} {batch.reason}" if batch.state == BatchState.creating else news,
        )  # what can be done about it is said, too
        if said in self._said:
            return
        self._said.add(said)
        reason = f" ({batch.reason})" if batch.reason else ""
        console.print(f"{self._say(batch)} {batch.name}: {shown}, {counted(batch.request_count, 'request')}{reason}")

    def _say(self, batch: BatchRow) -> str:
        """Gives what a batch is about; looked up once, because its requests stay the same."""
        if batch.id not in self._about:
            self._about |= about_batches(self._session.store, [batch])
        return self._about[batch.id]

    def _draw(self, done: Round) -> None:
        if not self._moves:
            return
        from caseforge_assets.commands.reporting.view_batches import view_batches
        from caseforge_assets.store.database import clock

        with self._session.store.connect() as connection:
            under_way, through = view_batches(connection, self._session.stages, clock.now(connection), finished=FINISHED_SHOWN)
        self._live_batches.show(under_way, through, done.next_look_s)
