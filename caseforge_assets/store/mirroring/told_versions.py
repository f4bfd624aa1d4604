"""The code versions of stages' assets that Dagster was told."""

from __future__ import annotations

from sqlalchemy import Connection, select
from sqlalchemy.dialects.postgresql import insert

from caseforge_assets.store.schema.tables import told


def told_versions(connection: Connection) -> dict[str, str]:
    """Code versions by stage; stages of which nothing was ever told are left out."""
    return {row.stage: row.code_version for row in connection.execute(select(told.c.stage, told.c.code_version))}


def remember_told(connection: Connection, stage: str, code_version: str) -> None:
    """From now on this is what was told."""
    row = insert(told).values(stage=stage, code_version=code_version)
    connection.execute(row.on_conflict_do_update(index_elements=["stage"], set_={"code_version": code_version}))
