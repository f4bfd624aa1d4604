"""The table of frameworks that are declared in the database, where caseforge.toml cannot be written or is not meant to be."""

from __future__ import annotations

from sqlalchemy import Column, Table, Text
from sqlalchemy.dialects.postgresql import JSONB

from caseforge_assets.store.schema.columns import metadata, now_column

framework_declaration = Table(
    "framework_declaration",
    metadata,
    Column("key", Text, primary_key=True),
    Column("entry", JSONB(none_as_null=True), comment="as [frameworks.KEY] in caseforge.toml; NULL: it was taken out"),
    Column(
        "instead_of",
        JSONB(none_as_null=True),
        comment="what caseforge.toml said of it then; once the file says something else, the file counts",
    ),
    Column("declared_by", Text, nullable=False),
    now_column("declared_at"),
)
