"""Alerts and what was told of them: open ones, the messages about them, and which address got which message."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, text

from caseforge_assets.alerts.changes import LONGEST_RETRY, Event, OpenAlert
from caseforge_assets.alerts.messages import News
from caseforge_assets.alerts.rules import Finding, Rule, Severity


@dataclass(frozen=True, slots=True)
class AlertRow:
    """An alert, with how often messages about it were delivered, and the newest problem of one that was not."""

    id: int
    rule: str
    subject: str
    framework_key: str | None
    severity: str
    text: str
    raised_at: datetime
    escalated_at: datetime | None
    acknowledged_at: datetime | None
    acknowledged_by: str | None
    cleared_at: datetime | None
    delivered: int
    undelivered: int
    problem: str | None


@dataclass(frozen=True, slots=True)
class Due:
    """A message that an address has not got yet, and how often that was tried."""

    message_id: int
    tries: int
    news: News


def open_alerts(connection: Connection) -> list[OpenAlert]:
    """The alerts that are open, oldest first; rules that this version does not know are left out."""
    query = text("""
    select id, rule, subject, severity, text, framework_key, raised_at, acknowledged_at from caseforge.alert
    where cleared_at is null and rule = any(:rules) order by id
    """)
    rows = connection.execute(query, {"rules": [str(rule) for rule in Rule]})
    return [OpenAlert(row[0], Rule(row[1]), row[2], Severity(row[3]), *row[4:]) for row in rows]


def cleared_keys(connection: Connection, findings: Sequence[Finding]) -> set[tuple[str, str]]:
    """(rule, subject) of these findings that an alert was raised for and cleared."""
    query = text("""
    select distinct a.rule, a.subject from caseforge.alert a
    join unnest(cast(:rules as text[]), cast(:subjects as text[])) as asked(rule, subject) on asked.rule = a.rule and asked.subject = a.subject
    where a.cleared_at is not null
    """)
    values = {"rules": [str(finding.rule) for finding in findings], "subjects": [finding.subject for finding in findings]}
    return {(row[0], row[1]) for row in connection.execute(query, values)}


def raise_alert(connection: Connection, finding: Finding, now: datetime) -> int | None:
    """Opens an alert and leaves a message about it; None where another process did."""
    query = text("""
    insert into caseforge.alert (rule, subject, framework_key, severity, text, raised_at)
    values (:rule, :subject, :key, :severity, :text, :now)
    on conflict (rule, subject) where cleared_at is null do nothing returning id
    """)
    values = {
        "rule": str(finding.rule),
        "subject": finding.subject,
        "key": finding.framework_key,
        "severity": str(finding.severity),
        "text": finding.text,
        "now": now,
    }
    alert_id: int | None = connection.scalar(query, values)
    if alert_id is not None:
        _add_message(connection, alert_id, Event.raised, finding.text, now)
    return alert_id


def escalate(connection: Connection, alert_id: int, alert_text: str, now: datetime) -> None:
    """Makes an alert critical, and leaves a message."""
    query = text(f"update caseforge.alert set severity = '{Severity.critical}', text = :text, escalated_at = :now where id = :id")
    connection.execute(query, {"id": alert_id, "text": alert_text, "now": now})
    _add_message(connection, alert_id, Event.escalated, alert_text, now)


def reword(connection: Connection, alert_id: int, alert_text: str) -> None:
    """Says what an alert is about as it is now; nobody is told."""
    connection.execute(text("update caseforge.alert set text = :text where id = :id"), {"id": alert_id, "text": alert_text})


def clear(connection: Connection, alert_id: int, alert_text: str, now: datetime) -> None:
    """Closes an alert, and leaves a message."""
    connection.execute(text("update caseforge.alert set cleared_at = :now where id = :id"), {"id": alert_id, "now": now})
    _add_message(connection, alert_id, Event.cleared, alert_text, now)


def acknowledge(connection: Connection, alert_id: int, by: str, now: datetime) -> bool:
    """Notes that a person knows of an open alert; returns whether there is such an alert. Acknowledging again changes nothing."""
    query = text("""
    update caseforge.alert set acknowledged_at = coalesce(acknowledged_at, :now), acknowledged_by = coalesce(acknowledged_by, :by)
    where id = :id and cleared_at is null returning id
    """)
    return connection.scalar(query, {"id": alert_id, "by": by, "now": now}) is not None


_COLUMNS = """
select a.id, a.rule, a.subject, a.framework_key, a.severity, a.text, a.raised_at, a.escalated_at, a.acknowledged_at, a.acknowledged_by, a.cleared_at,
       count(d.delivered_at) as delivered, count(d.id) - count(d.delivered_at) as undelivered,
       (array_agg(d.problem order by d.id desc) filter (where d.id is not null and d.delivered_at is null))[1] as problem
