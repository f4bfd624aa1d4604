"""The table of files between two pages: uploaded and judged, and held until they are taken or a day has passed. None of it is worth a journal."""

from __future__ import annotations

from sqlalchemy import Column, LargeBinary, Table, Text

from caseforge_assets.store.schema.columns import metadata, now_column

held_file = Table(
    "held_file",
    metadata,
    Column("whose", Text, primary_key=True, comment="name of the caller, who alone gets it back"),
    Column("sha256", Text, primary_key=True),
    Column("name", Text, nullable=False, comment="as it was uploaded"),
    Column("content", LargeBinary, nullable=False),
    now_column("held_at"),
)
