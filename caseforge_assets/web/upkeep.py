"""Upkeep beside the answers, in a thread for each matter, whether or not anybody asks for it. Several processes share it: one at a time is at it."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta

from caseforge_assets.commands.alerting.alert_people import alert_people
from caseforge_assets.commands.mirroring.refresh_lists import refresh_lists
from caseforge_assets.commands.mirroring.refresh_meanings import index_meanings, refresh_meanings
from caseforge_assets.commands.mirroring.refresh_similar import refresh_similar
from caseforge_assets.commands.telling.deliver_events import deliver_events
from caseforge_assets.commands.telling.number_events import number_events
from caseforge_assets.commands.telling.prune_events import prune_events
from caseforge_assets.event_log import Trouble
from caseforge_assets.notifications import addresses_of
from caseforge_assets.settings import ConfigurationError
from caseforge_assets.store.database.engine import StoreUnavailable
from caseforge_assets.store.reading import due
from caseforge_assets.store.similar import similar_due
from caseforge_assets.temporary import remove_leftovers
from caseforge_assets.web.portal.editions.branches import count_ahead
from caseforge_assets.web.portal.shared.rendering import read_templates
from caseforge_assets.web.service import Service

LISTS_EVERY_S, LISTS_GO_ON_AFTER_S = 2.0, 0.05
SIMILAR_EVERY_S, SIMILAR_GOES_ON_AFTER_S = 5.0, 0.5
VECTORS_EVERY_S, VECTORS_GO_ON_AFTER_S = 10.0, 0.5
EVENTS_EVERY_S = 0.5
JOURNAL_EVERY_S = 30.0
ALERTS_EVERY_S = 60.0
PRUNED_EVERY_S = 3_600.0
DECLARATIONS_EVERY_S = 1.0
# A step that takes longer, such as grouping 280,000 use cases, ends with the process: it is a transaction, and is taken again.
STOPS_WITHIN_S = 5.0
NODES_AT_ONCE, TEXTS_AT_ONCE = 600, 2_000
log = logging.getLogger(__name__)
Step = Callable[[Service], float]


@contextmanager
def lists_kept_up(service: Service) -> Iterator[None]:
    """Brings lists and search up to date for as long as the block lasts: what was made shows in them some seconds later."""
    with (
        _kept_up("lists", service, _catch_up, LISTS_EVERY_S),
        _kept_up("similar use cases", service, _compare, SIMILAR_EVERY_S),
        _kept_up("vectors", service, _take_in, VECTORS_EVERY_S),
    ):
        yield


@contextmanager
def events_kept_up(service: Service) -> Iterator[None]:
    """Numbers and delivers events for as long as the block lasts, and removes those that are kept no longer."""
    with _kept_up("events", service, _number_and_deliver, EVENTS_EVERY_S), _kept_up("old events", service, _prune, PRUNED_EVERY_S):
        yield


@contextmanager
def alerts_kept_up(service: Service) -> Iterator[None]:
    """Looks for alerts and tells people for as long as the block lasts: the service may be all that runs."""
    with _kept_up("alerts", service, _look_for_alerts, ALERTS_EVERY_S):
        yield


@contextmanager
def ready_beforehand(service: Service) -> Iterator[None]:
    """Has what the first page of its kind would wait for made beside the answers: each process that answers has its own templates and figures."""
    with _kept_up("templates and figures", service, _make_ready, LISTS_EVERY_S):
        yield


@contextmanager
def declarations_followed(service: Service) -> Iterator[None]:
    """Looks for frameworks that other processes have declared in the database, for as long as the block lasts."""
    with _kept_up("declared frameworks", service, _see_declarations, DECLARATIONS_EVERY_S):
        yield


@contextmanager
def journal_kept_up(service: Service) -> Iterator[None]:
    """Journals what is decided and changed over HTTP for as long as the block lasts, and at its end."""
    try:
        with _kept_up("the journal", service, _journal, JOURNAL_EVERY_S):
            yield
    finally:
        service.keep()


@contextmanager
def _kept_up(what: str, service: Service, step: Step, pause_s: float) -> Iterator[None]:
    """Takes a step again and again, whatever becomes of it.

    Args:
        what: is kept up, for the log.
        step: does some of it, and returns after how many seconds the next one is to follow.
        pause_s: after a step that failed.
    """
    stopped = threading.Event()
    thread = threading.Thread(target=_go_on, args=(what, service, step, pause_s, stopped), name=what, daemon=True)
    thread.start()
    try:
        yield
    finally:
        stopped.set()
        thread.join(STOPS_WITHIN_S)


def _go_on(what: str, service: Service, step: Step, pause_s: float, stopped: threading.Event) -> None:
    trouble = Trouble(log)
    while not stopped.is_set():
        next_s = pause_s
        try:
            next_s = step(service)
        except (StoreUnavailable, ConfigurationError) as error:
            trouble.goes_on(f"{what} cannot be kept up: {error}", pause_s)
        except Exception:
            log.exception("%s could not be kept up, which is tried again", what)
        else:
            trouble.is_over()
        stopped.wait(next_s)


def _catch_up(service: Service) -> float:
    """Makes some hundred nodes' rows, and splits some texts."""
    with service.store.connect() as connection:
        found = due.behind(connection)
    if not (found.lists or found.texts):
        return LISTS_EVERY_S
    after = refresh_lists(service.store, service.project, nodes=NODES_AT_ONCE, texts=TEXTS_AT_ONCE)
    return LISTS_GO_ON_AFTER_S if after.lists or after.texts else LISTS_EVERY_S


def _make_ready(service: Service) -> float:
    """Reads templates, and counts figures once lists are up to date; from then on, those who look at them see to it."""
    read_templates()
    with service.store.connect() as connection:
        if due.behind(connection).lists:
            return LISTS_EVERY_S
    count_ahead(service)
    return threading.TIMEOUT_MAX


def _compare(service: Service) -> float:
    """Takes words of some hundred nodes' candidates, and groups them once all are there."""
    with service.store.connect() as connection:
        if not similar_due.behind(connection):
            return SIMILAR_EVERY_S
    return SIMILAR_GOES_ON_AFTER_S if refresh_similar(service.store, service.project, nodes=NODES_AT_ONCE) else SIMILAR_EVERY_S


def _take_in(service: Service) -> float:
    """Takes in vectors of some hundred nodes, and makes indexes over them once all are there."""
    if refresh_meanings(service.store, service.project, contents=NODES_AT_ONCE):
        return VECTORS_GO_ON_AFTER_S
    index_meanings(service.store)
    return VECTORS_EVERY_S


def _number_and_deliver(service: Service) -> float:
    number_events(service.store)
    done = deliver_events(service.store, service.secret_for_signing, service.settings.configuration.service.webhook_allow)
    return 0.0 if done else EVENTS_EVERY_S


def _prune(service: Service) -> float:
    remove_leftovers()
    prune_events(service.store, timedelta(days=service.settings.configuration.service.events_days))
    return PRUNED_EVERY_S


def _look_for_alerts(service: Service) -> float:
    _, delivered = alert_people(service.store, service.project, addresses_of(service.settings))
    for name, problem in delivered.problems.items():
        log.warning("An alert could not be delivered to %s: %s. It is tried again.", name, problem)
    return ALERTS_EVERY_S


def _see_declarations(service: Service) -> float:
    service.see_declarations()
    return DECLARATIONS_EVERY_S


def _journal(service: Service) -> float:
    service.keep_now_and_then()
    return JOURNAL_EVERY_S
