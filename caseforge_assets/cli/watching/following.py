"""Following work to its end, with what a person is told of it; looking on alone (monitor --watch-only); and the batches that then need a person."""

from __future__ import annotations

import logging
import time
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from caseforge_assets.batches.consent import EVERYTHING
from caseforge_assets.batches.states import BatchState
from caseforge_assets.cli.shared.console import console, errors
from caseforge_assets.cli.watching.progress_lines import Narrator
from caseforge_assets.commands.reporting.name_batches import about_batches
from caseforge_assets.event_log import Trouble
from caseforge_assets.openai_batch.errors import ProviderUnclear
from caseforge_assets.store.database.engine import StoreUnavailable
from caseforge_assets.wording import counted

if TYPE_CHECKING:
    from collections.abc import Iterator

    from caseforge_assets.batches.consent import Consent
    from caseforge_assets.cli.shared.session import Session
    from caseforge_assets.commands.rounds.work import Round
    from caseforge_assets.commands.surveying.survey import Scope
    from caseforge_assets.store.submitting.batches import BatchRow

log = logging.getLogger(__name__)
MIRROR_EVERY_S = 5.0
LOOK_FOR_ALERTS_EVERY_S = 60.0
NODES_WAIT = 4  # for the provider, which does not know a batch, or brings less than it counts


def submit_once(session: Session, *, consent: Consent = EVERYTHING, quiet: bool = False) -> Round:
    """One round: what a consent covers is sent, and told before."""
    from caseforge_assets.commands.rounds.work import work_round

    narrator = Narrator(session, quiet=quiet, simulated=session.provider.simulated, moving=False)
    done = work_round(session.open_project, consent=consent, announce=narrator.announce)
    if not quiet:
        narrator.tell(done)
        if done.submitted:
            console.print("Watch and collect with: caseforge monitor")
    return done


def follow(session: Session, *, consent: Consent = EVERYTHING, quiet: bool = False) -> Round:
    """Rounds until nothing is under way, told to the person; alerts are looked for and Dagster is kept up to date meanwhile.

    What a consent covers is sent, and told before.
    """
    from caseforge_assets.commands.rounds.work import work_until_idle

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

    with Narrator(session, quiet=quiet, simulated=session.provider.simulated) as narrator:
        done = work_until_idle(
            session.open_project,
            after_round=after_round,
            consent=consent,
            announce=narrator.announce,
        )
        return replace(done, submitted=tuple(sent))


@contextmanager
def stopping_politely(session: Session) -> Iterator[None]:
    """Ctrl-C ends the watching, and says what goes on without it."""
    from caseforge_assets.store.submitting import batches

    try:
        yield
    except KeyboardInterrupt:
        with session.store.connect() as connection:
            count = len(batches.in_states(connection, [BatchState.open, BatchState.creating]))
        going_on = (
            counted(count, "batch under way at the provider goes on", "batches under way at the provider go on")
            if count
            else "nothing is lost"
        )
        errors.print(f"\nStopped watching; {going_on}. `caseforge monitor` watches and collects again.")
        session.mirror()
        raise SystemExit(130) from None


def watch(session: Session, *, once: bool, quiet: bool = False) -> None:
    """Polls and tells, and leaves collecting and submitting to others; until nothing goes on by itself.

    Args:
        once: one look.
        quiet: nothing is said.

    Raises:
        ProviderStopped: the provider refuses key or account.
        ProviderError: it was to be looked at once, and it cannot be reached.
    """
    from caseforge_assets.commands.rounds.work import is_stuck

    trouble = Trouble(log)
    with Narrator(session, quiet=quiet or once) as narrator:
        while True:
            pause_s = session.settings.configuration.poll_interval_s
            try:
                _poll(session, narrator, once=once)
                unfinished = _unfinished(session)
                pause_s = _tell(session, narrator, unfinished)
                session.keep_now_and_then()
            except StoreUnavailable as error:
                if once:
                    raise
                trouble.goes_on(f"the database: {str(error.orig).strip()}", pause_s)
            else:
                trouble.is_over()
                if once or all(is_stuck(batch) for batch in unfinished):
                    return
            time.sleep(pause_s)


def _poll(session: Session, narrator: Narrator, *, once: bool) -> None:
    from caseforge_assets.commands.rounds.poll_batches import poll_batches

    began = datetime.now(UTC)
    try:
        known = _is_known(session)
        looked_at = poll_batches(session.open_project)
    except ProviderUnclear as error:
        if once:
            raise
        narrator.provider_is_away(began, str(error))
    else:
        if looked_at or not known:  # without open batches, nobody was asked
            narrator.provider_is_there()


def _unfinished(session: Session) -> list[BatchRow]:
    """The batches under way at the configured provider, also where it has not answered yet."""
    from caseforge_assets.batches.states import UNFINISHED
    from caseforge_assets.store.submitting import batches, providers

    with session.store.connect() as connection:
        if _is_known(session):
            return batches.in_states(connection, UNFINISHED, session.provider.id)
        ids = providers.ids_at(connection, session.settings.openai_base_url, session.settings.openai_account)
        return [row for row in batches.in_states(connection, UNFINISHED) if row.provider_id in ids]


def _is_known(session: Session) -> bool:
    """Tells whether the provider has said who it is; it is asked once, and known while it is away."""
    return "provider" in vars(session)


def _tell(session: Session, narrator: Narrator, unfinished: list[BatchRow]) -> float:
    """Returns the seconds until the next look."""
    from caseforge_assets.commands.rounds.work import Round, next_look_s

    configuration = session.settings.configuration
    known = _is_known(session)
    pause_s = next_look_s(session.store, session.provider, configuration, unfinished) if known else configuration.poll_interval_s
    narrator.tell(Round((), (), 0, tuple(unfinished), "", next_look_s=pause_s))
    return pause_s


def batches_in_trouble(session: Session, scope: Scope | None = None) -> list[BatchRow]:
    """Those of the configured provider; of what is meant, if given."""
    from caseforge_assets.commands.rounds.work import batches_in_trouble as in_trouble

    of = (scope.key, scope.node_ids) if scope else ()
    with session.store.connect() as connection:
        return in_trouble(connection, session.provider.id, *of)


def exit_if_in_trouble(session: Session, rows: list[BatchRow], *, quiet: bool = False) -> None:
    """Names each batch with its reason, and ends the command; goes on where there is none."""
    about = {} if quiet else about_batches(session.store, rows)
    for batch in rows if not quiet else ():
        state = batch.remote_status if batch.state == BatchState.open else batch.state
        console.print(f"{about[batch.id]} {batch.name} is {state}, and nodes wait for it: {batch.reason}", style="yellow")
    if rows:
        raise SystemExit(NODES_WAIT)
