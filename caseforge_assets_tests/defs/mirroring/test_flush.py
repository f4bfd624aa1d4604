"""Dagster shows what the outbox holds: states, versions, provenance, reasons; also after crashes and with several at it."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC
from pathlib import Path
from typing import Any

import pytest
from dagster import AssetKey, DagsterInstance, MarkdownMetadataValue, MetadataValue, PathMetadataValue, TableMetadataValue

from caseforge_assets.commands.requests.build_contexts import build_contexts
from caseforge_assets.defs.mirroring import flush as flushing
from caseforge_assets.defs.mirroring.failure_records import failure_message
from caseforge_assets.defs.mirroring.mirror import mirror_outside_runs
from caseforge_assets.store.database.engine import Engine, try_lock
from caseforge_assets.store.mirroring import outbox
from caseforge_assets_tests.defs.graphql import open_ui
from caseforge_assets_tests.defs.project import (
    ASSETS,
    CANDIDATES,
    CONTEXTS,
    DOCUMENTS,
    FAILED,
    INPUTS,
    MATERIALIZED,
    MISSING,
    NODES,
    OUTPUTS,
    PARTITIONS,
    USECASE_INPUTS,
    USECASE_OUTPUTS,
    OpenProject,
    Project,
)
from caseforge_assets_tests.defs.redescribing import redescribed
from caseforge_assets_tests.workbench import KEY, PROCESS, SHOP, renamed

ALL_GREEN = dict.fromkeys(PARTITIONS, MATERIALIZED)
BAD = ["truncate:batch=1,match=-1-1-1-r", "http_500:batch=1,match=-1-1-[23]-r", "truncate:batch=2,match=-2-1-1-r"]
LATEST_ROWS = """
select distinct on (o.asset, o.partition_key) o.asset, o.partition_key, o.data_version, o.event_id,
       (select jsonb_object_agg(u.key, up.event_id) from jsonb_each_text(o.upstream) u join caseforge.outbox up on up.id = cast(u.value as bigint))
