"""Batches to be looked at again later, by whichever process comes: those that their provider does not know just now, and files that fell short.

Times are the database's, so that no process's clock counts.
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection, text

from caseforge_assets.batches.states import LOOKED_AT, BatchState, RequestState
from caseforge_assets.store.schema.constants import listed

LONGEST_PAUSE_S = 3_600.0
NOTHING_LOST = {"lost_since": None, "lost_looks": 0}
NOTHING_SHORT = {"short_since": None, "short_fetches": 0, "fetch_after": None, "is_held": False}

_NOTE_LOST = text(f"""
update caseforge.batch set lost_since = coalesce(lost_since, clock_timestamp()), lost_looks = lost_looks + 1
where id = :id and state in {listed(LOOKED_AT)} returning lost_looks, extract(epoch from clock_timestamp() - lost_since)
""")


def note_lost(connection: Connection, batch_id: int) -> tuple[int, float]:
    """Counts a look at which the provider did not know a batch; returns the looks since the first of them, and the seconds."""
    row = connection.execute(_NOTE_LOST, {"id": batch_id}).first()
    return (int(row[0]), float(row[1])) if row else (0, 0.0)


def may_fetch(connection: Connection, batch_id: int) -> bool:
    """True when the pause after the last fetch that fell short is over. One longer than there is was written by a clock that was ahead."""
    query = text("""
    select coalesce(fetch_after <= clock_timestamp() or fetch_after > clock_timestamp() + make_interval(secs => :longest_s), true)
    from caseforge.batch where id = :id
    """)
    return bool(connection.scalar(query, {"id": batch_id, "longest_s": LONGEST_PAUSE_S}))


def seconds_short(connection: Connection, batch_id: int) -> float:
    """Seconds for which a batch's files have fallen short; 0 where they did not so far."""
    query = text("select coalesce(extract(epoch from clock_timestamp() - short_since), 0) from caseforge.batch where id = :id")
    return float(connection.scalar(query, {"id": batch_id}) or 0)


_NOTE_SHORT = text(f"""
update caseforge.batch set short_since = coalesce(short_since, clock_timestamp()), short_fetches = short_fetches + 1, is_held = :held, reason = :reason,
    fetch_after = clock_timestamp() + make_interval(secs => :pause_s), collect_lease_until = null
where id = :id and state = '{BatchState.final}'
""")


def note_short(connection: Connection, batch_id: int, pause_s: float, reason: str, *, held: bool) -> None:
    """Puts the next fetch off. Whoever collects by lease takes it up when the pause is over."""
    connection.execute(_NOTE_SHORT, {"id": batch_id, "pause_s": pause_s, "reason": reason, "held": held})


def fetch_now(connection: Connection, batch_id: int) -> None:
    """A person does not want to wait."""
    connection.execute(text("update caseforge.batch set fetch_after = null, collect_lease_until = null where id = :id"), {"id": batch_id})


_WAITING = text(f"""
select b.id, count(*) from caseforge.batch b
join caseforge.attempt a on a.batch_id = b.id and a.outcome is null
join caseforge.request r on r.id = a.request_id and r.state = '{RequestState.in_batch}'
where b.id = any(:ids) and (cast(:framework as text) is null or r.framework_key = :framework)
  and (cast(:nodes as bigint[]) is null or r.node_id = any(:nodes)) group by b.id
""")


def waiting_requests(
    connection: Connection, batch_ids: Sequence[int], framework_key: str | None = None, node_ids: Sequence[int] | None = None
) -> dict[int, int]:
    """Counts the requests that wait for each of these batches; those for which none does are left out. Of one framework, and of these nodes, if given."""
    values = {"ids": list(batch_ids), "framework": framework_key, "nodes": None if node_ids is None else list(node_ids)}
    rows = connection.execute(_WAITING, values)
    return {row[0]: row[1] for row in rows}
