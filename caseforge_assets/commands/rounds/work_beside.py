"""Work beside a service: wishes at once, rounds at the usual intervals, until somebody says that it is enough."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Collection
from dataclasses import dataclass

from caseforge_assets.artifacts import ArtifactsUnavailable
from caseforge_assets.commands.collecting.collect_batch import Collected
from caseforge_assets.commands.journaling.write_journal import journal_now_and_then
from caseforge_assets.commands.providing.open_project import OpenProject
from caseforge_assets.commands.rounds.do_wishes import do_wishes
from caseforge_assets.commands.rounds.send_approved import send_approved
from caseforge_assets.commands.rounds.work import Announce, next_look_s, work_round
from caseforge_assets.commands.submitting.decide_submission import decide_submission
from caseforge_assets.event_log import Trouble
from caseforge_assets.openai_batch.errors import ProviderError
from caseforge_assets.store.database.engine import Engine, StoreUnavailable, try_lock
from caseforge_assets.store.serving import wishes

LOOKS_EVERY_S = 0.25
SUBMITS_EVERY_S = 10.0  # as the submit sensor
AFTER_TROUBLE_S = 5.0
LOCK = "work beside"
log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Done:
    """The work done at once: the number of batches sent, and those that were collected."""

    submitted: int
    collected: Collection[Collected]


@dataclass
class _Times:
    """The times, by the monotonic clock, at which something is done next without being asked."""

    round: float = 0.0
    submit: float = 0.0
    after_trouble: float = 0.0
    submitted_as: str = ""


def work_beside(
    store: Engine,
    connect: Callable[[], OpenProject],
    enough: threading.Event,
    *,
    announce: Announce,
    after_work: Callable[[Done], None],
) -> None:
    """Reconciles, polls, collects and submits until `enough` is set; what is begun then is brought to its end.

    Safe beside any number of others: one works at a time, and Dagster's sensors and commands hold each step by the same locks. What approved plans hold is sent, and
    nothing else. What cannot be reached is tried again.

    Args:
        connect: opens the project; raises while its provider is away.
        announce: is told which batches are about to be sent.
        after_work: called after each thing that was done, and after rounds without any.
    """
    trouble, times = Trouble(log), _Times()
    while not enough.is_set():
        try:
            if time.monotonic() >= times.after_trouble and _is_time(store, times):
                with try_lock(store, LOCK) as held:
                    done = _work(connect(), times, announce) if held else None
                if done is not None:
                    after_work(done)
                trouble.is_over()
        except (ProviderError, StoreUnavailable, ArtifactsUnavailable) as error:
            trouble.goes_on(
                f"the database: {str(error.orig).strip()}" if isinstance(error, StoreUnavailable) else str(error), AFTER_TROUBLE_S
            )
            times.after_trouble = time.monotonic() + AFTER_TROUBLE_S
        except Exception:
            log.exception("unexpected error while working; it is tried again")
            times.after_trouble = time.monotonic() + AFTER_TROUBLE_S
        enough.wait(LOOKS_EVERY_S)


def _is_time(store: Engine, times: _Times) -> bool:
    if time.monotonic() >= min(times.round, times.submit):
        return True
    with store.connect() as connection:
        return bool(wishes.open_wishes(connection))


def _work(project: OpenProject, times: _Times, announce: Announce) -> Done:
    """Wishes first; then a round or a submission, whichever is due."""
    collected = do_wishes(project, announce=announce)
    if collected:
        times.round = 0.0  # what follows from answers is sent at once, too
    if time.monotonic() >= times.round:
        journal_now_and_then(project.store, project.folder)
        done = work_round(project, announce=announce, unattended=True)
        pause_s = next_look_s(project.store, project.provider, project.configuration, done.unfinished)
        times.round, times.submit = time.monotonic() + pause_s, time.monotonic() + SUBMITS_EVERY_S
        return Done(len(done.submitted), (*collected, *done.collected))
    if time.monotonic() >= times.submit:
        times.submit = time.monotonic() + SUBMITS_EVERY_S
        with project.store.begin() as connection:
            due = decide_submission(connection, project)
        if due.key and due.key != times.submitted_as:
            times.submitted_as = due.key
            return Done(len(send_approved(project, announce=announce, unattended=True).submitted), collected)
    return Done(0, collected)
