"""Vectors of current processes and candidates, as the search by meaning looks through them: made from contents, by pgvector, and made again from these at any time.

The table is no part of the schema: only databases with the extension `vector` can have it, and how many numbers a vector has is a setting.
"""

from __future__ import annotations

import base64
import io
import struct
from array import array
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import psycopg2
from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError

NODE, CANDIDATE = "node", "candidate"
NOT_SEEN = 200  # so many are looked at besides, because some may not be seen
_BYTES = 2  # of a number
_HEAD, _END = b"PGCOPY\n\xff\r\n\0" + struct.pack("!ii", 0, 0), struct.pack("!h", -1)


@dataclass(frozen=True, slots=True)
class Vectors:
    """A content with vectors that are not looked through yet."""

    content_id: int
    node_id: int
    framework_key: str
    simulated: bool
    body: str
    candidate_ids: Sequence[int]


@dataclass(frozen=True, slots=True)
class Near:
    """Something whose meaning is near: a node, or one of its candidates; `likeness` is the cosine, up to 1."""

    id: int
    likeness: float
    node_id: int
    candidate_id: int | None


_ABILITIES = text("""
select to_regclass('caseforge.meaning') is not null as is_there, to_regtype('halfvec') is not null as knows,
       exists (select 1 from pg_extension where extname = 'vector') as installed, exists (select 1 from pg_available_extensions where name = 'vector') as available,
       (select rolsuper from pg_roles where rolname = current_user) as may_install, has_schema_privilege('caseforge', 'create') as may_create
""")


def why_not(connection: Connection) -> str:
    """Says why this database cannot be searched by meaning; empty where it can, or will once there are vectors."""
    one = connection.execute(_ABILITIES).one()
    if one.is_there:
        return ""
    if one.installed and not one.knows:
        return "its pgvector is too old, or in a schema that is not looked into: 0.7 or newer is needed (`alter extension vector update`)"
    if not one.installed and not one.available:
        return "the database lacks pgvector: install 0.7 or newer there, then let an administrator run `create extension vector`"
    if not one.installed and not one.may_install:
        return "pgvector is there, but not in this database: let an administrator run `create extension vector`"
    return (
        ""
        if one.may_create
        else "the database's role may not make tables in the schema caseforge: `grant create on schema caseforge to` it"
    )


def prepare(connection: Connection, dimensions: int) -> None:
    """Makes the table, where it is not there or was made for other vectors."""
    connection.execute(text("create extension if not exists vector"))
    if is_ready(connection, dimensions):
        return
    connection.execute(text("drop table if exists caseforge.meaning"))
    connection.execute(
        text(f"""
        create table caseforge.meaning (
            id bigint generated always as identity primary key, content_id bigint not null, node_id bigint not null, candidate_id bigint,
            framework_key text not null, simulated boolean not null, vector halfvec({int(dimensions)}) not null)
        """)
    )
    connection.execute(text("alter table caseforge.meaning alter column vector set storage plain"))
    connection.execute(text("create index ix_meaning_content_id on caseforge.meaning (content_id)"))
    connection.execute(text("create index ix_meaning_candidate_id on caseforge.meaning (candidate_id)"))
    connection.execute(text("create index ix_meaning_node_id on caseforge.meaning (node_id) where candidate_id is null"))


def is_there(connection: Connection) -> bool:
    """Tells whether there is the table."""
    return bool(connection.scalar(text("select to_regclass('caseforge.meaning') is not null")))


def is_ready(connection: Connection, dimensions: int | None) -> bool:
    """Tells whether the table is there, for vectors of so many numbers."""
    query = text("select atttypmod from pg_attribute where attrelid = to_regclass('caseforge.meaning') and attname = 'vector'")
    return dimensions is not None and bool(connection.scalar(query) == dimensions)


_MEANT = """
c.is_current and c.stage = :stage and c.stage_version = :version and exists (select 1 from caseforge.target_node nv where nv.node_id = c.node_id)
"""


def behind(connection: Connection, stage: str, version: str) -> bool:
    """Tells whether there are vectors that are not looked through yet, or some that are looked through and do not count any more."""
    query = text(f"""
    select exists (select 1 from caseforge.content c where {_MEANT} and not exists (select 1 from caseforge.meaning m where m.content_id = c.id))
        or exists (select 1 from caseforge.meaning m where not exists (select 1 from caseforge.content c where c.id = m.content_id and {_MEANT}))
    """)
    return bool(connection.scalar(query, {"stage": stage, "version": version}))


def is_empty(connection: Connection) -> bool:
    """Tells whether no vectors are looked through."""
    return not connection.scalar(text("select exists (select 1 from caseforge.meaning)"))


def remove_gone(connection: Connection, stage: str, version: str) -> None:
    """Removes vectors of contents that are not current, whose nodes are no targets any more, or that another model made, or as vectors of other numbers."""
    query = text(
        f"delete from caseforge.meaning m where not exists (select 1 from caseforge.content c where c.id = m.content_id and {_MEANT})"
    )
    connection.execute(query, {"stage": stage, "version": version})


_MISSING = text(f"""
select c.id, c.node_id, c.framework_key, c.simulated, c.body,
       (select array_agg(k.id order by k.position) from caseforge.candidate k where k.content_id = c.source_content_id) as candidate_ids
from caseforge.content c
where {_MEANT} and not exists (select 1 from caseforge.meaning m where m.content_id = c.id) order by c.id limit :limit
""")


def missing(connection: Connection, stage: str, version: str, limit: int) -> list[Vectors]:
    """The next contents whose vectors are not looked through yet."""
    rows = connection.execute(_MISSING, {"stage": stage, "version": version, "limit": limit})
    return [Vectors(row.id, row.node_id, row.framework_key, row.simulated, row.body, row.candidate_ids or ()) for row in rows]


