"""Old history goes; every state, version, staleness, note and reason stays, and everything goes on afterwards."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from dagster import AssetKey, DagsterEvent, DagsterInstance, DagsterRunStatus
from dagster._core.definitions.asset_checks.asset_check_spec import AssetCheckKey
from dagster._core.events import AssetMaterializationPlannedData
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from caseforge_assets.commands.requests.build_contexts import build_contexts
from caseforge_assets.defs.figures.checks import check_specs
from caseforge_assets.defs.figures.reports import STALE_REPORT
from caseforge_assets.defs.mirroring import prune
from caseforge_assets.defs.mirroring.failed_nodes import failed_nodes
from caseforge_assets.defs.mirroring.flush import FLUSH_LOCK
from caseforge_assets.defs.mirroring.mirror import mirror_outside_runs
from caseforge_assets.defs.mirroring.prune import HistoryInUse, Pruned, Removed, prune_history
from caseforge_assets.defs.names import RUN_REPORT
from caseforge_assets.defs.private import removal
from caseforge_assets.defs.private.failed_runs import write_failures
from caseforge_assets.defs.private.lineage import AssetEvent, PartitionNote, write_materializations, write_observations
from caseforge_assets.stages.stages import FRAMEWORK
from caseforge_assets.store.database.engine import try_lock
from caseforge_assets.store.mirroring import outbox
from caseforge_assets.store.mirroring.outbox import Kind, OutboxRow
from caseforge_assets_tests.defs.histories import History, actions
from caseforge_assets_tests.defs.project import (
    ASSETS,
    CANDIDATES,
    CONTEXTS,
    DOCUMENTS,
    FAILED,
    INPUTS,
    MATERIALIZED,
    NODES,
    OUTPUTS,
    PARTITIONS,
    USECASE_INPUTS,
    OpenProject,
    Project,
)
from caseforge_assets_tests.workbench import KEY, PROCESS, SHOP

pytestmark = pytest.mark.slow
OLD = timedelta(days=90)
BAD = ["truncate:batch=1,match=-1-1-1-r", "http_500:batch=1,match=-1-1-[23]-r", "truncate:batch=2,match=-2-1-1-r"]
ALL_GREEN = dict.fromkeys(PARTITIONS, MATERIALIZED)
CHANGED = [(*row[:3], "Now it says something else.") if row[0] == "2.1.2" else row for row in SHOP]
AGED = (
    "update event_logs set timestamp = timestamp - interval '100 days'",
    "update runs set update_timestamp = update_timestamp - interval '100 days', create_timestamp = create_timestamp - interval '100 days'",
    "update asset_check_executions set evaluation_event_timestamp = evaluation_event_timestamp - interval '100 days'",
    "update caseforge.outbox set created_at = created_at - interval '100 days', flushed_at = flushed_at - interval '100 days'",
)
DANGLING = """
select o.id, u.key from caseforge.outbox o cross join jsonb_each_text(o.upstream) u
where not exists (select 1 from caseforge.outbox up where up.id = cast(u.value as bigint))
"""
EVENTS_GONE = (
    "select id from caseforge.outbox o where event_id is not null and not exists (select 1 from event_logs e where e.id = o.event_id)"
)
LAST_GONE = """
select asset_key from asset_keys k where (last_run_id <> '' and not exists (select 1 from runs r where r.run_id = k.last_run_id))
or (last_materialization is not null
    and not exists (select 1 from event_logs e where e.id = cast(cast(last_materialization as json) ->> 'storage_id' as bigint)))
