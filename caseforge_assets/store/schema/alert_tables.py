"""The tables of alerts: what is or was wrong, the messages about it, and to which address each was delivered.

Addresses hold secrets and are never stored: a delivery names its address by scheme and a short hash.
"""

from __future__ import annotations

from sqlalchemy import CheckConstraint, Column, Index, Integer, Table, Text, UniqueConstraint, text

from caseforge_assets.alerts.changes import Event
from caseforge_assets.alerts.rules import Severity
from caseforge_assets.store.schema.columns import id_column, metadata, now_column, reference, time_column
from caseforge_assets.store.schema.constants import listed

alert = Table(
    "alert",
    metadata,
    id_column(),
    Column("rule", Text, nullable=False),
    Column("subject", Text, nullable=False, comment="what it is about, as the rule counts it"),
    Column("framework_key", Text, comment="NULL: it concerns several, or all"),
    Column("severity", Text, nullable=False),
    Column("text", Text, nullable=False, comment="as it was when it was last looked at"),
    time_column("raised_at"),
    time_column("escalated_at"),
    time_column("acknowledged_at"),
    Column("acknowledged_by", Text),
    time_column("cleared_at"),
    CheckConstraint(f"severity in {listed(Severity)}", name="severity"),
    Index("uq_alert_open", "rule", "subject", unique=True, postgresql_where=text("cleared_at is null")),
)

alert_message = Table(
    "alert_message",
    metadata,
    id_column(),
    reference("alert_id", "alert.id"),
    Column("event", Text, nullable=False),
    Column("text", Text, nullable=False),
    now_column("created_at"),
    CheckConstraint(f"event in {listed(Event)}", name="event"),
    Index(None, "created_at"),
)

alert_delivery = Table(
    "alert_delivery",
    metadata,
    id_column(),
    reference("message_id", "alert_message.id"),
    Column("address", Text, nullable=False, comment="scheme and a short hash"),
    Column("tries", Integer, nullable=False),
    Column("problem", Text, nullable=False, server_default="", comment="why the last try failed"),
    time_column("next_try_at"),
    time_column("delivered_at"),
    UniqueConstraint("message_id", "address"),
)
