"""The parts that stages' requests were made of, version by version, and since when the newest version holds."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, func, select
from sqlalchemy.dialects.postgresql import insert

from caseforge_assets.store.schema.tables import stage_definition


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
