"""deliver alerts: messages about alerts reach every address, at least once. What fails is kept and tried again, later each time."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from caseforge_assets.alerts.changes import next_try
from caseforge_assets.alerts.messages import compose
from caseforge_assets.event_log import log_event
from caseforge_assets.notifications import Address, send
from caseforge_assets.store.alerting import alerts
from caseforge_assets.store.alerting.alerts import Due
from caseforge_assets.store.database.engine import Connection, Engine, try_lock

KEPT_FOR = timedelta(days=3)  # older news is of no use to anybody
log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Delivered:
    """The result of a delivery, by the address's name: the number of messages that it took, and the reason why others failed."""

    messages: dict[str, int]
    problems: dict[str, str]


def deliver_alerts(store: Engine, addresses: Sequence[Address], now: datetime) -> Delivered:
    """Sends each address what it has not got yet, as one message; one process does so at a time, the others leave it to that one.

    A message counts as delivered once the address accepted it and this is committed: a process that is killed in between delivers it twice.
    """
    taken: dict[str, int] = {}
    problems: dict[str, str] = {}
    if not addresses or not _any_due(store, addresses, now):
        return Delivered(taken, problems)
    with try_lock(store, "deliver alerts") as held:
        while held and _any_due(store, addresses, now):  # others may leave news while this one sends
            for address in addresses:
                problem, count = _deliver(store, address, now)
                if problem:
                    problems[address.name] = problem
                elif count:
                    taken[address.name] = taken.get(address.name, 0) + count
    return Delivered(taken, problems)


def _any_due(store: Engine, addresses: Sequence[Address], now: datetime) -> bool:
    with store.connect() as connection:
        return any(alerts.due(connection, address.name, now - KEPT_FOR, now) for address in addresses)


def _deliver(store: Engine, address: Address, now: datetime) -> tuple[str, int]:
    with store.connect() as connection:
        due = alerts.due(connection, address.name, now - KEPT_FOR, now)
    if not due:
        return "", 0
    title, body = compose([alert.news for alert in due])
    problem = send(address, title, body)
    with store.begin() as connection:
        if problem:
            _note_failed(connection, due, address, problem, now)
        else:
            alerts.note_delivered(connection, due, address.name, now)
    log_event(log, "alert not delivered" if problem else "alert delivered", address=address.name, messages=len(due), why=problem or None)
    return problem, len(due)


def _note_failed(connection: Connection, due: Sequence[Due], address: Address, problem: str, now: datetime) -> None:
    for alert in due:
        alerts.note_failed(connection, alert, address.name, problem, next_try(alert.tries + 1, now))
