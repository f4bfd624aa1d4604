"""Keeps lists and search up to date beside the answers: what was made shows in them some seconds later, also where nobody asks."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from caseforge_assets.commands.mirroring.refresh_lists import refresh_lists
from caseforge_assets.store.database.engine import StoreUnavailable
from caseforge_assets.store.reading import due
from caseforge_assets.web.service import Service

LOOKS_EVERY_S, GOES_ON_AFTER_S = 2.0, 0.05
NODES_AT_ONCE, TEXTS_AT_ONCE = 600, 2_000
log = logging.getLogger(__name__)


@contextmanager
def lists_kept_up(service: Service) -> Iterator[None]:
    """Does so in a thread for as long as the block lasts. Several services share the work: one of them is at it at a time."""
    stopped = threading.Event()
    thread = threading.Thread(target=_keep_up, args=(service, stopped), name="lists", daemon=True)
    thread.start()
    try:
        yield
    finally:
        stopped.set()
        thread.join(timeout=30)


def _keep_up(service: Service, stopped: threading.Event) -> None:
    while not stopped.is_set():
        try:
            is_behind = _catch_up(service)
        except StoreUnavailable as error:
            log.warning("lists could not be brought up to date, which is tried again: %s", error)
            is_behind = False
        stopped.wait(GOES_ON_AFTER_S if is_behind else LOOKS_EVERY_S)


def _catch_up(service: Service) -> bool:
    """Makes some hundred nodes' rows, and splits some texts; returns whether more is to be done."""
    with service.store.connect() as connection:
        found = due.behind(connection)
    if not (found.lists or found.texts):
        return False
    after = refresh_lists(service.store, service.project, nodes=NODES_AT_ONCE, texts=TEXTS_AT_ONCE)
    return after.lists or after.texts
