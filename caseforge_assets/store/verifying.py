"""What rows say of artifacts and of each other, for `verify`."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, text

from caseforge_assets.store.columns import SCHEMA
from caseforge_assets.store.journal import Marked, lines_of


@dataclass(frozen=True, slots=True)
class Answered:
    """What the row of an attempt says of its answer; a hash of None: no line answered it."""

    outcome: str | None
    answer_sha256: str | None


def answers_of_batch(connection: Connection, batch_id: int) -> dict[str, Answered]:
    """By custom_id, what the attempts of a batch came to."""
    query = text(f"select custom_id, outcome, answer_sha256 from {SCHEMA}.attempt where batch_id = :id")
    return {row[0]: Answered(row[1], row[2]) for row in connection.execute(query, {"id": batch_id})}


_CONTENTS = text(f"""
select c.id, c.framework_key, c.stage, c.node_id, c.body, c.version, items.list as candidates
from {SCHEMA}.content c
left join lateral (select json_agg(json_build_array(k.title, k.fields) order by k.position) as list from {SCHEMA}.candidate k where k.content_id = c.id) items on true
order by c.id
""")


def contents_with_items(connection: Connection) -> Iterator[Any]:
    """Every content with its items as [title, fields], streamed."""
    return iter(connection.execution_options(yield_per=200).execute(_CONTENTS))


def sources(connection: Connection) -> list[tuple[str, str, str]]:
    """(framework, file name, SHA-256) of what the editions were loaded from."""
    query = text(f"select framework_key, source_name, source_sha256 from {SCHEMA}.framework_version order by id")
    return [(row[0], row[1], row[2]) for row in connection.execute(query)]


def lines_of_table(connection: Connection, table: str) -> Iterator[bytes]:
    """All rows of a table as the journal has them."""
    for lines in lines_of(connection, Marked((), {table: None}, None)):
        yield from lines.text.splitlines(keepends=True)
