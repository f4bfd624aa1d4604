"""Shows what is near in meaning as the search does: with its title, and the beginning of what it says."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection, text

from caseforge_assets.store.searching.meanings import Near
from caseforge_assets.store.searching.passages import Part
from caseforge_assets.store.searching.search import CANDIDATE, NODE, Hit

SHOWN_CHARACTERS = 280

_SHOWN = text("""
select nv.node_id, cast(null as bigint) as candidate_id, nv.framework_key, nv.code, cast(null as text) as stage, cast(null as text) as uid, nv.name as title,
       nv.description as says
from caseforge.current_node nv where nv.node_id = any(:nodes)
union all
select r.node_id, r.candidate_id, r.framework_key, nv.code, c.stage, k.candidate_uid, k.title,
       coalesce(k.fields ->> 'description', (select string_agg(said.value #>> '{}', ' ') from jsonb_each(k.fields) said where jsonb_typeof(said.value) = 'string'))
from caseforge.candidate_row r join caseforge.candidate k on k.id = r.candidate_id join caseforge.content c on c.id = k.content_id
join caseforge.current_node nv on nv.node_id = r.node_id where r.candidate_id = any(:candidates)
""")


def hits_of(connection: Connection, found: Sequence[Near]) -> list[Hit]:
    """Shows what was found, in this order."""
    values = {
        "nodes": [hit.node_id for hit in found if hit.candidate_id is None],
        "candidates": [hit.candidate_id for hit in found if hit.candidate_id is not None],
    }
    rows = {(row.node_id, row.candidate_id): row for row in connection.execute(_SHOWN, values)}
    shown = [(hit, rows[hit.node_id, hit.candidate_id]) for hit in found if (hit.node_id, hit.candidate_id) in rows]
    return [
        Hit(
            hit.id,
            hit.likeness,
            NODE if hit.candidate_id is None else CANDIDATE,
            row.framework_key,
            row.code,
            row.uid or row.code,
            row.stage,
            (Part(row.title, False),),
            ((Part(_beginning(row.says), False),),) if row.says else (),
        )
        for hit, row in shown
    ]


def _beginning(says: str) -> str:
    plain = " ".join(says.split())
    return plain if len(plain) <= SHOWN_CHARACTERS else f"{plain[:SHOWN_CHARACTERS].rsplit(' ', 1)[0]} …"
