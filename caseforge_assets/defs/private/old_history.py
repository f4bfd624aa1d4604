"""Finds what is old in Dagster's history and may go. Events that its states, staleness and notes are read from stay, however old they are.

Queries on Dagster's own tables; `removal` removes what is found. Times in these tables are UTC without a zone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from dagster import AssetKey, DagsterInstance
from dagster._core.execution.backfill import BULK_ACTION_TERMINAL_STATUSES
from dagster._core.storage.dagster_run import FINISHED_STATUSES
from dagster._core.storage.tags import BACKFILL_ID_TAG, ROOT_RUN_ID_TAG

from caseforge_assets.defs.private.event_storage import event_storage
from caseforge_assets.store.mirroring import upkeep

if TYPE_CHECKING:
    from caseforge_assets.store.database.engine import Connection, Engine

# Of these, single events go, whichever run they belong to. All else that a run logged goes and stays with the run.
SINGLE_EVENTS = [
    "ASSET_MATERIALIZATION",
    "ASSET_MATERIALIZATION_PLANNED",
    "ASSET_OBSERVATION",
    "ASSET_CHECK_EVALUATION",
    "ASSET_CHECK_EVALUATION_PLANNED",
]

SPARE_EVENT = """
e.dagster_event_type = any(%(kinds)s) and e.timestamp < %(limit)s and coalesce(e.run_id, '') <> all(cast(%(busy)s as text[]))
and not exists (select 1 from unnest(cast(%(kept)s as bigint[])) as kept(id) where kept.id = e.id)
"""


@dataclass(frozen=True)
class Old:
    """Events, runs and rows that may go.

    Attributes:
        limit: What is younger stays.
        outbox_rows: Ids of outbox rows that go.
        evaluations: Ids of evaluations of asset checks that go.
        kept: Ids of single events that stay although they may be old, in order.
        busy: Runs that are not through, or whose backfill is not: all of theirs stays.
        runs: Runs that go, with all that they logged.
    """

    limit: datetime
    outbox_rows: list[int]
    evaluations: list[int]
    kept: list[int]
    busy: list[str]
    runs: list[str]

    def values(self, **more: Any) -> dict[str, Any]:
        """Of the queries' parameters."""
        values = {"limit": _naive(self.limit), "kinds": SINGLE_EVENTS, "kept": self.kept, "busy": self.busy, "runs": self.runs}
        return values | more


def find_old(instance: DagsterInstance, store: Engine, limit: datetime) -> Old:
    """Find what is older than the limit and not needed. What happens meanwhile needs only what is newest now, so that this stays right."""
    with store.connect() as connection:
        outbox_rows = upkeep.spare_outbox_rows(connection, limit)
        kept = set(upkeep.events_of_outbox(connection, outbox_rows))
    through = {
        "finished": [status.value for status in FINISHED_STATUSES],
        "through": [status.value for status in BULK_ACTION_TERMINAL_STATUSES],
    }
    with event_storage(instance).index_transaction() as connection:
        busy = rows_of(connection, _BUSY_RUNS, **through, backfill=BACKFILL_ID_TAG)
        evaluations = rows_of(connection, _EVALUATIONS, limit=_naive(limit), busy=busy)
        kept.update(rows_of(connection, _KEPT_OF_EVALUATIONS, spare=evaluations))
        newest, materializations = _newest_events(connection, limit)
        kept |= newest | _pointed_events(connection, list(materializations))
        old = Old(limit, outbox_rows, evaluations, sorted(kept), busy, [])
        return replace(old, runs=_spare_runs(connection, old))


_BUSY_RUNS = """
select run_id from runs where status <> all(%(finished)s)
union select t.run_id from run_tags t join bulk_actions b on b.key = t.value
where t.key = %(backfill)s and b.status <> all(%(through)s)
"""
_NEWEST_EVALUATIONS = """
select max(id) from asset_check_executions group by asset_key, check_name, partition
union select max(id) from asset_check_executions where execution_status <> 'PLANNED' group by asset_key, check_name, partition
"""
_EVALUATIONS = f"""
select id from asset_check_executions where evaluation_event_timestamp < %(limit)s and coalesce(run_id, '') <> all(cast(%(busy)s as text[]))
and id not in ({_NEWEST_EVALUATIONS}) order by id
"""  # noqa: S608
_KEPT_OF_EVALUATIONS = """
select evaluation_event_storage_id from asset_check_executions c where evaluation_event_storage_id is not null
and not exists (select 1 from unnest(cast(%(spare)s as bigint[])) as spare(id) where spare.id = c.id)
"""


