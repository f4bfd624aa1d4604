"""The table of providers: where batches go, what was learned of them, and whether sending is stopped."""

from __future__ import annotations

from sqlalchemy import Boolean, Column, Table, Text, UniqueConstraint
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from caseforge_assets.store.schema.columns import id_column, metadata, time_column

provider = Table(
    "provider",
    metadata,
    id_column(),
    Column("base_url", Text, nullable=False),
    Column("account", Text, nullable=False),
    Column("simulated", Boolean, nullable=False),
    Column("enqueued_token_limits", JSONB, nullable=False, server_default="{}", comment="model: tokens, learned from refusals"),
    Column("stopped_reason", Text, comment="why nothing is sent until a person acts"),
    time_column("stopped_at"),
    Column("stopped_keys", ARRAY(Text), nullable=False, server_default="{}", comment="digests of the keys that it was stopped under"),
    Column("last_key", Text, comment="digest of the key that was used last"),
    Column("refused_reason", Text, comment="why it refused the key when it was last asked; NULL: it did not"),
    Column("model_ends", JSONB, nullable=False, server_default="{}", comment="model: day of its end, as it announces it"),
    UniqueConstraint("base_url", "account", "simulated"),
)
