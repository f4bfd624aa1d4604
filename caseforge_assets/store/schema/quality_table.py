"""The table of how good contents are: one row a content, as its stage measured it."""

from __future__ import annotations

from sqlalchemy import JSON, Column, Integer, Table, Text, UniqueConstraint

from caseforge_assets.store.schema.columns import id_column, metadata, now_column, reference

quality = Table(
    "quality",
    metadata,
    id_column(),
    reference("content_id", "content.id"),
    Column("rules", Text, nullable=False, comment="version of the rules that it was measured by"),
    Column("score", Integer, nullable=False, comment="0 to 100"),
    # JSON, not JSONB: the parts keep their order.
    Column("details", JSON, nullable=False, comment="parts: points by part; limits: faults in words; figures: what was counted"),
    Column("signature", Text, comment="MinHash of the text; NULL where texts are not compared"),
    now_column("measured_at"),
    UniqueConstraint("content_id"),
)
