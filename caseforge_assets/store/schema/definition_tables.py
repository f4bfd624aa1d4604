"""The tables of what was declared and defined: frameworks that caseforge.toml does not declare, and what the stages' requests were made of, version by version."""

from __future__ import annotations

from sqlalchemy import Column, Table, Text, UniqueConstraint
from sqlalchemy.dialects.postgresql import JSONB

from caseforge_assets.store.schema.columns import id_column, metadata, now_column

# Where caseforge.toml cannot be written or is not meant to be.
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
