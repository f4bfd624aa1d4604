"""The heartbeat of a run: its process says who it is when it begins, that it is there while it works, and that it has ended."""

from __future__ import annotations

import logging
import threading
from typing import TYPE_CHECKING

from caseforge_assets.commands.mirroring.find_dead_runs import BEAT_S, this_process
from caseforge_assets.store.database.engine import StoreUnavailable
from caseforge_assets.store.mirroring import run_processes

if TYPE_CHECKING:
    from caseforge_assets.store.database.engine import Engine

log = logging.getLogger(__name__)


class Heartbeat:
    """Beats in a thread until it is stopped. A database that is away is tried again with the next beat."""

    def __init__(self, store: Engine, run_id: str) -> None:
        self._store, self._run_id = store, run_id
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._beat, name=f"heartbeat of {run_id}", daemon=True)
        with store.begin() as connection:
            run_processes.begin(connection, run_id, this_process())
        self._thread.start()

    def stop(self) -> None:
        """The work has ended."""
        self._stopped.set()
        self._thread.join()
        with self._store.begin() as connection:
            run_processes.end(connection, self._run_id)

    def _beat(self) -> None:
        while not self._stopped.wait(BEAT_S):
            try:
                with self._store.begin() as connection:
                    run_processes.beat(connection, self._run_id)
            except StoreUnavailable as error:
                log.warning("the heartbeat of run %s is late: %s", self._run_id, error.orig)
