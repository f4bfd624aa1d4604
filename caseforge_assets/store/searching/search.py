"""The search over nodes, documents and candidates: what is found, by rank, with the passages that say it.

Of very many hits some hundred are ranked, those in headings first: who searches for a word that nearly all texts have finds what is called so. Where more headings
have it than are ranked, texts are not looked through: what only they say would stand behind all of these.
"""

from __future__ import annotations

from array import array
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

from sqlalchemy import Connection, text

from caseforge_assets.store.schema.constants import PLANNED_ONCE
from caseforge_assets.store.searching.matching import how_to_look, matches, tsquery
from caseforge_assets.store.searching.passages import Part, Told, mark

NODE, DOCUMENT, CANDIDATE = KINDS = ("node", "document", "candidate")
RANKED_HEADINGS, RANKED_TEXTS = 200, 500
LOOKED_THROUGH = 600  # texts that have the words of a phrase, for whether they have the phrase
_TAKEN = "t.id, t.kind, t.framework_key, t.row_id, t.config, t.heading, t.words"
SHOWN_CHARACTERS = 20_000  # of a text, from its beginning, in which passages are looked for


@dataclass(frozen=True)
class Hit:
    """Something that was found: `name` is a candidate's uid, otherwise a node's code."""

    id: int
    rank: float
    kind: str
    framework: str
    code: str
    name: str
    stage: str | None
    title: tuple[Part, ...]
    passages: tuple[tuple[Part, ...], ...]


@dataclass(frozen=True)
class Search:
    """A search: its words, and where to look.

    Attributes:
        words: As people write it.
        frameworks: Keys of those that are seen and meant; None: all.
        kinds: Of `KINDS`.
    """

    words: str
    frameworks: Sequence[str] | None
    kinds: Sequence[str]


@dataclass(frozen=True)
class Found:
    """The results of a search: ids and ranks, the best first, and counts of them.

    Attributes:
        more: There are further ones, which are not ranked and not counted.
        candidates: Ids of the candidates among it.
    """

    ids: Sequence[int] = ()
    ranks: Sequence[float] = ()
    more: bool = False
    kinds: Mapping[str, int] = field(default_factory=dict)
    frameworks: Mapping[str, int] = field(default_factory=dict)
    candidates: Sequence[int] = ()

    @property
    def count(self) -> int:
        """The number of results that are ranked."""
        return len(self.ids)

    def page(self, after: tuple[float, int] | None, limit: int) -> list[tuple[int, float]]:
        """Ids and ranks of what stands after a rank and id; `limit` of it at most."""
        ranked = zip(self.ids, self.ranks, strict=True)
        left = ranked if after is None else ((found, rank) for found, rank in ranked if (-rank, found) > (-after[0], after[1]))
        return list(islice(left, limit))


def search(connection: Connection, asked: Search) -> Found:
    """Ranks what is found.

    Raises:
        ValueError: nothing can be searched so.
    """
    looked = how_to_look(connection, asked.words, asked.frameworks)
    configs, phrases = looked.configs, looked.phrases
    if not configs:
        return Found()
    where = "t.kind = any(:kinds) and (cast(:frameworks as text[]) is null or t.framework_key = any(:frameworks))"
    enough = (
        f"(select count(*) from named) > {RANKED_HEADINGS}" if phrases else f"exists (select 1 from every_name offset {RANKED_HEADINGS})"
    )
    # All of `every_` is planned for and only the first of it read: planned for the first few, all texts might be read one by one for what hardly any has.
    # Words go along unread, so that no text is looked up again to be ranked.
    query = text(f"""
    with every_name as materialized (
        select {_TAKEN} from caseforge.found_text t where {where} and ({matches(configs, "heading", loosely=phrases)})),
    named as materialized ({_ranked("every_name", RANKED_HEADINGS, configs, "heading", phrases)}),
    every_text as materialized (
        select {_TAKEN} from caseforge.found_text t where not {enough} and {where} and ({matches(configs, loosely=phrases)})),
    told as materialized ({_ranked("every_text", RANKED_TEXTS, configs, "words", phrases)} and t.id not in (select id from named)),
    hits as materialized (select * from named union all select * from told)
    select (select array_agg(id order by rank desc, id) from hits), (select array_agg(rank order by rank desc, id) from hits),
           {enough} or exists (select 1 from every_text offset {LOOKED_THROUGH if phrases else RANKED_TEXTS}),
           (select jsonb_object_agg(kind, n) from (select kind, count(*) as n from hits group by 1) k),
           (select jsonb_object_agg(framework_key, n) from (select framework_key, count(*) as n from hits group by 1) f),
           (select array_agg(row_id) from hits where kind = '{CANDIDATE}')
    """)
    values: dict[str, Any] = {
        "words": asked.words,
        "kinds": list(asked.kinds),
        "frameworks": None if asked.frameworks is None else list(asked.frameworks),
    }
    ids, ranks, more, kinds, frameworks, candidates = connection.execute(query, values).one()
    return Found(array("q", ids or ()), array("d", ranks or ()), more, kinds or {}, frameworks or {}, array("q", candidates or ()))


