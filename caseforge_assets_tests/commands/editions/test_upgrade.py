"""A new edition: what differs, what goes over by itself at no cost, and what has to be asked again."""

from __future__ import annotations

from pathlib import Path

import pytest

from caseforge_assets.commands.editions.load_framework import Loaded, NewEdition, load_framework
from caseforge_assets.commands.mirroring.read_statuses import read_statuses
from caseforge_assets.commands.submitting.plan_batches import plan_batches
from caseforge_assets.frameworks import read_framework
from caseforge_assets.reports.comparing.difference import Change
from caseforge_assets.reports.freshness import Condition
from caseforge_assets.settings import FrameworkSettings
from caseforge_assets_tests.workbench import KEY, PROCESS, SHOP, USECASES, OpenBench, Workbench, renamed

ASSETS = 8
WORKBOOKS = Path(__file__).parents[4] / "shared" / "data" / "apqc"
NEXT_EDITION = (
    ("1", "a", "Sell", "Finds customers and serves them."),
    ("1.1", "b", "Win riders", "Makes the shop known."),
    ("1.1.1", "d", "Answer questions", "Answers what people ask."),
    ("1.1.2", "c", "Advertise", "Places advertisements where riders look."),
    ("1.1.4", "e", "Write good offers", "Writes offers with prices and dates."),
    ("2", "f", "Repair", "Keeps bicycles on the road."),
    ("2.1", "g", "Run the workshop", "Takes in, repairs, hands back."),
    ("2.1.1", "h", "Take in bicycles", "Notes what is wrong, with a photograph."),
    ("2.1.2", "k", "Test ride", "Rides it around the block."),
    ("2.1.3", "j", "Hand back", "Explains what was done."),
)
"""Of SHOP: c and d exchange codes, their parent is renamed, e moves and is renamed, h is redescribed, i is gone, k is new, j is as it was."""


def conditions(bench: Workbench) -> dict[str, set[str]]:
    """Per asset, the ids of the nodes that are not fresh, with their condition."""
    found: dict[str, set[str]] = {}
    for status in read_statuses(bench.store, bench.project, KEY):
        if status.condition is not Condition.FRESH:
            found.setdefault(status.asset, set()).add(f"{status.node.identity} {status.condition}")
    return found


def upgraded(bench: OpenBench) -> tuple[Workbench, Loaded]:
    opened = bench()
    opened.given()
    return opened, opened.load(NEXT_EDITION)


def test_the_difference_names_every_node_by_what_differs(bench: OpenBench) -> None:
    _, loaded = upgraded(bench)
    shown = {change: [(node.code_before, node.code_after) for node in nodes] for change, nodes in loaded.difference.changes.items()}
    assert shown == {
        Change.NEW: [(None, "2.1.2")],
        Change.GONE: [("2.1.2", None)],
        Change.MOVED: [("1.1.2", "1.1.1"), ("1.1.1", "1.1.2"), ("1.1.3", "1.1.4")],
        Change.RENAMED: [("1.1.3", "1.1.4")],
        Change.REDESCRIBED: [("2.1.1", "2.1.1")],
        Change.CONTEXT_ONLY: [("1.1.2", "1.1.1"), ("1.1.1", "1.1.2")],
    }
    assert loaded.difference.same == 5


def test_only_what_is_new_or_changed_is_sent(bench: OpenBench) -> None:
    opened, loaded = upgraded(bench)
    assert loaded.carried is not None
    assert loaded.carried.confirmed == {"process_details": 2, "usecases": 2}
    assert loaded.carried.stale == {"process_details": 2, "usecases": 2}
    assert loaded.to_send == {"process_details": 3, "usecases": 3}
    before = opened.stats()["requests_accepted"]
    opened.generate()
    assert opened.stats()["requests_accepted"] - before == 6
    assert conditions(opened) == {}


def test_stale_is_what_would_be_asked_anew_and_cannot_be_reused(bench: OpenBench) -> None:
    opened, _ = upgraded(bench)
    found = conditions(opened)
    new = "k missing"
    assert found["process_batch_inputs"] == {"e stale", "h stale", new}
    assert "pcf_nodes" not in found
    assert found["node_contexts"] == {new}
    assert found["process_documents"] == {new}
    assert found["usecase_batch_inputs"] == {"e stale", "h stale", new}, "their contexts are others"
    assert found["usecase_candidates"] == {new}


def test_a_moved_node_keeps_everything_under_its_new_key_with_the_same_versions(bench: OpenBench) -> None:
    opened = bench()
    opened.given()
    versions = "select distinct on (asset) asset, data_version from caseforge.outbox where partition_key = :key order by asset, id desc"
    before = opened.query(versions, key="2.1.3_j")
    uids = opened.column("select candidate_uid from caseforge.candidate k where is_current and candidate_uid like '2.1.3-%' order by 1")
    moved = [("2.1.9", *row[1:]) if row[1] == "j" else row for row in SHOP]
    assert opened.load(moved).carried is not None
    assert opened.query(versions, key="2.1.9_j") == before
    assert len(before) == ASSETS
    assert opened.column("select candidate_uid from caseforge.candidate where is_current and candidate_uid like '2.1.9-%' order by 1") == [
        uid.replace("2.1.3", "2.1.9") for uid in uids
    ]
    assert conditions(opened) == {}
    chain = """
    select count(*) from caseforge.outbox o, jsonb_each_text(o.upstream) read join caseforge.outbox u on u.id = read.value::bigint
    where o.partition_key = '2.1.9_j' and u.node_id is not null and u.partition_key <> o.partition_key
    """
    assert opened.column(chain) == [0], "nothing under the new key points to an event under the old one"


