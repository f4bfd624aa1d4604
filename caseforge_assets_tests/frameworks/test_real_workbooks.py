"""The official PCF workbooks: how many nodes, leaves, descriptions and metrics they have, and how two editions differ."""

import hashlib
import json
from collections.abc import Callable
from dataclasses import asdict

import pytest

from caseforge_assets.contexts import node_version
from caseforge_assets.frameworks import (
    Edition,
    Node,
    node_path,
    nodes_by_code,
    partition_key,
    read_framework,
    read_result_json,
    select_targets,
)
from caseforge_assets_tests.frameworks.files import real_workbook


def edition(name: str) -> Edition:
    result = read_framework(real_workbook(name))
    assert result.problems == ()
    assert result.edition is not None
    return result.edition


@pytest.mark.parametrize(
    ("name", "title", "version", "levels", "leaves", "without_description", "kpis"),
    [
        ("cross-industry-v7.4.xlsx", "Cross Industry", "7.4", {"1": 13, "2": 72, "3": 350, "4": 1297, "5": 189}, 1545, 0, 3910),
        ("cross-industry-v7.2.1.xlsx", "Cross Industry", "7.2.1", {"1": 13, "2": 72, "3": 328, "4": 1264, "5": 178}, 1489, 0, 0),
        ("retail-v7.2.1.xlsx", "Retail", "7.2.1", {"1": 13, "2": 69, "3": 312, "4": 1183, "5": 131}, 1358, 246, 0),
    ],
)
def test_figures(name: str, title: str, version: str, levels: dict[str, int], leaves: int, without_description: int, kpis: int):
    result = read_framework(real_workbook(name))
    assert result.edition is not None
    figures = read_result_json(result, framework="pcf", targets=select_targets(result.edition.nodes))
    assert figures["problems"] == []
    assert len(figures["warnings"]) == (1 if without_description else 0)
    assert (figures["version"], figures["nodes"], figures["targets"]) == (version, sum(levels.values()), leaves)
    assert (figures["levels"], figures["without_description"], figures["kpis"]) == (levels, without_description, kpis)
    assert result.edition.title == f"{title} Process Classification Framework"
    assert result.edition.kind == "apqc"


@pytest.mark.parametrize(
    ("name", "sha256"),
    [
        ("cross-industry-v7.2.1.xlsx", "2de3c0e65fecb98fbb51988826b4e87e140f151a53830e7a4aa9cbc231f1ae1d"),
        ("cross-industry-v7.4.xlsx", "ccb9d4dba2431dd5c7463821abca425c5968f07672ed54321818f668498fa228"),
        ("retail-v7.2.1.xlsx", "6fd2ec28810727161f0047337e5384e67678eee7471589044a0752d53cd4b911"),
    ],
)
def test_every_node_key_and_version_is_as_it_always_was(name: str, sha256: str):
    """All that was paid for hangs on them: whoever changes how files are read must not change these."""
    nodes = edition(name).nodes
    by_code = nodes_by_code(nodes)
    known = [
        {**asdict(node), "key": partition_key(node), "v": node_version(node, node_path(node, by_code))}
        for node in nodes
        if node.owner == ""
    ]
    for row in known:
        del row["owner"]
    assert len(known) == len(nodes)
    assert hashlib.sha256(json.dumps(known, sort_keys=True).encode()).hexdigest() == sha256


def test_nodes_know_their_place_and_metrics():
    nodes = edition("cross-industry-v7.4.xlsx").nodes
    by_code = nodes_by_code(nodes)
    node = by_code["1.1.1.1"]
    assert [ancestor.code for ancestor in node_path(node, by_code)] == ["1.0", "1.1", "1.1.1"]
    assert (node.level, node.is_leaf, node.identity, partition_key(node)) == (4, True, node.stable_id, f"1.1.1.1_{node.stable_id}")
    assert [node.position for node in nodes] == list(range(len(nodes)))
    category = by_code["1.0"]
    assert (category.stable_id, len(category.kpis), category.kpis[0].metric_id) == ("10002", 2, "101337")
    assert (category.kpis[0].category, category.kpis[0].units) == ("Process Efficiency", "new businesses")
    assert len({partition_key(node) for node in nodes}) == len(nodes)


def test_branch_selectors():
    nodes = edition("cross-industry-v7.4.xlsx").nodes
    branch = select_targets(nodes, "8.*")
    assert branch
    assert all(node.code.startswith("8.") and node.is_leaf for node in branch)
    assert branch == tuple(node for node in select_targets(nodes) if node.code.split(".")[0] == "8")
    assert {node.level for node in select_targets(nodes, "8.* level:3")} == {3}


def test_what_changed_between_two_editions():
    old, new = edition("cross-industry-v7.2.1.xlsx"), edition("cross-industry-v7.4.xlsx")
    old_leaves, new_leaves = ({node.identity: node for node in select_targets(nodes)} for nodes in (old.nodes, new.nodes))
    both = [(old_leaves[identity], new_leaves[identity]) for identity in old_leaves.keys() & new_leaves.keys()]

    def differing(value_of: Callable[[Node], str]) -> int:
        return sum(value_of(before) != value_of(after) for before, after in both)

    assert len(both) == 1466
    assert differing(lambda node: node.code) == 91
    # As written in the cells, 56 names differ; in 10 of them only invisible whitespace does, and here that is gone.
    assert differing(lambda node: node.name) == 46
    assert differing(lambda node: node.description) == 6
    assert len(new_leaves.keys() - old_leaves.keys()) == 79
    assert len(old_leaves.keys() - new_leaves.keys()) == 23


def test_codes_that_now_belong_to_other_nodes_have_other_keys():
    old, new = edition("cross-industry-v7.2.1.xlsx"), edition("cross-industry-v7.4.xlsx")
    old_keys = {node.code: partition_key(node) for node in select_targets(old.nodes)}
    reused = [node for node in select_targets(new.nodes) if node.code in old_keys and old_keys[node.code] != partition_key(node)]
    assert len(reused) == 65