"""
EVALUATIONS_GONE = (
    "select id from asset_check_executions c where not exists (select 1 from event_logs e where e.id = c.evaluation_event_storage_id)"
)
ORPHANS = "select t.id from asset_event_tags t where not exists (select 1 from event_logs e where e.id = t.event_id)"
COUNTED = ("runs", "event_logs", "asset_check_executions", "caseforge.outbox")


def age(opened: Project) -> None:
    """A hundred days pass."""
    for statement in AGED:
        opened.bench.change(statement)


def pruned(opened: Project, *, dry_run: bool = False) -> Pruned:
    return prune_history(opened.instance, opened.bench.store, datetime.now(UTC) - OLD, dry_run=dry_run)


def counts(opened: Project) -> Removed:
    return Removed(*(opened.bench.column(f"select count(*) from {table}")[0] for table in COUNTED))


def difference(before: Removed, after: Removed) -> Removed:
    return Removed(**{name: count - getattr(after, name) for name, count in vars(before).items()})


def with_history(project: OpenProject) -> Project:
    """Good, failed, missing and stale nodes, each with much that was overtaken."""
    opened = project(faults=BAD)
    opened.load()
    opened.generate()
    opened.generate("1.1.2")
    for _ in range(3):
        opened.run([NODES, CONTEXTS])
        opened.run([OUTPUTS, DOCUMENTS], PARTITIONS[3], PARTITIONS[5])
    opened.load(CHANGED)
    opened.run([NODES])
    for _ in range(2):
        opened.run([CONTEXTS])
        mirror_outside_runs(opened.instance, opened.bench.project)
    return opened


def picture(opened: Project) -> dict[str, Any]:
    """Takes all that Dagster shows, by an instance that knows nothing yet, and with partitions that are counted anew."""
    opened.instance.wipe_asset_cached_status([AssetKey([KEY, asset]) for asset in ASSETS])
    with DagsterInstance.from_config(str(opened.path)) as fresh:
        return shown(Project(opened.path, opened.bench, fresh))


def shown(opened: Project) -> dict[str, Any]:
    states = {asset: opened.states(asset) for asset in ASSETS}
    return {
        "states": states,
        "stale": opened.stale(),
        "versions": {(asset, partition): version(opened, asset, partition) for asset in ASSETS for partition in PARTITIONS},
        "notes": {asset: opened.notes(asset) for asset in ASSETS},
        "reasons": {
            (asset, partition): reason(opened, asset, partition)
            for asset, of in states.items()
            for partition, state in of.items()
            if state == FAILED
        },
        "checks": {spec.key: verdict(opened.instance, spec.key) for spec in check_specs(KEY, opened.bench.stages)},
        "whole": {name: version(opened, name, None) for name in (FRAMEWORK, RUN_REPORT, STALE_REPORT)},
        "records": [record(opened.instance, asset) for asset in ASSETS],
    }


def version(opened: Project, asset: str, partition: str | None) -> Any:
    key = AssetKey([KEY, asset])
    record = opened.latest(asset, partition) if partition else opened.instance.get_latest_materialization_event(key)
    materialization = record and record.asset_materialization
    return materialization and (materialization.tags, materialization.metadata)


def reason(opened: Project, asset: str, partition: str) -> str:
    info = opened.instance.event_log_storage.get_latest_planned_materialization_info(AssetKey([KEY, asset]), partition)
    return opened.message_of(info.run_id)


def verdict(instance: DagsterInstance, key: AssetCheckKey) -> Any:
    record = instance.event_log_storage.get_latest_asset_check_execution_by_key([key])[key]
    return record.status, record.event.dagster_event.asset_check_evaluation_data.description


def record(instance: DagsterInstance, asset: str) -> Any:
    (found,) = instance.get_asset_records([AssetKey([KEY, asset])])
    return found.asset_entry.last_run_id, found.asset_entry.last_materialization_storage_id


def assert_whole(opened: Project) -> None:
    """Nothing refers to something that is gone."""
    for query in (DANGLING, EVENTS_GONE, LAST_GONE, EVALUATIONS_GONE, ORPHANS):
        assert opened.bench.query(query) == [], query


# What stays


def test_everything_shown_is_as_before_and_goes_on(project: OpenProject) -> None:
    opened = with_history(project)
    assert opened.states(OUTPUTS) == {**ALL_GREEN, "1.1.3_e": FAILED}
    assert opened.states(DOCUMENTS)["1.1.1_c"] == opened.states(CANDIDATES)["2.1.1_h"] == FAILED
    assert opened.stale() == {(asset, "2.1.2_i") for asset in (INPUTS, USECASE_INPUTS)}
    before, warm = picture(opened), shown(opened)
    age(opened)
    there = counts(opened)
    done = pruned(opened)
    assert done.removed == difference(there, counts(opened))
    assert min(vars(done.removed).values()) > 0
    assert shown(opened) == warm
    assert picture(opened) == before
    assert_whole(opened)
    opened.generate()
    opened.run(ASSETS, wait_s=20)
    assert {asset: opened.states(asset) for asset in ASSETS} == dict.fromkeys(ASSETS, ALL_GREEN)
    assert opened.stale() == set()
    age(opened)
    pruned(opened)
    assert {asset: opened.states(asset) for asset in ASSETS} == dict.fromkeys(ASSETS, ALL_GREEN)
    assert opened.stale() == set()


def test_nothing_stays_that_could_go(project: OpenProject) -> None:
    """As it was made, and as it was last confirmed: what lies between is gone, and the runs that confirmed, with what they printed."""
    opened = project()
    opened.load()
    opened.generate()
    printed = []
    for _ in range(5):
        run_id = opened.run(ASSETS).run_id
        printed.append(Path(opened.instance.compute_log_manager.get_captured_local_path([run_id, "compute_logs", "step"], "out")))
        printed[-1].parent.mkdir(parents=True, exist_ok=True)
        printed[-1].touch()
    age(opened)
    pruned(opened)
    twice = {**dict.fromkeys(ASSETS, 2 * len(PARTITIONS)), CANDIDATES: len(PARTITIONS)}  # nothing is made from candidates
    assert {asset: opened.count(asset) for asset in ASSETS} == twice
    assert [run.run_id for run in opened.instance.get_runs()] == [run_id]
    assert [path.exists() for path in printed] == [False] * 4 + [True]
    rows = opened.bench.query("select kind, count(*) from caseforge.outbox where asset = any(:names) group by 1", names=list(ASSETS))
    assert dict(rows) == {"made": sum(twice.values()), "waiting": 2 * len(PARTITIONS)}
    assert pruned(opened).removed == Removed(0, 0, 0, 0)
    assert_whole(opened)


def test_what_is_under_way_finds_what_it_was_made_from(project: OpenProject) -> None:
    """A batch is open while its inputs are made anew, and both grow old: its answer still points to what was asked."""
    opened = project()
    opened.load()
    opened.bench.approve("2.1.2", stages=[PROCESS])
    opened.bench.round()
    opened.load(CHANGED)
    with opened.bench.store.begin() as connection:
        build_contexts(connection, KEY)
    opened.run([INPUTS], "2.1.2_i", "2.1.2_i")
    opened.run([INPUTS], "2.1.2_i", "2.1.2_i")
    age(opened)
    age(opened)
    opened.flush()
    pruned(opened)
    opened.bench.work()
    opened.flush()
    answers = "select upstream from caseforge.outbox where asset = :asset and kind = 'made' order by id"
    assert [list(read) for read in opened.bench.column(answers, asset=OUTPUTS)] == [[INPUTS], [INPUTS]]  # of the old question, and the new
    assert_whole(opened)


def event(asset: str, data_version: str, **inputs: int) -> AssetEvent:
    read = {(KEY, name): ("any", event_id) for name, event_id in inputs.items()}
    return AssetEvent((KEY, asset), PARTITIONS[0], data_version, "1", read)


@pytest.mark.parametrize(("first", "second", "stale"), [("a", "a", False), ("a", "b", True), ("b", "a", True)])
def test_what_a_pointer_leads_to_stays(project: OpenProject, first: str, second: str, stale: bool) -> None:
    """Also where the outbox knows nothing of it; the newest event at or before the pointer counts, whatever lies around it."""
    opened = project()
    opened.load()
    (_, read, _, _) = [write_materializations(opened.instance, [event(NODES, version)])[0] for version in ("x", first, "x", second)]
    write_materializations(opened.instance, [event(CONTEXTS, "c", pcf_nodes=read)])
    assert opened.stale(CONTEXTS) == ({(CONTEXTS, PARTITIONS[0])} if stale else set())
    age(opened)
    assert pruned(opened).removed.events == 2  # both x
    assert opened.stale(CONTEXTS) == ({(CONTEXTS, PARTITIONS[0])} if stale else set())


def test_a_pointer_from_something_without_partitions_counts_for_each_of_them(project: OpenProject) -> None:
    opened = project()
    opened.load()
    first = write_materializations(opened.instance, [AssetEvent((KEY, DOCUMENTS), partition, "a") for partition in PARTITIONS])
    write_materializations(opened.instance, [AssetEvent(("elsewhere",), None, "e", "1", {(KEY, DOCUMENTS): ("any", first[-1])})])
    for _ in range(2):
        write_materializations(opened.instance, [AssetEvent((KEY, DOCUMENTS), partition, "a") for partition in PARTITIONS])
    age(opened)
    assert pruned(opened).removed.events == len(PARTITIONS)
    assert opened.count(DOCUMENTS) == 2 * len(PARTITIONS)


def test_what_was_newest_at_the_limit_stays_with_all_that_is_younger(project: OpenProject) -> None:
    opened = project()
    opened.load()
    opened.generate()
    opened.run(ASSETS)
    age(opened)
    opened.run(ASSETS)
    opened.run(ASSETS)
    young = opened.bench.column("select count(*) from event_logs where timestamp > now() - interval '10 days'")[0]
    done = pruned(opened)
    assert opened.count(CANDIDATES) == 3 * len(PARTITIONS)  # the one before and both after
    assert opened.bench.column("select count(*) from event_logs where timestamp > now() - interval '10 days'") == [young]
    assert 0 < done.removed.events == done.before[2].rows - done.after[2].rows
    assert_whole(opened)


def test_a_run_in_progress_keeps_all_that_is_its_own(project: OpenProject) -> None:
    opened = project()
    opened.load()
    run = opened.instance.create_run_for_job(failed_nodes, status=DagsterRunStatus.STARTED)
    key = AssetKey([KEY, DOCUMENTS])
    for _ in range(2):
        planned = AssetMaterializationPlannedData(key, partition=PARTITIONS[0])
        opened.instance.report_dagster_event(
            DagsterEvent.build_asset_materialization_planned_event(run.job_name, "ask_for_failed_nodes", planned), run.run_id
        )
        write_materializations(opened.instance, [event(NODES, "x")], run_id=run.run_id, job_name=run.job_name)
    write_materializations(opened.instance, [event(NODES, "x")])
    age(opened)
    logged = len(opened.instance.all_logs(run.run_id))
    pruned(opened)
    assert len(opened.instance.all_logs(run.run_id)) == logged == 4
    assert opened.states(DOCUMENTS)[PARTITIONS[0]] == "IN_PROGRESS"
    opened.instance.report_run_failed(opened.instance.get_run_by_id(run.run_id))
    age(opened)
    pruned(opened)
    assert opened.states(DOCUMENTS)[PARTITIONS[0]] == FAILED


def test_a_failed_run_goes_when_none_of_its_partitions_is_failed_through_it(project: OpenProject) -> None:
    opened = project()
    opened.load()
    write_observations(opened.instance, [PartitionNote((KEY, DOCUMENTS), PARTITIONS[0], why) for why in ("empty: 1", "empty: 2")])
    fail = [((KEY, DOCUMENTS), partition) for partition in PARTITIONS[:2]]
    overtaken, through = (
        write_failures(opened.instance, failed_nodes, "empty: 1", fail),
        write_failures(opened.instance, failed_nodes, "empty: 2", fail),
    )
    age(opened)
    pruned(opened)
    assert [run.run_id for run in opened.instance.get_runs()] == [through]
    assert overtaken != through
    assert [opened.states(DOCUMENTS)[partition] for partition in PARTITIONS[:3]] == [FAILED, FAILED, "missing"]
    assert opened.notes(DOCUMENTS) == {PARTITIONS[0]: "empty: 2"}
    write_materializations(opened.instance, [AssetEvent((KEY, DOCUMENTS), partition, "good") for partition in PARTITIONS[:2]])
    age(opened)
    pruned(opened)
    assert opened.instance.get_runs() == []
    assert [opened.states(DOCUMENTS)[partition] for partition in PARTITIONS[:2]] == [MATERIALIZED] * 2


def test_runs_that_others_refer_to_stay(project: OpenProject) -> None:
    """The first of a group of re-executions, the last run of an asset, those of a backfill that is not through."""
    opened = project()
    opened.load()
    first, last, filling, filled, alone = (
        opened.instance.create_run_for_job(failed_nodes, status=DagsterRunStatus.FAILURE, tags=tags)
        for tags in ({}, {}, {"dagster/backfill": "open"}, {"dagster/backfill": "through"}, {})
    )
    tags = {"dagster/root_run_id": first.run_id, "dagster/parent_run_id": first.run_id}
    again = opened.instance.create_run_for_job(failed_nodes, status=DagsterRunStatus.STARTED, tags=tags)
    opened.bench.change("update asset_keys set last_run_id = :last where asset_key like '%pcf_nodes%'", last=last.run_id)
    insert = (
        "insert into bulk_actions (key, status, timestamp) values ('open', 'REQUESTED', now()), ('through', 'COMPLETED_SUCCESS', now())"
    )
    opened.bench.change(insert)
    age(opened)
    assert pruned(opened).removed.runs == 2
    assert {run.run_id for run in opened.instance.get_runs()} == {run.run_id for run in (first, last, filling, again)}
    assert {filled.run_id, alone.run_id}.isdisjoint(run.run_id for run in opened.instance.get_runs())


def test_what_was_newest_at_the_limit_stays_also_where_the_outbox_knows_nothing_of_it(project: OpenProject) -> None:
    opened = project()
    opened.load()
    ids = write_materializations(opened.instance, [event(DOCUMENTS, version) for version in "ab"])
    age(opened)
    ids += write_materializations(opened.instance, [event(DOCUMENTS, version) for version in "cd"])
    pruned(opened)
    assert opened.bench.column("select id from event_logs where asset_key like '%documents%' order by id") == ids[1:]


def test_of_the_outbox_stays_what_commands_read(project: OpenProject) -> None:
    """The reason why a node's newest attempt failed stays, although it failed otherwise later; and all that Dagster was not told of."""
    opened = project(faults=["http_500"])
    opened.load()
    opened.generate("1.1.1", stages=[PROCESS])
    (node,) = opened.bench.ids("1.1.1")
    later = OutboxRow(KEY, OUTPUTS, node, PARTITIONS[0], kind=Kind.failed, reason="nothing to make it from: …")
    with opened.bench.store.begin() as connection:
        outbox.add(connection, [later, later])
        why = outbox.newest_failures(connection, [OUTPUTS], [node])
    opened.flush()
    with opened.bench.store.begin() as connection:
        untold = outbox.add(connection, [later, later, later])
    opened.bench.change("update caseforge.request set is_current = false")
    age(opened)
    assert pruned(opened).removed.outbox_rows > 0
    with opened.bench.store.connect() as connection:
        assert outbox.newest_failures(connection, [OUTPUTS], [node]) == why
        assert [row.id for row in outbox.unflushed(connection, 10)] == untold
    assert "server_error" in why[node]