from caseforge.outbox o where o.kind = 'made' and o.partition_key is not null order by o.asset, o.partition_key, o.id desc
"""


class Killed(BaseException):
    """The process ended here."""


def assert_all_green(project: Project) -> None:
    assert {asset: project.states(asset) for asset in ASSETS} == dict.fromkeys(ASSETS, ALL_GREEN)
    assert project.stale() == set()


# Right


@pytest.mark.slow
def test_a_full_run_is_shown_at_every_asset_in_the_versions_of_the_store(project: OpenProject) -> None:
    opened = project()
    opened.load()
    opened.generate()
    assert_all_green(opened)
    rows = opened.bench.query(LATEST_ROWS)
    assert len(rows) == len(ASSETS) * len(PARTITIONS)
    for asset, partition, version, event_id, pointers in rows:
        record = opened.latest(asset, partition)
        tags = record.asset_materialization.tags
        assert (record.storage_id, tags["dagster/data_version"]) == (event_id, version)
        shown = {key.split("/")[-1]: value for key, value in tags.items() if key.startswith("dagster/input_event_pointer/")}
        assert shown == {upstream: str(upstream_event) for upstream, upstream_event in pointers.items()}
        assert record.run_id == ""


@pytest.mark.slow
@pytest.mark.parametrize(
    ("code", "reuse", "below"),
    [
        ("1.1.1", "identity", {"1.1.1_c"}),
        ("1.1", "identity", set()),
        ("1.1", "exact", {"1.1.1_c", "1.1.2_d", "1.1.3_e"}),
    ],
    ids=["a leaf", "a parent", "a parent, without identity"],
)
def test_exactly_the_nodes_that_have_to_be_asked_for_again_are_stale(project: OpenProject, code: str, reuse: str, below: set[str]) -> None:
    opened = project(reuse=reuse)
    opened.load()
    opened.generate()
    opened.load(redescribed(code))
    assert opened.stale() == {(asset, partition) for asset in (INPUTS, USECASE_INPUTS) for partition in below}
    opened.generate()
    assert_all_green(opened)
    assert opened.bench.stats()["accepted"]["requests"] == 2 * (len(PARTITIONS) + len(below))


@pytest.mark.parametrize("rule", ["keep", "regenerate"])
def test_a_new_model_makes_everything_of_its_stage_stale_where_that_is_wanted(project: OpenProject, rule: str) -> None:
    opened = project(when_model_changes=rule)
    opened.load()
    opened.generate("1.1.1")
    file = opened.path / "caseforge.toml"
    file.write_text(file.read_text() + '\n[stages.usecases]\nmodel = "gpt-6.1-terra"\n')
    assert opened.stale() == ({(asset, PARTITIONS[0]) for asset in ASSETS[5:]} if rule == "regenerate" else set())


def test_a_change_of_the_rule_is_told_once(project: OpenProject) -> None:
    opened = project()
    opened.load()
    opened.generate("1.1.1")
    file = opened.path / "caseforge.toml"
    file.write_text('when_model_changes = "regenerate"\n' + file.read_text())
    renewing = opened.bench.configured(when_model_changes="regenerate").project
    assert len(opened.stale()) == 6, "until the next command, run or tick of a sensor"
    assert opened.flush(project=renewing) == 6
    assert opened.stale() == set()
    assert opened.flush(project=renewing) == 0


def test_what_failed_stays_failed_when_the_rule_changes(project: OpenProject) -> None:
    opened = project(faults=["truncate:batch=3"])
    opened.load()
    opened.generate("1.1.1")
    opened.generate("1.1.1", stages=[PROCESS], ask_again=True)
    before = {asset: opened.states(asset)[PARTITIONS[0]] for asset in ASSETS}
    assert FAILED in before.values()
    opened.flush(project=opened.bench.configured(when_model_changes="regenerate").project)
    assert {asset: opened.states(asset)[PARTITIONS[0]] for asset in ASSETS} == before


def test_an_input_counts_as_it_was_when_it_was_read(project: OpenProject) -> None:
    """The framework changes while a batch is under way: its answer is shown, and its inputs are stale from the start."""
    opened = project()
    opened.load()
    opened.bench.approve("1.1.1", stages=[PROCESS])
    opened.bench.round()
    opened.load(redescribed("1.1.1"))
    with opened.bench.store.begin() as connection:
        build_contexts(connection, KEY)
    opened.bench.work()
    opened.flush()
    assert opened.states(DOCUMENTS)[PARTITIONS[0]] == MATERIALIZED
    assert (INPUTS, PARTITIONS[0]) in opened.stale()


def test_a_person_sees_previews_figures_and_where_things_are(project: OpenProject) -> None:
    opened = project()
    opened.load()
    opened.generate("1.1.1")
    shown = {asset: opened.latest(asset, PARTITIONS[0]).asset_materialization.metadata for asset in ASSETS}
    assert all(metadata["node"].value == "1.1.1 Advertise" for metadata in shown.values())
    assert "Places advertisements" in shown[NODES]["description"].value
    assert isinstance(shown[CONTEXTS]["context"], MarkdownMetadataValue)
    assert shown[INPUTS]["model"].value == "gpt-6.1-sol"
    assert "Advertise" in shown[INPUTS]["request"].value
    assert isinstance(shown[OUTPUTS]["file"], PathMetadataValue)
    line = Path(shown[OUTPUTS]["file"].value).read_text(encoding="utf-8").splitlines()[shown[OUTPUTS]["line"].value - 1]
    assert "1-1-1" in line
    document = shown[DOCUMENTS]
    assert document["title"].value == "Process Details - Advertise"
    assert document["characters"].value > 2_000
    assert len(document["document"].value) >= document["characters"].value  # whole
    assert document["simulated"].value is True
    candidates = shown[CANDIDATES]["candidates"]
    assert isinstance(candidates, TableMetadataValue)
    assert len(candidates.records) == shown[CANDIDATES]["dagster/partition_row_count"].value >= 6
    assert candidates.records[0].data["id"] == "1.1.1-UC01"


def test_where_a_request_went_is_shown_where_it_is_not_the_usual_place(project: OpenProject) -> None:
    opened = project(**{f"stages.{PROCESS.key}.endpoint": "responses"})
    opened.load()
    opened.generate("1.1.1")
    shown = {asset: opened.latest(asset, PARTITIONS[0]).asset_materialization.metadata for asset in (INPUTS, USECASE_INPUTS)}
    assert shown[INPUTS]["endpoint"].value == "/v1/responses"
    assert "endpoint" not in shown[USECASE_INPUTS]
    assert "Advertise" in shown[INPUTS]["request"].value
    assert opened.stale() == set()


# Failed


def test_failures_are_shown_where_they_happened_and_say_why(project: OpenProject) -> None:
    opened = project(faults=BAD)
    opened.load()
    opened.generate()
    assert opened.states(OUTPUTS) == {**ALL_GREEN, "1.1.2_d": FAILED, "1.1.3_e": FAILED}
    assert opened.states(DOCUMENTS) == {**ALL_GREEN, "1.1.1_c": FAILED, "1.1.2_d": MISSING, "1.1.3_e": MISSING}
    assert opened.states(USECASE_INPUTS)["1.1.1_c"] == MISSING
    assert opened.states(CANDIDATES)["2.1.1_h"] == FAILED
    runs = opened.failure_runs()
    assert sorted(outcome for outcome, _ in runs) == ["server_error", "truncated_reasoning"]  # one run an outcome, over all assets
    messages = dict(runs)
    assert "2 nodes: 1.1.2_d, 1.1.3_e" in messages["server_error"].splitlines()[0]
    assert "1.1.1_c: reasoning used all 8,000 tokens" in messages["truncated_reasoning"]
    assert "2.1.1_h: reasoning used all 15,000 tokens" in messages["truncated_reasoning"]
    assert opened.notes(DOCUMENTS) == {"1.1.1_c": "truncated_reasoning: reasoning used all 8,000 tokens of the budget; no text was left"}
    assert set(opened.notes(OUTPUTS)) == {"1.1.2_d", "1.1.3_e"}
    (note,) = opened.instance.fetch_observations(AssetKey([KEY, DOCUMENTS]), limit=1).records
    assert note.asset_observation.metadata["ask_again"] == MetadataValue.job(
        "regenerate", "caseforge_assets.definitions", repository_name="__repository__"
    )


def test_success_turns_failures_green(project: OpenProject) -> None:
    opened = project(faults=BAD)
    opened.load()
    opened.generate()
    opened.generate()
    assert_all_green(opened)
    assert len(opened.failure_runs()) == 2


@pytest.mark.slow
@pytest.mark.parametrize("rows_per_chunk", [4_000, 5])
def test_a_failure_that_was_made_good_before_the_flush_is_not_shown(
    project: OpenProject, monkeypatch: pytest.MonkeyPatch, rows_per_chunk: int
) -> None:
    monkeypatch.setattr(flushing, "ROWS_PER_CHUNK", rows_per_chunk)
    opened = project(faults=BAD)
    opened.load()
    opened.bench.generate()
    opened.generate()
    assert opened.failure_runs() == []
    assert opened.notes(DOCUMENTS) == opened.notes(OUTPUTS) == {}
    assert_all_green(opened)


def test_failures_of_another_framework_have_runs_of_their_own(project: OpenProject) -> None:
    opened = project(faults=["http_500"])
    opened.bench.load()
    opened.bench.load(renamed("2", "Mending"), key="other")
    opened.bench.generate("1.1.1", stages=[PROCESS])
    opened.bench.generate("1.1.2", stages=[PROCESS], key="other")
    opened.flush()
    assert len(opened.failure_runs()) == 2
    assert opened.states(OUTPUTS)["1.1.1_c"] == FAILED
    assert opened.states(OUTPUTS, key="other") == {**dict.fromkeys(PARTITIONS, MISSING), "1.1.2_d": FAILED}


def test_the_ui_counts_the_same(project: OpenProject) -> None:
    opened = project(faults=BAD)
    opened.load()
    opened.generate()
    code = opened.path / "location.py"
    code.write_text("from caseforge_assets.definitions import build_defs\ndefs = build_defs()\n")
    with open_ui(opened.instance, code) as ui:
        shown = ui.partitions((KEY, DOCUMENTS))
        assert (shown.total, shown.failed, shown.materializing) == (6, {"1.1.1_c"}, set())
        assert shown.materialized == {"2.1.1_h", "2.1.2_i", "2.1.3_j"}
        assert ui.partitions((KEY, CANDIDATES)).failed == {"2.1.1_h"}


def test_a_message_says_the_short_things_first_and_fits_the_page() -> None:
    same = [(f"1.{number}", "empty: the answer holds no text") for number in range(40)]
    assert (
        failure_message("empty", same)
        == f"empty: the answer holds no text — 40 nodes: {', '.join(name for name, _ in same[:9])} and 31 more"
    )
    assert failure_message("empty", same[:1]) == "empty: the answer holds no text — 1 node: 1.0"
    different = [(name, f"{reason} ({name})") for name, reason in same]
    lines = failure_message("empty", different).splitlines()
    assert lines[0] == "empty — 40 nodes. The answer holds no text. The first of them:"
    assert lines[1] == "1.0: the answer holds no text (1.0)"
    assert len(lines) <= 11


# Waiting


def test_a_node_under_way_says_in_which_batch_since_when_and_what_makes_it_move(project: OpenProject) -> None:
    opened = project(latency_s=60)
    opened.load()
    opened.bench.approve(stages=[PROCESS])
    opened.bench.round()
    opened.flush()
    ((remote_id, opened_at),) = opened.bench.query("select remote_id, opened_at from caseforge.batch")
    notes = opened.notes(OUTPUTS)
    assert set(notes) == set(PARTITIONS)
    (note,) = set(notes.values())
    assert note.startswith(f"waiting: in {remote_id} since {opened_at.astimezone(UTC):%Y-%m-%d %H:%M} UTC; turns green when collected: by")
    assert set(opened.states(OUTPUTS).values()) == {MISSING}  # nothing has failed


def test_a_failure_that_is_under_way_again_says_so_and_turns_green(project: OpenProject) -> None:
    opened = project(faults=["http_500:batch=1"])
    opened.load()
    opened.generate("1.1.1", stages=[PROCESS])
    assert opened.states(OUTPUTS)["1.1.1_c"] == FAILED
    opened.bench.approve(stages=[PROCESS])
    opened.bench.round()
    opened.flush()
    assert opened.notes(OUTPUTS)["1.1.1_c"].startswith("waiting: in batch_")
    opened.bench.work()
    opened.flush()
    assert opened.states(OUTPUTS)["1.1.1_c"] == MATERIALIZED


def test_what_was_collected_before_the_flush_leaves_no_note_of_waiting(project: OpenProject) -> None:
    opened = project()
    opened.load()
    opened.generate()
    assert opened.notes(OUTPUTS) == opened.notes(USECASE_OUTPUTS) == {}


# Again, at once, interrupted


def test_flushing_again_does_nothing(project: OpenProject) -> None:
    opened = project(faults=BAD)
    opened.load()
    opened.generate()
    before = {asset: opened.count(asset) for asset in ASSETS}
    assert opened.flush() == 0
    assert {asset: opened.count(asset) for asset in ASSETS} == before
    assert len(opened.failure_runs()) == 2


@pytest.mark.slow
def test_a_crash_before_the_rows_are_marked_leaves_the_right_state(project: OpenProject, monkeypatch: pytest.MonkeyPatch) -> None:
    def die(*_: object) -> None:
        raise Killed

    opened = project(faults=BAD)
    opened.bench.load()
    opened.bench.generate()
    with monkeypatch.context() as patch:
        patch.setattr(outbox, "mark_flushed", die)
        with pytest.raises(Killed):
            opened.flush()
    assert opened.states(DOCUMENTS)["2.1.1_h"] == MATERIALIZED
    opened.bench.generate()
    made = opened.bench.column("select count(*) from caseforge.outbox where kind = 'made'")[0]
    assert opened.flush() == made
    assert_all_green(opened)
    assert opened.flush() == 0


def test_two_flushers_at_once_write_everything_once(project: OpenProject, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(flushing, "ROWS_PER_CHUNK", 7)
    monkeypatch.setattr(flushing, "OTHERS_PAUSE_S", 0.02)
    opened = project()
    opened.bench.load()
    opened.bench.generate()
    rows = dict(opened.bench.query("select asset, count(*) from caseforge.outbox where kind = 'made' group by 1"))
    ready, flushed = threading.Barrier(2), []

    def flush() -> None:
        with DagsterInstance.from_ref(opened.instance.get_ref()) as instance:
            ready.wait()
            flushed.append(opened.flush(instance))

    threads = [threading.Thread(target=flush) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(flushed) == sum(rows.values())
    assert {asset: opened.count(asset) for asset in ASSETS} == {asset: rows[asset] for asset in ASSETS}
    assert_all_green(opened)


def test_a_flusher_waits_for_another_one_as_long_as_rows_are_left(project: OpenProject, monkeypatch: pytest.MonkeyPatch) -> None:
    """Otherwise rows that came after the other one's last look would stay behind."""
    monkeypatch.setattr(flushing, "OTHERS_PAUSE_S", 0.02)
    opened = project()
    opened.bench.load()
    found_it_busy, original, flushed = threading.Event(), outbox.count_unflushed, []

    def count(connection: Any) -> int:
        found_it_busy.set()
        return original(connection)

    monkeypatch.setattr(outbox, "count_unflushed", count)
    thread = threading.Thread(target=lambda: flushed.append(opened.flush()))
    with try_lock(opened.bench.store, "flush outbox") as held:
        assert held
        thread.start()
        assert found_it_busy.wait(20)
    thread.join()
    assert flushed == [len(PARTITIONS) + 1]
    with try_lock(opened.bench.store, "flush outbox"):
        assert opened.flush() == 0  # nothing left, nothing to wait for


