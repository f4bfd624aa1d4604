"""One round of work at a provider (reconcile, poll, collect, plan, submit), and rounds until nothing is left to do."""

from __future__ import annotations

import logging
import random
import time
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace

from caseforge_assets.artifacts import ArtifactsUnavailable
from caseforge_assets.batches.consent import EVERYTHING, Consent
from caseforge_assets.batches.progress import poll_interval_s
from caseforge_assets.batches.states import NOT_CREATED, NOT_TO_BE_FOUND, UNFINISHED, UNSETTLED, BatchState
from caseforge_assets.commands.collecting.collect_batch import Collected, collect_batch
from caseforge_assets.commands.journaling.write_journal import journal_now_and_then
from caseforge_assets.commands.providing.open_project import OpenProject
from caseforge_assets.commands.providing.provider import Provider, raise_unless_alone
from caseforge_assets.commands.reporting.view_batches import progress_of
from caseforge_assets.commands.requests.settle_requests import TooLong
from caseforge_assets.commands.rounds.poll_batches import poll_batches
from caseforge_assets.commands.submitting.plan_batches import Planned, plan_batches
from caseforge_assets.commands.submitting.reconcile_batches import reconcile_batches
from caseforge_assets.commands.submitting.submit_batches import is_refused, submit_batches
from caseforge_assets.event_log import Trouble
from caseforge_assets.openai_batch.errors import ProviderError, ProviderStopped, ProviderUnclear
from caseforge_assets.settings import Configuration
from caseforge_assets.stages.stage import JudgeFailed, StageUnknown
from caseforge_assets.store.database import clock
from caseforge_assets.store.database.engine import Connection, Engine, StoreUnavailable
from caseforge_assets.store.submitting import batches, looks, providers
from caseforge_assets.store.submitting.batches import BatchRow

SIMULATED_INTERVAL_S = 0.5
LATER = "is collected later"
NOT_COLLECTABLE = "cannot be collected before its stage is mended"  # waiting is no use
Announce = Callable[[Sequence[BatchRow]], None]
log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Round:
    """The work that one round did, the batches that are unfinished after it, and those that the provider refused to create.

    Whether a `refused` one in state creating exists all the same is being found out. `lost` are batches that the provider does not know and
    that requests wait for. `shortened` and `too_long` are what planning says of requests that are too long for their models.
    """

    submitted: tuple[int, ...]
    collected: tuple[Collected, ...]
    reused: int
    unfinished: tuple[BatchRow, ...]
    held_back: str
    refused: tuple[BatchRow, ...] = ()
    next_look_s: float = 0.0
    shortened: int = 0
    too_long: tuple[TooLong, ...] = ()
    lost: tuple[BatchRow, ...] = ()

    @property
    def under_way(self) -> list[BatchRow]:
        """The unfinished batches that go on by themselves."""
        return [batch for batch in self.unfinished if not is_stuck(batch)]

    @property
    def stuck(self) -> list[BatchRow]:
        """The batches that need a person."""
        return [*(batch for batch in self.unfinished if is_stuck(batch)), *self.lost]

    @property
    def idle(self) -> bool:
        """Nothing is under way, and nothing was found to be sent."""
        return not (self.under_way or self.submitted or self.collected or self.reused)


def is_stuck(batch: BatchRow) -> bool:
    """Tells whether an unfinished batch does not go on by itself: its stage is broken, its creation stays unclear, or its files fall short for too long."""
    return batch.is_held or (batch.reason or "").startswith((NOT_COLLECTABLE, NOT_TO_BE_FOUND))


def lift_stop(connection: Connection, provider: Provider) -> None:
    """Has a provider that stopped tried again. Only where a person asks: sensors leave it alone."""
    providers.set_stopped(connection, provider.id, None)


def batches_in_trouble(
    connection: Connection, provider_id: int, framework_key: str | None = None, node_ids: Sequence[int] | None = None
) -> list[BatchRow]:
    """The batches of a provider that do not go on as they should, and that requests wait for; of one framework, and of these nodes, if given."""
    rows = [batch for batch in batches.in_states(connection, UNSETTLED, provider_id) if _is_in_trouble(batch)]
    waiting = looks.waiting_requests(connection, [batch.id for batch in rows], framework_key, node_ids)
    return [batch for batch in rows if batch.id in waiting]


def _is_in_trouble(batch: BatchRow) -> bool:
    is_awaited = batch.short_fetches > 0 or batch.lost_since is not None or (batch.reason or "").startswith(LATER)
    return batch.state == BatchState.unknown or is_stuck(batch) or is_awaited


