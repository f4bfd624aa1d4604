"""The table of what the stages' requests were made of, version by version."""

from __future__ import annotations

from sqlalchemy import Column, Table, Text, UniqueConstraint
from sqlalchemy.dialects.postgresql import JSONB

from caseforge_assets.store.schema.columns import id_column, metadata, now_column

stage_definition = Table(
    "stage_definition",
    metadata,
    id_column(),
    Column("stage", Text, nullable=False),
    Column("version", Text, nullable=False, comment="as contents and rows of the outbox name it"),
    Column("parts", JSONB, nullable=False, comment="texts by name: files, schema, settings"),
    now_column("current_since"),
    UniqueConstraint("stage", "version"),
)