from caseforge.alert a
left join caseforge.alert_message m on m.alert_id = a.id
left join caseforge.alert_delivery d on d.message_id = m.id
"""

_LIST = text(f"""{_COLUMNS}
where (:all or a.cleared_at is null) and (cast(:key as text) is null or a.framework_key is null or a.framework_key = :key)
group by a.id order by a.cleared_at is not null, a.severity <> '{Severity.critical}', a.id desc limit :limit
""")


def newest(connection: Connection, *, with_cleared: bool = False, key: str | None = None, limit: int = 100) -> list[AlertRow]:
    """Alerts, open ones first, the gravest and then the newest first.

    Args:
        key: only those that concern this framework.
    """
    return [AlertRow(*row) for row in connection.execute(_LIST, {"all": with_cleared, "key": key, "limit": limit})]


_PAGE = text(f"""{_COLUMNS}
where (:all or a.cleared_at is null) and (cast(:keys as text[]) is null or a.framework_key = any(:keys))
  and (cast(:before as bigint) is null or a.id < :before) and (cast(:id as bigint) is null or a.id = :id)
group by a.id order by a.id desc limit :limit
""")


def page_of_alerts(
    connection: Connection,
    keys: Collection[str] | None,
    before_id: int | None,
    limit: int,
    *,
    with_cleared: bool,
    alert_id: int | None = None,
) -> list[AlertRow]:
    """Alerts, newest first, from the one before a number on.

    Args:
        keys: only those that concern one of these frameworks; None: all, those that concern none, too.
        alert_id: only this one.
    """
    values = {"all": with_cleared, "keys": None if keys is None else list(keys), "before": before_id, "id": alert_id, "limit": limit}
    return [AlertRow(*row) for row in connection.execute(_PAGE, values)]


def newest_message(connection: Connection) -> tuple[int, datetime | None]:
    """Number and time of the newest message; None where there is none."""
    row = connection.execute(text("select id, created_at from caseforge.alert_message order by id desc limit 1")).first()
    return (row.id, row.created_at) if row else (0, None)


_DUE = text("""
select m.id, coalesce(d.tries, 0), a.id, a.rule, a.severity, m.event, m.text, m.created_at
from caseforge.alert_message m
join caseforge.alert a on a.id = m.alert_id
left join caseforge.alert_delivery d on d.message_id = m.id and d.address = :address
where m.created_at >= :since and d.delivered_at is null and coalesce(d.next_try_at <= :now or d.next_try_at > :latest, true)
order by m.id
""")


def due(connection: Connection, address: str, since: datetime, now: datetime) -> list[Due]:
    """The messages since a time that an address has not got and that may be tried now, oldest first."""
    rows = connection.execute(_DUE, {"address": address, "since": since, "now": now, "latest": now + LONGEST_RETRY})
    return [Due(row[0], row[1], News(*row[2:])) for row in rows]


_NOTE = text("""
insert into caseforge.alert_delivery (message_id, address, tries, problem, next_try_at, delivered_at)
values (:message, :address, :tries, :problem, :next_try, :delivered)
on conflict (message_id, address) do update
set tries = excluded.tries, problem = excluded.problem, next_try_at = excluded.next_try_at, delivered_at = excluded.delivered_at
""")


def note_delivered(connection: Connection, messages: Sequence[Due], address: str, now: datetime) -> None:
    """These messages reached an address."""
    for message in messages:
        values = {
            "message": message.message_id,
            "address": address,
            "tries": message.tries + 1,
            "problem": "",
            "next_try": None,
            "delivered": now,
        }
        connection.execute(_NOTE, values)


def note_failed(connection: Connection, message: Due, address: str, problem: str, next_try_at: datetime) -> None:
    """A message did not reach an address, why, and when it is tried again."""
    values = {"message": message.message_id, "address": address, "tries": message.tries + 1, "problem": problem, "next_try": next_try_at}
    connection.execute(_NOTE, values | {"delivered": None})


def _add_message(connection: Connection, alert_id: int, event: Event, message: str, now: datetime) -> None:
    query = text("insert into caseforge.alert_message (alert_id, event, text, created_at) values (:id, :event, :text, :now)")
    connection.execute(query, {"id": alert_id, "event": str(event), "text": message, "now": now})
