"""Makes the rows of lists and of the search anew, for some nodes at a time."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, text

from caseforge_assets.store.schema.constants import PLANNED_ONCE

POSITIONS, ITEMS = 1 << 32, 1 << 12  # of nodes in a framework, and of items in a content: the parts of a place
LONGEST_VALUE = 80  # characters; what is longer is a text, and nothing that lists are filtered by
LONGEST_TEXT = 300_000  # characters of a text that are split into words
NODES = "nodes"


@dataclass(frozen=True)
class ListedStage:
    """A stage as lists know it.

    Attributes:
        columns: From a column's name to the field of an item that stands in it.
        scales: Of columns that hold a number of a level, such as complexity, the levels' names, lowest first.
    """

    key: str
    is_list: bool
    columns: Mapping[str, str]
    scales: Mapping[str, Sequence[str]]


def framework_number(connection: Connection, key: str, languages: Mapping[str, str]) -> int:
    """Numbers a framework in the order of places; its rows are a new revision from now on.

    Args:
        languages: by stage, and of nodes, how its texts are split into words.
    """
    query = text("""
    insert into caseforge.reading_framework (framework_key, number, languages, revision)
    values (:key, (select coalesce(max(number), 0) + 1 from caseforge.reading_framework), cast(:languages as jsonb), 1)
    on conflict (framework_key) do update set revision = reading_framework.revision + 1, languages = excluded.languages returning number
    """)
    return int(connection.scalar(query, {"key": key, "languages": json.dumps(dict(languages))}) or 0)


_NUMBER = text("select number from caseforge.reading_framework where framework_key = :key").execution_options(**PLANNED_ONCE)


def framework_place(connection: Connection, key: str) -> int | None:
    """The place with which those of a framework begin; None where it has no rows yet."""
    number = connection.scalar(_NUMBER, {"key": key})
    return None if number is None else int(number) * POSITIONS * ITEMS


def known_languages(connection: Connection) -> dict[str, dict[str, str]]:
    """By framework that has rows, how its texts were split into words."""
    rows = connection.execute(text("select framework_key, languages from caseforge.reading_framework"))
    return {row.framework_key: row.languages for row in rows}


def revisions(connection: Connection) -> int:
    """A number that grows whenever rows were made anew."""
    return int(connection.scalar(text("select coalesce(sum(revision), 0) from caseforge.reading_framework")) or 0)


def remake_rows(
    connection: Connection, key: str, node_ids: Sequence[int], stages: Sequence[ListedStage], rules: str, languages: Mapping[str, str]
) -> None:
    """Makes the rows of some nodes anew; the texts among them that are new are split into words later.

    Args:
        rules: the version of the rules by which scores count.
        languages: as for `framework_number`.
    """
    number = framework_number(connection, key, languages)
    values: dict[str, Any] = {"key": key, "ids": list(node_ids), "rules": rules, "base": number * POSITIONS * ITEMS, "items": ITEMS}
    connection.execute(_REMOVE, values)
    made = [stage for stage in stages if stage.is_list]
    columns, named = _values_of(made)
    connection.execute(text(_ADD.format(values=columns)), values | named | {"lists": [stage.key for stage in made]})
    documents = [stage.key for stage in stages if not stage.is_list]
    connection.execute(_KEEP_TEXTS, values | {"documents": documents, "nodes": languages[NODES], "languages": json.dumps(dict(languages))})


_REMOVE = text("""
with gone as (delete from caseforge.candidate_row where node_id = any(:ids) returning group_id, root_id, owner, score),
fewer as (
    select group_id, root_id, owner, least(score / 10 * 10, 90) as tens, count(*) as count
    from (select group_id, root_id, owner, case when score < 0 then -10 else score end as score from gone) g group by 1, 2, 3, 4)
update caseforge.candidate_count c set count = c.count - fewer.count from fewer
where c.group_id = fewer.group_id and c.root_id = fewer.root_id and c.owner = fewer.owner and c.tens = fewer.tens
""")

# Who a candidate belongs to is said as exports say it; so is which ones count.
_ADD = """
with recursive up as (
    select nv.node_id, nv.framework_version_id, nv.parent_code, nv.node_id as root_id from caseforge.target_node nv
    where nv.framework_key = :key and nv.node_id = any(:ids)
    union all
    select up.node_id, up.framework_version_id, p.parent_code, p.node_id from up
    join caseforge.node_version p on p.framework_version_id = up.framework_version_id and p.code = up.parent_code),
fresh as materialized (
    select k.id, k.node_id, up.root_id, c.stage, c.simulated, {values} as values,
           :base + nv.position * cast(:items as bigint) + least(k.position, :items - 1) as place, coalesce(q.score, -1) as score,
           coalesce(nullif(nv.owner, ''), nullif(c.owner, ''), f.owner) as owner
    from caseforge.candidate k
    join caseforge.content c on c.id = k.content_id and c.is_current and c.stage = any(:lists)
    join caseforge.target_node nv on nv.node_id = k.node_id and nv.framework_key = :key
    join caseforge.framework f on f.key = nv.framework_key
    join up on up.node_id = k.node_id and up.parent_code is null
    left join caseforge.quality q on q.content_id = c.id and q.rules = :rules
    where k.is_current and k.node_id = any(:ids)),
