"""The table of the secret that the services of a database have: its fingerprint, never the secret. A restored database has none until a service starts."""

from __future__ import annotations

from sqlalchemy import Boolean, CheckConstraint, Column, Table, Text

from caseforge_assets.store.schema.columns import metadata, now_column

known_secret = Table(
    "known_secret",
    metadata,
    Column("fingerprint", Text, nullable=False, comment="derived from the secret, which cannot be found from it"),
    Column("host", Text, nullable=False, comment="on which it was used first"),
    now_column("known_since"),
    Column("is_only", Boolean, primary_key=True, server_default="true", comment="there is one row at most"),
    CheckConstraint("is_only", name="one"),
)
