"""Frameworks and their editions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, insert, select, text, update
from sqlalchemy.dialects.postgresql import insert as upsert

from caseforge_assets.store.database.copy import add_rows
from caseforge_assets.store.schema.constants import PLANNED_ONCE
from caseforge_assets.store.schema.tables import framework, framework_version, node, node_version


@dataclass(frozen=True, slots=True)
class Edition:
    """The current edition of a framework."""

    id: int
    framework_key: str
    title: str
    owner: str
    targets: Any
    label: str
    source_name: str
    source_sha256: str
    loaded_at: datetime


Levels = list[tuple[int, int, int, int]]
_LEVELS = text("""
select nv.level, count(*) as nodes, count(nv.partition_key) as targets, count(*) filter (where nv.description = '') as without_description
from caseforge.node_version nv where nv.framework_version_id = :edition group by nv.level order by nv.level
""")


def levels_of(connection: Connection, edition_id: int) -> Levels:
    """(level, nodes, targets, nodes without a description) of an edition."""
    return [(row.level, row.nodes, row.targets, row.without_description) for row in connection.execute(_LEVELS, {"edition": edition_id})]


_CURRENT = text("""
select v.id, f.key, f.title, f.owner, f.targets, v.label, v.source_name, v.source_sha256, v.loaded_at
from caseforge.framework_version v join caseforge.framework f on f.key = v.framework_key where v.framework_key = :key and v.is_current
""").execution_options(**PLANNED_ONCE)


def current_edition(connection: Connection, key: str) -> Edition | None:
    """The framework's current edition, or None when nothing was loaded yet."""
    row = connection.execute(_CURRENT, {"key": key}).first()
    return Edition(*row) if row else None


@dataclass(frozen=True, slots=True)
class LoadedEdition:
    """An edition that was loaded, the current one or one before it, with the number of its nodes and of the targets among them."""

    id: int
    label: str
    source_name: str
    source_sha256: str
    is_current: bool
    loaded_at: datetime
    nodes: int
    targets: int


_EDITIONS = text("""
select v.id, v.label, v.source_name, v.source_sha256, v.is_current, v.loaded_at, count(nv.id), count(nv.partition_key)
from caseforge.framework_version v left join caseforge.node_version nv on nv.framework_version_id = v.id
where v.framework_key = :key group by v.id order by v.id desc
""")


def editions_of(connection: Connection, key: str) -> list[LoadedEdition]:
    """Every edition of a framework, the newest first."""
    return [LoadedEdition(*row) for row in connection.execute(_EDITIONS, {"key": key})]


def loaded_keys(connection: Connection) -> list[str]:
    """Keys of all frameworks that have a current edition."""
    query = select(framework_version.c.framework_key).where(framework_version.c.is_current).order_by(framework_version.c.framework_key)
    return list(connection.scalars(query))


_KEYS = text("select key from caseforge.framework order by key").execution_options(**PLANNED_ONCE)


def known_keys(connection: Connection) -> list[str]:
    """Keys of all frameworks that were ever loaded, those that were taken out among them."""
    return list(connection.scalars(_KEYS))


def retire_edition(connection: Connection, key: str) -> bool:
    """Leaves a framework without a current edition; returns whether it had one."""
    current = framework_version.c.framework_key == key, framework_version.c.is_current
    return connection.execute(update(framework_version).where(*current).values(is_current=False)).rowcount > 0


@dataclass(frozen=True, slots=True)
class Belongings:
    """Counts of a framework's current contents, and of its requests that are under way."""

    contents: int
    under_way: int


_BELONGINGS = text("""
select (select count(*) from caseforge.content c where c.framework_key = :key and c.is_current),
       (select count(*) from caseforge.attempt a join caseforge.node n on n.id = a.node_id where n.framework_key = :key and a.outcome is null)
""")


def belongings(connection: Connection, key: str) -> Belongings:
    """Counts what was made, or is being made, for a framework."""
    return Belongings(*connection.execute(_BELONGINGS, {"key": key}).one())


def save_framework(connection: Connection, key: str, title: str, owner: str, targets: Any) -> None:
    """Adds a framework or changes its title, owner and selector."""
    values = {"title": title, "owner": owner, "targets": targets}
    connection.execute(upsert(framework).values(key=key, **values).on_conflict_do_update(index_elements=["key"], set_=values))


def save_edition(
    connection: Connection, key: str, label: str, source_name: str, source_sha256: str, nodes: Sequence[Mapping[str, Any]]
) -> int:
    """Stores an edition with all its nodes and makes it the current one.

    Args:
        nodes: one mapping a node: identity and the columns of node_version except its keys.

    Returns:
        The id of the new framework_version.
    """
    query = text("""
    insert into caseforge.node (framework_key, identity) select :key, unnest(cast(:identities as text[])) on conflict do nothing
    """)
    connection.execute(query, {"key": key, "identities": [row["identity"] for row in nodes]})
    ids = {row[0]: row[1] for row in connection.execute(select(node.c.identity, node.c.id).where(node.c.framework_key == key))}
    connection.execute(update(framework_version).where(framework_version.c.framework_key == key).values(is_current=False))
    edition_id = connection.scalar(
        insert(framework_version)
        .values(framework_key=key, label=label, source_name=source_name, source_sha256=source_sha256, is_current=True)
        .returning(framework_version.c.id)
    )
    rows = [
        {
            **{column: value for column, value in row.items() if column != "identity"},
            "framework_version_id": edition_id,
            "node_id": ids[row["identity"]],
        }
        for row in nodes
    ]
    add_rows(connection, node_version, rows)
    connection.execute(text("analyze caseforge.node, caseforge.node_version"))
    return int(edition_id or 0)
