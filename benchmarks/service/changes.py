"""Changes the store while clients ask: a comment on a use case every few seconds, as where people work."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from caseforge_assets.commands.curating.comment_use_case import comment_use_case
from caseforge_assets.store.database.engine import Engine


@contextmanager
def changed_every(seconds: float | None, store: Engine) -> Iterator[None]:
    """Has the first use case commented meanwhile, from another process than the service; None: nothing changes."""
    ended = threading.Event()
    thread = threading.Thread(target=_change, args=(store, seconds, ended)) if seconds else None
    if thread is not None:
        thread.start()
    yield
    ended.set()
    if thread is not None:
        thread.join()


def _change(store: Engine, seconds: float | None, ended: threading.Event) -> None:
    while not ended.wait(seconds):
        with store.begin() as connection:
            candidate_id = connection.exec_driver_sql("select min(candidate_id) from caseforge.candidate_row").scalar_one()
            comment_use_case(connection, candidate_id, "Said while it was measured.", by="benchmark")
