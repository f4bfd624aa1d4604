"""Loading: an edition becomes current as a whole or not at all, and what does not differ stays as it is."""

from __future__ import annotations

import pytest

from caseforge_assets.reports.comparing.difference import Change
from caseforge_assets_tests.workbench import CODES, KEY, SHOP, OpenBench, Workbench, renamed

TARGETS = """
select nv.code, nv.partition_key, nv.version, nv.node_id from caseforge.node_version nv
join caseforge.framework_version v on v.id = nv.framework_version_id and v.is_current
where nv.partition_key is not null order by nv.position
"""


def sizes(bench: Workbench) -> list[int]:
    tables = ("framework", "framework_version", "node", "node_version", "outbox")
    return [bench.column(f"select count(*) from caseforge.{table}")[0] for table in tables]


def test_leaves_become_partitions_in_the_frameworks_order(bench: OpenBench) -> None:
    assert [(code, partition) for code, partition, _, _ in bench().query(TARGETS)] == [
        ("1.1.1", "1.1.1_c"),
        ("1.1.2", "1.1.2_d"),
        ("1.1.3", "1.1.3_e"),
        ("2.1.1", "2.1.1_h"),
        ("2.1.2", "2.1.2_i"),
        ("2.1.3", "2.1.3_j"),
    ]


def test_a_load_writes_one_event_for_the_framework_and_one_a_target_that_names_it(bench: OpenBench) -> None:
    opened = bench()
    (framework,) = opened.column("select id from caseforge.outbox where asset = 'framework'")
    events = opened.query("select partition_key, upstream from caseforge.outbox where asset = 'pcf_nodes' order by id")
    assert [partition for partition, _ in events] == [partition for _, partition, _, _ in opened.query(TARGETS)]
    assert {str(upstream) for _, upstream in events} == {str({"framework": framework})}


def test_the_same_file_again_changes_nothing(bench: OpenBench) -> None:
    opened = bench()
    before = sizes(opened)
    again = opened.load()
    assert not again.changed
    assert (again.nodes, again.targets) == (10, 6)
    assert sizes(opened) == before


def test_another_selector_for_the_same_file_takes_effect(bench: OpenBench) -> None:
    opened = bench()
    loaded = opened.load(targets="2.*")
    assert (loaded.changed, loaded.targets, loaded.difference.count(Change.NEW), loaded.difference.count(Change.GONE)) == (True, 3, 0, 3)
    assert [row[0] for row in opened.query(TARGETS)] == list(CODES[3:])
    assert opened.load(targets="leaf").difference.count(Change.NEW) == 3


def test_a_new_edition_keeps_nodes_by_their_id(bench: OpenBench) -> None:
    opened = bench()
    ids = {partition.split("_")[1]: node_id for _, partition, _, node_id in opened.query(TARGETS)}
    moved = [("2.1.4", *row[1:]) if row[1] == "j" else row for row in SHOP if row[1] != "e"] + [("2.1.5", "k", "Invoice", "Bills it.")]
    loaded = opened.load(moved)
    assert {change: len(nodes) for change, nodes in loaded.difference.changes.items()} == {Change.NEW: 1, Change.MOVED: 1, Change.GONE: 1}
    after = {partition.split("_")[1]: (code, node_id) for code, partition, _, node_id in opened.query(TARGETS)}
    assert after["j"] == ("2.1.4", ids["j"])
    assert "e" not in after


def test_a_renamed_ancestor_alters_every_node_below_it_and_no_other(bench: OpenBench) -> None:
    opened = bench()
    before = {code: version for code, _, version, _ in opened.query(TARGETS)}
    loaded = opened.load(renamed("1.1", "Gain customers"))
    after = {code: version for code, _, version, _ in opened.query(TARGETS)}
    assert {change: len(nodes) for change, nodes in loaded.difference.changes.items()} == {Change.CONTEXT_ONLY: 3}
    assert [code for code in CODES if before[code] != after[code]] == ["1.1.1", "1.1.2", "1.1.3"]


def test_exactly_one_edition_is_current(bench: OpenBench) -> None:
    opened = bench()
    opened.load(renamed("1.1.1", "Promote"))
    assert opened.query("select is_current, count(*) from caseforge.framework_version group by 1 order by 1") == [(False, 1), (True, 1)]


def test_a_selector_that_fits_nothing_changes_nothing(bench: OpenBench) -> None:
    opened = bench()
    before = sizes(opened)
    with pytest.raises(ValueError, match=r"no node \"9\""):
        opened.load(renamed("1.1.1", "Promote"), targets="9.*")
    assert sizes(opened) == before


def test_frameworks_stand_side_by_side(bench: OpenBench) -> None:
    opened = bench()
    opened.load(SHOP[:5], key="other")
    assert opened.query("select framework_key, count(*) from caseforge.node group by 1 order by 1") == [("other", 5), (KEY, 10)]
    assert len(opened.ids(key=KEY)) == 6