def test_nodes_that_exchange_codes_keep_what_is_theirs(bench: OpenBench) -> None:
    opened = bench()
    opened.given()
    titles = "select n.identity, c.title from caseforge.content c join caseforge.node n on n.id = c.node_id where c.is_current and stage = :stage order by 1"
    before = opened.query(titles, stage=PROCESS.key)
    codes = {"c": "1.1.2", "d": "1.1.1"}
    loaded = opened.load([(codes.get(row[1], row[0]), *row[1:]) for row in SHOP])
    assert loaded.difference.count(Change.MOVED) == 2
    assert loaded.to_send == {"process_details": 0, "usecases": 0}
    assert opened.query(titles, stage=PROCESS.key) == before
    assert conditions(opened) == {}


def test_a_failed_and_a_waiting_node_that_move_are_still_failed_and_waiting(bench: OpenBench) -> None:
    opened = bench(faults=["truncate:match=-1-1-1-r"], latency_s=0.0)
    opened.generate(stages=[PROCESS])
    opened.load([("1.1.9", *row[1:]) if row[1] == "c" else row for row in SHOP])
    assert conditions(opened)["process_documents"] == {"c failed"}
    assert opened.draft(stages=[PROCESS]).stages[0].retries == 1


@pytest.mark.slow
def test_a_node_that_is_under_way_while_its_ancestor_is_renamed_is_not_sent_again(bench: OpenBench) -> None:
    opened = bench(latency_s=0.5)
    opened.approve(stages=[PROCESS])
    opened.round()
    opened.load(renamed("1.1", "Win riders"))
    opened.approve(stages=[PROCESS])
    opened.work()
    opened.work()
    assert opened.stats()["requests_accepted"] == 6
    assert {status.condition for status in read_statuses(opened.store, opened.project, KEY) if status.asset == "process_documents"} == {
        Condition.FRESH
    }


@pytest.mark.slow
def test_back_and_forth_between_editions_costs_nothing(bench: OpenBench) -> None:
    opened, _ = upgraded(bench)
    opened.generate()
    before = opened.stats()["requests_accepted"]
    for rows in (SHOP, NEXT_EDITION, SHOP):
        loaded = opened.load(rows)
        assert loaded.to_send == {"process_details": 0, "usecases": 0}
        assert conditions(opened) == {}
    opened.generate()
    assert opened.stats()["requests_accepted"] == before


@pytest.mark.slow
def test_a_look_changes_nothing(bench: OpenBench) -> None:
    opened = bench()
    opened.given()
    sizes = "select (select count(*) from caseforge.outbox), (select count(*) from caseforge.framework_version), (select count(*) from caseforge.plan)"
    before = opened.query(sizes)
    loaded = opened.load(NEXT_EDITION, dry_run=True)
    assert loaded.to_send == {"process_details": 3, "usecases": 3}
    assert loaded.expected_cost_usd
    assert opened.query(sizes) == before


@pytest.mark.slow
def test_without_identity_everything_below_a_renamed_node_is_stale(bench: OpenBench) -> None:
    opened = bench(reuse="exact")
    opened.generate()
    loaded = opened.load(renamed("1.1", "Win riders"))
    assert loaded.to_send == {"process_details": 3, "usecases": 3}
    assert conditions(opened)["process_batch_inputs"] == {"c stale", "d stale", "e stale"}


def test_what_is_under_way_is_not_sent_again_though_nothing_is_there_yet(bench: OpenBench) -> None:
    opened = bench()
    opened.approve()
    plan_batches(opened.project)
    loaded = opened.load(renamed("2.1.2", "Mend bicycles"), dry_run=True)
    assert loaded.to_send == {"process_details": 1, "usecases": 1}


@pytest.mark.slow
@pytest.mark.skipif(not WORKBOOKS.exists(), reason="needs the official PCF workbooks in shared/data/apqc beside the checkout")
def test_the_real_editions_differ_as_counted(bench: OpenBench) -> None:
    opened = bench()
    old, new = (read_framework(path).edition for path in sorted(WORKBOOKS.glob("cross-industry*.xlsx")))
    assert old is not None
    assert new is not None
    entry = FrameworkSettings(title="Cross-Industry", source="x.xlsx")
    first = load_framework(opened.store, opened.project, NewEdition("cross_industry", entry, old, "old.xlsx"), by="test")
    second = load_framework(opened.store, opened.project, NewEdition("cross_industry", entry, new, "new.xlsx"), by="test")
    counts = {change: second.difference.count(change) for change in Change}
    assert (first.targets, second.targets, second.difference.same) == (1_489, 1_545, 1_466)
    assert (counts[Change.MOVED], counts[Change.RENAMED], counts[Change.REDESCRIBED]) == (91, 46, 6)
    assert (counts[Change.NEW], counts[Change.GONE]) == (79, 23)
    assert second.to_send == {stage.key: 1_545 for stage in (PROCESS, USECASES)}, "nothing was made of the old one"
    assert second.expected_cost_usd is not None
    assert 106 < second.expected_cost_usd < 112, "$0.0215 and $0.0467 a node, measured with real answers"