# How


def test_a_dry_run_counts_and_changes_nothing(project: OpenProject) -> None:
    opened = with_history(project)
    assert pruned(opened).removed == Removed(0, 0, 0, 0)
    age(opened)
    there = counts(opened)
    told = pruned(opened, dry_run=True)
    assert counts(opened) == there
    assert told.before == told.after
    done = pruned(opened)
    assert done.removed == told.removed == difference(there, counts(opened))
    sizes = {before.table: (before, after) for before, after in zip(done.before, done.after, strict=True)}
    assert sizes["event_logs"][0].rows - sizes["event_logs"][1].rows == done.removed.events
    assert sizes["event_logs"][0].data_bytes > 1.5 * sizes["event_logs"][1].data_bytes > 0


@pytest.mark.parametrize("step", ["_delete_single_events", "_delete_runs"])
def test_killed_on_the_way_all_is_well_and_the_next_one_goes_on(project: OpenProject, monkeypatch: pytest.MonkeyPatch, step: str) -> None:
    opened = with_history(project)
    before = picture(opened)
    age(opened)
    there, told = counts(opened), pruned(opened, dry_run=True)

    def die(*_: Any) -> int:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(removal, step, die)
        with pytest.raises(KeyboardInterrupt):
            pruned(opened)
    assert picture(opened) == before
    assert_whole(opened)
    pruned(opened)
    assert difference(there, counts(opened)) == told.removed
    assert picture(opened) == before