def test_of_two_that_show_at_once_one_sums_up(project: OpenProject, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(flushing, "OTHERS_PAUSE_S", 0.02)
    opened = project()
    opened.load()
    opened.bench.generate()
    waiting, both_wait, original = set[int](), threading.Event(), try_lock

    @contextmanager
    def tried(store: Engine, name: str) -> Iterator[bool]:
        with original(store, name) as held:
            if not held:
                waiting.add(threading.get_ident())
            if len(waiting) == 2:
                both_wait.set()
            yield held

    def show() -> None:
        with DagsterInstance.from_ref(opened.instance.get_ref()) as instance:
            mirror_outside_runs(instance, opened.bench.project)

    monkeypatch.setattr(flushing, "try_lock", tried)
    threads = [threading.Thread(target=show) for _ in range(2)]
    with original(opened.bench.store, flushing.FLUSH_LOCK):
        for thread in threads:
            thread.start()
        assert both_wait.wait(60)
    for thread in threads:
        thread.join()
    assert opened.count("run_report") == 1
    assert_all_green(opened)


# Partitions


def test_partitions_are_those_of_the_current_edition_in_its_order(project: OpenProject) -> None:
    opened = project()
    opened.load()
    assert opened.instance.get_dynamic_partitions("shop_nodes") == list(PARTITIONS)
    opened.load(key="other", targets="2.*")
    rows = [row for row in SHOP if row[0] != "1.1.2"] + [("2.2", "x", "Sell parts", "Sells parts.")]
    rows.insert(2, ("1.1.0", "w", "Plan campaigns", "Plans them."))
    opened.load(rows)
    kept = [partition for partition in PARTITIONS if partition != "1.1.2_d"]
    assert opened.instance.get_dynamic_partitions("shop_nodes") == ["1.1.0_w", *kept, "2.2_x"]
    assert "1.1.1_c" not in opened.instance.get_dynamic_partitions("other_nodes")
    assert opened.states(NODES) == dict.fromkeys(["1.1.0_w", *kept, "2.2_x"], MATERIALIZED)
    assert opened.states(CONTEXTS)["1.1.0_w"] == MISSING


def test_a_node_that_left_before_the_flush_does_no_harm(project: OpenProject) -> None:
    opened = project()
    opened.bench.load()
    opened.bench.generate("1.1.1", "1.1.2")
    opened.load([row for row in SHOP if row[0] != "1.1.2"])
    assert opened.states(CANDIDATES)["1.1.1_c"] == MATERIALIZED
    gone = opened.latest(CANDIDATES, "1.1.2_d").asset_materialization
    assert "None" not in str(gone.metadata)
    assert "1.1.2_d" not in opened.states(CANDIDATES)


def test_the_framework_is_shown_without_partitions(project: OpenProject) -> None:
    opened = project()
    opened.load()
    (record,) = opened.instance.fetch_materializations(AssetKey([KEY, "framework"]), limit=5).records
    (sha256,) = opened.bench.column("select source_sha256 from caseforge.framework_version")
    assert record.partition_key is None
    assert record.asset_materialization.tags["dagster/data_version"] == sha256
