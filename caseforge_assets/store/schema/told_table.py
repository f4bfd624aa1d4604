"""The table of what Dagster was told to be the code version of a stage's assets."""

from __future__ import annotations

from sqlalchemy import Column, Table, Text, UniqueConstraint

from caseforge_assets.store.schema.columns import id_column, metadata

told = Table(
    "told",
    metadata,
    id_column(),
    Column("stage", Text, nullable=False),
    Column("code_version", Text, nullable=False, comment="under which what counted as fresh was shown last"),
    UniqueConstraint("stage"),
)