def add(connection: Connection, contents: Sequence[Vectors]) -> None:
    """Adds the vectors of contents."""
    driver = connection.connection.driver_connection
    if driver is None:
        raise RuntimeError("the connection to the database is closed")
    statement = "copy caseforge.meaning (content_id, node_id, candidate_id, framework_key, simulated, vector) from stdin (format binary)"
    try:
        with driver.cursor() as cursor:
            cursor.copy_expert(statement, io.BytesIO(b"".join([_HEAD, *_rows(contents), _END])))
    except psycopg2.Error as error:
        raise DBAPIError.instance(statement, None, error, psycopg2.Error) from error


def _rows(contents: Iterable[Vectors]) -> Iterator[bytes]:
    """Rows in COPY's binary format: for each field its length and its bytes, the highest first."""
    for content in contents:
        of = [None, *content.candidate_ids]
        for candidate_id, line in zip(of, content.body.split("\n")[1:], strict=False):
            key = content.framework_key.encode()
            yield b"".join(
                (
                    struct.pack("!hiqiq", 6, 8, content.content_id, 8, content.node_id),
                    struct.pack("!i", -1) if candidate_id is None else struct.pack("!iq", 8, candidate_id),
                    struct.pack("!i", len(key)) + key,
                    struct.pack("!i?", 1, content.simulated),
                    _field(base64.b64decode(line)),
                )
            )


def _field(vector: bytes) -> bytes:
    numbers = array("H", vector)
    numbers.byteswap()  # as it is kept, the lowest byte comes first
    return struct.pack("!iHH", 4 + len(vector), len(vector) // _BYTES, 0) + numbers.tobytes()


# Of a row m, whether lists show it: what they do not (no target any more, not current any more) is little, and goes when vectors are taken in.
SEEN = """
case when m.candidate_id is null then exists (select 1 from caseforge.target_node nv where nv.node_id = m.node_id)
    else exists (select 1 from caseforge.candidate_row r where r.candidate_id = m.candidate_id) end
"""
# Ranked first and looked at afterwards. It is ordered by what no index has in order, so that every vector counts.
OF_KIND = {NODE: "candidate_id is null", CANDIDATE: "candidate_id is not null"}
_NEAREST = f"""
with ranked as materialized (
    select m.id, m.node_id, m.candidate_id, -(m.vector <#> cast(:vector as halfvec)) as likeness from caseforge.meaning m
    where m.simulated = :simulated and (cast(:frameworks as text[]) is null or m.framework_key = any(:frameworks)) and m.node_id <> :but and {{kinds}}
      and (cast(:likeness as double precision) is null or (m.vector <#> cast(:vector as halfvec), m.id) > (-cast(:likeness as double precision), :last))
    order by likeness desc, m.id limit :most)
select seen.id, seen.likeness, seen.node_id, seen.candidate_id, every.looked_at from (select count(*) as looked_at from ranked) every left join (
    select * from ranked m where {SEEN}
    order by likeness desc, id limit :limit) seen on true
order by seen.likeness desc, seen.id
"""


@dataclass(frozen=True, slots=True)
class Meant:
    """Conditions on what is found: kinds (`NODE`, `CANDIDATE`), frameworks (None: all), simulated or not, all nodes but one."""

    kinds: Sequence[str]
    frameworks: Sequence[str] | None
    simulated: bool
    but_node: int = 0


def nearest_of_all(connection: Connection, vector: str, meant: Meant, after: tuple[float, int] | None, limit: int) -> list[Near]:
    """Gives what is nearest to a vector, which is compared with every one.

    Args:
        vector: as the database writes it.
        after: likeness and id after which to go on.
    """
    likeness, last = after or (None, 0)
    values = {
        "vector": vector,
        "simulated": meant.simulated,
        "frameworks": None if meant.frameworks is None else list(meant.frameworks),
        "but": meant.but_node,
        "likeness": likeness,
        "last": last,
        "limit": limit,
    }
    kinds = [f"m.{condition}" for kind, condition in OF_KIND.items() if kind in meant.kinds]
    query = text(_NEAREST.format(kinds="true" if len(kinds) == len(OF_KIND) else kinds[0] if kinds else "false"))
    most = limit + NOT_SEEN
    while True:
        rows = connection.execute(query, values | {"most": most}).all()
        found = [Near(*row[:4]) for row in rows if row.id is not None]
        if len(found) >= limit or rows[0].looked_at < most:
            return found
        most *= 20


def literal(vector: bytes) -> str:
    """A vector as `stages.embeddings` keeps it, as the database writes one."""
    return "[" + ",".join(map(str, struct.unpack(f"<{len(vector) // _BYTES}e", vector))) + "]"


def covered(connection: Connection, stage: str, frameworks: Sequence[str] | None, *, simulated: bool) -> tuple[int, int]:
    """Counts how many of the nodes with content in a stage can be found by meaning, and how many there are."""
    query = text("""
    select count(*) filter (where exists (
               select 1 from caseforge.meaning m join caseforge.candidate k on k.id = m.candidate_id and k.is_current
               where m.node_id = c.node_id and m.simulated = :simulated)), count(*)
    from caseforge.content c join caseforge.target_node nv on nv.node_id = c.node_id
    where c.is_current and c.stage = :stage and (cast(:frameworks as text[]) is null or c.framework_key = any(:frameworks))
    """)
    found, every = connection.execute(
        query, {"stage": stage, "simulated": simulated, "frameworks": None if frameworks is None else list(frameworks)}
    ).one()
    return found, every