grouped as (
    select *, hashtextextended(concat_ws(e'\\x1f', cast(:key as text), stage, simulated, cast(values as text)), 0) as group_id from fresh),
groups as (
    insert into caseforge.candidate_group (id, framework_key, stage, simulated, values)
    select distinct on (group_id) group_id, :key, stage, simulated, values from grouped on conflict do nothing),
more as (
    insert into caseforge.candidate_count (group_id, root_id, owner, tens, count)
    select group_id, root_id, owner, case when score < 0 then -10 else least(score / 10 * 10, 90) end, count(*) from grouped group by 1, 2, 3, 4
    on conflict (group_id, root_id, owner, tens) do update set count = candidate_count.count + excluded.count)
insert into caseforge.candidate_row (candidate_id, framework_key, group_id, node_id, root_id, place, score, owner)
select id, :key, group_id, node_id, root_id, place, score, owner from grouped
"""

_KEEP_TEXTS = text("""
with wanted as (
    select 'node' as kind, nv.node_id as row_id, nv.node_id, cast(:nodes as text) as config
    from caseforge.current_node nv where nv.framework_key = :key and nv.node_id = any(:ids)
    union all
    select 'document', c.id, c.node_id, cast(:languages as jsonb) ->> c.stage from caseforge.content c
    join caseforge.target_node nv on nv.node_id = c.node_id and nv.framework_key = :key
    where c.is_current and c.stage = any(:documents) and c.node_id = any(:ids)
    union all
    select 'candidate', r.candidate_id, r.node_id, cast(:languages as jsonb) ->> g.stage
    from caseforge.candidate_row r join caseforge.candidate_group g on g.id = r.group_id where r.node_id = any(:ids)),
gone as (
    delete from caseforge.found_text t where t.node_id = any(:ids)
    and not exists (select 1 from wanted w where w.kind = t.kind and w.row_id = t.row_id))
insert into caseforge.found_text (kind, row_id, framework_key, node_id, config)
select kind, row_id, :key, node_id, config from wanted
on conflict (kind, row_id) do update set config = excluded.config, heading = null, words = null
where found_text.config <> excluded.config or found_text.kind = 'node'
""")


def _values_of(stages: Sequence[ListedStage]) -> tuple[str, dict[str, Any]]:
    """The columns of items as an SQL expression, by stage, with its parameters: names come from stages, which may be somebody's own."""
    cases, named = list[str](), dict[str, Any]()
    for number, stage in enumerate(stages):
        pairs = []
        for place, (column, field) in enumerate(stage.columns.items()):
            at = f"{number}_{place}"
            named |= {f"column_{at}": column, f"field_{at}": field, f"scale_{at}": list(stage.scales.get(column, ()))}
            raw = f"left(k.fields ->> :field_{at}, {LONGEST_VALUE + 1})"
            level = f"case when {raw} ~ '^[1-9]$' then (cast(:scale_{at} as text[]))[cast({raw} as int)] end"
            shown = f"coalesce({level}, {raw})"
            pairs.append(f"cast(:column_{at} as text), case when length({shown}) <= {LONGEST_VALUE} then {shown} end")
        named[f"stage_{number}"] = stage.key
        cases.append(f"when c.stage = :stage_{number} then jsonb_build_object({', '.join(pairs)})")
    return (f"case {' '.join(cases)} end" if cases else "cast('{}' as jsonb)"), named


_SPLIT = text("""
with waiting as (
    select id, kind, row_id, framework_key, cast(config as regconfig) as config from caseforge.found_text where words is null order by id limit :limit),
texts as (
    select waiting.id, waiting.config, waiting.kind, nv.code || ' ' || nv.name as title, nv.description as body, cast(null as jsonb) as fields
    from waiting join caseforge.current_node nv on nv.node_id = waiting.row_id where waiting.kind = 'node'
    union all
    select waiting.id, waiting.config, waiting.kind, c.title, left(c.body, :longest), null
    from waiting join caseforge.content c on c.id = waiting.row_id where waiting.kind = 'document'
    union all
    select waiting.id, waiting.config, waiting.kind, k.title, null, k.fields from waiting join caseforge.candidate k on k.id = waiting.row_id where waiting.kind = 'candidate'),
split as materialized (  -- or each text is split again for every one that waits
    select id, to_tsvector(config, title) as heading,
           case when kind = 'candidate' then jsonb_to_tsvector(config, fields, '["string"]') else to_tsvector(config, body) end as body
    from texts),
known as (
    insert into caseforge.reading_word (framework_key, word)
    select distinct waiting.framework_key, one.word from texts join waiting using (id)
    cross join lateral unnest(tsvector_to_array(to_tsvector('simple', texts.title))) one(word) on conflict do nothing)
update caseforge.found_text t set heading = coalesce(split.heading, ''), words = coalesce(setweight(split.heading, 'A') || split.body, '')
from waiting left join split using (id) where t.id = waiting.id
""")


def split_texts(connection: Connection, limit: int) -> int:
    """Splits the next texts that wait for it into words; returns how many."""
    return connection.execute(_SPLIT, {"limit": limit, "longest": LONGEST_TEXT}).rowcount


def sort_in(connection: Connection) -> None:
    """Sorts new words into the indexes that the search looks into: they take them as they come until then, and are looked through one by one."""
    for index in ("heading", "words"):
        connection.execute(text(f"select gin_clean_pending_list('caseforge.ix_found_text_{index}')"))