def work_round(
    project: OpenProject,
    *,
    quiet_period_s: float = 0.0,
    consent: Consent = EVERYTHING,
    announce: Announce | None = None,
    submit: bool = True,
    plan: bool = True,
    unattended: bool = False,
) -> Round:
    """Does everything that can be done now; safe to be run by any number of processes at once.

    Args:
        quiet_period_s: while newer requests than this are still being made, nothing is planned.
        consent: what may be sent: only what it covers is planned, and of the batches that are planned already, only those that hold nothing else.
        announce: is told each time which batches are about to be sent; nothing else is.
        submit: whether anything is sent.
        plan: whether new batches are planned; those that are planned already go on without it.
        unattended: no person asks: what the provider refused under the same key is left.

    Raises:
        ProviderStopped: the provider refuses key or account.
        ProviderUnclear: the provider cannot be reached; the next round goes on.
    """
    reconcile_batches(project)
    poll_batches(project)
    collected = collect_finished(project)
    planned, refused = Planned(), []
    if submit and plan:
        planned = plan_batches(project, quiet_period_s=quiet_period_s, consent=consent, unattended=unattended)
    if submit:
        with project.store.connect() as connection:
            unsent = batches.not_created(connection, project.provider.id, consent)
        if announce is not None and unsent:
            announce(unsent)
        refused = [batch for batch in submit_batches(project, unsent) if is_refused(batch)]
    with project.store.connect() as connection:
        unfinished = _unfinished(connection, project.provider, consent)
        lost = tuple(batch for batch in batches_in_trouble(connection, project.provider.id) if batch.state == BatchState.unknown)
    done = Round(planned.batch_ids, collected, planned.reused, tuple(unfinished), planned.held_back, tuple(refused))
    return replace(done, shortened=planned.shortened, too_long=planned.too_long, lost=lost)


def _unfinished(connection: Connection, provider: Provider, consent: Consent) -> list[BatchRow]:
    """Without those that this round may not send: they do not go on, and are nothing to wait for."""
    mine = {batch.id for batch in batches.not_created(connection, provider.id, consent)}
    return [batch for batch in batches.in_states(connection, UNFINISHED, provider.id) if batch.state not in NOT_CREATED or batch.id in mine]


def collect_finished(project: OpenProject, first: Collection[int] = ()) -> tuple[Collected, ...]:
    """Collects every batch that is in a final state. One whose files cannot be had now says so, and holds up no other.

    Args:
        first: ids of those that somebody waits for.
    """
    with project.store.connect() as connection:
        finished = batches.in_states(connection, [BatchState.final], project.provider.id)
    results = []
    for batch in sorted(finished, key=lambda batch: batch.id not in first):
        try:
            results.append(collect_batch(project, batch.id))
        except (ProviderUnclear, ProviderStopped, JudgeFailed, StageUnknown) as error:
            if isinstance(error, ProviderStopped):
                raise_unless_alone(project.provider.client, error)
            why = f"{LATER if isinstance(error, ProviderError) else NOT_COLLECTABLE}: {error}"
            log.warning("%s %s", batch.name, why)
            with project.store.begin() as connection:
                batches.move(connection, batch.id, [BatchState.final], reason=why)
    return tuple(result for result in results if result is not None)


def work_until_idle(
    project: OpenProject,
    *,
    after_round: Callable[[Round], None],
    consent: Consent = EVERYTHING,
    announce: Announce | None = None,
    deadline_s: float | None = None,
    submit: bool = True,
) -> Round:
    """Rounds until nothing is under way, or until the deadline. A provider or a database that cannot be reached is tried again.

    What is sent, and who is told before, is as in `work_round`. After a refusal nothing more is planned, or the same requests would be refused again and again.

    Returns:
        The last round, with the refusals of all of them.
    """
    pause_s = next_look_s(project.store, project.provider, project.configuration, ())
    end = None if deadline_s is None else time.monotonic() + deadline_s
    earlier: set[int] | None = None
    refused: list[BatchRow] = []
    trouble = Trouble(log)
    while True:
        try:
            journal_now_and_then(project.store, project.folder)
            earlier = _in_doubt(project) if earlier is None else earlier
            done = work_round(project, consent=consent, announce=announce, submit=submit, plan=not refused)
            ids = {*(batch.id for batch in (*refused, *done.refused)), *(_in_doubt(project) - earlier)}
            before, refused = refused, _refused_of(project.store, ids)
        except (ProviderUnclear, StoreUnavailable, ArtifactsUnavailable) as error:
            if end is not None and time.monotonic() >= end:
                raise
            trouble.goes_on(f"the database: {str(error.orig).strip()}" if isinstance(error, StoreUnavailable) else str(error), pause_s)
        else:
            trouble.is_over()
            pause_s = next_look_s(project.store, project.provider, project.configuration, done.unfinished)
            put_back = [batch for batch in refused if batch.state == BatchState.refused and batch not in before]
            after_round(replace(done, next_look_s=pause_s, refused=tuple(put_back)))
            if done.idle or (end is not None and time.monotonic() >= end):
                return replace(done, refused=tuple(refused))
        time.sleep(pause_s)


def _in_doubt(project: OpenProject) -> set[int]:
    """The batches of which it is being found out whether they exist."""
    with project.store.connect() as connection:
        return {batch.id for batch in batches.in_states(connection, [BatchState.creating], project.provider.id)}


def _refused_of(store: Engine, ids: Collection[int]) -> list[BatchRow]:
    """Those that were refused, as they stand now; one that exists although its creation was refused is none."""
    with store.connect() as connection:
        return [batch for batch in (batches.get(connection, batch_id) for batch_id in sorted(ids)) if is_refused(batch)]


def next_look_s(store: Engine, provider: Provider, configuration: Configuration, unfinished: Sequence[BatchRow]) -> float:
    """Seconds until the next look at a provider: quick while something is about to happen, slow otherwise; a simulated one costs nobody anything."""
    if provider.simulated:
        return min(SIMULATED_INTERVAL_S, configuration.poll_interval_s)
    rows = [batch for batch in unfinished if batch.state == BatchState.open]
    return poll_interval_s(progress_of(rows, clock.now_in(store)), configuration.poll_interval_s, random.random())  # noqa: S311
