"""The tables of the journal: which rows have changed since they were last journaled, and the segments that were written.

Both say how far the journal is; neither is journaled.
"""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, Index, Integer, Table, Text, text
from sqlalchemy.dialects.postgresql import ARRAY

from caseforge_assets.store.schema.columns import id_column, metadata, now_column, time_column

journal_mark = Table(
    "journal_mark",
    metadata,
    id_column(),
    Column("table_name", Text, nullable=False),
    Column("row_ids", ARRAY(BigInteger), comment="rows that a statement added, changed or removed; NULL: any of the table"),
    now_column("marked_at"),
    Column(
        "added",
        Boolean,
        nullable=False,
        server_default=text("true"),
        comment="whether the rows are new; what never changes in others is journaled already",
    ),
)

journal_segment = Table(
    "journal_segment",
    metadata,
    Column("path", Text, primary_key=True, comment="relative to the folder of artifacts"),
    Column("sha256", Text, nullable=False, comment="of the segment when it is unpacked"),
    Column("size_bytes", BigInteger, nullable=False),
    Column("row_count", Integer, nullable=False),
    Column("previous", Text, comment="the segment before it; NULL: it holds everything"),
    time_column("written_at"),
    Index(None, "written_at"),
)
