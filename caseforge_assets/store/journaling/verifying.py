"""Reads what rows say of artifacts and of each other, for `verify`."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, text

from caseforge_assets.store.journaling.journal import Marked, lines_of
from caseforge_assets.store.schema.columns import SCHEMA


@dataclass(frozen=True, slots=True)
class AttemptSaid:
    """An attempt as rows have it: what was asked of which node, its answer (None: no line answered it), and the content made from that.

    `asked` is framework, identity of the node, fingerprint and generation.
    """

    outcome: str | None
    answer_sha256: str | None
    max_completion_tokens: int | None
    content_id: int | None
    content_version: str | None
    asked: tuple[str, str, str, int]


def answers_of_batch(connection: Connection, batch_id: int) -> dict[str, AttemptSaid]:
    """By custom_id, what rows say of the attempts of a batch."""
    query = text(f"""
    select a.custom_id, a.outcome, a.answer_sha256, r.max_completion_tokens, c.id, c.version, n.framework_key, n.identity, a.fingerprint, a.generation
    from {SCHEMA}.attempt a
    join {SCHEMA}.node n on n.id = a.node_id
    left join {SCHEMA}.request r on r.id = a.request_id
    left join {SCHEMA}.content c on c.attempt_id = a.id and c.reused_from is null
    where a.batch_id = :id order by a.id
    """)
    return {
        row[0]: AttemptSaid(row[1], row[2], row[3], row[4], row[5], (row[6], row[7], row[8], row[9]))
        for row in connection.execute(query, {"id": batch_id})
    }


# A content belongs to the node and stage of its answer and its request, a copy says what its original does, and items are their content's node's.
_MISPLACED = text(f"""
select c.id, c.framework_key, c.stage, c.node_id, case
    when a.node_id <> c.node_id or b.stage <> c.stage then 'its answer is one of another node or stage'
    when a.request_id is distinct from c.request_id and a.id is not null then 'its answer is one to another request'
    when r.node_id <> c.node_id or r.stage <> c.stage then 'its request is one of another node or stage'
    when s.node_id <> c.node_id then 'it was made from the content of another node'
    when o.version <> c.version or o.stage <> c.stage then 'it is a copy, and its original says something else'
    when k.content_id is not null then 'its items are another node''s'
    else 'it is made from no answer, copied from no content, and written by nobody' end as what
from {SCHEMA}.content c
left join {SCHEMA}.attempt a on a.id = c.attempt_id
left join {SCHEMA}.batch b on b.id = a.batch_id
left join {SCHEMA}.request r on r.id = c.request_id
left join {SCHEMA}.content s on s.id = c.source_content_id
left join {SCHEMA}.content o on o.id = c.reused_from
left join (select distinct k.content_id from {SCHEMA}.candidate k join {SCHEMA}.content c on c.id = k.content_id where c.node_id <> k.node_id) k
       on k.content_id = c.id
where a.node_id <> c.node_id or b.stage <> c.stage or (a.id is not null and a.request_id is distinct from c.request_id)
   or r.node_id <> c.node_id or r.stage <> c.stage or s.node_id <> c.node_id or o.version <> c.version or o.stage <> c.stage
   or k.content_id is not null or (a.id is null and o.id is null and c.edited_after is null)
order by c.id
""")


def misplaced_contents(connection: Connection) -> list[Any]:
    """Contents that are not where they belong, with id, framework, stage, node and what is wrong."""
    return list(connection.execute(_MISPLACED))


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
