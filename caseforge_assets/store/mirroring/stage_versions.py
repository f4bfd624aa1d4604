"""Versions of stages: the parts that requests were made of, since when the newest one holds, and which ones Dagster was told."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, func, select
from sqlalchemy.dialects.postgresql import insert

from caseforge_assets.store.schema.tables import stage_definition, told


@dataclass(frozen=True, slots=True)
class SeenDefinition:
    """A version of a stage: its parts, and since when it was the current one, the last time that it was."""

    version: str
    parts: Mapping[str, str]
    current_since: datetime


def seen_definitions(connection: Connection, stage: str) -> list[SeenDefinition]:
    """Every version of a stage that was seen, the current one last."""
    table = stage_definition
    rows = connection.execute(select(table).where(table.c.stage == stage).order_by(table.c.current_since, table.c.id))
    return [SeenDefinition(row.version, row.parts, row.current_since) for row in rows]


def remember_definition(connection: Connection, stage: str, versions: Collection[str], parts: Mapping[str, str]) -> None:
    """From now on these versions, which name the same parts, are the current ones."""
    for version in versions:
        row = insert(stage_definition).values(stage=stage, version=version, parts=dict(parts))
        new = {"parts": dict(parts), "current_since": func.now()}
        connection.execute(row.on_conflict_do_update(index_elements=["stage", "version"], set_=new))


def told_versions(connection: Connection) -> dict[str, str]:
    """Code versions by stage; stages of which nothing was ever told are left out."""
    return {row.stage: row.code_version for row in connection.execute(select(told.c.stage, told.c.code_version))}


def remember_told(connection: Connection, stage: str, code_version: str) -> None:
    """From now on this is what was told."""
    row = insert(told).values(stage=stage, code_version=code_version)
    connection.execute(row.on_conflict_do_update(index_elements=["stage"], set_={"code_version": code_version}))