@contextmanager
def flushing(opened: Project) -> Iterator[None]:
    with try_lock(opened.bench.store, FLUSH_LOCK) as held:
        assert held
        yield


def test_a_flush_is_waited_for(project: OpenProject, monkeypatch: pytest.MonkeyPatch) -> None:
    opened = with_history(project)
    age(opened)
    found: list[Pruned] = []
    with flushing(opened):
        thread = threading.Thread(target=lambda: found.append(pruned(opened)))
        thread.start()
        thread.join(1)
        assert thread.is_alive()
    thread.join(20)
    assert found[0].removed.events > 0
    monkeypatch.setattr(prune, "OTHERS_PATIENCE_S", 0.1)
    with flushing(opened), pytest.raises(HistoryInUse, match="nothing was removed"):
        pruned(opened)


def test_bounded_transactions_remove_the_same(project: OpenProject, monkeypatch: pytest.MonkeyPatch) -> None:
    opened = with_history(project)
    before = picture(opened)
    age(opened)
    there, told = counts(opened), pruned(opened, dry_run=True)
    monkeypatch.setattr(removal, "EVENTS_PER_TRANSACTION", 7)
    monkeypatch.setattr(removal, "RUNS_PER_TRANSACTION", 1)
    monkeypatch.setattr(removal.upkeep, "ROWS_PER_TRANSACTION", 7)
    assert pruned(opened).removed == told.removed == difference(there, counts(opened))
    assert picture(opened) == before


# Any history


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(actions=st.lists(st.one_of(actions, st.just(("prune",))), min_size=3, max_size=8))
def test_after_any_history_pruning_changes_nothing_that_is_shown(histories: Project, actions: list[tuple[Any, ...]]) -> None:
    history = History(histories)
    for action in [*actions, ("flush",), ("prune",)]:
        if action != ("prune",):
            history.apply(action)
            continue
        before = history.in_store(), history.in_dagster()
        age(histories)
        pruned(histories)
        assert (history.in_store(), history.in_dagster()) == before
    assert_whole(histories)


@pytest.fixture
def histories(project: OpenProject) -> Project:
    return project(faults=["http_500:rate=0.15", "truncate:rate=0.15"])