_SPARE_RUNS = """
select r.run_id from runs r
where r.update_timestamp < %(limit)s and r.run_id <> all(cast(%(busy)s as text[]))
  and not exists (select 1 from asset_keys a where a.last_run_id = r.run_id)
  and not exists (select 1 from event_logs e where e.run_id = r.run_id and e.timestamp >= %(limit)s)
  and r.run_id not in (
      select e.run_id from event_logs e join unnest(cast(%(kept)s as bigint[])) as kept(id) on kept.id = e.id where e.run_id is not null)
order by r.id
"""
_ROOTS = "select distinct value from run_tags where key = %(root)s and run_id <> all(cast(%(runs)s as text[]))"


def _spare_runs(connection: Connection, old: Old) -> list[str]:
    """Finished runs with nothing that stays; the first run of a group of re-executions stays while another does."""
    runs = rows_of(connection, _SPARE_RUNS, **old.values())
    roots = set(rows_of(connection, _ROOTS, root=ROOT_RUN_ID_TAG, runs=runs))
    return [run_id for run_id in runs if run_id not in roots]


# The newest materialization, now and as it was at the limit: something that runs now may have read that one. The newest note. A plan
# that no materialization followed: with its run it makes a partition failed or in progress.
_NEWEST = """
select max(id) filter (where made), max(id) filter (where made and old), max(id) filter (where noted),
       case when max(id) filter (where planned) > coalesce(max(id) filter (where made), 0) then max(id) filter (where planned) end
from (
    select id, asset_key, partition, timestamp < %(limit)s as old, dagster_event_type = 'ASSET_MATERIALIZATION' as made,
           dagster_event_type = 'ASSET_OBSERVATION' as noted, dagster_event_type = 'ASSET_MATERIALIZATION_PLANNED' as planned
    from event_logs where asset_key is not null
) e group by asset_key, partition
"""

# What a materialization was made from stands in its tags, which are indexed nowhere but in the event itself.
_POINTERS = """
create temporary table caseforge_pointer on commit drop as
select distinct m.partition, asset.asset_key, cast(tag.value as bigint) as event_id
from event_logs m
cross join lateral (select cast(m.event as json) #> '{dagster_event,event_specific_data,materialization,tags}' as tags) t
cross join json_each_text(case when json_typeof(t.tags) = 'object' then t.tags end) as tag
join unnest(cast(%(names)s as text[]), cast(%(keys)s as text[])) as asset(name, asset_key)
     on tag.key = 'dagster/input_event_pointer/' || asset.name
where m.id = any(%(ids)s) and tag.value ~ '^[0-9]+$'
"""

# Dagster compares with the newest materialization of the partition at or before the pointer. Where the partitions of the two assets
# differ (or one has none), that is looked for in every partition.
_POINTED = """
select target.id from caseforge_pointer p cross join lateral (
    select e.id from event_logs e where e.asset_key = p.asset_key and e.dagster_event_type = 'ASSET_MATERIALIZATION'
    and e.partition = p.partition and e.id <= p.event_id order by e.id desc limit 1) target
union
select target.id from (
    select distinct p.asset_key, p.event_id from caseforge_pointer p where not exists (
        select 1 from event_logs e where e.asset_key = p.asset_key and e.dagster_event_type = 'ASSET_MATERIALIZATION'
        and e.partition = p.partition)
) p cross join lateral (
    select max(e.id) as id from event_logs e where e.asset_key = p.asset_key and e.dagster_event_type = 'ASSET_MATERIALIZATION'
    and e.id <= p.event_id group by e.partition) target
"""


def _newest_events(connection: Connection, limit: datetime) -> tuple[set[int], set[int]]:
    """Ids of the events that stay because nothing newer took their place, and those of them that are newest materializations."""
    rows = connection.exec_driver_sql(_NEWEST, {"limit": _naive(limit)}).all()
    return {event_id for row in rows for event_id in row if event_id}, {row[0] for row in rows if row[0]}


def _pointed_events(connection: Connection, ids: Sequence[int]) -> set[int]:
    """Ids of the materializations that some were made from, by their pointers. Within a transaction."""
    keys = list(connection.exec_driver_sql("select asset_key from asset_keys").scalars())
    names = [asset_key.to_user_string() if (asset_key := AssetKey.from_db_string(key)) else "" for key in keys]
    connection.exec_driver_sql(_POINTERS, {"ids": list(ids), "names": names, "keys": keys})
    return set(connection.exec_driver_sql(_POINTED).scalars())


def _naive(moment: datetime) -> datetime:
    """A moment as Dagster's tables have it."""
    return moment.astimezone(UTC).replace(tzinfo=None)


def rows_of(connection: Connection, query: str, **values: Any) -> list[Any]:
    """The first column of a query."""
    return list(connection.exec_driver_sql(query, values).scalars())
