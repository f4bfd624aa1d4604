"""The table of providers: where batches go, what was learned of them, and whether sending is stopped."""

from __future__ import annotations

from sqlalchemy import Boolean, Column, Table, Text, UniqueConstraint
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from caseforge_assets.costs.sums import Payment
from caseforge_assets.store.schema.columns import id_column, metadata, time_column

IMPORTED = "imported"  # base URL and account of the row that stands for "paid for elsewhere"
# Of a provider (p) in a query: how its answers are paid for.
IS_IMPORTED = f"(p.base_url = '{IMPORTED}')"
IS_BILLED = f"(not p.simulated and not {IS_IMPORTED})"
PAYMENT = f"case when {IS_IMPORTED} then '{Payment.imported}' when p.simulated then '{Payment.simulated}' else '{Payment.billed}' end"

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
