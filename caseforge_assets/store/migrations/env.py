"""Alembic's entry: runs the migrations on the connection that the engine module hands over."""

from __future__ import annotations

from alembic import context

from caseforge_assets.store.schema.columns import SCHEMA, VERSION_TABLE
from caseforge_assets.store.schema.tables import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    version_table=VERSION_TABLE,
    version_table_schema=SCHEMA,
    include_schemas=True,
    include_name=lambda name, type_, _parents: type_ != "schema" or name == SCHEMA,
    compare_server_default=False,
)
with context.begin_transaction():
    context.run_migrations()