def _ranked(found: str, count: int, configs: Sequence[str], column: str, phrases: bool) -> str:
    """The query for ids and ranks of the first of what was found; where there are phrases, of those in which the words stand beside each other.

    Conditions may follow it.
    """
    most, said = (LOOKED_THROUGH, matches(configs, column)) if phrases else (count, "true")
    cases = " ".join(f"when t.config = '{config}' then ts_rank(t.words, {tsquery(config)})" for config in configs)
    rank = f"cast(case {cases} end as double precision)"
    return f"select t.id, t.kind, t.framework_key, t.row_id, {rank} as rank from (select * from {found} limit {most}) t where ({said})"


def hits(connection: Connection, asked: Search, ranked: Sequence[tuple[int, float]]) -> list[Hit]:
    """Some of what was found, in this order, with titles and passages in which the words that were found are marked."""
    values = {"ids": [found_id for found_id, _ in ranked], "words": asked.words, "most": SHOWN_CHARACTERS}
    rows: dict[int, Any] = {row.id: row for row in connection.execute(_SHOWN, values)}
    shown = [(rows[found_id], rank) for found_id, rank in ranked if found_id in rows]
    marked = mark(connection, asked.words, [Told(row.config, row.sought, row.title, row.body or "") for row, _ in shown])
    return [
        Hit(row.id, rank, row.kind, row.framework_key, row.code, row.candidate_uid or row.code, row.stage, marks.title, marks.passages)
        for (row, rank), marks in zip(shown, marked, strict=True)
    ]


_SHOWN = text("""
with chosen as (
    select t.id, t.kind, t.row_id, t.framework_key, t.node_id, t.config, cast(websearch_to_tsquery(cast(t.config as regconfig), :words) as text) as sought
    from caseforge.found_text t where t.id = any(:ids)),
texts as (
    select o.id, nv.code, cast(null as text) as stage, cast(null as text) as candidate_uid, nv.name as title, nv.description as body
    from chosen o join caseforge.current_node nv on nv.node_id = o.row_id where o.kind = 'node'
    union all
    select o.id, nv.code, c.stage, null, c.title, left(c.body, :most)
    from chosen o join caseforge.content c on c.id = o.row_id join caseforge.current_node nv on nv.node_id = o.node_id where o.kind = 'document'
    union all
    select o.id, nv.code, c.stage, k.candidate_uid, k.title,
           left((select string_agg(said.value #>> '{}', e'\\n') from jsonb_each(k.fields) said where jsonb_typeof(said.value) = 'string'), :most)
    from chosen o join caseforge.candidate k on k.id = o.row_id join caseforge.content c on c.id = k.content_id
    join caseforge.current_node nv on nv.node_id = o.node_id where o.kind = 'candidate')
select o.id, o.kind, o.framework_key, o.config, o.sought, texts.code, texts.stage, texts.candidate_uid, texts.title, texts.body
from chosen o join texts using (id)
""").execution_options(**PLANNED_ONCE)
