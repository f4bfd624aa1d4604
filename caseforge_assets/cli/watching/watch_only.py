"""monitor --watch-only: looks at the provider and tells; while that cannot be reached, at the store alone, until it is back."""

from __future__ import annotations

import logging
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from caseforge_assets.cli.watching.progress_lines import Narrator
from caseforge_assets.event_log import Trouble
from caseforge_assets.openai_batch.errors import ProviderUnclear
from caseforge_assets.store.database.engine import StoreUnavailable

if TYPE_CHECKING:
    from caseforge_assets.cli.shared.session import Session
    from caseforge_assets.store.submitting.batches import BatchRow

log = logging.getLogger(__name__)


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
        looked_at = poll_batches(session.store, session.provider, grace_s=session.settings.configuration.create_grace_s)
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
    """Whether the provider has said who it is; it is asked once, and known while it is away."""
    return "provider" in vars(session)


def _tell(session: Session, narrator: Narrator, unfinished: list[BatchRow]) -> float:
    """Returns the seconds until the next look."""
    from caseforge_assets.commands.rounds.work import Round, next_look_s

    configuration = session.settings.configuration
    known = _is_known(session)
    pause_s = next_look_s(session.provider, configuration, unfinished) if known else configuration.poll_interval_s
    narrator.tell(Round((), (), 0, tuple(unfinished), "", next_look_s=pause_s))
    return pause_s
