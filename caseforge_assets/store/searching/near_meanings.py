"""Finds what is nearest in meaning to a question, a node or a candidate; keeps indexes, by which that takes some milliseconds where vectors are many.

An index finds nearly all of what is near, and always the same. What lies beyond its reach, or is hidden from it by filters, is found by comparing every vector.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from sqlalchemy import Connection, text

from caseforge_assets.store.searching.meanings import CANDIDATE, NODE, OF_KIND, SEEN, Meant, Near, is_there, literal, nearest_of_all

MANY = 50_000  # vectors of a kind; so many of 512 numbers are looked through in some 35 ms of a core
OLDEST = "0.8"  # pgvector that looks further where a filter leaves too few (`hnsw.iterative_scan`)
BUILDING_MEMORY = "512MB"  # 280,000 vectors of 512 numbers take 365 MB; where there is less room, building slows down
MORE = 24  # so many are asked of the index besides, because some may not be seen
REACH = 200  # so many of a kind are asked of the index for a search; whoever reads on is answered from every vector
# Kept in view by the index while it is gone through (`hnsw.ef_search`). With 200, a caller who sees one of ten vectors misses three of the 20 nearest.
LOOKED_AT = 600
_OWN = {NODE: "m.candidate_id is null and m.node_id = :own", CANDIDATE: "m.candidate_id = :own"}


def near_candidate(connection: Connection, candidate_id: int, frameworks: Sequence[str] | None, limit: int) -> list[Near]:
    """Candidates of other nodes whose meaning is nearest to that of one; none where it has no vector."""
    return _near(connection, CANDIDATE, candidate_id, frameworks, limit)


def is_near_by_simulated(connection: Connection, kind: str, own_id: int) -> bool:
    """Tells whether a node or candidate, which has a vector, is near others by simulated ones."""
    return bool(connection.scalar(text(f"select m.simulated from caseforge.meaning m where {_OWN[kind]} limit 1"), {"own": own_id}))


def near_node(connection: Connection, node_id: int, frameworks: Sequence[str] | None, limit: int) -> list[Near]:
    """Nodes whose meaning is nearest to that of one; none where it has no vector."""
    return _near(connection, NODE, node_id, frameworks, limit)


def nearest(connection: Connection, vector: bytes, meant: Meant, after: tuple[float, int] | None, limit: int) -> list[Near]:
    """Gives what is nearest to a vector, nodes and candidates by themselves and then put together.

    Args:
        vector: as `stages.embeddings` keeps one, in bytes.
        after: likeness and id after which to go on.
    """
    written = literal(vector)
    found = [
        hit
        for kind in OF_KIND
        if kind in meant.kinds
        for hit in _part(connection, written, kind, replace(meant, kinds=[kind]), after, limit)
    ]
    return sorted(found, key=_place)[:limit]


def _part(connection: Connection, vector: str, kind: str, meant: Meant, after: tuple[float, int] | None, limit: int) -> list[Near]:
    """Gives the next of a kind."""
    if is_indexed(connection, kind):
        found = _by_index(connection, vector, kind, meant, REACH)
        following = [hit for hit in found if after is None or _place(hit) > (-after[0], after[1])]
        if len(following) >= limit:
            return following[:limit]
    return nearest_of_all(connection, vector, meant, after, limit)


def _place(hit: Near) -> tuple[float, int]:
    return -hit.likeness, hit.id


def _near(connection: Connection, kind: str, own_id: int, frameworks: Sequence[str] | None, limit: int) -> list[Near]:
    if not is_there(connection):
        return []
    query = text(f"select m.node_id, m.simulated, cast(m.vector as text) as vector from caseforge.meaning m where {_OWN[kind]} limit 1")
    own = connection.execute(query, {"own": own_id}).one_or_none()
    if own is None:
        return []
    meant = Meant([kind], frameworks, own.simulated, own.node_id)
    found = _by_index(connection, own.vector, kind, meant, limit) if is_indexed(connection, kind) else []
    return found if len(found) == limit else nearest_of_all(connection, own.vector, meant, None, limit)


_NEAREST = {
    kind: text(f"""
with ranked as materialized (
    select m.id, m.node_id, m.candidate_id, -(m.vector <#> cast(:vector as halfvec)) as likeness from caseforge.meaning m
    where m.{condition} and m.simulated = :simulated and m.node_id <> :but and (cast(:frameworks as text[]) is null or m.framework_key = any(:frameworks))
    order by m.vector <#> cast(:vector as halfvec) limit :most)
select m.id, m.likeness, m.node_id, m.candidate_id from ranked m where {SEEN} order by m.likeness desc, m.id limit :limit
""")
    for kind, condition in OF_KIND.items()
}


def _by_index(connection: Connection, vector: str, kind: str, meant: Meant, limit: int) -> list[Near]:
    """Gives what an index finds; fewer than are asked for where it gave up before."""
    values = {"vector": vector, "simulated": meant.simulated, "but": meant.but_node, "most": limit + MORE, "limit": limit}
    values["frameworks"] = None if meant.frameworks is None else list(meant.frameworks)
    connection.execute(text(f"set hnsw.iterative_scan = strict_order; set hnsw.ef_search = {LOOKED_AT}"))
    return [Near(*row) for row in connection.execute(_NEAREST[kind], values)]


def is_indexed(connection: Connection, kind: str) -> bool:
    """Tells whether there is an index over the vectors of a kind."""
    return connection.scalar(text("select to_regclass(:name)"), {"name": f"caseforge.{_index(kind)}"}) is not None


_STANDING = text("""
select (select extversion from pg_extension where extname = 'vector') as version,
       (select reltuples from pg_class where oid = to_regclass('caseforge.meaning')) as vectors
""")


def missing_indexes(connection: Connection, many: int = MANY) -> list[str]:
    """The kinds of which there are enough vectors for an index, and no index."""
    standing = connection.execute(_STANDING).one()
    if standing.version is None or _numbers(standing.version) < _numbers(OLDEST) or (standing.vectors or 0) < many:
        return []
    counts = {kind: connection.scalar(text(f"select count(*) from caseforge.meaning where {of_kind}")) for kind, of_kind in OF_KIND.items()}
    return [kind for kind, count in counts.items() if (count or 0) >= many and not is_indexed(connection, kind)]


def make_index(connection: Connection, kind: str) -> None:
    """Makes the index over the vectors of a kind, which takes minutes of a core for some 100,000. Meanwhile vectors can be read, and none be added."""
    connection.execute(text(f"set local maintenance_work_mem = '{BUILDING_MEMORY}'"))
    connection.execute(text("set local max_parallel_maintenance_workers = 0"))  # containers have little memory to share
    over = f"caseforge.meaning using hnsw (vector halfvec_ip_ops) where {OF_KIND[kind]}"
    connection.execute(text(f"create index {_index(kind)} on {over}"))


def drop_indexes(connection: Connection) -> None:
    """Takes the indexes away: to add very many vectors to them takes longer than to make them anew."""
    for kind in OF_KIND:
        connection.execute(text(f"drop index if exists caseforge.{_index(kind)}"))


def _index(kind: str) -> str:
    return f"ix_meaning_near_{kind}"


def _numbers(version: str) -> list[int]:
    return [int(part) for part in version.split(".") if part.isdigit()]
