"""The tables of the service: calls that are answered once, work that was asked for, events, webhooks in both directions, files between two pages, and the secret that all services of a database have.

An event is written in the transaction of what it reports, and numbered afterwards, one numbering at a time: so positions appear in the order in which they can be
read, and a reader who goes on after the last one that it saw misses none.
"""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, CheckConstraint, Column, Index, Integer, LargeBinary, Table, Text, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from caseforge_assets.batches.states import Wish
from caseforge_assets.events.kinds import DeliveryState
from caseforge_assets.store.schema.columns import id_column, metadata, now_column, reference, time_column
from caseforge_assets.store.schema.constants import listed

idempotent_call = Table(
    "idempotent_call",
    metadata,
    id_column(),
    Column("caller", Text, nullable=False),
    Column("key", Text, nullable=False, comment="the caller's Idempotency-Key"),
    Column("call", Text, nullable=False, comment="method and path"),
    Column("body_digest", Text, nullable=False, comment="SHA-256 of the body"),
    Column("status", Integer, nullable=False),
    Column("answer", JSONB, nullable=False),
    now_column("answered_at"),
    UniqueConstraint("caller", "key"),
)

work_wish = Table(
    "work_wish",
    metadata,
    id_column(),
    Column("wish", Text, nullable=False),
    reference("batch_id", "batch.id", nullable=True),
    Column("asked_by", Text, nullable=False),
    now_column("asked_at"),
    time_column("done_at"),
    Column("outcome", Text, comment="what came of it, for people"),
    CheckConstraint(f"wish in {listed(Wish)}", name="wish"),
    Index("ix_work_wish_open", "id", postgresql_where=text("done_at is null")),
)

event = Table(
    "event",
    metadata,
    id_column(),
    Column("position", BigInteger, unique=True, comment="NULL: not numbered yet"),
    Column("kind", Text, nullable=False, comment="such as plan.waiting"),
    Column("framework_key", Text, comment="NULL: it concerns several, or none"),
    Column("subject", Text, nullable=False, comment="what it is about, such as plan 12"),
    Column("data", JSONB, nullable=False, server_default="{}"),
    now_column("happened_at"),
    Index("ix_event_unnumbered", "id", postgresql_where=text("position is null")),
    Index(None, "kind", "position"),
)

webhook = Table(
    "webhook",
    metadata,
    id_column(),
    Column("url", Text, nullable=False),
    Column("kinds", ARRAY(Text), nullable=False, comment="of events; empty: all"),
    Column("framework_key", Text, comment="NULL: of all frameworks"),
    Column("secret_number", Integer, nullable=False, server_default="1", comment="which secret signs: it is derived, and never stored"),
    Column("created_by", Text, nullable=False),
    now_column("created_at"),
    time_column("removed_at"),
)

webhook_delivery = Table(
    "webhook_delivery",
    metadata,
    id_column(),
    reference("webhook_id", "webhook.id"),
    reference("event_id", "event.id"),
    Column("state", Text, nullable=False),
    Column("tries", Integer, nullable=False, server_default="0"),
    now_column("next_try_at"),
    Column("status", Integer, comment="HTTP status of the last try; NULL: no answer"),
    Column("problem", Text, nullable=False, server_default="", comment="why the last try failed"),
    now_column("created_at"),
    time_column("delivered_at"),
    CheckConstraint(f"state in {listed(DeliveryState)}", name="state"),
    UniqueConstraint("webhook_id", "event_id"),
    Index(None, "event_id"),
    Index("ix_webhook_delivery_waiting", "next_try_at", postgresql_where=text(f"state = '{DeliveryState.waiting}'")),
)

webhook_message = Table(
    "webhook_message",
    metadata,
    id_column(),
    Column("message_id", Text, nullable=False, unique=True, comment="the sender's own id: what comes twice is known by it"),
    Column("kind", Text, nullable=False),
    Column("remote_id", Text, nullable=False, comment="the provider's id of the batch"),
    reference("batch_id", "batch.id", nullable=True, comment="NULL: no batch of ours is called so"),
    now_column("received_at"),
)


# Uploaded and judged, and held until they are taken or a day has passed. None of it is worth a journal.
held_file = Table(
    "held_file",
    metadata,
    Column("whose", Text, primary_key=True, comment="name of the caller, who alone gets it back"),
    Column("sha256", Text, primary_key=True),
    Column("name", Text, nullable=False, comment="as it was uploaded"),
    Column("content", LargeBinary, nullable=False),
    now_column("held_at"),
)


# Its fingerprint, never the secret. A restored database has none until a service starts.
known_secret = Table(
    "known_secret",
    metadata,
    Column("fingerprint", Text, nullable=False, comment="derived from the secret, which cannot be found from it"),
    Column("host", Text, nullable=False, comment="on which it was used first"),
    now_column("known_since"),
    Column("is_only", Boolean, primary_key=True, server_default="true", comment="there is one row at most"),
    CheckConstraint("is_only", name="one"),
)
