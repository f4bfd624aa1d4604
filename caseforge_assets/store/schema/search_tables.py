"""The table of questions that were asked of the search by meaning: each is turned into a vector at once, which is paid for."""

from __future__ import annotations

from sqlalchemy import Column, Index, Integer, Numeric, Table, Text

from caseforge_assets.store.schema.columns import id_column, metadata, now_column, reference, time_column

search_question = Table(
    "search_question",
    metadata,
    id_column(),
    reference("provider_id", "provider.id"),
    Column("model", Text, nullable=False),
    Column("dimensions", Integer, nullable=False),
    Column("digest", Text, nullable=False, comment="SHA-256 of the words: who searched for what is not kept"),
    Column("vector", Text, comment="base64 of numbers of two bytes; NULL: there was no answer"),
    Column("input_tokens", Integer),
    Column("expected_cost_usd", Numeric(14, 8)),
    Column("cost_usd", Numeric(14, 8), comment="NULL: unknown, as long as there is no answer"),
    now_column("asked_at"),
    time_column("answered_at"),
    Column("refused", Text, comment="why there will be no answer, and no cost; NULL: it was not refused"),
    Index(None, "digest"),
    Index(None, "asked_at"),
)
