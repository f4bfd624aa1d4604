"""Events are numbered and delivered beside the answers, whether or not anybody listens to a stream."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from caseforge_assets.commands.telling.deliver_events import deliver_events
from caseforge_assets.commands.telling.number_events import number_events
from caseforge_assets.event_log import Trouble
from caseforge_assets.settings import ConfigurationError
from caseforge_assets.store.database.engine import StoreUnavailable
from caseforge_assets.web.service import Service

LOOKS_EVERY_S = 0.5
log = logging.getLogger(__name__)


@contextmanager
def events_kept_up(service: Service) -> Iterator[None]:
    """Does so in a thread for as long as the block lasts. Several processes share the work: one of them is at it at a time."""
    stopped = threading.Event()
    thread = threading.Thread(target=_keep_up, args=(service, stopped), name="events", daemon=True)
    thread.start()
    try:
        yield
    finally:
        stopped.set()
        thread.join(timeout=30)


def _keep_up(service: Service, stopped: threading.Event) -> None:
    trouble = Trouble(log)
    while not stopped.is_set():
        done = 0
        try:
            number_events(service.store)
            done = deliver_events(service.store, lambda: service.secret, service.settings.configuration.service.webhook_allow)
        except (StoreUnavailable, ConfigurationError) as error:
            trouble.goes_on(f"events cannot be delivered: {error}", LOOKS_EVERY_S)
        except Exception:
            log.exception("events could not be delivered, which is tried again")
        else:
            trouble.is_over()
        if not done:
            stopped.wait(LOOKS_EVERY_S)
